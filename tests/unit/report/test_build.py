import fcntl
import json
import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import UsageError
from scraper.core.insight.attribution import BOUNDS, Sample, WallShare
from scraper.core.insight.predict import Settings
from scraper.core.insight.quantiles import Quantiles
from scraper.core.insight.tally import Tally
from scraper.core.model import PageResult, Request, Timing
from scraper.report import build, stats, text
from tests.unit.report.database import BEGAN_AT, Database

REQUEST = Request(url="https://a.example/", key=b"k" * 16, host="a.example:443")
FREE_PID = 2**22 + 1  # above what Linux gives out


@pytest.fixture
def database():
    with Database() as made:
        yield made


CONCURRENCY = {
    "auto": True,
    "reached": 64,
    "started_at_level": 32,
    "most": 1000,
    "changes": 1,
    "why": "128 open did no better",
}


def figures(*, wall_s=412.0, results=()):
    """What a run of `wall_s` seconds stores, blocked by one host all the time."""
    tally, wall, lag = Tally(), WallShare(100.0), Quantiles()
    for result in results:
        tally.add(result, now=BEGAN_AT)
    tally.host("a.example:443").rule(per_host=4, delay_s=0.25)
    wall.add(
        100.0 + wall_s, Sample(hosts_with_work_none_allowed=True, blocked_host="a.example:443")
    )
    lag.add(0.004)
    return stats(
        tally=tally,
        wall=wall,
        lag=lag,
        settings=Settings(concurrency=100, per_host=4, delay_s=0.25, processes=2),
        concurrency=CONCURRENCY,
        cpu_s={"main": 21.4, "workers": 6.3},
        memory_peak_bytes={"main": 91226112, "workers": None},
        parse={"worker_deaths": 1, "timeouts": 2},
        resent=3,
        writer={"links_new": 4, "pages_new": 1},
    )


def page(**more):
    timing = Timing(turn_s=3.0, slot_s=0.5, connect_s=0.25, first_byte_s=0.5, parse_s=0.125)
    return PageResult(REQUEST, status=200, rule="book", placed="inline", timing=timing, **more)


def test_a_report_has_every_name_that_others_rely_on(database):
    run = database.run(
        stats=figures(results=[page(body_bytes=100, wire_bytes=10)]),
        ended_at=BEGAN_AT + 412.0,
        exit_status=0,
        resumed=1,
        cycle_ended=1,
    )
    database.visit(run, links_found=60, links_new=4, links_out_of_scope=6, writer_s=1.5)
    database.item({"price": 1, "isbn": None})
    assert build(database.connection, None) == {
        "schema": 1,
        "run": {
            "id": 1,
            "name": "books",
            "kind": "crawl",
            "state": "done",
            "started_at": "2026-11-23T20:05:34Z",
            "ended_at": "2026-11-23T20:12:26Z",
            "wall_s": 412.0,
            "exit_status": 0,
            "stopped_by": None,
            "resumed": True,
            "cycle": 1,
            "cycle_ended": True,
            "version": "0.3.0",
            "waits": None,
            "missed": [],
        },
        "requests": {
            "known": 1,
            "done": 1,
            "failed": 0,
            "skipped": {},
            "waiting": 0,
            "gone": 0,
            "balanced": True,
        },
        "failures": {},
        "seeds": None,
        "fetches": {
            "attempts": 1,
            "ok": 1,
            "not_modified": 0,
            "retries": 0,
            "hops": 0,
            "resent": 3,
            "body_bytes": 100,
            "wire_bytes": 10,
        },
        "pages": {"new": 1, "changed": 0, "unchanged": 0, "noindex": 0},
        "links": {
            "found": 60,
            "new": 4,
            "known": 50,
            "out_of_scope": 6,
            "out_of_scope_by": {},
            "trap": 0,
        },
        "items": {
            "book": {
                "seen": 1,
                "new": 1,
                "changed": 0,
                "unchanged": 0,
                "gone": None,
                "rejected": 0,
                "invalid": {},
                "filled": {"price": 1.0, "isbn": 0.0},
            }
        },
        "traps": [],
        "unsought": {},
        "reparse": None,
        "duplicates": {"pages": 0, "groups": [], "near": {"pages": 0, "groups": []}},
        "refresh": [],
        "kept": {"pages": 0, "bytes": 0, "packed_bytes": 0},
        "hosts_rest": {"hosts": 0, "done": 0, "failed": 0, "retries": 0},
        "hosts_slowed": [],
        "hosts": [
            {
                "host": "a.example:443",
                "done": 1,
                "failed": 0,
                "retries": 0,
                "delay_s": 0.25,
                "longest_wait_s": 3.0,
                "paused_s": 0.0,
                "latency_s": {"p50": 0.75, "p95": 0.75, "p99": 0.75, "max": 0.75},
            }
        ],
        "time_s": {
            "turn": 3.0,
            "slot": 0.5,
            "dns": 0.0,
            "connect": 0.25,
            "first_byte": 0.5,
            "body": 0.0,
            "worker": 0.0,
            "parse": 0.125,
            "writer": 1.5,
        },
        "wall_share_s": dict.fromkeys(BOUNDS, 0.0) | {"host": 412.0},
        "plan": None,
        "verdict": {
            "bound": "host",
            "host": "a.example:443",
            "share": 1.0,
            "text": "limited by politeness on a.example: 412 s of 412 s",
        },
        "what_if": [
            {
                "change": "half the delay",
                "set": {"politeness.delay": "125ms"},
                "predicted_wall_s": 206.0,
            }
        ],
        "concurrency": CONCURRENCY,
        "parse": {
            "inline": 1,
            "pool": 0,
            "worker_deaths": 1,
            "timeouts": 2,
            "unmatched": 0,
            "by_page": {"book": {"inline": 1, "pool": 0}},
        },
        "loop_lag_s": {
            "p50": pytest.approx(0.004, rel=0.03),
            "p99": pytest.approx(0.004, rel=0.03),
            "max": 0.004,
        },
        "cpu_s": {"main": 21.4, "workers": 6.3},
        "memory_peak_bytes": {"main": 91226112, "workers": None},
    }


def test_what_was_not_measured_is_null(database):
    run = database.run(state="stopped", ended_at=BEGAN_AT + 2.5, stopped_by="SIGTERM")
    database.visit(run, status=200, rule="book", placed="pool", body_bytes=7, turn_s=1.0)
    database.visit(run, status=304)
    database.visit(run, state="failed", status=404)
    report = build(database.connection, run)
    assert report["run"]["wall_s"] == 2.5
    assert set(report["wall_share_s"].values()) == {None}
    assert report["verdict"]["bound"] == "none"
    assert report["what_if"] == report["hosts"] == []
    assert report["fetches"] == {
        "attempts": None,
        "ok": 1,
        "not_modified": 1,
        "retries": None,
        "hops": None,
        "resent": None,
        "body_bytes": 7,
        "wire_bytes": 0,
    }
    assert report["time_s"]["turn"] == 1.0
    assert report["parse"]["pool"] == 1
    assert report["parse"]["by_page"] == {"book": {"inline": 0, "pool": 1}}
    assert report["cpu_s"] == {"main": None, "workers": None}
    assert report["loop_lag_s"] == {"p50": None, "p99": None, "max": None}
    assert json.loads(json.dumps(report)) == report


def test_a_run_of_which_nothing_is_known_is_still_reported(database):
    database.run(state="broken")
    report = build(database.connection, None)
    assert report["run"]["wall_s"] is None
    assert report["items"] == {}


states = st.sampled_from(["done", "failed", "skipped", "waiting"])


@given(st.lists(st.tuples(states, st.sampled_from([None, "timeout", "scope", "http_404"]))))
def test_requests_balance_and_failures_add_up(rows):
    with Database() as database:
        database.run()
        for state, reason in rows:
            database.request(state, reason)
        report = build(database.connection, None)
    pages = report["requests"]
    assert pages["known"] == len(rows)
    assert pages["balanced"] is True
    assert (
        pages["known"]
        == pages["done"] + pages["failed"] + sum(pages["skipped"].values()) + pages["waiting"]
    )
    assert sum(report["failures"].values()) == pages["failed"]
    assert report["failures"].get("timeout", 0) == rows.count(("failed", "timeout"))


def test_a_report_is_read_inside_a_transaction_too(database):
    database.run()
    database.connection.execute("BEGIN")
    assert build(database.connection, None)["requests"]["balanced"]
    assert database.connection.in_transaction


def test_hosts_that_were_in_trouble_are_told_of_the_last_run(database):
    first, _last = database.run(), database.run()
    for host, slow_s in (("a.example:443", 0.5), ("b.example:443", 30.0), ("c.example:443", None)):
        database.insert("host", host=host, slow_s=slow_s)
    report = build(database.connection, None)
    assert [each["host"] for each in report["hosts_slowed"]] == ["b.example:443", "a.example:443"]
    said = "  slowed    b.example was in trouble: the next run begins with one start each 30 s"
    assert said in text(report).splitlines()
    assert build(database.connection, first)["hosts_slowed"] is None
    database.connection.execute("ALTER TABLE host DROP COLUMN slow_s")  # an older version has none
    assert build(database.connection, None)["hosts_slowed"] is None


def test_any_run_can_be_asked_for(database):
    database.run(name="first")
    database.run(name="second")
    assert build(database.connection, None)["run"]["name"] == "second"
    assert build(database.connection, 1)["run"]["name"] == "first"


def test_a_run_that_is_not_there_is_said(database):
    with pytest.raises(UsageError, match="no run has begun"):
        build(database.connection, None)
    database.run()
    with pytest.raises(UsageError, match="there is no run 7: the database has run 1"):
        build(database.connection, 7)
    database.run()
    with pytest.raises(UsageError, match="the database has runs 1 to 2"):
        build(database.connection, 0)


def test_a_run_that_would_only_wait_says_for_whom_and_until_when(database):
    wait = {"host": "a.example:443", "pages": 3, "until": BEGAN_AT}
    seeds = {"host": "b.example:443", "until": BEGAN_AT + 1}
    database.run(stats={"waits": {"hosts": 1, "pages": 3, "first": [wait], "seeds": seeds}})
    waits = build(database.connection, None)["run"]["waits"]
    assert waits["first"] == [wait | {"until": "2026-11-23T20:05:34Z"}]
    assert waits["seeds"] == seeds | {"until": "2026-11-23T20:05:35Z"}


def test_a_promise_that_was_missed_has_all_its_names(database):
    whole = {"what": "failed", "wanted": "<= 1%", "got": 0.4, "before": 0.1, "examples": ["x"]}
    database.run(stats={"missed": ["no item was found", whole]})
    blank = {"wanted": None, "got": None, "before": None, "examples": []}
    assert build(database.connection, None)["run"]["missed"] == [
        {"what": "no item was found"} | blank,
        whole,
    ]


@given(st.floats(0, 1e5), st.floats(-1e4, 1e4))
def test_wall_shares_add_up_to_the_wall_time(measured_s, beyond_s):
    with Database() as database:
        database.run(
            stats=figures(wall_s=measured_s), ended_at=BEGAN_AT + max(0.0, measured_s + beyond_s)
        )
        report = build(database.connection, None)
    shares = report["wall_share_s"]
    assert sum(shares.values()) == pytest.approx(report["run"]["wall_s"], abs=1e-5)
    assert min(shares.values()) >= 0


@pytest.mark.parametrize(
    ("ended_s", "wall_s", "sink_s"),
    [(412.5, 412.5, 0.5), (3600.0, 412.0, 0.0), (400.0, 412.0, 0.0), (None, 412.0, 0.0)],
    ids=["writing of the end", "clock set forward", "clock set back", "no end"],
)
def test_the_end_of_a_run_is_its_own_unless_the_clock_was_set(database, ended_s, wall_s, sink_s):
    ended_at = None if ended_s is None else BEGAN_AT + ended_s
    database.run(stats=figures(), ended_at=ended_at)
    report = build(database.connection, None)
    assert report["run"]["wall_s"] == wall_s
    assert report["wall_share_s"]["sink"] == sink_s


@pytest.fixture
def cut_off(tmp_path):
    """A database with a run that calls itself running."""
    path = tmp_path / "x.db"

    def make(*, pid=FREE_PID, host_name=None):
        made = Database(str(path))
        made.run(state="running", pid=pid)
        made.connection.execute(
            "UPDATE lock SET host_name = ?", (host_name or socket.gethostname(),)
        )
        return made

    return make, path.with_name("x.db.lock")


def state_of(database):
    with database:
        return build(database.connection, None)["run"]["state"]


def test_a_run_whose_lock_is_free_is_dead(cut_off):
    make, lock = cut_off
    assert state_of(make()) == "dead"
    lock.touch()
    assert state_of(make(pid=os.getpid())) == "dead"


def test_a_run_that_holds_its_lock_is_running(cut_off):
    make, lock = cut_off
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert state_of(make()) == "running"


def test_a_lock_that_is_not_ours_to_look_at_is_believed(cut_off):
    make, lock = cut_off
    lock.symlink_to(lock.name)  # opening it fails, whoever asks
    assert state_of(make()) == "running"


def test_a_database_without_a_file_has_no_lock(database):
    database.run(state="running")
    assert build(database.connection, None)["run"]["state"] == "running"


@pytest.mark.parametrize(
    ("pid", "state"),
    [(FREE_PID, "dead"), (None, "dead"), (os.getpid(), "running")],
    ids=["free", "unknown", "ours"],  # a number would differ between the workers of xdist
)
def test_a_run_of_another_machine_is_dead_only_with_a_free_process_id(cut_off, pid, state):
    make, _ = cut_off
    assert state_of(make(pid=pid, host_name="elsewhere")) == state
