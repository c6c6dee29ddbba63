from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract import Source
from scraper.core.extract.suggest import suggest
from tests.unit.core.extract import practice

URL = "http://a.example/list/page-1.html"
SOURCE = Source(URL, URL)


def look(page, media=""):
    return suggest(page.encode(), Source(URL, URL, media=media))


def told(page):
    found = look(page)
    (item,) = found.items
    fields = {one.name: dict(one.written) for one in item.fields}
    return item, fields, [(link.to, link.written["css"]) for link in found.follow]


def test_quotes():
    item, fields, follow = told(practice.quotes())
    assert (item.type, item.each, item.count, item.key) == ("quote", "div.quote", 10, "text")
    assert fields["author"] == {"css": '[itemprop="author"]'}
    assert fields["tags"] == {"css": "a.tag", "all": True}
    assert [one.found for one in item.fields] == [10] * len(item.fields)
    assert follow == [("listing", "li.next a"), ("detail", "div.quote span a")]


def test_books():
    item, fields, follow = told(practice.books())
    assert (item.type, item.each, item.count, item.key) == (
        "product_pod", "article.product_pod", 20, "url",
    )  # fmt: skip
    assert fields["title"] == {"css": "h3 a @title"}
    assert fields["price_color"] == {"css": "p.price_color", "type": "decimal"}
    assert fields["rating"]["map"] == {"One": 1, "Two": 2, "Three": 3, "Four": 4, "Five": 5}
    assert follow[0] == ("listing", "li.next a")


def test_tables():
    item, fields, _ = told(practice.table())
    assert (item.each, item.count) == ("tr:has(td)", 12)
    assert fields["product_name"] == {"css": "td:nth-child(1)"}
    assert fields["unit_price"] == {"css": "td:nth-child(2)", "type": "decimal"}
    assert fields["stock"] == {"css": "td:nth-child(3)", "type": "int"}
    item, fields, _ = told(practice.table(headers=False))
    assert {"column_1", "column_2", "column_3"} <= set(fields)
    mixed = practice.table().replace("<th>Stock</th>", "<td>Stock</td>")
    assert "product_name" not in told(mixed)[1]


def test_product_by_its_jsonld():
    item, fields, follow = told(practice.PRODUCT)
    assert (item.type, item.each, follow) == ("product", None, [])
    assert fields["price"] == {"jsonld": "Product.offers[0].price", "type": "decimal"}
    empty = '<h1>x</h1><script type="application/ld+json">{"@type": "Product"}</script>'
    assert told(empty)[0].type == "page"


def test_page_on_which_nothing_repeats():
    item, fields, _ = told("<title>a</title><h1>b</h1>")
    assert (item.type, fields) == ("page", {"title": {"css": "h1"}, "page_title": {"css": "title"}})
    assert look("").items == ()
    buttons = "".join(f"<div><button>b{n}</button><button>c{n}</button></div>" for n in range(5))
    assert look(buttons).items == ()


def test_json():
    page = '{"quotes": [{"id": 1, "text": "a"}, {"id": 2, "text": "b"}], "next": "/2"}'
    found = look(page)
    (item,) = found.items
    assert (item.type, item.each, item.key) == ("quote", {"json": "quotes[]"}, "id")
    assert [link.written for link in found.follow] == [{"json": "next"}]
    assert look('{"a": 1}').note == "it is JSON without a list of objects"
    assert look('[{"a": []}, {"b": null}]').items == ()
    assert look("{no json").items == ()


def test_rows_in_pairs():
    item, fields, follow = told(practice.news())
    assert (item.type, item.each, item.count, item.key) == ("story", "tr.story", 8, "url")
    assert fields["subtext"] == {"next": "td.subtext"}
    assert "what stands between it and the next one" in item.why
    assert ("detail", "tr.story td:nth-child(2) a") in follow


def test_json_goes_on():
    page = '{"quotes": [{"id": 1}, {"id": 2}], "has_next": true}'
    (link,) = look(page).follow
    assert link.written == {"increment": "page", "while": {"json": "has_next"}}


def test_feed():
    entry = "<item><title>T{0}</title><link>http://a.example/{0}</link></item>"
    feed = f"<rss><channel>{''.join(entry.format(n) for n in range(3))}</channel></rss>"
    (item,) = look(feed, "application/rss+xml").items
    assert (item.each, item.count) == ("item", 3)
    assert {one.name for one in item.fields} == {"title", "url"}
    assert "XML" in look("<?xml version='1.0'?><a/>", "text/xml").note


def test_what_cannot_be_looked_into_is_said():
    assert "nested so deeply" in look("<div>" * 20_000).note
    nowhere = Source(URL, "http://[")
    assert "cannot be read" in suggest(b"<li>a</li>", nowhere).note


@given(st.binary(max_size=300))
def test_no_page_raises_and_the_same_gives_the_same(body):
    assert suggest(body, SOURCE) == suggest(body, SOURCE)


def test_terms_are_told_with_what_stands_below_them():
    page = "<dl>" + "".join(f"<dt>Term {n}<dd>What it says {n}" for n in range(6)) + "</dl>"
    item, fields, _ = told(page)
    assert (item.type, fields) == ("entry", {"term": {"css": ""}, "text": {"next": "dd"}})
