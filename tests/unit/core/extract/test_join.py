"""Items of a page's own values and a carry: as if the carry had been known from the start."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.core.carry import carry_hash
from scraper.core.extract import Extractor, Source
from scraper.core.extract.join import (
    Joiner,
    Joiners,
    asked,
    carried_fields,
    is_another_when_changed,
    told,
    whole,
)
from scraper.core.extract.plan import EachPlan, FieldPlan, FollowPlan, ItemPlan, PageRule
from scraper.core.model import Half, Item, Page, Rejected

URL = "http://a.example/dir/page"
LEAVES = [
    FieldPlan("own", css="b"),
    FieldPlan("own", css="b", type="int"),
    FieldPlan("own", css="h6", default="none"),
    FieldPlan("own", css="b", required=True),
    FieldPlan("all", css="i", all=True),
    FieldPlan("all", css="i", all=True, type="int"),
    FieldPlan("const", is_const=True, const={"x": [1]}),
    FieldPlan("json", any=(FieldPlan("", json="x"), FieldPlan("", source="c"))),
    FieldPlan("c", source="c"),
    FieldPlan("c", source="c", type="int"),
    FieldPlan("c", source="c", regex="\\d+", default=0),
    FieldPlan("c", source="c", required=True),
    FieldPlan("c", source="c", map={"1": "one"}),
    FieldPlan("d", source="d", type="url"),
    FieldPlan("u", source="url"),
]


def named(fields):
    return tuple(replace(field, name=f"f{n}") for n, field in enumerate(fields))


def is_plain(way):
    """Of the page's own ways in an `any`, it is not kept whether they are empty or invalid."""
    own = not any(asked((way,)))
    return not (own and (way.all or way.type)) and all(map(is_plain, way.any))


def groups(inner):
    lists = st.lists(inner, min_size=1, max_size=3).map(named)
    ways = lists.filter(lambda ways: all(map(is_plain, ways)))
    anys = ways.flatmap(
        lambda ways: st.sampled_from(
            [
                FieldPlan("any", any=ways),
                FieldPlan("any", any=ways, type="int", required=True),
                FieldPlan("any", any=ways, default="none"),
            ]
        )
    )
    nested = lists.flatmap(
        lambda fields: st.sampled_from(
            [
                FieldPlan("group", css="p", fields=fields),
                FieldPlan("group", css="p", fields=fields, all=True),
                FieldPlan("group", css="h6", fields=fields, default="none"),
                FieldPlan("group", css="h6", fields=fields, required=True),
            ]
        )
    )
    return anys | nested


fields = st.recursive(st.sampled_from(LEAVES), groups, max_leaves=6)
items = st.builds(
    lambda some, each, key: ItemPlan(
        "t", named(some), each=each, key=tuple(f"f{n}" for n in range(min(key, len(some))))
    ),
    st.lists(fields, min_size=1, max_size=4),
    st.sampled_from([None, "p"]),
    st.integers(0, 2),
)
pages = st.sampled_from(
    [b"<b>1</b><i>2</i><i>x</i>", b"<p><b>1</b><i>2</i></p><p><b>x</b><p><i>3", b""]
)
carries = st.fixed_dictionaries(
    {}, optional={"c": st.sampled_from([None, "", "1", "x 2", 3, ["1"]]), "d": st.just("../e")}
)


def extracted(body, item, carry):
    return Extractor(PageRule("p", items=(item,)))(body, Source(URL, URL, carry=carry))


def joined(body, item, carry):
    rule = PageRule("p", items=(replace(item, reads=("c", "d")),))
    return whole(rule, Extractor(rule)(body, Source(URL, URL)), carry, url=URL)


@settings(deadline=None)
@given(pages, items, carries)
def test_it_is_what_a_page_gives_whose_carry_is_known(body, item, carry):
    """Rejected with the same field, and with the same values otherwise; only keys may differ."""
    wanted, found = extracted(body, item, carry), joined(body, item, carry)
    kept = {one.position: json.loads(one.data) for one in found.items}
    for one in wanted.items:  # a later item with the same key is left out there, and in the store
        assert kept[one.position] == json.loads(one.data)
    assert {one.position for one in found.rejected} == {one.position for one in wanted.rejected}
    assert found.halves == ()


@settings(deadline=None)
@given(pages, items, carries, carries)
def test_the_hash_of_the_carry_is_part_of_the_identity_unless_the_key_names_it(
    body, item, one, other
):
    carried = carried_fields(replace(item, reads=("c",)))
    ones, others = joined(body, item, one).items, joined(body, item, other).items
    if not carried.isdisjoint(item.key):
        return
    keys = {each.key for each in ones}
    if one != other:
        assert keys.isdisjoint(each.key for each in others)
    digest = carry_hash(one)
    assert all(key.endswith(f" {digest}") for key in keys if digest)


def half(data, **more):
    return Half("t", "page", json.dumps(data), 3, **more)


def plan(*fields, **more):
    return ItemPlan("t", fields, reads=tuple(dict.fromkeys(asked(fields))), **more)


C, OWN = FieldPlan("c", source="c"), FieldPlan("own", css="b")


def test_only_what_is_read_of_a_carry_counts():
    joiner = Joiner(plan(OWN, C))
    one = joiner.join(half({"own": "b"}), {"c": 1, "x": 2}, url=URL)
    assert one == joiner.join(half({"own": "b"}), {"x": 3, "c": 1}, url=URL)
    assert one.outcome == Item("t", f"page {carry_hash({'c': 1})}", '{"own":"b","c":1}', 3)
    assert one.carry == carry_hash({"c": 1})
    assert joiner.read_of({"x": 1}) == {}
    assert joiner.join(half({"own": "b"}), {}, url=URL).outcome.key == "page"
    assert repr(joiner) == "<Joiner t of c>"


def test_a_key_that_names_a_carried_field_is_the_identity():
    item = Joiner(plan(OWN, C, key=("own", "c"))).join(half({"own": "b"}), {"c": 1}, url=URL)
    assert item.outcome.key == '["b",1]'
    own = Joiner(plan(OWN, C, key=("own",))).join(half({"own": "b"}), {"c": 1}, url=URL)
    assert own.outcome.key == f"b {carry_hash({'c': 1})}"
    each = Joiner(plan(OWN, C, each="p")).join(half({"own": "b"}), {"c": 1}, url=URL)
    assert len(each.outcome.key.split()[0]) == 32


def test_a_null_key_rejects_as_does_a_required_field_that_is_carried():
    keyed, required = plan(OWN, C, key=("c",)), plan(OWN, replace(C, required=True, type="int"))
    found = Joiner(keyed).join(half({"own": "b"}), {}, url=URL)
    assert found.outcome == Rejected("t", "c", "missing", 3, '{"own":"b","c":null}')
    found = Joiner(required).join(half({"own": "b"}), {"c": "x"}, url=URL)
    assert (found.outcome.field, found.outcome.reason) == ("c", "invalid")
    assert found.invalid == {"c": 1}
    assert found.values == {"own": "b", "c": None}


def test_a_half_that_the_page_rejected_gives_values_and_no_item():
    found = Joiner(plan(OWN, C)).join(half({"own": None}, rejected=True), {"c": 1}, url=URL)
    assert (found.outcome, found.values) == (None, {"own": None, "c": 1})


def test_what_is_relative_is_relative_to_the_page():
    link = FieldPlan("c", source="c", type="url")
    found = Joiner(plan(link)).join(half({}), {"c": "../x"}, url=URL)
    assert found.values == {"c": "http://a.example/x"}


def test_a_regular_expression_that_hangs_is_given_up_after_a_while():
    hanging = replace(C, regex="^(?:(?:a|a)*)*$", required=True)
    joiner = Joiner(plan(hanging, FieldPlan("d", source="c", regex="a")), regex_timeout_s=0.002)
    for _ in range(30):
        found = joiner.join(half({}), {"c": "a" * 40 + "b"}, url=URL)
        assert found.outcome.reason == "invalid"
        assert found.invalid == {"c": 1}
        assert found.values == {"c": None, "d": "a"}
    optional = Joiner(plan(replace(hanging, required=False)), regex_timeout_s=0.002)
    assert isinstance(optional.join(half({}), {"c": "a" * 40 + "b"}, url=URL).outcome, Item)


def test_what_is_asked_for_and_what_is_known():
    deep = FieldPlan("g", css="p", fields=(FieldPlan("a", any=(OWN, C)),))
    told = [FieldPlan(name, source=name) for name in ("url", "final_url", "status", "header:a")]
    assert list(asked((deep, OWN, *told))) == ["c"]
    assert carried_fields(plan(deep, OWN)) == {"g"}
    assert carried_fields(replace(plan(deep), reads=())) == frozenset()
    assert Joiner(plan(deep, OWN)).carries(["g", "own"]) == {"g"}


def test_joiners_are_found_by_rule_and_type():
    rules = (
        PageRule("a", items=(plan(C), ItemPlan("u", (OWN,)))),
        PageRule("b", follow=(FollowPlan("a"),)),
    )
    joiners = Joiners(rules)
    assert joiners.needed
    assert joiners.get("a", "t") is not None
    assert joiners.get("a", "u") is joiners.get("b", "t") is None
    assert repr(joiners) == "<Joiners 1>"
    assert not Joiners(rules[1:]).needed
    assert Joiners([PageRule("c", follow=(FollowPlan("a", carry=("x",)),))]).needed


def test_alternatives_of_the_page_are_not_told_as_fields():
    ways = FieldPlan("w", any=(FieldPlan("", css="b", type="int"), C))
    item = plan(ways, replace(OWN, css="h6", required=True), FieldPlan("i", css="b", type="int"))
    page = Extractor(PageRule("p", items=(item,)))(b"<b>x</b>", Source(URL, URL))
    assert page.rejected == (Rejected("t", "own", "missing", 0, '{"own":null,"i":null}'),)
    assert page.invalid == {"t": {"i": 1}}
    assert told({"t": {"w[1]": 1}}) == {}
    assert json.loads(page.halves[0].data) == {"w[1]": None, "own": None, "i": None}


def test_a_whole_page_is_in_order_and_tells_what_is_invalid():
    number = FieldPlan("c", source="c", type="int")
    own = FieldPlan("own", css="b", type="int")
    rule = PageRule("p", items=(plan(own, number), ItemPlan("u", (OWN,))))
    page = Extractor(rule)(b"<b>x</b>", Source(URL, URL))
    assert [each.type for each in page.items] == ["u"]
    made = whole(rule, page, {"c": "x"}, url=URL)
    assert [each.type for each in made.items] == ["t", "u"]
    assert made.invalid == {"t": {"own": 1, "c": 1}}
    lacking = whole(PageRule("p", items=(plan(replace(C, required=True)),)), page, {}, url=URL)
    assert [(each.type, each.field) for each in lacking.rejected] == [("t", "c")]
    assert whole(PageRule("other"), page, {}, url=URL).halves == ()
    assert whole(rule, Page(), {}, url=URL) == Page()


@pytest.mark.parametrize("each", [EachPlan("a"), EachPlan("@", script="x = (.*?);")])
def test_items_of_json_are_split_too(each):
    item = plan(
        FieldPlan("n", json="n"), FieldPlan("any", any=(FieldPlan("", json="m"), C)), each=each
    )
    body = b'{"a": [{"n": 1, "m": null}, {"n": 2, "m": 3}]}'
    if each.script:
        body = b'<script>x = [{"n": 1, "m": null}, {"n": 2, "m": 3}];</script>'
    found = [json.loads(one.data) for one in joined(body, item, {"c": "c"}).items]
    assert found == [{"n": 1, "any": "c"}, {"n": 2, "any": 3}]


@pytest.mark.parametrize(
    ("key", "each", "reads", "is_another"),
    [
        (("own",), "p", (), False),
        (("c",), "p", ("c",), False),  # what is carried tells it apart already
        (("own",), "p", ("c",), True),
        ((), "p", (), True),  # known by its content
        ((), None, (), False),  # ... by the page's URL
        ((), None, ("c",), True),
    ],
)
def test_an_item_that_changes_is_another_where_what_changes_is_its_identity(
    key, each, reads, is_another
):
    item = ItemPlan("t", (OWN, C), each=each, key=key, reads=reads)
    assert is_another_when_changed(PageRule("p", items=(item,)), item) == is_another
