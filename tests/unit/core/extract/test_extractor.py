"""A rule on a page: items with their keys, rejected items, links. Deterministic on any bytes."""

import json
import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import ParseError
from scraper.core.extract import Extractor, Source
from scraper.core.extract.plan import (
    EachPlan,
    FieldPlan,
    FollowPlan,
    IncrementPlan,
    ItemPlan,
    PageRule,
    PythonPlan,
    SubmitPlan,
)
from scraper.core.extract.types import CONVERTERS
from scraper.core.model import Json, Link, Page, Rejected

SOURCE = Source("http://a.example/p?b=1&a=2", "http://a.example/dir/p", carry={"n": "carried"})
QUOTES = b"""
<div class=q><b>one</b><i>1</i></div><div class=q><b>two</b><i>2</i></div>
<div class=q><b>one</b><i>1</i></div><div class=q><b>one</b><i>x</i></div>
<div class=q><i>5</i></div>
"""
TEXT = FieldPlan("text", css="b")
NUMBER = FieldPlan("number", css="i", type="int")


def extract(body: bytes, *items: ItemPlan, follow: tuple[FollowPlan, ...] = ()) -> Page:
    return Extractor(PageRule("page", items=items, follow=follow))(body, SOURCE)


def data(page: Page) -> list[Json]:
    return [json.loads(item.data) for item in page.items]


def test_without_each_a_page_is_one_item_known_by_its_url():
    page = extract(QUOTES, ItemPlan("page", (TEXT, FieldPlan("none", css="h6"))))
    [item] = page.items
    assert (item.type, item.position) == ("page", 0)
    assert item.key == "http://a.example/p?a=2&b=1"
    assert item.data == '{"text":"one","none":null}'


def test_with_each_equal_content_is_one_item_known_by_its_content():
    page = extract(QUOTES, ItemPlan("q", (TEXT, NUMBER), each="div.q"))
    assert data(page) == [
        {"text": "one", "number": 1},
        {"text": "two", "number": 2},
        {"text": "one", "number": None},
        {"text": None, "number": 5},
    ]
    assert [item.position for item in page.items] == [0, 1, 3, 4]
    assert len({item.key for item in page.items}) == 4
    assert page.invalid == {"q": {"number": 1}}


def test_of_two_items_with_one_key_the_first_wins():
    page = extract(QUOTES, ItemPlan("q", (TEXT, NUMBER), each="div.q", key=("text",)))
    assert [(item.key, item.position) for item in page.items] == [("one", 0), ("two", 1)]


def test_keys_are_plain_text_for_one_field_and_json_for_several():
    one = extract(QUOTES, ItemPlan("q", (TEXT, NUMBER), each="div.q", key=("number",)))
    two = extract(QUOTES, ItemPlan("q", (TEXT, NUMBER), each="div.q", key=("number", "text")))
    assert [item.key for item in one.items] == ["1", "2", "5"]
    assert [item.key for item in two.items] == ['[1,"one"]', '[2,"two"]']


def test_a_null_key_or_a_required_field_rejects_the_item_and_says_why():
    inner = FieldPlan("in", css="", fields=(FieldPlan("text", css="b", required=True),))
    page = extract(
        QUOTES,
        ItemPlan("q", (NUMBER, TEXT), each="div.q", key=("text", "number")),
        ItemPlan("r", (inner,), each="div.q:last-child"),
    )
    assert page.rejected == (
        Rejected("q", "number", "invalid", 3, '{"number":null,"text":"one"}'),
        Rejected("q", "text", "missing", 4, '{"number":5,"text":null}'),
        Rejected("r", "in.text", "missing", 5, '{"in":{"text":null}}'),
    )


def test_an_item_that_reads_a_carry_is_a_half_and_its_links_wait_for_it():
    fields = (NUMBER, FieldPlan("c", source="c"), replace(TEXT, required=True))
    item = ItemPlan("q", fields, each="div.q", key=("number",), reads=("c",))
    body = b"<div class=q><i>1</i><a href=/x></a></div><div class=q><i>1</i><b>t</b></div>"
    follow = FollowPlan("a", carry=("number", "c"), item="q")
    whole = ItemPlan("page", fields[1:2], reads=("c",))
    rule = PageRule("p", items=(item, whole))
    page = Extractor(replace(rule, follow=(follow,)))(body, SOURCE)
    assert page.items == ()
    assert [(half.type, half.position, half.rejected) for half in page.halves] == [
        ("q", 0, True), ("q", 1, False), ("page", 2, False),
    ]  # fmt: skip
    assert [half.key for half in page.halves] == ["", "", "http://a.example/p?a=2&b=1"]
    assert [(each.type, each.field) for each in page.rejected] == [("q", "text")]
    assert page.links[0].half == 0
    assert set(page.links[0].carry) == {"number", "c"}
    deep = replace(
        item, each=EachPlan("@"), fields=(FieldPlan("n", json="@"), *fields[1:2]), key=()
    )
    with pytest.raises(ParseError, match="nested too deeply"):
        extract(b"[" * 300 + b'{"a": 1}' + b"]" * 300, deep)
    own = Extractor(replace(rule, follow=(replace(follow, carry=("number",)),)))(body, SOURCE)
    assert own.links[0].half is None


def test_positions_count_over_all_types():
    page = extract(QUOTES, ItemPlan("q", (NUMBER,), each="div.q"), ItemPlan("p", (TEXT,)))
    assert page.items[-1].position == 5


def test_links_are_absolute_http_once_each_in_order():
    body = b"""<base href=/sub/><a href=b#x>1</a><a href=" /c?z=1&amp;y=2 ">2</a><a href="b#y">3</a>
    <a href="javascript:x()">4</a><a href=mailto:x@a.example>5</a><a href="http://[">6</a><a>7</a>
    <a href>8</a><a href=HTTPS://B.example>9</a><img src=i.png>"""
    page = extract(body, follow=(FollowPlan("a", page="next"), FollowPlan("img, a", attr="src")))
    assert page.links == (
        Link("http://a.example/sub/b", "next"),
        Link("http://a.example/c?z=1&y=2", "next"),
        Link("https://b.example/", "next"),
        Link("http://a.example/sub/i.png", None),
    )


def test_a_link_followed_by_two_rules_is_kept_for_each():
    page = extract(b"<a href=x>", follow=(FollowPlan("a"), FollowPlan("a", page="p")))
    assert [link.page for link in page.links] == [None, "p"]


def test_a_rule_that_wants_nothing_reads_nothing():
    assert extract(b"<a href=x>") == Page()


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_numbers_that_are_not_finite_never_reach_json(value):
    field = FieldPlan("f", is_const=True, const={"a": [value, 1.5, True]})
    assert data(extract(b"", ItemPlan("x", (field,)))) == [{"f": {"a": [None, 1.5, True]}}]


@pytest.mark.parametrize(
    ("value", "clean"), [("a\0b", "a\ufffdb"), ("a\ud800b", "a\ufffdb"), ("\ud83d\ude00", "😀")]
)
def test_text_that_sqlite_or_json_cannot_carry_is_replaced_in_data_and_key(value, clean):
    field = FieldPlan("f", is_const=True, const=value)
    [item] = extract(b"", ItemPlan("x", (field,), key=("f",))).items
    assert (item.key, json.loads(item.data)) == (clean, {"f": clean})


def test_a_value_nested_too_deeply_fails_the_page():
    deep: Json = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ParseError, match="parse_error"):
        extract(b"", ItemPlan("x", (FieldPlan("f", is_const=True, const=deep),)))


def test_a_selector_that_was_never_checked_fails_the_page():
    with pytest.raises(ParseError, match="parse_error"):
        extract(b"", ItemPlan("x", (FieldPlan("f", css="p:nope"),)))


API = b'{"quotes": [{"text": "one", "n": 1}, {"text": "two"}, null], "one": {"text": "x"}}'


def test_items_are_the_values_of_a_json_response():
    fields = (FieldPlan("text", json="text"), FieldPlan("n", json="n", default=0))
    for each, found in (
        ("quotes[]", [{"text": "one", "n": 1}, {"text": "two", "n": 0}]),
        ("one", [{"text": "x", "n": 0}]),
        ("nope", []),
    ):
        page = extract(API, ItemPlan("q", fields, EachPlan(each)))
        assert data(page) == found
    keyed = extract(API, ItemPlan("q", fields, EachPlan("quotes"), key=("text",)))
    assert [item.key for item in keyed.items] == ["one", "two"]


def test_items_are_the_values_of_json_in_a_script():
    body = b"<script>var a = [1];</script><script>var data = [{'x"
    plan = ItemPlan(
        "n", (FieldPlan("n", json="@"),), EachPlan("[]", script="var (?:a|data) = (.*);")
    )
    assert data(extract(body + b"</script>", plan)) == [{"n": 1}]


def test_a_response_that_should_be_json_and_is_none_fails():
    with pytest.raises(ParseError, match="parse_error: the page is no JSON"):
        extract(b"<p>Sorry", ItemPlan("q", (FieldPlan("a", json="a"),), EachPlan("quotes")))


FEED = b"""<?xml version="1.0"?><rss><channel><link>http://a.example/</link><item><title>One</title>
<link> /1 </link><dc:creator>A</dc:creator></item><item><title>Two</title><link>/2</link></item>
<atom:link href="/self"/></channel></rss>"""


def test_a_feed_is_looked_into_by_the_names_of_its_elements():
    fields = (FieldPlan("title", css="title"), FieldPlan("link", css="link", type="url"),
              FieldPlan("by", css="dc\\:creator"))  # fmt: skip
    follow = (FollowPlan("item > link"), FollowPlan("atom\\:link"))
    rule = PageRule("feed", items=(ItemPlan("entry", fields, "item"),), follow=follow)
    extractor = Extractor(rule)
    page = extractor(FEED, SOURCE)
    assert data(page) == [
        {"title": "One", "link": "http://a.example/1", "by": "A"},
        {"title": "Two", "link": "http://a.example/2", "by": None},
    ]
    assert [link.url.rpartition("/")[2] for link in page.links] == ["1", "2", "self"]
    assert extractor(FEED, SOURCE) == page
    assert extractor(b"<item><title>x</title></item>", SOURCE).items[0].type == "entry"


def test_broken_xml_fails_the_page():
    with pytest.raises(ParseError, match="parse_error: the XML is broken: mismatched tag"):
        extract(b"<rss><item></rss>", ItemPlan("x", (TEXT,)))


def test_forms_come_behind_the_links_and_what_is_amiss_is_noted():
    rule = PageRule(
        "p", follow=(FollowPlan("a"),), submit=(SubmitPlan("form"), SubmitPlan("#none"))
    )
    page = Extractor(rule)(b"<form action=/f method=post><input name=x></form><a href=/l>", SOURCE)
    assert [(link.url, link.method, link.body) for link in page.links] == [
        ("http://a.example/l", "GET", None),
        ("http://a.example/f", "POST", b"x="),
    ]
    assert page.notes == ("form #none: is not on the page",)


@pytest.mark.parametrize(
    ("body", "media", "over"),
    [
        (b"<form class=in>", "text/html", True),
        (b"<form class=out>", "text/html", False),
        (b'{"page": "<form class=in>"}', "application/json", False),
        (b"<?xml version='1.0'?><form class='in'/>", "text/xml", False),
    ],
)
def test_a_page_says_that_the_login_is_over(body, media, over):
    rule = PageRule(
        "p", items=(ItemPlan("x", (FieldPlan("url", source="url"),)),), expired="form.in"
    )
    page = Extractor(rule)(body, replace(SOURCE, media=media))
    assert (page.expired, len(page.items)) == (over, not over)


@pytest.mark.parametrize("items", [(), (ItemPlan("x", (TEXT,)),)])
def test_a_page_without_what_every_right_page_has_fails(items):
    extractor = Extractor(PageRule("p", items=items, valid="div.q"))
    assert extractor(QUOTES, SOURCE) is not None
    with pytest.raises(ParseError, match=r"^invalid_page: nothing fits div\.q$") as error:
        extractor(b"<p>Are you a robot?", SOURCE)
    assert error.value.reason == "invalid_page"
    assert Extractor(PageRule("p", valid="item"))(b"<rss><item/></rss>", SOURCE) == Page()


css = st.sampled_from(["", "p", "a", "*", "div > p", "td:has(p)", "p:nth-child(2)", "a[href]"])
values = st.fixed_dictionaries(
    {"css": css},
    optional={
        "attr": st.sampled_from(["href", "class", "srcset"]),
        "all": st.booleans(),
        "raw_text": st.booleans(),
        "regex": st.sampled_from(["a+", r"(\d)(x)?", ""]),
        "map": st.sampled_from([{"a": 1}, {"": None}]),
        "type": st.sampled_from(["text", "url", *CONVERTERS]),
        "default": st.sampled_from([None, 0, "", [1]]),
        "required": st.booleans(),
        "remove": st.sampled_from(["td", "p a", "*"]),
        "html": st.booleans(),
        "markdown": st.booleans(),
        "page": st.booleans(),
        "replace": st.just((("a+", r"\0\0"),)),
        "split": st.sampled_from([",", " "]),
        "strip": st.just("ax"),
    },
)
paths = st.sampled_from(["@", "a", "[]", "a[].b", "length(a)", "{x: a}", "[?a]", "max_by(@, &a)"])
other = st.fixed_dictionaries({"json": paths}) | st.fixed_dictionaries(
    {"script": st.sampled_from(["x = (.*)", "(a|a|b)+?"])}, optional={"json": paths}
)
other |= st.fixed_dictionaries({"jsonld": st.sampled_from(["T", "T.a", "T.a[].b"])})
other |= st.fixed_dictionaries({"next": css.filter(bool)}) | st.fixed_dictionaries({"table": css})
other |= st.fixed_dictionaries({"meta": st.sampled_from(["a", "og:image"])})
leaves = st.builds(
    lambda name, plan, kind: FieldPlan(name, **{**plan, **({"css": None, **kind} if kind else {})}),
    st.sampled_from("abc"),
    values,
    st.none() | other,
)
leaves |= st.builds(
    lambda ways, kind: FieldPlan("d", any=tuple(ways), type=kind),
    st.lists(leaves, min_size=1, max_size=3),
    st.sampled_from(["", "int"]),
)
groups = st.builds(
    lambda name, plan, inner, kind: FieldPlan(
        name, **{**plan, **({"css": None, **kind} if kind else {})}, fields=tuple(inner)
    ),
    st.sampled_from("xyz"),
    values,
    st.lists(leaves, min_size=1, max_size=2, unique_by=lambda plan: plan.name),
    st.none() | other,
)
fields = st.lists(leaves | groups, min_size=1, max_size=4, unique_by=lambda plan: plan.name)
eaches = css.filter(bool) | st.builds(EachPlan, paths, st.none() | st.just("x = (.*)"))
plans = st.builds(
    lambda inner, each, keyed: ItemPlan(
        "item", tuple(inner), each, (inner[0].name,) if keyed else ()
    ),
    fields,
    st.none() | eaches,
    st.booleans(),
)
BLOCK = '<script type="application/ld+json">{"@type": "T", "a": %s}</script>'
PIECES = """<p> </p> <a href= 'x' > <div class=a> <td> 1,5 a \0 &#xd800; <base href= http://[
<table> </div> <script> <!-- { <select><option> <svg> <meta name=a content=1> </script> x= [ ] }
<script type="application/ld+json"> {"@type":"T","a": {"b":1} NaN, "a" 9e999"""
markup = st.lists(st.sampled_from([*PIECES.split(), " "]), max_size=25)
json_bodies = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "@type"]), inner)
    ),
    max_leaves=8,
).map(json.dumps)
wrapped = st.sampled_from(
    [
        "%s",
        "<rss><p a='1'>%s</p><a href='x'/></rss>",
        "<?xml version='1'?>%s",
        "<script>x = %s</script>",
        BLOCK,
    ]
)
bodies = st.binary(max_size=80) | st.builds(lambda w, j: (w % j).encode(), wrapped, json_bodies)
bodies |= markup.map(lambda parts: "".join(parts).encode())


@given(bodies, plans)
def test_any_bytes_and_any_plan_give_a_page_the_same_one_each_time(body, plan):
    follow = (FollowPlan("a"), FollowPlan(script="x = (.*)", json="@", limit=1))
    rule = PageRule("page", items=(plan,), follow=follow)
    try:
        page = Extractor(rule)(body, SOURCE)
    except ParseError as error:
        with pytest.raises(ParseError, match=f"^{re.escape(str(error))}$"):
            Extractor(rule)(body, SOURCE)
        return
    assert page == Extractor(rule)(body, SOURCE)
    for item in page.items:
        item.key.encode()
        assert "\0" not in item.key
        assert list(json.loads(item.data)) == [field.name for field in plan.fields]
        assert "\\u0000" not in item.data.replace("\\\\", "")
    assert len({item.key for item in page.items}) == len(page.items)


META = b"<meta name=robots content=nofollow><a href=/1>1</a><a href=/2 rel=nofollow>2</a>"


@pytest.mark.parametrize(
    ("nofollow", "body", "header", "found"),
    [
        ("", META, True, ["/1", "/2"]),
        ("page", META, False, []),
        ("rel", META, False, []),
        ("page", META[35:], True, []),
        ("page", META[35:], False, ["/1", "/2"]),
        ("rel", META[35:], False, ["/1"]),
    ],
)
def test_nofollow_is_heeded_as_the_rule_says(nofollow, body, header, found):
    rule = PageRule("p", follow=(FollowPlan("a"),), nofollow=nofollow)
    page = Extractor(rule)(body, replace(SOURCE, asks=frozenset({"nofollow"} if header else ())))
    assert [link.url.removeprefix("http://a.example") for link in page.links] == found


@pytest.mark.parametrize(("robot", "found"), [("bot", []), ("", ["/1"]), ("cat", ["/1"])])
def test_a_page_that_asks_us_by_our_name_is_heeded(robot, found):
    rule = PageRule("p", follow=(FollowPlan("a"),), nofollow="page", robot=robot)
    page = Extractor(rule)(b"<meta name=Bot content=none><a href=/1>", SOURCE)
    assert [link.url.removeprefix("http://a.example") for link in page.links] == found
    assert page.noindex == (not found)


def test_meta_is_not_looked_for_in_json():
    rule = PageRule("p", follow=(FollowPlan(json="u"),), nofollow="page")
    assert len(Extractor(rule)(b'{"u": "/1"}', SOURCE).links) == 1


def test_noindex_is_told_by_the_header_and_by_the_page_where_it_is_read_as_html():
    told = replace(SOURCE, asks=frozenset({"noindex"}))
    css, json = (ItemPlan("t", (FieldPlan("f", **{way: "f"}),)) for way in ("css", "json"))
    assert extract(b"<meta name=robots content=noindex>", css).noindex
    assert not extract(b'["<meta name=robots content=noindex>"]', json).noindex
    for rule in (PageRule("p"), PageRule("p", items=(json,))):
        assert Extractor(rule)(b"{}", told).noindex
    assert not extract(b"<p>", css).noindex


def test_items_of_an_each_are_what_an_increment_goes_on_for():
    follow = (FollowPlan(increment=IncrementPlan("page"), page="page"),)
    required = ItemPlan("q", (replace(TEXT, required=True),), each="div.q")
    assert len(extract(QUOTES, required, follow=follow).links) == 1
    assert len(extract(b"<div class=q>", required, follow=follow).links) == 1  # rejected: listed
    assert extract(b"<p>", required, ItemPlan("page", (TEXT,)), follow=follow).links == ()


GIVEN = ItemPlan(
    "book",
    (FieldPlan("n", source="python", type="int", required=True), FieldPlan("h", css="b")),
)


def parse_it(page):
    books = [{"n": "1", "more": [1]}, {"n": "x"}, {}, {"n": 2}, {"n": "1", "more": [1]}]
    return {"book": books}, ["/1", ("/2#x", "page"), "/1", "mailto:x", page.absolute("/3")]


def made(rule: PageRule, **functions: object) -> Page:
    return Extractor(rule, functions=functions)(QUOTES, SOURCE)


def test_items_and_links_of_a_function_go_the_way_of_all_others():
    python = PythonPlan("m:f", pages=("page",))
    rule = PageRule("page", items=(GIVEN,), follow=(FollowPlan("b", attr="x"),), python=python)
    page = made(rule, **{"m:f": parse_it})
    assert data(page) == [{"n": 1, "h": "one", "more": [1]}, {"n": 2, "h": "one"}]
    assert len({item.key for item in page.items}) == 2  # known by their content
    assert [(one.reason, one.position) for one in page.rejected] == [("invalid", 1), ("missing", 2)]
    assert [(link.url[16:], link.page) for link in page.links] == [
        ("/1", None), ("/2", "page"), ("/3", None),
    ]  # fmt: skip
    keyed = replace(rule, items=(replace(GIVEN, key=("n",)),), follow=())
    assert [item.key for item in made(keyed, **{"m:f": parse_it}).items] == ["1", "2"]
    nothing = made(replace(rule, items=()), **{"m:f": lambda _: ({}, [])})
    assert nothing == Page()


def test_item_goes_through_its_function_before_it_is_judged():
    def change(item, page):
        if item["text"] == "two":
            return None
        return {"text": item["text"], "number": item["number"] or len(page.css("div"))}

    fields = (TEXT, replace(NUMBER, required=True))
    item = ItemPlan("q", fields, each="div.q", key=("text",), python=PythonPlan("m:f"))
    page = made(PageRule("p", items=(item,)), **{"m:f": change})
    assert data(page) == [{"text": "one", "number": 1}]
    assert [(one.field, one.reason, one.position) for one in page.rejected] == [
        ("text", "missing", 4)
    ]
    with pytest.raises(ParseError, match="m:f must return a dict for q, not a str"):
        made(PageRule("p", items=(item,)), **{"m:f": lambda *_: "x"})


def test_what_is_required_within_a_field_is_not_for_the_function_to_mend():
    inner = FieldPlan("o", css="i", fields=(FieldPlan("x", css="h6", required=True),))
    item = ItemPlan("q", (inner,), python=PythonPlan("m:f"))
    page = made(PageRule("p", items=(item,)), **{"m:f": lambda item, _: item})
    assert [one.field for one in page.rejected] == ["o.x"]


def test_function_of_a_page_that_is_xml():
    rule = PageRule("p", items=(GIVEN,), python=PythonPlan("m:f"))
    feed = b"<rss><item/><item/></rss>"
    count = lambda page: ({"book": [{"n": len(page.css("item"))}]}, [])  # noqa: E731
    page = Extractor(rule, functions={"m:f": count})(feed, replace(SOURCE, media="text/xml"))
    assert data(page) == [{"n": 2, "h": None}]


@pytest.mark.parametrize("body", [b"<p>a</p>" * 9, b"<rss>" + b"<p>a</p>" * 9 + b"</rss>"])
@pytest.mark.parametrize(
    "field",
    [
        FieldPlan("x", css="p", all=True, regex="(a|b)+"),
        FieldPlan("x", css="p", all=True, replace=(("a", "b"),)),
        FieldPlan("x", any=(FieldPlan("x", css="p", regex="(c)*"),), split=","),
    ],
)
def test_all_searches_of_a_page_have_one_limit(body, field):
    item = ItemPlan("row", (field,), each="p, :has(p)")
    ticks = iter(range(1000))
    extractor = Extractor(
        PageRule("p", items=(item,)), regex_page_s=5.0, clock=lambda: float(next(ticks))
    )
    with pytest.raises(ParseError, match=r"of the page took more than 5 s, the last .* of x"):
        extractor(body, SOURCE)
    Extractor(PageRule("p", items=(item,)), regex_page_s=5.0)(body, SOURCE)


def test_many_scripts_are_searched_within_one_limit():
    field = FieldPlan("x", script="var (x)")
    ticks = iter(range(1000))
    extractor = Extractor(
        PageRule("p", items=(ItemPlan("s", (field,)),)),
        regex_page_s=5.0,
        clock=lambda: float(next(ticks)),
    )
    with pytest.raises(ParseError, match="more than 5 s"):
        extractor(b"<script>var a</script>" * 9, SOURCE)


def test_links_carry_of_their_item_unless_the_page_asks_not_to_follow_them():
    item = ItemPlan("i", (FieldPlan("t", css="b"),), each="li")
    follow = (FollowPlan("a", carry=("t",), item="i"),)
    extractor = Extractor(PageRule("p", items=(item,), follow=follow, nofollow="page"))
    body = b"<li><b>x</b><a href=/1>1</a></li>"
    (link,) = extractor(body, SOURCE).links
    assert dict(link.carry) == {"t": "x"}
    page = extractor(b"<meta name=robots content=nofollow>" + body, SOURCE)
    assert (len(page.items), page.links) == (1, ())
