import pytest

from scraper.core.extract.plan import FieldPlan
from scraper.core.extract.stages import bare, looked_for, stages


@pytest.mark.parametrize(
    ("field", "names"),
    [
        (FieldPlan("f", css="p"), []),
        (FieldPlan("f", css="p", type="text"), []),
        (FieldPlan("f", css="p", json="a", regex="r"), ["regex r", "json a"]),
        (FieldPlan("f", script="s", json="a"), ["json a"]),
        (FieldPlan("f", jsonld="T.a.b", type="int"), ["a.b", "type int"]),
        (FieldPlan("f", jsonld="T"), []),
        (
            FieldPlan("f", css="p", replace=(("a", ""), ("b", "")), split=",", strip="x", map={}),
            ["replace a", "replace b", "split ,", "strip x", "map"],
        ),
    ],
)
def test_steps_are_those_that_are_written(field, names):
    assert [name for name, _ in stages(field)] == ["", *names]


def test_each_stage_has_one_step_more_and_the_last_has_all():
    field = FieldPlan("f", css="p", attr="id", regex="r", split=",", type="int", required=True)
    first, *_, last = [stage for _, stage in stages(field)]
    assert first == FieldPlan("f", css="p", attr="id") == bare(field)
    assert last == FieldPlan("f", css="p", attr="id", regex="r", split=",", type="int")


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (FieldPlan("f", css="", attr="id"), "css (the element itself) @id"),
        (FieldPlan("f", next="b"), "next b"),
        (
            FieldPlan("f", any=(FieldPlan("", css="b"), FieldPlan("", meta="m"))),
            "any of css b, meta m",
        ),
        (FieldPlan("f", jsonld="T.a"), "jsonld T"),
        (FieldPlan("f", script="x", json="y"), "script x"),
        (FieldPlan("f", source="url"), "from url"),
    ],
)
def test_where_it_is_looked_for_is_said(field, said):
    assert looked_for(field) == said
