"""What a query of all rows finds is what a query of each would."""

from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from scraper.core.extract.columns import columns

SELECTORS = (
    "td",
    "td.a",
    "tr",
    "tr td",
    ".a",
    "b",
    "td b",
    "li",
    "ul li",
    "table",
    ":nth-child(2)",
)
parts = st.recursive(
    st.sampled_from(["<b>x</b>", "y", "<b class=a>z</b>", "<table><tr><td>in</table>"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda some: f"<p>{''.join(some)}</p>"),
    max_leaves=3,
)
cells = st.tuples(st.sampled_from(["td", "td class=a", "th"]), parts).map(
    lambda one: f"<{one[0]}>{one[1]}</{one[0][:2]}>"
)
rows = st.tuples(st.sampled_from(["tr", "tr class=a"]), st.lists(cells, max_size=3)).map(
    lambda one: f"<{one[0]}>{''.join(one[1])}</tr>"
)
lists = st.lists(parts, max_size=6).map(
    lambda some: "<ul>" + "".join(f"<li class=a>{one}</li>" for one in some) + "</ul>"
)
tables = st.lists(rows, max_size=6).map(lambda some: f"<table>{''.join(some)}</table>")


@given(st.lists(tables | lists, min_size=1, max_size=2), st.sampled_from(["tr", "li", "tr.a", "p"]))
def test_a_column_is_the_first_cell_of_each_row(page, each):
    tree = LexborHTMLParser("".join(page))
    nodes = tree.css(each)
    for css, column in zip(SELECTORS, columns(nodes, SELECTORS), strict=True):
        if column is not None:
            wanted = [node.css_first(css) for node in nodes]
            assert [one and one.mem_id for one in column] == [one and one.mem_id for one in wanted]


def test_rows_of_one_table_are_read_at_once_and_other_elements_are_not():
    tree = LexborHTMLParser(
        "<table>" + "<tr><td>1<td>2" * 3 + "</table>" + "<div><p>x</p></div>" * 3
    )
    one, two = columns(tree.css("tr"), ("td", None))
    assert ([cell and cell.text() for cell in one or ()], two) == (["1", "1", "1"], None)
    (header,) = columns(tree.css("tr"), ("td:first-child",))
    assert [cell and cell.text() for cell in header or ()] == ["1", "1", "1"]
    assert columns(tree.css("div"), ("p",)) == columns(tree.css("tr")[:2], ("td",)) == [None]
    assert columns([*tree.css("tr"), *LexborHTMLParser("<li>x").css("li")], ("td",)) == [None]
    assert columns(tree.css("tr") * 2, ("td",)) == [None]  # as "tr, tr" finds them


def test_what_lies_beside_the_rows_belongs_to_none():
    page = "".join(f"<li class=a><i>{n}</i></li><li><p><i>no</i></p></li>" for n in range(3))
    tree = LexborHTMLParser(f"<ul>{page}</ul>")
    (column,) = columns(tree.css("li.a"), ("i",))
    assert [cell and cell.text() for cell in column or ()] == ["0", "1", "2"]
