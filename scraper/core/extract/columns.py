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


def columns(rows: Sequence[LexborNode], selectors: Iterable[str | None]) -> list[Column | None]:
    """The cells of each selector; None where there is no selector, or where they are no rows."""
    parent = _parent(rows)
    if parent is None:
        return [None for _ in selectors]
    ids = [row.mem_id for row in rows]
    known = set(ids)
    return [None if css is None else _column(parent, css, ids, known) for css in selectors]


def _parent(rows: Sequence[LexborNode]) -> LexborNode | None:
    """The element that holds all of them, and others of their kind."""
    if len(rows) < FEWEST or rows[0].tag not in _ROWS:
        return None
    parent = rows[0].parent
    here = parent and parent.mem_id
    return parent if all(row.parent and row.parent.mem_id == here for row in rows) else None


def _column(parent: LexborNode, css: str, ids: Sequence[int], rows: set[int]) -> Column:
    column: dict[int, LexborNode] = {}
    for cell in parent.css(css):
        around = cell.parent
        row = around.mem_id if around is not None else 0
        if row not in rows or cell.mem_id in rows:
            row = _around(cell, parent.mem_id, rows)
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
