import copy

import pytest

from scraper.report import text
from scraper.report.text import _kept

REPORT = {
    "schema": 1,
    "run": {
        "id": 3,
        "name": "books",
        "state": "done",
        "started_at": "2026-11-23T20:05:34Z",
        "ended_at": "2026-11-23T20:12:26Z",
        "wall_s": 412.3,
        "exit_status": 1,
        "stopped_by": None,
        "resumed": False,
        "cycle": 2,
        "cycle_ended": True,
        "version": "0.3.0",
        "missed": [
            {
                "what": "items.book.filled.isbn",
                "wanted": ">= 90%",
                "got": 0.4,
                "before": 0.97,
                "examples": [],
            }
        ],
    },
    "requests": {
        "known": 1052,
        "done": 1048,
        "failed": 2,
        "skipped": {"robots_disallowed": 1, "scope": 1},
        "waiting": 0,
        "balanced": True,
    },
    "failures": {"timeout": 1, "http_404": 1},
    "pages": {"new": 900, "changed": 3, "unchanged": 145},
    "fetches": {
        "attempts": 1060,
        "ok": 1000,
        "not_modified": 48,
        "retries": 10,
        "resent": 2,
        "body_bytes": 52428800,
        "wire_bytes": 9437184,
    },
    "links": {"found": 60000, "new": 1040, "known": 52000, "out_of_scope": 6960},
    "items": {
        "book": {
            "seen": 1000,
            "new": 10,
            "changed": 3,
            "unchanged": 987,
            "gone": None,
            "rejected": 0,
            "invalid": {"price": 2},
            "filled": {"price": 1.0, "isbn": 0.4},
        }
    },
    "hosts": [
        {
            "host": "shop.example:443",
            "done": 1048,
            "failed": 2,
            "retries": 10,
            "delay_s": 0.25,
            "longest_wait_s": 3.1,
            "paused_s": 30.0,
            "latency_s": {"p50": 0.08, "p95": 0.21, "p99": 0.4, "max": 1.2},
        }
    ],
    "wall_share_s": {
        "network": 20.1,
        "host": 380.0,
        "loop": 4.0,
        "pool": 3.2,
        "sink": 5.0,
        "seed": 0.0,
    },
    "verdict": {
        "bound": "host",
        "host": "shop.example:443",
        "share": 0.92,
        "text": "limited by politeness on shop.example: 380 s of 412 s",
    },
    "what_if": [
        {
            "change": "half the delay",
            "set": {"politeness.delay": "125ms"},
            "predicted_wall_s": 222.0,
        }
    ],
    "loop_lag_s": {"p50": 0.0004, "p99": 0.006, "max": 0.031},
    "cpu_s": {"main": 21.4, "workers": 6.3},
    "memory_peak_bytes": {"main": 91226112, "workers": 62914560},
}


@pytest.fixture
def report():
    return copy.deepcopy(REPORT)


def test_a_report_reads_like_this(report):
    assert text(report).splitlines() == [
        "books: run 3 done, exit status 1",
        "  time      2026-11-23T20:05:34Z to 2026-11-23T20:12:26Z, 412 s; cycle 2, ended",
        "  MISSED    items.book.filled.isbn: wanted >= 90%, got 0.4, before 0.97",
        "  pages     1,052 known: 1,048 done, 2 failed, 2 skipped, 0 waiting",
        "  failed    timeout 1, http_404 1",
        "  skipped   robots_disallowed 1, scope 1",
        (
            "  fetched   1,060 attempts, 2.6/s: 1,000 ok, 48 not modified, 10 retries, "
            "2 sent again; "
            "50.0 MiB, 9.0 MiB on the wire"
        ),
        "  changed   3 of 148 pages that were known before",
        "  links     60,000 found: 1,040 new, 52,000 known, 6,960 out of scope",
        "  items     book: 1,000 seen, 10 new, 3 changed, 0 rejected",
        "  filled    book: isbn 40.0%",
        "  invalid   book: price 2",
        "  host      shop.example: 1,048 done, 2 failed, 10 retries, p95 210 ms, paused 30 s",
        (
            "  machine   CPU 21 s and 6.3 s in workers, memory 87.0 MiB and 60.0 MiB in workers, "
            "loop lag p99 6 ms, most 31 ms"
        ),
        "  spent     host 380 s, network 20 s, sink 5.0 s, loop 4.0 s, pool 3.2 s",
        (
            "  verdict   limited by politeness on shop.example: 380 s of 412 s. "
            "More cores or more concurrency would not help."
        ),
        "  what if   half the delay (--set politeness.delay=125ms): 222 s",
    ]


def test_a_concurrency_that_was_found_is_told_with_its_reason(report):
    found = {"auto": True, "reached": 1000, "started_at_level": 32, "changes": 5}
    report["concurrency"] = found | {"why": "that is the most"}
    told = "  open      1,000 at a time, found from 32 in 5 steps: that is the most"
    assert told in text(report).splitlines()
    report["concurrency"]["auto"] = False
    assert told not in text(report).splitlines()


def test_what_sitemaps_gave_and_what_is_missing_is_told(report):
    report["links"]["trap"] = 1234
    troubles = [f"http://a.example/{n}.xml: http_404" for n in range(7)]
    report["seeds"] = {
        "sitemaps": 2, "listed": 50000, "resting": 4000, "missed": 7, "troubles": troubles,
    }  # fmt: skip
    lines = text(report).splitlines()
    assert "6,960 out of scope, 1,234 into traps" in "".join(lines)
    at = lines.index("  sitemaps  2 read: 50,000 pages, 4,000 not changed since")
    assert lines[at + 1 : at + 6] == [f"  MISSING   {trouble}" for trouble in troubles[:5]]
    assert lines[at + 6] == "            and 2 more in --json"
    report["seeds"] |= {"resting": 0, "missed": 0, "troubles": []}
    assert "  sitemaps  2 read: 50,000 pages" in text(report).splitlines()
    report["seeds"] |= {"sitemaps": 0}
    assert "sitemaps" not in text(report)


def test_what_is_not_known_is_left_out_or_a_question_mark(report):
    report["run"] |= {
        "state": "stopped",
        "stopped_by": "SIGTERM",
        "ended_at": None,
        "wall_s": None,
        "exit_status": None,
        "cycle_ended": False,
        "missed": [{"what": "no item was found", "wanted": None}],
    }
    report["requests"] |= {"skipped": {}, "balanced": False}
    report["fetches"] |= {"attempts": None, "retries": None, "resent": None, "body_bytes": 2048}
    report["pages"] = dict.fromkeys(("new", "changed", "unchanged"))
    report["links"]["found"] = 0
    report["items"]["book"] |= {"seen": None, "changed": None, "filled": {}}
    report["hosts"] = []
    report["loop_lag_s"] = {"p50": None, "p99": None, "max": None}
    report["verdict"] = {"bound": "none", "host": None, "share": None, "text": "too short"}
    report["what_if"] = []
    assert text(report).splitlines() == [
        "books: run 3 stopped by SIGTERM",
        "  time      2026-11-23T20:05:34Z to ?; cycle 2, not ended",
        "  MISSED    no item was found",
        "  pages     1,052 known: 1,048 done, 2 failed, 0 skipped, 0 waiting  DOES NOT BALANCE",
        "  failed    timeout 1, http_404 1",
        (
            "  fetched   ? attempts: 1,000 ok, 48 not modified, ? retries; "
            "2.0 KiB, 9.0 MiB on the wire"
        ),
        "  items     book: 10 new, 0 rejected",
        "  verdict   too short.",
    ]


def test_many_hosts_are_cut_short(report):
    quiet = report["hosts"][0] | {"paused_s": 0.0, "latency_s": {"p95": None}}
    report["hosts"] = [quiet] * 5
    lines = text(report).splitlines()
    assert sum(line.startswith("  host ") for line in lines) == 3
    first = report["hosts"][0]
    done, failed, retries = (2 * first[name] for name in ("done", "failed", "retries"))
    sums = f"{done:,} done, {failed:,} failed, {retries:,} retries"
    assert f"            and 2 hosts more: {sums}; --json names 2 of them" in lines
    report["hosts_rest"] = {"hosts": 5_000, "done": 6_000, "failed": 7, "retries": 8}
    sums = f"{done + 6_000:,} done, {failed + 7:,} failed, {retries + 8:,} retries"
    assert f"and 5,002 hosts more: {sums}; --json names 2 of them" in text(report)


def test_a_prediction_that_no_setting_makes_names_none(report):
    report["what_if"] = [{"change": "one more core", "set": None, "predicted_wall_s": 70.0}]
    report["verdict"]["bound"] = "pool"
    report["cpu_s"] = {"main": None, "workers": None}
    report["items"]["book"] |= {"filled": {"price": 1.0}, "invalid": {}}
    report["run"]["missed"][0]["before"] = None
    said = text(report)
    assert said.endswith("  what if   one more core: 70 s")
    assert "would not help" not in said
    assert "CPU ?, memory" in said


def test_a_page_cannot_write_to_the_terminal(report):
    report["hosts"][0]["host"] = "evil\x1b[2J\n.example:80"
    assert "evil\\x1b[2J\\n.example" in text(report)


def test_kept_pages_are_told_when_there_are_any():
    kept = {"pages": 2500, "bytes": 40 * 1024 * 1024, "packed_bytes": 5 * 1024 * 1024}
    assert "  kept      2,500 raw pages: 40.0 MiB, 5.0 MiB packed" in list(_kept(kept))
    assert list(_kept({**kept, "pages": 0})) == list(_kept(None)) == []


def test_a_reparse_says_that_it_is_one():
    run = {**REPORT["run"], "kind": "reparse"}
    counts = {**REPORT["items"]["book"], "new": 1, "changed": 5, "removed": 2}
    reparse = {"pages": 1052, "failed": {"invalid_page": 3}, "unread": {"damaged": 1}}
    told = text({**REPORT, "run": run, "items": {"book": counts}, "reparse": reparse})
    assert told.startswith("books: run 3 (reparse) done")
    assert "\n  reparse   1,052 kept pages extracted again; invalid_page 3\n" in told
    assert "\n  UNREAD    damaged 1: left as they were\n" in told
    assert "book: 1,000 seen, 1 new, 5 changed, 2 removed, 0 rejected" in told
    assert "fetched" not in told
    assert "verdict" not in told
    assert text(REPORT).startswith("books: run 3 done")


def test_a_run_that_would_only_wait_says_for_whom():
    report = copy.deepcopy(REPORT)
    until = "2026-11-23T21:00:00Z"
    first = [{"host": f"h{n}.example:443", "pages": 1000 + n, "until": until} for n in range(9)]
    seeds = {"host": "s.example:443", "until": until}
    report["run"]["waits"] = {"hosts": 60, "pages": 9999, "first": first, "seeds": seeds}
    lines = text(report).splitlines()
    assert f"  waits     for h0.example until {until}: 1,000 pages" in lines
    assert f"  waits     for s.example until {until}: the next seeds" in lines
    assert "            and for 57 hosts more in --json" in lines
    first[0]["until"] = None
    assert "  waits     for h0.example till its robots.txt is had elsewhere: 1,000 pages" in text(
        report
    )
