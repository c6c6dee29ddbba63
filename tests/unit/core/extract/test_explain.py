import pytest

from scraper.core.extract import Source, extract
from scraper.core.extract.explain import probe, reasons
from scraper.core.extract.plan import FieldPlan, FollowPlan, ItemPlan, PageRule
from scraper.core.extract.selectors import compile_css

SOURCE = Source("https://a.example/", "https://a.example/")


def why(html, *fields, each=None, key=()):
    rule = PageRule("page", items=(ItemPlan("thing", fields, each=each, key=key),))
    page = extract(html.encode(), rule, SOURCE)
    return list(reasons(rule, page, extract(html.encode(), probe(rule), SOURCE)))


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (FieldPlan("f", css="b"), "css b finds nothing"),
        (FieldPlan("f", css="p", attr="id"), "css p @id finds nothing"),
        (FieldPlan("f", css="i"), "css i finds an empty text"),
        (FieldPlan("f", css="i", type="int"), "css i finds an empty text"),
        (
            FieldPlan("f", css="p", type="int"),
            'css p finds "12 pieces", of which type int makes nothing',
        ),
        (
            FieldPlan("f", css="p", regex=r"(\d+)", map={"1": 2}, type="int", required=True),
            r'css p finds "12 pieces", of which regex (\d+), map, type int makes nothing',
        ),
        (FieldPlan("f", css="b", all=True), "css b finds nothing"),
        (FieldPlan("f", css="b", fields=(FieldPlan("g", css="i"),)), "css b finds nothing"),
        (FieldPlan("f", css="", attr="id"), "css (the element itself) @id finds nothing"),
        (FieldPlan("f", source="header:ETag"), "from header:ETag finds nothing"),
    ],
)
def test_an_empty_field_says_what_was_found_and_what_became_of_it(field, reason):
    assert why("<p>12 pieces</p><i></i>", field) == [f"thing.f: {reason}"]


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
    assert (len(page.items), page.links, page.rejected) == (1, (), ())
