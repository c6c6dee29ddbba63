"""What a config takes from a page, from the YAML to the table."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.e2e.conftest import Crawl
from tests.site import as_json, html, raw

PAGE = """<!doctype html><html><head><base href="/base/"><title>A  title</title></head><body>
<h1>  Tea\n   pot </h1><pre>  two\n  lines </pre>
<p class=price>1.234,50 €</p><p class=int>1 234</p><p class=float>2.5e3</p>
<p class=bool>yes</p><p class=date>24 November 2026</p><p class=time>2026-11-24T10:00:00+02:00</p>
<p class=json>{"a": [1, 2.5, null]}</p><p class=bad>n/a</p><p class="star Three">★★★</p>
<a class=link href="../x?q=1#top">x</a><img src="i.png"><i class=empty></i>
<ul><li class=tag>a</li><li class=tag> b </li><li class=tag></li></ul>
<table><tr><th>UPC</th><td>77</td></tr></table>
<div class=offer><b>North</b><em>£1.50</em></div><div class=offer><b>South</b></div>
</body></html>"""

FIELDS = r"""
seeds: {urls: ["$SITE/page"]}
pages:
  page:
    items:
      thing:
        fields:
          name: h1
          raw: {css: pre, text: raw}
          price: {css: .price, type: decimal}
          count: {css: .int, type: int}
          number: {css: .float, type: float}
          flag: {css: .bool, type: bool}
          day: {css: .date, type: date}
          moment: {css: .time, type: datetime}
          doc: {css: .json, type: json}
          link: {css: a.link @href}
          link_text: {css: "a.link::attr(href)", type: url}
          picture: {css: img, attr: src}
          tags: {css: li.tag, all: true}
          none: {css: .nothing}
          none_all: {css: .nothing, all: true}
          fallback: {css: .nothing, default: 7}
          bad: {css: .bad, type: int}
          rating: {css: .star, attr: class, regex: "star (\\w+)", map: {Three: 3}, type: int}
          unmapped: {css: h1, map: {x: 1}}
          whole_match: {css: .int, regex: "\\d+"}
          upc: {css: "th:contains('UPC') + td", type: int}
          offers: {css: .offer, all: true, fields: {seller: b, price: {css: em, type: decimal}}}
          first_offer: {css: .offer, fields: {seller: b}}
          source: {const: [1, {a: b}]}
          asked: {from: url}
          status: {from: status}
          server: {from: "header:X-Server"}
"""


def test_fields_of_every_kind(crawl: Crawl):
    crawl.site.route("/page", html(PAGE, headers={"X-Server": "nine"}))
    crawl.run(FIELDS)
    url = crawl.site.url
    assert crawl.items() == [{
        "name": "Tea pot", "raw": "  two\n  lines ", "price": "1234.50", "count": 1234,
        "number": 2500.0, "flag": True, "day": "2026-11-24", "moment": "2026-11-24T10:00:00+02:00",
        "doc": {"a": [1, 2.5, None]}, "link": url("/x?q=1#top"), "link_text": url("/x?q=1#top"),
        "picture": url("/base/i.png"), "tags": ["a", "b", ""], "none": None, "none_all": [],
        "fallback": 7, "bad": None, "rating": 3, "unmapped": None, "whole_match": "1", "upc": 77,
        "offers": [{"seller": "North", "price": "1.50"}, {"seller": "South", "price": None}],
        "first_offer": {"seller": "North"}, "source": [1, {"a": "b"}], "asked": url("/page"),
        "status": 200, "server": "nine",
    }]  # fmt: skip
    counts = crawl.report()["items"]["thing"]
    assert counts["invalid"] == {"bad": 1}
    assert (counts["filled"]["bad"], counts["filled"]["none_all"], counts["filled"]["name"]) == (
        0, 0, 1,
    )  # fmt: skip
    types = "typeof(price), typeof(count), typeof(number), typeof(flag), typeof(day), typeof(tags)"
    assert crawl.rows(f"SELECT {types} FROM thing") == [
        ("real", "integer", "real", "integer", "text", "text")
    ]
    tags, offer = crawl.rows("SELECT tags, offers ->> '$[0].seller' FROM thing")[0]
    assert (json.loads(tags), offer) == (["a", "b", ""], "North")


def test_each_makes_an_item_of_every_element(crawl: Crawl):
    rows = "".join(
        f"<div class=q><span>{text}</span>{author}</div>"
        for text, author in [
            ("one", "<b>A</b>"),
            ("two", ""),
            ("one", "<b>A</b>"),
            ("3", "<b>C</b>"),
        ]
    )
    crawl.site.route("/page", html(rows))
    crawl.run("""
        seeds: {urls: ["$SITE/page"]}
        pages:
          page:
            items:
              quote:
                each: div.q
                fields: {text: span, author: {css: b, required: true}}
              keyed: {each: div.q, key: [author, text], fields: {author: b, text: span}}
    """)
    assert sorted((item["text"], item["author"]) for item in crawl.items("quote")) == [
        ("3", "C"), ("one", "A"),
    ]  # fmt: skip
    assert [key for (key,) in crawl.rows("SELECT key FROM item WHERE type = 'keyed'")] == [
        '["A","one"]', '["C","3"]',
    ]  # fmt: skip
    assert crawl.rows("SELECT type, field, reason, position FROM rejected ORDER BY position") == [
        ("quote", "author", "missing", 1), ("keyed", "author", "missing", 5),
    ]  # fmt: skip
    counts = crawl.report()["items"]
    assert (counts["quote"]["seen"], counts["quote"]["rejected"]) == (2, 1)
    assert counts["quote"]["filled"]["author"] == pytest.approx(2 / 3, abs=1e-4)


CHARSETS = {
    "latin": raw("<h1>Café</h1>".encode("iso-8859-1"), "text/html; charset=iso-8859-1"),
    "utf16": raw("<h1>Café</h1>".encode("utf-16"), "text/html"),
    "gbk": raw("<h1>你好世界</h1>".encode("gbk"), "text/html; charset=gbk"),
    "meta": raw('<meta charset="windows-1251"><h1>Привет</h1>'.encode("cp1251"), "text/html"),
    "bom": raw(b"\xef\xbb\xbf" + "<h1>Café</h1>".encode(), "text/html; charset=iso-8859-1"),
    "packed": html(gzip.compress("<h1>Café</h1>".encode()), headers={"Content-Encoding": "gzip"}),
}
TITLES = {
    "latin": "Café", "utf16": "Café", "gbk": "你好世界", "meta": "Привет", "bom": "Café",
    "packed": "Café",
}  # fmt: skip


@pytest.mark.parametrize("offload", ["never", "always"])
def test_texts_arrive_whatever_their_charset(crawl: Crawl, offload: str):
    for name, handler in CHARSETS.items():
        crawl.site.route(f"/{name}", handler)
    names = "\n".join(crawl.site.url(f"/{name}") for name in CHARSETS)
    (crawl.folder / "list.txt").write_text(names)
    crawl.run(
        f"""
        seeds: {{file: list.txt}}
        parse: {{offload: {offload}, processes: 1}}
        pages:
          any:
            items: {{hit: {{fields: {{name: {{from: url, regex: "\\\\w+$"}}, title: h1}}}}}}
        """
    )
    assert {item["name"]: item["title"] for item in crawl.items()} == TITLES
    placed = "pool" if offload == "always" else "inline"
    assert crawl.report()["parse"][placed] == len(CHARSETS)


def test_pages_that_are_no_text_fail_or_give_what_is_said_of_them(crawl: Crawl):
    crawl.site.route("/a.png", raw(b"\x89PNG\r\n\x1a\n", "image/png"))
    crawl.site.route("/b.png", raw(b"\x89PNG\r\n\x1a\n", "image/png"))
    crawl.run("""
        seeds: {urls: ["$SITE/a.png", "$SITE/b.png"]}
        pages:
          a: {match: /a.png, items: {thing: {fields: {title: h1}}}}
          b: {match: /b.png, items: {file: {fields: {kind: {from: "header:content-type"}}}}}
    """)
    assert crawl.states() == {"/a.png": "failed: content_type", "/b.png": "done"}
    assert crawl.items() == [{"kind": "image/png"}]


@pytest.mark.parametrize("offload", ["never", "always"])
def test_each_form_sent_to_one_url_gives_an_item_of_its_own(crawl: Crawl, offload: str):
    crawl.site.route("/api", html(lambda visit: f"<h1>{visit.method} {visit.body.decode()}</h1>"))
    crawl.run(
        f"""
        seeds:
          urls: ["$SITE/api"]
          requests:
            - {{url: "$SITE/api", form: {{q: tea}}}}
            - {{url: "$SITE/api", form: {{q: coffee}}}}
        parse: {{offload: {offload}, processes: 1}}
        pages: {{any: {{items: {{hit: {{fields: {{title: h1}}}}}}}}}}
        """
    )
    titles = {item["title"] for item in crawl.items()}
    assert titles == {"GET", "POST q=tea", "POST q=coffee"}


PRODUCT = """<!doctype html><html><head><meta property="og:image" content="/i.png">
<script type="application/ld+json">{broken</script>
<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [
{"@type": "WebPage"}, {"@type": ["Thing", "Product"], "sku": "A-7", "offers": [
{"@type": "Offer", "price": "1.234,50", "seller": "North"}, {"price": 7}]}]}</script>
<script>var other = 1; var data = [{"text": "one; two", "n": 1}, {"text": "three"}];</script>
</head><body><h1>Tea pot</h1></body></html>"""
SOURCES = r"""
seeds: {urls: ["$SITE/page"]}
parse: {offload: $OFFLOAD, processes: 1}
pages:
  page:
    items:
      thing:
        key: sku
        fields:
          sku: {jsonld: "Product.sku", required: true}
          price: {jsonld: "Product.offers[0].price", type: decimal}
          prices: {jsonld: "Product.offers[].price"}
          offers: {jsonld: "Product.offers", all: true, fields: {seller: {json: seller}}}
          image: {meta: "og:image"}
          image_url: {meta: "og:image", type: url}
          texts: {script: "var data = (.*?);", json: "[].text"}
          other: {script: "var other = (\\d+)", type: int}
          isbn: {any: [{css: .isbn}, {jsonld: "Book.isbn"}], default: null}
          name: {any: [{css: .name}, {meta: "og:title"}, h1]}
      line:
        each: {script: "var data = (.*?);", json: "[]"}
        key: text
        fields: {text: {json: text}, n: {json: n}}
"""


@pytest.mark.parametrize("offload", ["never", "always"])
def test_what_a_page_says_of_itself_beside_its_elements(crawl: Crawl, offload: str):
    crawl.site.route("/page", html(PRODUCT))
    crawl.run(SOURCES.replace("$OFFLOAD", offload))
    assert crawl.items("thing") == [{
        "sku": "A-7", "price": "1234.50", "prices": ["1.234,50", 7],
        "offers": [{"seller": "North"}, {"seller": None}],
        "image": "/i.png", "image_url": crawl.site.url("/i.png"),
        "texts": ["one; two", "three"], "other": 1, "isbn": None, "name": "Tea pot",
    }]  # fmt: skip
    assert crawl.items("line") == [{"text": "one; two", "n": 1}, {"text": "three", "n": None}]
    assert crawl.rows("SELECT typeof(price) FROM thing") == [("real",)]


@pytest.mark.parametrize("offload", ["never", "always"])
def test_a_json_response_is_a_page(crawl: Crawl, offload: str):
    quotes = {"quotes": [{"text": "one", "author": {"name": "A"}}, {"text": "two"}], "n": 2}
    crawl.site.route("/api", as_json(quotes))
    crawl.site.route("/untold", html(json.dumps({"quotes": [{"text": "three"}]})))
    crawl.site.route("/html", html("<p>Sorry"))
    crawl.run(
        f"""
        seeds: {{urls: ["$SITE/api", "$SITE/untold", "$SITE/html"]}}
        parse: {{offload: {offload}, processes: 1}}
        pages:
          api:
            items:
              quote:
                each: {{json: "quotes[]"}}
                key: text
                fields: {{text: {{json: text}}, author: {{json: author.name}}}}
              whole: {{fields: {{n: {{json: n, type: text}}, names: {{json: "quotes[].text"}}}}}}
        """
    )
    assert crawl.states() == {"/api": "done", "/untold": "done", "/html": "failed: parse_error"}
    assert crawl.items("quote") == [
        {"text": "one", "author": "A"}, {"text": "three", "author": None},
        {"text": "two", "author": None},
    ]  # fmt: skip
    assert crawl.items("whole") == [
        {"n": "2", "names": ["one", "two"]}, {"n": None, "names": ["three"]},
    ]  # fmt: skip


def test_try_says_why_a_field_of_another_source_is_empty(crawl: Crawl):
    crawl.site.route("/page", html(PRODUCT))
    crawl.config(r"""
        seeds: {urls: ["$SITE/page"]}
        pages:
          page:
            items:
              thing:
                fields:
                  isbn: {any: [{css: .isbn}, {jsonld: "Book.isbn"}]}
                  gtin: {jsonld: "Product.gtin"}
                  data: {script: "var other = (.*?);", json: "a"}
    """)
    out = crawl("try", "crawl.yaml", crawl.site.url("/page")).out
    assert "empty thing.isbn: no source of any yields: css .isbn finds nothing" in out
    assert 'empty thing.gtin: jsonld Product finds {"@type":' in out
    assert 'script var other = (.*?); finds "1", of which json a makes nothing' in out


ARTICLE = """<h1>Tea</h1><article><h2>Green <em>tea</em></h2><p>Hot<span class=ad>BUY</span> and
<a href=/more>more</a>.</p></article><div class=tags>a, b; c,,</div><p class=q>\u201cWell\u201d</p>
<table id=specs><tr><th>UPC<td>77<tr><th>Weight<td>2 kg</table>
<table id=prices><tr><th>Shop<th>Price<tr><td>North<td>1<tr><td>South<td>2</table>
<table><tr class=top><td>One</td></tr><tr><td><b class=score>10 points</b></td></tr>
<tr class=top><td>Two</td></tr><tr class=top><td>Three</td></tr>
<tr><td><b class=score>30 points</b></td></tr></table>"""
STEPS = r"""
seeds: {urls: ["$SITE/page"]}
parse: {offload: $OFFLOAD, processes: 1}
pages:
  page:
    items:
      article:
        fields:
          text: {css: article p, remove: .ad}
          whole: {css: article p}
          html: {css: article h2, html: true}
          markdown: {css: article, markdown: true, remove: .ad}
          tags: {css: .tags, replace: {";": ","}, split: ","}
          quote: {css: .q, strip: "\u201c\u201d"}
          specs: {table: "#specs"}
          prices: {table: "#prices"}
      line:
        each: tr.top
        key: name
        fields:
          name: td
          score: {next: .score, regex: "\\d+", type: int}
          title: {css: h1, page: true}
"""


@pytest.mark.parametrize("offload", ["never", "always"])
def test_steps_and_places_of_a_field(crawl: Crawl, offload: str):
    crawl.site.route("/page", html(ARTICLE))
    crawl.run(STEPS.replace("$OFFLOAD", offload))
    assert crawl.items("article") == [{
        "text": "Hot and more.", "whole": "HotBUY and more.", "html": "<h2>Green <em>tea</em></h2>",
        "markdown": f"## Green *tea*\n\nHot and [more]({crawl.site.url('/more')}).",
        "tags": ["a", "b", "c"], "quote": "Well", "specs": [{"UPC": "77", "Weight": "2 kg"}],
        "prices": [{"Shop": "North", "Price": "1"}, {"Shop": "South", "Price": "2"}],
    }]  # fmt: skip
    assert crawl.items("line") == [
        {"name": "One", "score": 10, "title": "Tea"},
        {"name": "Three", "score": 30, "title": "Tea"},
        {"name": "Two", "score": None, "title": "Tea"},
    ]


RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="d"><channel>
<title>Teas</title><link>http://a.example/</link>
<item><title>Green &amp; black</title><link>$SITE/1</link><dc:creator>Ann</dc:creator>
<pubDate>Mon, 23 Nov 2026 20:05:34 +0100</pubDate><description><![CDATA[<p>Hot</p>]]></description>
</item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Teas</title><entry><title>White</title>
<link rel="alternate" href="/2"/><updated>2026-11-23T10:00:00Z</updated></entry></feed>"""
BOMB = """<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><rss>&b;</rss>"""


@pytest.mark.parametrize("offload", ["never", "always"])
def test_feeds_are_read_by_the_names_of_their_elements(crawl: Crawl, offload: str):
    crawl.site.route("/rss", raw(RSS.replace("$SITE", crawl.site.url("")), "application/rss+xml"))
    crawl.site.route("/atom", raw(ATOM, "text/xml"))
    crawl.site.route("/bomb", raw(BOMB, "application/xml"))
    for number in "12":
        crawl.site.route(f"/{number}", html(f"<h1>{number}</h1>"))
    crawl.run(
        f"""
        seeds: {{urls: ["$SITE/rss", "$SITE/atom", "$SITE/bomb"]}}
        parse: {{offload: {offload}, processes: 1}}
        pages:
          tea: {{match: "re:/[0-9]$", items: {{tea: {{fields: {{name: h1}}}}}}}}
          feed:
            items:
              entry:
                each: item, entry
                key: title
                fields:
                  title: title
                  link: {{any: ["link @href", {{css: link, type: url}}]}}
                  by: "dc:creator"
                  at: {{css: "pubDate, updated", type: datetime}}
                  text: description
            follow: [{{css: "item > link, entry > link", page: tea}}]
        """
    )
    assert crawl.states() == {
        "/rss": "done", "/atom": "done", "/bomb": "failed: parse_error", "/1": "done", "/2": "done",
    }  # fmt: skip
    assert crawl.items("entry") == [
        {"title": "Green & black", "link": crawl.site.url("/1"), "by": "Ann",
         "at": "2026-11-23T20:05:34+01:00", "text": "<p>Hot</p>"},
        {"title": "White", "link": crawl.site.url("/2"), "by": None,
         "at": "2026-11-23T10:00:00+00:00", "text": None},
    ]  # fmt: skip
    assert crawl.items("tea") == [{"name": "1"}, {"name": "2"}]


@pytest.mark.parametrize("offload", ["never", "always"])
def test_links_of_json_and_scripts_and_pages_that_are_not_what_they_should_be(
    crawl: Crawl, offload: str
):
    crawl.site.route(
        "/api", as_json({"next": "/api2", "items": [{"u": f"/{n}"} for n in range(9)]})
    )
    crawl.site.route("/api2", as_json({"next": None, "items": []}))
    crawl.site.route("/0", html("<h1>ok</h1><script>var more = '/script';</script>"))
    crawl.site.route("/1", html("<h2>Are you a robot?</h2>"))
    crawl.site.route("/script", raw("<h1>Café</h1>".encode("latin-1"), "text/html; charset=utf-8"))
    crawl.run(
        f"""
        seeds: {{urls: ["$SITE/api"]}}
        parse: {{offload: {offload}, processes: 1}}
        pages:
          api:
            match: "/api*"
            follow: [{{json: next, page: api}}, {{json: "items[].u", limit: 2, page: item}}]
          item:
            valid: h1
            charset: latin1
            items: {{thing: {{fields: {{name: h1}}}}}}
            follow: [{{script: "more = '(.*?)'", page: item}}]
        """
    )
    assert crawl.states() == {
        "/api": "done", "/api2": "done", "/0": "done", "/1": "failed: invalid_page",
        "/script": "done",
    }  # fmt: skip
    assert crawl.items() == [{"name": "ok"}, {"name": "Café"}]
