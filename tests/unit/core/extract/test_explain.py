import pytest

from scraper.core.extract import Source, extract
from scraper.core.extract.explain import doubles, hrefs, losses, misfits, probe
from scraper.core.extract.plan import (
    EachPlan,
    FieldPlan,
    FollowPlan,
    IncrementPlan,
    ItemPlan,
    PageRule,
    PythonPlan,
)
from scraper.core.extract.selectors import compile_css

SOURCE = Source("https://a.example/", "https://a.example/")


def why(html, *fields, each=None, key=()):
    rule = PageRule("page", items=(ItemPlan("thing", fields, each=each, key=key),))
    page = extract(html.encode(), rule, SOURCE)
    return [str(loss) for loss in losses(rule, page, extract(html.encode(), probe(rule), SOURCE))]


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (FieldPlan("f", css="b"), "css b finds nothing"),
        (
            FieldPlan("f", css="p", attr="id"),
            "css p @id finds nothing: 1 element without this attribute",
        ),
        (FieldPlan("f", css="i"), "css i finds an empty text"),
        (FieldPlan("f", css="i", type="int"), "css i finds an empty text"),
        (
            FieldPlan("f", css="p", type="int"),
            'css p finds "12 pieces", of which type int makes nothing',
        ),
        (
            FieldPlan("f", css="p", regex=r"(\d+)", map={"1": 2}, type="int", required=True),
            r'css p finds "12 pieces", of which regex (\d+) makes "12", of which map makes nothing',
        ),
        (
            FieldPlan("f", css="p", regex=r"\d+", replace=(("$", "/5/2026"),), type="date"),
            (
                r'css p finds "12 pieces", of which regex \d+ makes "12", of which replace $ makes '
                '"12/5/2026", of which type date makes nothing: day or month first? Give `order`'
            ),
        ),
        (
            FieldPlan("f", const=None, css="p", regex=r"\d+", map={}, type="date"),
            r'css p finds "12 pieces", of which regex \d+ makes "12", of which map makes nothing',
        ),
        (FieldPlan("f", css="b", all=True), "css b finds nothing"),
        (FieldPlan("f", css="b", fields=(FieldPlan("g", css="i"),)), "css b finds nothing"),
        (FieldPlan("f", css="", attr="id"), "css (the element itself) @id finds nothing"),
        (FieldPlan("f", source="header:ETag"), "from header:ETag finds nothing"),
        (
            FieldPlan("f", css="p", replace=((".*", ""),), split="12", strip="()"),
            'css p finds "12 pieces", of which replace .* makes nothing',
        ),
        (FieldPlan("f", table="table"), "table table finds nothing"),
        (FieldPlan("f", next="b"), "next b finds nothing"),
        (FieldPlan("f", css="i", remove="b", markdown=True), "css i finds an empty text"),
        (FieldPlan("f", meta="og:x"), "meta og:x finds nothing"),
        (FieldPlan("f", jsonld="Book.isbn"), "jsonld Book finds nothing"),
        (
            FieldPlan("f", jsonld="T.isbn"),
            'jsonld T finds {"@type": "T"}, of which isbn makes nothing',
        ),
        (
            FieldPlan("f", jsonld="T", type="int"),
            'jsonld T finds {"@type": "T"}, of which type int makes nothing',
        ),
        (FieldPlan("f", script="d = (.*?);"), "script d = (.*?); finds nothing"),
        (
            FieldPlan("f", script="x = (.*);", json="a"),
            'script x = (.*); finds "{a}", of which json a makes nothing',
        ),
        (
            FieldPlan("f", css="p", json="a", type=""),
            'css p finds "12 pieces", of which json a makes nothing',
        ),
        (
            FieldPlan("f", any=(FieldPlan("", css="b"), FieldPlan("", meta="m"))),
            "no source of any yields: css b finds nothing; meta m finds nothing",
        ),
        (
            FieldPlan("f", any=(FieldPlan("", css="p", type="int"),), type=""),
            'no source of any yields: css p finds "12 pieces", of which type int makes nothing',
        ),
    ],
)
def test_an_empty_field_says_what_was_found_and_what_became_of_it(field, reason):
    html = "<p>12 pieces</p><i></i><script>x = {a};</script>"
    html += '<script type="application/ld+json">{"@type": "T"}</script>'
    assert why(html, field) == [f"thing.f: {reason}"]


def test_a_field_that_has_a_value_somewhere_is_not_named():
    html = "<p>1</p><p>2<b>x</b></p>"
    assert why(html, FieldPlan("f", css="b"), each="p") == []
    assert why("<p>0</p>", FieldPlan("f", css="p", type="int")) == []
    assert why("<p>0</p>", FieldPlan("f", is_const=True)) == []


def test_what_a_rejected_item_has_is_not_empty():
    fields = (FieldPlan("name", css="p"), FieldPlan("id", css="b", required=True))
    assert why("<p>Tea</p>", *fields, key=("id",)) == ["thing.id: css b finds nothing"]


def test_an_item_type_without_elements_is_told_in_one_line():
    each = compile_css("li:contains('a')")
    reason = 'thing: no item, each li:contains("a") finds nothing'
    assert why("<p>x", FieldPlan("f", css="b"), FieldPlan("g", css="i"), each=each) == [reason]


def test_a_long_text_is_cut():
    (line,) = why(f"<p>{'x' * 500}", FieldPlan("f", css="p", type="int"))
    assert len(line) < 150
    assert '...", of which' in line


def test_a_probe_follows_no_links_and_rejects_nothing():
    item = ItemPlan("thing", (FieldPlan("f", css="b", required=True),), key=("f",))
    made = probe(PageRule("page", items=(item,), follow=(FollowPlan("a"),)))
    page = extract(b"<a href=/x>x</a>", made, SOURCE)
    assert [item.type for item in page.items] == [" page", "thing"]
    assert (page.links, page.rejected) == ((), ())


def test_items_of_json_that_are_not_there_say_where_they_were_looked_for():
    fields = (FieldPlan("f", json="a"),)
    assert why('{"b": 1}', *fields, each=EachPlan("a[]")) == [
        "thing: no item, each json a[] finds nothing"
    ]
    assert why("<p>", *fields, each=EachPlan(script="d = (.*)")) == [
        "thing: no item, each json @ of script d = (.*) finds nothing"
    ]
    assert why('{"a": [{"b": 1}]}', *fields, each=EachPlan("a")) == [
        "thing.f: json a finds nothing"
    ]


def test_where_elements_are_is_told():
    html = "<ul><li>a<b>1</b><li>c</ul><p>x</p><p>y</p><i>1</i><i>2</i>"
    outside = "css p finds nothing in the item, but 2 elements elsewhere in the page"
    assert why(html, FieldPlan("f", css="p"), each="li") == [f"thing.f: {outside}"]
    assert why(html, FieldPlan("f", css="p", page=True, type="int"), each="li") == [
        'thing.f: css p finds "x", of which type int makes nothing'
    ]
    assert why(html, FieldPlan("f", css="p", type="int")) == [
        'thing.f: css p finds "x" in the first of 2 elements, of which type int makes nothing'
    ]
    rule = PageRule("page", items=(ItemPlan("thing", (FieldPlan("f", css="p"),), each="li"),))
    (loss,) = losses(
        rule, extract(html.encode(), rule, SOURCE), extract(html.encode(), probe(rule), SOURCE)
    )
    assert (loss.in_page, loss.in_item, loss.steps) == (2, 0, ())


def test_lists_lose_their_values_too():
    html = "<i>a</i><i>b</i>"
    assert why(html, FieldPlan("f", css="i", all=True, regex="(\\d)")) == [
        'thing.f: css i finds ["a", "b"], of which regex (\\d) makes nothing'
    ]


def test_fields_within_fields_are_told_by_their_names():
    html = "<div><b>x</b></div><div><b>y</b></div><p>"
    inner = (FieldPlan("n", css="b", type="int"), FieldPlan("gone", css="u"))
    label = 'thing.g.n: css b finds "x", of which type int makes nothing'
    for group in (
        FieldPlan("g", css="div", fields=inner),
        FieldPlan("g", css="div", all=True, fields=inner),
    ):
        assert why(html, group) == [label, "thing.g.gone: css u finds nothing"]
    of_json = FieldPlan("g", json="a", fields=(FieldPlan("n", json="b"),))
    assert why('{"a": {"c": 1}}', of_json, each=EachPlan()) == ["thing.g.n: json b finds nothing"]


def test_a_json_within_a_script_is_a_step():
    field = FieldPlan("f", script="x = (.*?);", json="a.b")
    assert why('<script>x = {"a": 1};</script>', field) == [
        'thing.f: script x = (.*?); finds "{\\"a\\": 1}", of which json a.b makes nothing'
    ]


def test_counts_and_constants_are_never_empty():
    fields = (FieldPlan("n", css="b", count=True, type="int"), FieldPlan("c", is_const=True))
    assert why("<p>", *fields) == []


def test_links_are_told_as_they_were_found():
    follow = (FollowPlan("a"), FollowPlan("u"), FollowPlan(script="x = '(.*?)'"))
    rule = PageRule("page", follow=follow)
    html = b"<a href=/x>x</a><a href=mailto:a>m</a><a href=/x#y>x</a><script>x = '/z'</script>"
    page = extract(html, probe(rule), SOURCE)
    assert hrefs(page) == [
        ["https://a.example/x", "mailto:a", "https://a.example/x#y"],
        [],
        ["/z"],
    ]
    assert hrefs(extract(b"<p>", probe(PageRule("page")), SOURCE)) == []


def test_a_probe_asks_no_function_and_for_nothing_carried_or_sent_again():
    fields = (FieldPlan("genre", source="carried"), FieldPlan("name", css="h1"))
    python = PythonPlan("m:f")
    rule = PageRule(
        "page",
        items=(ItemPlan("thing", fields, reads=("genre",), python=python),),
        follow=(FollowPlan(increment=IncrementPlan("page")), FollowPlan("a")),
        python=python,
    )
    second = extract(b"<a href=/x>x</a>", probe(rule), SOURCE)
    assert hrefs(second) == [["https://a.example/x"]]
    assert [str(loss) for loss in losses(rule, extract(b"", PageRule("no"), SOURCE), second)] == [
        "thing.name: css h1 finds nothing"
    ]


def test_the_first_value_that_does_not_convert_is_told_with_the_reason():
    html = b"<p>1</p><i>3/5/2026</i><p>x, 2, y</p><i>2026-05-03</i><b></b><u>z</u>"
    inner = (FieldPlan("n", css="u", type="int"), FieldPlan("t", css="u", type="text"))
    fields = (
        FieldPlan("ints", css="p", all=True, type="int"),
        FieldPlan("split", css="p:nth-of-type(2)", split=",", type="int"),
        FieldPlan("day", css="i", type="date"),
        FieldPlan("none", css="b", type="int"),
        FieldPlan("word", css="u"),
        FieldPlan("in", css="body", fields=inner),
        FieldPlan("many", css="i", count=True, type="int"),
        FieldPlan("one", const=1, is_const=True),
    )
    rule = PageRule("page", items=(ItemPlan("thing", fields), ItemPlan("other", fields[4:5])))
    assert misfits(rule, extract(html, probe(rule), SOURCE)) == {
        "thing": {
            "ints": '"x, 2, y"',
            "split": '"x"',
            "day": '"3/5/2026": day or month first? Give `order`',
            "in.n": '"z"',
        }
    }


def test_items_with_a_key_that_was_there_are_counted_unless_they_say_the_same():
    html = b"<p><b>1</b><i>x</i><p><b>1</b><i>y</i><p><b>2</b><p><b>2</b><p><i>no key</i>"
    fields = (FieldPlan("b", css="b"), FieldPlan("i", css="i"))
    for key, expected in ((("b",), {"it": 1}), ((), {}), (("b", "i"), {})):
        rule = PageRule("page", items=(ItemPlan("it", fields, "p", key),))
        page, again = extract(html, rule, SOURCE), extract(html, probe(rule), SOURCE)
        assert doubles(rule, page, again) == expected
