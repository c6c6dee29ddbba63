"""Statements over many rows at once.

At every step of a statement Python lets go of its global lock, and must win it back from the
loop's thread; a statement for each row would make the two fight all the time. The sizes are
fixed, so that there are few texts and each is prepared once (see CACHED_STATEMENTS).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

from scraper.store.rows import Row

SIZES = (64, 32, 16, 8, 4, 2, 1)  # rows in a statement; SQLite takes 32766 parameters
MANY = "(?, ...)"  # in a statement: as many rows of parameters as there are


def update_sql(table: str, columns: str) -> str:
    """The statement that sets columns of rows found by the first one, their id."""
    id_, *others = columns.split(", ")
    sets = ", ".join(f"{name} = new.column{n}" for n, name in enumerate(others, 2))
    return (  # constant text
        f"UPDATE {table} SET {sets} "  # noqa: S608
        f"FROM (VALUES {MANY}) AS new WHERE {table}.{id_} = new.column1"
    )


def write_many(db: sqlite3.Connection, sql: str, rows: Sequence[Row]) -> None:
    """Run a statement that writes `VALUES (?, ...)`, in the order of the rows."""
    for text, parameters in _statements(sql, rows):
        db.execute(text, parameters)


def read_many(
    db: sqlite3.Connection, sql: str, rows: Sequence[Row], more: Row = ()
) -> Iterator[Row]:
    """The rows of a query about `VALUES (?, ...)`; `more` are the parameters after these.

    Write it as a CROSS JOIN with them: for `IN` the planner scans a table of any size.
    """
    for text, parameters in _statements(sql, rows):
        yield from db.execute(text, parameters + more).fetchall()


def _statements(sql: str, rows: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    at = 0
    for size in SIZES:
        while len(rows) - at >= size:
            text = _text(sql, len(rows[at]), size)
            yield text, tuple(chain.from_iterable(rows[at : at + size]))
            at += size


@cache
def _text(sql: str, columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return sql.replace(MANY, ", ".join([row] * rows))
