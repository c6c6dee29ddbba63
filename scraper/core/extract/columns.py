"""The cells of rows: each selector is looked for once for all rows, not once for each of them.

A query costs more than what it finds. Rows of a table and entries of a list lie in an element that
holds nothing but their like, so a query of that element finds what queries of the rows would. What
it finds belongs to the row around it, and the first in a row is the one that counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from selectolax.lexbor import LexborNode

FEWEST = 3  # rows for which it pays
_ROWS = frozenset({"tr", "li", "dt", "dd"})
Column: TypeAlias = "list[LexborNode | None]"  # the cell of each row; None: it has none


def columns(rows: Sequence[LexborNode], selectors: Sequence[str | None]) -> list[Column | None]:
    """The cells of each selector; None where there is no selector, or where they are no rows."""
    if len(rows) >= FEWEST and rows[0].tag in _ROWS:
        ids = [row.mem_id for row in rows]
        parents, known = _parents(rows), set(ids)
        parent = rows[0].parent
        if parent is not None and parents.count(parents[0]) == len(rows) == len(known):
            return [_column(parent, css, ids, known) if css else None for css in selectors]
    return [None] * len(selectors)


def _parents(nodes: Iterable[LexborNode]) -> list[int]:
    return [0 if (parent := node.parent) is None else parent.mem_id for node in nodes]


def _column(parent: LexborNode, css: str, ids: list[int], rows: set[int]) -> Column:
    cells = parent.css(css)
    around = _parents(cells)
    if around == ids:  # one in each row
        return [*cells]
    column: dict[int, LexborNode] = {}
    for cell, above in zip(cells, around, strict=True):
        is_below = above in rows and cell.mem_id not in rows
        row = above if is_below else _around(cell, parent.mem_id, rows)
        if row not in column:
            column[row] = cell
    return [column.get(row) for row in ids]


def _around(cell: LexborNode, end: int, rows: set[int]) -> int:
    """The row that a cell is, or lies in; 0 where it lies beside them."""
    node: LexborNode | None = cell
    while node is not None and node.mem_id != end:
        if node.mem_id in rows:
            return node.mem_id
        node = node.parent
    return 0
