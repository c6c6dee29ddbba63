"""Tables become objects, whichever way they lie and whatever spans."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from scraper.core.extract.table import table_objects


def objects(rows: str) -> list[dict[str, object]]:
    table = LexborHTMLParser(f"<table>{rows}</table>".encode()).css_first("table")
    assert table is not None
    return table_objects(table)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("<tr><th>A<th>B<tr><td>1<td> 2  3", [{"A": "1", "B": "2 3"}]),
        ("<thead><tr><th>A<td>B<tbody><tr><th>1<td>2", [{"A": "1", "B": "2"}]),
        ("<tr><td>A<td>B<tr><td>1<td>2<tfoot><tr><td>3<td>4", [{"A": "1", "B": "2"},
            {"A": "3", "B": "4"}]),
        ("<tr><th>UPC<td>7<tr><th>Price<td>£5", [{"UPC": "7", "Price": "£5"}]),
        ("<tr><th>A<td>1<td>2<tr><th>B<td>3", [{"A": "1", "B": "3"}, {"A": "2", "B": ""}]),
        ("<tr><th>A<th>B<th>C<tr><td>1<tr><tr><td><td></tr>", [{"A": "1", "B": "", "C": ""}]),
        ("<tr><th>A<tr><td>1<td>2", [{"A": "1"}]),
        ("<tr><th>A<th>A<th><th>A<tr><td>1<td>2<td>3<td>4", [{"A": "1", "A 2": "2",
            "column 3": "3", "A 3": "4"}]),
        ("<tr><th>A<th>A 2<th>A<tr><td>1<td>2<td>3", [{"A": "1", "A 2": "2", "A 3": "3"}]),
        ("<tr><th>A<th colspan=2>B<tr><td rowspan=2>1<td>2<td>3<tr><td>4<td>5",
            [{"A": "1", "B": "2", "B 2": "3"}, {"A": "1", "B": "4", "B 2": "5"}]),
        ("<tr><th>A<th>B<tr><td>1<td rowspan=3>2<tr><td>3", [{"A": "1", "B": "2"},
            {"A": "3", "B": "2"}]),
        ("<tr><th>A<tr><td colspan=0 rowspan=x>1<tr><td colspan=-5>2", [{"A": "1"}, {"A": "2"}]),
        ("<tr><th>A<tr><td>x<table><tr><td>inner</table>", [{"A": "xinner"}]),
        ("<caption>c</caption>", []),
        ("<tr></tr>", []),
    ],
)  # fmt: skip
def test_rows_are_keyed_by_their_header(rows, found):
    assert objects(rows) == found


def test_spans_are_bounded():
    rows = "<tr>" + "<td colspan=99999>x" * 5 + "<tr>" + "<td rowspan=99999 colspan=1000>y" * 3
    [row] = objects(rows)
    assert len(row) == 1000


cell = st.sampled_from(["<td>a", "<th>b", "<td colspan=3>c", "<th rowspan=2>d", "<td>"])
row = st.lists(cell, max_size=4).map(lambda cells: "<tr>" + "".join(cells))


@given(st.lists(row | st.sampled_from(["<thead>", "<tbody>"]), max_size=6).map("".join))
def test_all_objects_of_any_table_have_the_same_keys(rows):
    made = objects(rows)
    assert made == objects(rows)
    assert len({tuple(one) for one in made}) <= 1
