from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.store import beside, evidence, items, joining, requests, visits
from scraper.store.many import MANY, SIZES, read_many, write_many
from tests.unit.store.tables import Tables

STATEMENTS = {
    "requests by id": (requests.BY_ID, 1, ()),
    "requests by key": (requests.BY_KEY, 1, ()),
    "requests answering": (requests.ANSWERING, 1, (1,)),
    "requests written": (requests.UPDATE, 14, ()),
    "items by key": (items.BY_KEY, 2, ()),
    "items written": (items.UPDATE, 16, ()),
    "rejected before": (items.REJECTED_BEFORE, 1, (1,)),
    "pairs rejected before": (items.PAIRS_BEFORE, 2, (1,)),
    "halves": (joining.HALVES, 2, ()),
    "halves of redirects": (joining.LED, 3, ()),
    "pages with halves": (joining.HAVING, 1, ()),
    "halves paired": (joining.PAIRED, 3, ()),
    "carries shown": (joining.SHOWN, 1, (1,)),
    "shown before": (evidence.BEFORE, 1, ()),
    "items lost": (evidence.ITEMS, 1, ()),
    "rejected beside": (beside.READ, 1, ()),
    "pairs doubted": (evidence.DOUBT_PAIRS, 1, ()),
    "pairs trusted": (evidence.TRUST_PAIRS, 2, ()),
    "visits written": (visits.VISIT, 29, ()),
}


@given(st.lists(st.integers(), max_size=150))
def test_all_rows_are_written_in_order_and_read(numbers: list[int]) -> None:
    with Tables() as tables:
        tables.db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n)")
        rows = [(str(number),) for number in numbers]
        write_many(tables.db, "INSERT INTO t (n) VALUES (?, ...)", rows)
        assert tables.rows("SELECT n FROM t ORDER BY id") == rows
        ids = [(n,) for n in range(1, len(rows) + 9)]
        sql = "SELECT n FROM (VALUES (?, ...)) AS wanted CROSS JOIN t WHERE id = column1 AND id > ?"
        assert list(read_many(tables.db, sql, ids, (1,))) == rows[1:]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", STATEMENTS)
def test_each_row_is_looked_up_however_many_there_are(name: str, size: int) -> None:
    """The planner may find another way for many rows than for one; none may grow with a table."""
    sql, columns, more = STATEMENTS[name]
    with Tables() as tables:
        row = f"({', '.join('?' * columns)})"
        text = sql.replace(MANY, ", ".join([row] * size))
        parameters = (None,) * (columns * size) + more
        for *_, step in tables.rows(f"EXPLAIN QUERY PLAN {text}", *parameters):
            assert "TEMP B-TREE" not in str(step)
            assert "INDEX request_state" not in str(step)
            assert not re.match("SCAN (request|item|rejected|run|visit)", str(step)), step
