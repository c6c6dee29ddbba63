from __future__ import annotations

import re

import pytest

from scraper.store import counts, queue
from scraper.store.requests import Requests
from tests.unit.store.tables import Tables, link

READS = {
    "of_hosts": (queue.OF_HOST, ("h",)),
    "of_hosts_deepest": (queue.OF_HOST_DEEPEST, ("h",)),
    "next_host": (queue.NEXT_HOST, ("h",)),
    "due": (queue.DUE, (1.0,)),
    "next_due": (queue.NEXT_DUE, (1.0,)),
}


def plan(tables: Tables, sql: str, parameters: tuple[object, ...]) -> list[str]:
    return [str(row[3]) for row in tables.rows(f"EXPLAIN QUERY PLAN {sql}", *parameters)]


@pytest.mark.parametrize("name", sorted(READS))
def test_a_refill_walks_one_partial_index_and_sorts_nothing(name: str) -> None:
    """So that its cost does not grow with the rows that wait."""
    with Tables() as tables:
        step, *reading = plan(tables, *READS[name])
        wanted = "request_retry" if "due" in name else "request_fresh"
        assert re.match(rf"SEARCH request USING (COVERING )?INDEX {wanted} ", step), step
        by_id = "SEARCH page_reading USING INTEGER PRIMARY KEY"
        assert all(one.startswith(by_id) for one in reading), reading


def test_the_fullest_hosts_are_counted_along_the_index() -> None:
    with Tables() as tables:
        walk, sort = plan(tables, queue.FULLEST, (9,))
        assert re.fullmatch("SCAN request USING (COVERING )?INDEX request_fresh", walk)
        assert sort == "USE TEMP B-TREE FOR ORDER BY"  # of hosts, not of rows


def test_no_statement_of_a_commit_scans_or_sorts() -> None:
    """Every statement that a visit, its links, its items and a slice of due rows are made of."""
    from tests.unit.store import test_items, test_visits

    with test_visits.seeded("a", "b", max_pages=9, max_depth=3) as table:
        seen: list[str] = []
        table.db.set_trace_callback(seen.append)
        table.done("a", link("b", depth=1), link("c", depth=2), final_url=link("d").url)
        test_items.put(table, table.request("a"), test_items.item("K", "1"))
        table.run(cycle=2, due_cycle=1)
        table.due()
        test_items.put(table, table.request("a"), test_items.item("K", "2"))
        with table.change() as change:
            Requests(change).leading_to(b"x")
        table.db.set_trace_callback(None)
        statements = {s for s in seen if re.match("SELECT|UPDATE|DELETE", s)}
        assert len(statements) > 10
        for statement in statements:
            for step in plan(table, statement, ()):
                assert "TEMP B-TREE" not in step, (statement, step)
                small = re.search(r"SCAN (lock|lost|new|wanted|(\d+ )?CONSTANT ROWS?)", step)
                assert small or not step.startswith("SCAN"), (statement, step)
                assert "INDEX request_state" not in step, (statement, step)  # as good as a scan


def test_counting_at_the_start_of_a_run_reads_one_index_only() -> None:
    with Tables() as tables:
        seen: list[str] = []
        tables.db.set_trace_callback(seen.append)
        counts.read_groups(tables.db, 1)
        tables.db.set_trace_callback(None)
        steps = plan(tables, seen[-1], ())
        assert [step for step in steps if "SCAN" in step] == [
            "SCAN request USING COVERING INDEX request_state"
        ]
        assert "SEARCH request USING INDEX request_state (state=? AND reason=?)" in steps
