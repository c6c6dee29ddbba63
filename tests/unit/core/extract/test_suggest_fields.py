import pytest
from selectolax.lexbor import LexborHTMLParser

from scraper.core.extract import Source
from scraper.core.extract.suggest_fields import Candidate, choose, fields_of, own_text, read_all

SOURCE = Source("http://a.example/", "http://a.example/")


def chosen(inner, count=4, headers=(), tag="li"):
    body = f"<ul>{''.join(f'<{tag}>{inner(n)}</{tag}>' for n in range(count))}</ul>"
    nodes = LexborHTMLParser(body).css(tag)
    return choose(fields_of(nodes, list(headers)), tag, body.encode(), SOURCE)


def written(inner, **more):
    return {one.name: dict(one.written) for one in chosen(inner, **more).fields}


def test_no_fields_no_items():
    assert chosen(lambda n: "").fields == ()
    assert choose([Candidate("a", {"css": "a:nope"})], "li", b"<li>", SOURCE).fields == ()
    assert choose([Candidate("a", {"json": "x"})], None, b"<p>", SOURCE).fields == ()


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("\u00a3{}.50", "decimal"), ("{} EUR", "decimal"), ("7{}", "int"), ("00{}", None),
        ("SKU {}", None), ("2026-01-0{}", "date"), ("2026-01-01T10:0{}", "datetime"),
    ],
)  # fmt: skip
def test_types_are_read_off_the_values(value, type_):
    fields = written(lambda n: f"<b class=value>{value.format(n + 1)}</b>")
    assert fields == {"value": {"css": "b.value", **({"type": type_} if type_ else {})}}


def test_parts_are_told_by_what_they_are():
    fields = written(lambda n: (
        f"<h2>Title {n}</h2><img src=/i{n}><time datetime=2026-01-0{n + 1}>day {n}</time>"
        f"<div><a href=/u{n}>to {n}</a></div><x:y>z</x:y><i>same</i><b class=label>Price:</b>"
        f"<p class='stars-{n + 1}'></p><a class=more href=/m{n}>more of {n}</a>"
        f"<div class=box><u>deep {n}</u></div>"
    ))  # fmt: skip
    assert fields == {
        "title": {"css": "h2"}, "image": {"css": "img @src"},
        "date": {"css": "time @datetime", "type": "date"}, "url": {"css": "div a @href"},
        "title_2": {"css": "div a"},
        "rating": {"css": 'p[class*="stars"] @class', "regex": r"stars-(\d)", "type": "int"},
        "more_url": {"css": "a.more @href"}, "more": {"css": "a.more"}, "u": {"css": "div.box u"},
    }  # fmt: skip


def test_keys_are_full_and_differ():
    assert chosen(lambda n: f"<b class=sku>s{n}</b><h2>T{n}</h2>").key == "sku"
    assert chosen(lambda n: f"<h2>T{n}</h2>" + (f"<b class=id>{n}</b>" if n else "")).key == "title"
    assert chosen(lambda n: f"<b class=cost>${n}.00</b><img data-src=/i{n}>").key is None
    assert chosen(lambda n: f"<i class=tag>a{n}</i><i class=tag>b</i>").key is None


def test_long_examples_are_cut():
    (field,) = chosen(lambda n: f"<h2>{'x' * 90}{n}</h2>").fields
    assert (len(field.example), field.found) == (53, 4)


def test_names_and_columns_of_the_page_are_taken():
    fields = written(lambda n: (
        f"<h3><a href=/u{n} title='Whole title {n}'>Whole...</a></h3><b itemprop=sku>s{n}</b>"
        f"<a class=plain title=same{n} href=/p{n}>text {n}</a><p class='star-rating Two'></p>"
    ))  # fmt: skip
    assert fields["title"] == {"css": "h3 a @title"}
    assert fields["sku"] == {"css": '[itemprop="sku"]'}
    assert fields["rating"]["map"]["Two"] == 2
    body = "<table>" + "".join(
        f"<tr><td><a href=/{n}>t{n}</a><td>x{n}</tr>" for n in range(4)
    ) + "</table>"  # fmt: skip
    nodes = LexborHTMLParser(body).css("tr")
    found = choose(fields_of(nodes, ["name"]), "tr", body.encode(), SOURCE).fields
    assert [one.name for one in found] == ["name", "url", "column_2"]


def test_what_only_looks_like_a_date_is_left_out():
    assert written(lambda n: f"<b class=day>2026-13-0{n}</b>") == {}


def test_a_part_with_the_tag_of_its_member_is_not_taken_for_the_member():
    card = "<div><h2>T{0}</h2><div>${0}.00</div><div><div>deep {0}</div></div></div>"
    body = "<div><div class=grid>" + "".join(map(card.format, range(4))) + "</div></div>"
    each = "div.grid > div"
    found = fields_of(LexborHTMLParser(body).css(each), [], each)
    read_all(found, each, body.encode(), SOURCE)
    values = [one.values[1] for one in found]
    assert {"$1.00", "deep 1"} <= set(values)
    assert "T1$1.00deep 1" not in values


def test_what_members_say_themselves_is_a_field():
    page = LexborHTMLParser("<dl><dt>a<dd>b<dt>c <i>d</i><dd>e</dl>")
    assert [one.hint for one in own_text(page.css("dt"))] == []
    assert [(one.hint, one.written) for one in own_text(page.css("dd"))] == [("text", {"css": ""})]
    assert [one.hint for one in own_text(page.css("dt")[:1])] == ["term"]
