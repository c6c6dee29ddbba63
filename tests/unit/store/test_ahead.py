"""What is foretold is what a run finds: the run's own steps are the other side of each equation."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scraper.core.extract.plan import PageRule
from scraper.core.model import Reason, State
from scraper.core.route import Router
from scraper.core.schedule.auto import Auto
from scraper.core.schedule.refresh import Refresh
from scraper.store import RunStart, ahead
from scraper.store.links import Limits, Links
from scraper.store.runs import _begin
from tests.unit.store.tables import Tables, link

DAY = 86_400.0
rows = st.tuples(
    st.sampled_from(["a", "b"]),
    st.sampled_from(
        [(State.WAITING, None), (State.DONE, None), (State.FAILED, Reason.TIMEOUT),
         (State.FAILED, "http_404"), (State.SKIPPED, Reason.ROBOTS_DISALLOWED),
         (State.SKIPPED, Reason.MAX_PAGES), (State.SKIPPED, Reason.SCOPE)]
    ),
    st.integers(1, 3),
)  # fmt: skip
SEEN = (
    "INSERT INTO page_reading (request_id, content, basis, at, since, changes, moved_s, still_s) "
    "VALUES (last_insert_rowid(), x'', x'', 0, 0, ?, ?, ?)"
)
BOOKS = PageRule("books", match=("/1*",))
seeds = st.sets(st.integers(0, 12), max_size=6)


def put(tables: Tables, n: int, host: str, state: State, reason: str | None, cycle: int) -> None:
    request = link(str(n))
    tables.db.execute(
        "INSERT INTO request (key, url, host, state, reason, cycle) VALUES (?, ?, ?, ?, ?, ?)",
        (request.key, request.url, host, state, reason, cycle),
    )


refreshes = st.sampled_from(
    [Refresh(DAY), Refresh(DAY, auto=Auto()), Refresh(DAY, Router((BOOKS,)), Auto(4 * DAY))]
)
days = st.floats(2.0, 5.0)


lastmods = st.dictionaries(
    st.integers(0, 12), st.sampled_from([0.5, 1.0, 1.5, 2.0, 9.0]).map(lambda day: day * DAY)
)


@example([("a", (State.DONE, None), 1)], set(), {0: DAY}, 4.0, False, True, Refresh(DAY), None)
@given(
    st.lists(rows, max_size=8), seeds, lastmods, days, st.booleans(), st.booleans(), refreshes,
    st.none() | st.integers(0, 9),
)  # fmt: skip
def test_a_run_finds_what_was_foretold(
    known, seeded, listed, days, fresh, ended, refresh, max_pages
):
    """Seeds of a list, and those that a sitemap names with the time of their last change."""
    with Tables() as tables:
        last = max((cycle for *_, cycle in known), default=0)
        for cycle in range(1, last + 1):
            over = cycle * DAY if ended or cycle < last else None
            tables.db.execute(
                "INSERT INTO cycle (id, began_at, ended_at, due_id) VALUES (?, ?, ?, 0)",
                (cycle, cycle * DAY, over),
            )
        for n, (host, (state, reason), cycle) in enumerate(known):
            put(tables, n, host, state, reason, cycle)
            often = n % 2  # or hardly ever
            tables.db.execute(SEEN, (often, often * DAY, (1 - often) * 400 * DAY))
        tables.now, start = days * DAY, RunStart("x", fresh=fresh, refresh=refresh)
        wanted = [link(str(n), seed=True) for n in {*seeded, *listed}]
        changed_by = {link(str(n)).key: at for n, at in listed.items()}
        view = ahead.outlook(tables.db, start, tables.now)
        foretold, admitted = Counter[str](), 0
        for group in ahead.due_rows(tables.db, view, in_order=bool(days % 1)) if known else ():
            foretold[group.host] += group.rows
            admitted += group.rows * group.admitted
        new = ahead.fresh_seeds(tables.db, [seed.key for seed in wanted])
        foretold["shop.example:443"] += sum(seed.key in new for seed in wanted)
        resting = list(ahead.resting(tables.db, view, changed_by)) if known else []
        foretold.subtract(page.host for page in resting)
        revived = any(n < len(known) and link(str(n)).key in new for n in {*seeded, *listed})

        info, tables.tenure, _, tables.admitted = _begin(tables.db, start, tables.now)
        links = Links(Limits(max_pages))
        with tables.change() as change:
            links.rest(change, wanted, changed_by)
            links.record_seeds(change, wanted)
        while info.nothing_due_before is None:
            with tables.change() as change:
                if not links.make_due(change, 3):
                    break
        assert (view.cycle, view.nothing_due_before) == (info.cycle, info.nothing_due_before)
        found = Counter(dict(tables.rows(
            "SELECT host, count(*) FROM request WHERE state = 'waiting' GROUP BY host"
        )))  # fmt: skip
        if max_pages is not None:
            room = max(max_pages - view.admitted, 0)
            wants = foretold.total() - admitted
            # rows out of scope that a seed wakes were counted in their cycle
            assert revived or found.total() == admitted + min(room, wants)
            return
        assert found.total() == foretold.total()
        if not revived:  # their rows are of the host that was put down
            assert +found == +foretold


def test_a_new_crawl_begins_and_one_that_is_held_up_goes_on():
    with Tables() as tables:
        start = RunStart("x", refresh=Refresh(DAY))
        assert ahead.outlook(tables.db, start, 5.0) == ahead.NEW
        tables.run(cycle=1)
        put(tables, 1, "a", State.WAITING, None, 1)
        put(tables, 2, "a", State.DONE, None, 1)
        view = ahead.outlook(tables.db, start, 5.0)
        assert (view.kind, view.cycle, view.admitted, view.is_running) == ("continue", 1, 2, True)
        tables.db.execute("UPDATE request SET state = 'done'")
        tables.db.execute("UPDATE cycle SET ended_at = 9.0")
        assert ahead.outlook(tables.db, start, 10.0).kind == "nothing_due"
        later = ahead.outlook(tables.db, start, 1000.0 + DAY)
        assert (later.kind, later.cycle, later.admitted) == ("refresh", 2, 0)


@pytest.mark.parametrize(
    ("grown", "grows"),
    [({1: [100]}, None), ({1: [100], 2: [7, 1]}, 8), ({1: [100], 2: [7], 3: [2]}, 2)],
)
def test_a_crawl_grows_as_it_did_in_the_last_whole_cycle_but_the_first(grown, grows):
    with Tables() as tables:
        for cycle, runs in grown.items():
            for new in runs:
                tables.run(cycle=cycle)
                stats = json.dumps({"writer": {"links_new": new}})
                tables.db.execute("UPDATE run SET stats = ? WHERE cycle = ?", (stats, cycle)) if (
                    len(runs) == 1
                ) else tables.db.execute(
                    "UPDATE run SET stats = ? WHERE id = (SELECT max(id) FROM run)", (stats,)
                )
        tables.db.execute("UPDATE cycle SET ended_at = 9.0")
        now = tables.now + DAY
        assert ahead.outlook(tables.db, RunStart("x", refresh=Refresh(DAY)), now).grows == grows


@pytest.mark.parametrize(
    ("ended_at", "was_fresh", "fresh", "asked"),
    [
        (DAY, False, False, 2),  # a refresh asks all that gave a validator
        (DAY, True, False, 2),  # whatever the cycle before was
        (DAY, False, True, 0),  # --fresh reads all anew
        (None, False, False, 1),  # a cycle that goes on asks those that wait
        (None, True, False, 0),
    ],
)
def test_how_many_pages_can_be_asked_whether_they_have_changed(ended_at, was_fresh, fresh, asked):
    with Tables() as tables:
        tables.db.execute(
            "INSERT INTO cycle (id, began_at, ended_at, fresh, due_id) VALUES (1, 0, ?, ?, 2)",
            (ended_at, was_fresh),
        )
        left = State.WAITING if ended_at is None else State.DONE
        for n, state in enumerate((State.DONE, left, left)):
            put(tables, n, "a", state, None, 1)
            tables.db.execute(SEEN, (0, 0.0, 0.0))
        tables.db.execute("UPDATE page_reading SET etag = 'x' WHERE request_id < 3")
        start = RunStart("x", fresh=fresh, refresh=Refresh(DAY))
        view = ahead.outlook(tables.db, start, 5 * DAY)
        assert ahead.asked_again(tables.db, view) == asked
        changed_by = {link(str(n)).key: -1.0 for n in range(3)}
        rests = [page.can_be_asked for page in ahead.resting(tables.db, view, changed_by)]
        assert sum(rests) == (asked if ended_at else 0)  # these wait already


def test_what_is_known_of_hosts():
    with Tables() as tables:
        tables.db.execute("INSERT INTO host VALUES ('a', 0, 130.0, NULL), ('b', 0, 90.0, 1.5)")
        tables.db.execute("INSERT INTO host VALUES ('c', 1, 90.0, NULL)")
        assert ahead.rests(tables.db, 100.0) == {"a": (30.0, 0.0), "b": (0.0, 1.5)}
        put(tables, 1, "a", State.WAITING, Reason.TIMEOUT, 1)
        put(tables, 2, "a", State.WAITING, Reason.TIMEOUT, 1)
        tables.db.execute("UPDATE request SET due_at = 100 + 10 * id")
        assert ahead.retries(tables.db, 100.0) == {"a": 20.0}
        put(tables, 3, "a", State.WAITING, None, 1)
        assert list(ahead.waiting_urls(tables.db, "a")) == [link("3").url]
        tables.db.execute("INSERT INTO robots VALUES ('http://a', 5.0, 'x')")
        assert ahead.kept_robots(tables.db, ["http://b", "http://a"]) == {"http://a": (5.0, "x")}
        tables.db.execute(
            "INSERT INTO run (name, cycle, state, started_at, ended_at, version) VALUES "
            "('x', 1, 'done', 5.0, 8.5, ''), ('x', 1, 'dead', 5.0, 8.5, '')"
        )
        assert ahead.ended_runs(tables.db) == [(1, 3.5, {})]


def test_of_a_version_that_learnt_nothing_of_hosts_their_rests_are_read():
    with Tables() as tables:
        tables.db.execute("INSERT INTO host VALUES ('a', 0, 130.0, 9.0)")
        tables.db.execute("ALTER TABLE host DROP COLUMN slow_s")
        tables.db.execute("DROP TABLE robots")
        assert ahead.rests(tables.db, 100.0) == {"a": (30.0, 0.0)}
        assert ahead.kept_robots(tables.db, ["http://a"]) == {}
        tables.db.execute("ALTER TABLE run DROP COLUMN kind")
        assert ahead.ended_runs(tables.db) == []
