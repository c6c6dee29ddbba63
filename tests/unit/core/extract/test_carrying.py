"""Links that take fields along: which item holds them, and what of it goes with them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.core.errors import ParseError
from scraper.core.extract import Extractor, Source
from scraper.core.extract import carrying as carrying_module
from scraper.core.extract.plan import EachPlan, FieldPlan, FollowPlan, ItemPlan, PageRule

SOURCE = Source("http://a.example/", "http://a.example/")
TEXT = FieldPlan("t", css="b", type="text")
JSON = FieldPlan("t", json="t")


def links(body, item, follow, source=SOURCE, **more):
    rule = PageRule("p", items=(item,), follow=(follow, *more.pop("also", ())), **more)
    page = Extractor(rule)(body.encode(), source)
    return [
        (link.url.removeprefix("http://a.example"), dict(link.carry), link.half)
        for link in page.links
    ]


def carrying(css="a", **more):
    more = {"css": css, "carry": ("t",), "item": "i", "page": "d"} | more
    return FollowPlan(**more)


trees = st.recursive(
    st.sampled_from(["a", ""]),
    lambda inner: st.lists(st.tuples(st.sampled_from(["section", "div"]), inner), max_size=3),
    max_leaves=8,
)


def written(tree, state, holder):
    """Markup, and what each link in it should carry."""
    if tree == "a":
        state["n"] += 1
        return f'<a href="/{state["n"]}"></a>', [(f"/{state['n']}", holder)]
    if not tree:
        return "", []
    out, wanted = "", []
    for tag, inner in tree:
        here = holder
        name = ""
        if tag == "section":
            state["i"] += 1
            here, name = state["i"], f"<b>{state['i']}</b>"
        markup, more = written(inner, state, here)
        out += f"<{tag}>{name}{markup}</{tag}>"
        wanted += more
    return out, wanted


@settings(deadline=None)
@given(trees)
def test_the_innermost_element_around_a_link_holds_it(tree):
    markup, wanted = written(tree, {"n": 0, "i": 0}, None)
    item = ItemPlan("i", (FieldPlan("t", css="b", type="int"),), each="section")
    found = links(markup, item, carrying())
    assert found == [(url, {} if holder is None else {"t": holder}, None) for url, holder in wanted]


def test_a_link_is_one_for_each_distinct_carry():
    body = "".join(
        f"<li><b>{text}</b><a href=/x>1</a><a href=/x#y>2</a><a href=mailto:q>3</a></li>"
        for text in "abab"
    )
    item = ItemPlan("i", (TEXT,), each="li")
    assert links(body, item, carrying()) == [("/x", {"t": "a"}, None), ("/x", {"t": "b"}, None)]
    assert links(body, item, carrying(limit=1)) == [("/x", {"t": "a"}, None)]
    both = links(body, item, carrying(), also=(FollowPlan("a", page="d"),))
    assert both[2:] == [("/x", {}, None)]


def test_a_rejected_item_and_one_that_is_known_carry_what_they_have():
    fields = (TEXT, FieldPlan("n", css="i", required=True))
    body = "<li><b>a</b><a href=/x></a></li><li><b>b</b><i>1</i><a href=/y></a></li>"
    body += "<li><b>c</b><i>1</i><a href=/z></a></li><li><i>1</i><a href=/u></a></li>"
    found = links(body, ItemPlan("i", fields, each="li", key=("n",)), carrying())
    assert [(url, carry["t"]) for url, carry, _ in found] == [
        ("/x", "a"), ("/y", "b"), ("/z", "c"), ("/u", None),
    ]  # fmt: skip


def test_without_each_every_link_carries_the_fields_of_the_page():
    body = "<b>t</b><a href=/x></a><div><a href=/y></a></div><script>n = '/z'</script>"
    item = ItemPlan("i", (TEXT,))
    assert links(body, item, carrying()) == [("/x", {"t": "t"}, None), ("/y", {"t": "t"}, None)]
    by_script = FollowPlan(script="n = '(.*?)'", carry=("t",), item="i")
    assert links(body, item, by_script) == [("/z", {"t": "t"}, None)]


def test_links_of_json_are_looked_for_in_the_value_of_the_item():
    body = (
        '{"q": [{"t": "a", "u": ["/x", "/y", 5]}, {"t": null, "u": "/x"}, {"u": null}], "u": "/z"}'
    )
    item = ItemPlan("i", (JSON,), each=EachPlan("q[]"))
    follow = FollowPlan(json="u", carry=("t",), item="i")
    found = [("/x", {"t": "a"}, None), ("/y", {"t": "a"}, None), ("/x", {"t": None}, None)]
    assert links(body, item, follow) == found
    whole = ItemPlan("i", (FieldPlan("t", json="q[0].t"),))
    assert links(body, whole, follow) == [("/z", {"t": "a"}, None)]


def test_what_is_carried_to_the_page_itself_is_awaited_by_its_half():
    body = "<li><b>a</b><a href=/x></a></li><li><b>b</b><a href=/x></a></li>"
    fields = (TEXT, FieldPlan("c", source="c"))
    item = ItemPlan("i", fields, each="li", reads=("c",))
    found = links(body, item, carrying(carry=("t", "c")))
    assert found == [("/x", {"t": "a", "c": None}, 0), ("/x", {"t": "b", "c": None}, 1)]
    assert links(body, item, carrying())[0] == ("/x", {"t": "a"}, None)  # its own alone


def test_in_xml_the_text_of_an_element_is_a_link():
    body = "<?xml version='1.0'?><rss><item><b>a</b><link>http://a.example/x</link></item></rss>"
    item = ItemPlan("i", (TEXT,), each="item")
    assert links(body, item, carrying("link")) == [("/x", {"t": "a"}, None)]


def test_a_page_without_items_carries_nothing():
    item = ItemPlan("i", (FieldPlan("t", json="t"),), each=EachPlan("q[]"))
    assert links('{"q": null}', item, FollowPlan(json="u", carry=("t",), item="i")) == []
    assert links("<a href=/x>", ItemPlan("i", (TEXT,), each="li"), carrying()) == [("/x", {}, None)]


def test_a_page_whose_links_carry_too_much_or_too_deep_fails(monkeypatch):
    item = ItemPlan("i", (TEXT,), each="li")
    body = "<li><b>0123456789</b><a href=/x></a><a href=/y></a></li>"
    monkeypatch.setattr(carrying_module, "MOST_CARRIED", 2 * len('{"t": "0123456789"}'))
    assert len(links(body, item, carrying())) == 2
    monkeypatch.setattr(carrying_module, "MOST_CARRIED", 2 * len('{"t": "0123456789"}') - 1)
    with pytest.raises(ParseError, match="carry too much"):
        links(body, item, carrying())
    deep = '{"q": [{"t": %s, "u": "/x"}]}' % ("[" * 300 + "]" * 300)
    of_json = ItemPlan("i", (JSON,), each=EachPlan("q[]"))
    with pytest.raises(ParseError, match="nested too deeply"):
        links(deep, of_json, FollowPlan(json="u", carry=("t",), item="i"))


@pytest.mark.timeout(60)
def test_ten_thousand_links_in_a_deep_page_are_held_in_one_walk():
    body = "<li><b>t</b>" + "<div>" * 200 + "".join(f"<a href=/{n}></a>" for n in range(10_000))
    found = links(body, ItemPlan("i", (TEXT,), each="li"), carrying())
    assert len(found) == 10_000
    assert all(carry == {"t": "t"} for _, carry, _ in found)


def test_what_an_entry_asks_for_and_sets_holds_with_a_carry_too():
    item = ItemPlan("i", (FieldPlan("t", css="b"),), each="li")
    body = "<p>{}</p><li><b>x</b><a href=/1>1</a><a href=/2 rel=nofollow>2</a></li>"
    follow = carrying(condition=FieldPlan("while", css="p"), set=(FieldPlan("query:k", css="b"),))
    assert links(body.format(""), item, follow) == []
    found = links(body.format("go on"), item, follow, nofollow="rel")
    assert found == [("/1?k=x", {"t": "x"}, None)]
    no = "<meta name=robots content=nofollow>" + body.format("go on")
    assert links(no, item, carrying(), nofollow="page") == []
