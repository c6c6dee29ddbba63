"""`scraper report`: the names that scripts rely on, and what a person reads."""

from __future__ import annotations

from typing import Any

import pytest

from tests.command import Running, scraper, until
from tests.e2e.conftest import SHOP, Crawl, yaml
from tests.site import html, retry_after, silent, status

NUMBER, COUNT, TEXT, FLAG = (int, float), int, str, bool
MAYBE_TEXT = (str, type(None))
QUANTILES = {"p50": NUMBER, "p95": NUMBER, "p99": NUMBER, "max": NUMBER}
STRUCTURE: dict[str, Any] = {
    "schema": COUNT,
    "run": {
        "id": COUNT, "name": TEXT, "state": TEXT, "started_at": TEXT, "ended_at": TEXT,
        "wall_s": NUMBER, "exit_status": COUNT, "stopped_by": MAYBE_TEXT, "resumed": FLAG,
        "cycle": COUNT, "cycle_ended": FLAG, "version": TEXT, "missed": list,
    },
    "requests": {
        "known": COUNT, "done": COUNT, "failed": COUNT, "skipped": dict, "waiting": COUNT,
        "balanced": FLAG,
    },
    "fetches": {
        "attempts": COUNT, "ok": COUNT, "not_modified": COUNT, "retries": COUNT,
        "body_bytes": COUNT, "wire_bytes": COUNT,
    },
    "failures": dict,
    "links": {"found": COUNT, "new": COUNT, "known": COUNT, "out_of_scope": COUNT},
    "items": {
        "product": {
            "seen": COUNT, "new": COUNT, "changed": COUNT, "unchanged": COUNT,
            "gone": (int, type(None)), "rejected": COUNT, "invalid": dict,
            "filled": {"name": NUMBER, "price": NUMBER, "stock": NUMBER},
        }
    },
    "hosts": [{
        "host": TEXT, "done": COUNT, "failed": COUNT, "retries": COUNT, "delay_s": NUMBER,
        "longest_wait_s": NUMBER, "paused_s": NUMBER, "latency_s": QUANTILES,
    }],
    "time_s": {
        "turn": NUMBER, "slot": NUMBER, "dns": NUMBER, "connect": NUMBER, "first_byte": NUMBER,
        "body": NUMBER, "worker": NUMBER, "parse": NUMBER, "writer": NUMBER,
    },
    "wall_share_s": dict.fromkeys(("network", "host", "loop", "pool", "sink", "seed"), NUMBER),
    "verdict": {"bound": TEXT, "host": MAYBE_TEXT, "share": (int, float, type(None)), "text": TEXT},
    "what_if": list,
    "parse": {
        "inline": COUNT, "pool": COUNT, "worker_deaths": COUNT, "timeouts": COUNT,
        "by_page": {"product": {"inline": COUNT, "pool": COUNT}},
    },
    "loop_lag_s": {"p50": NUMBER, "p99": NUMBER, "max": NUMBER},
    "cpu_s": {"main": NUMBER, "workers": NUMBER},
    "memory_peak_bytes": {"main": COUNT, "workers": COUNT},
}  # fmt: skip


def wrong(value: Any, wanted: Any, place: str = "report") -> list[str]:
    """Where a value has not the structure that is wanted; more keys are fine."""
    if isinstance(wanted, dict):
        if not isinstance(value, dict):
            return [f"{place} is no object"]
        missing = [f"no {place}.{key}" for key in wanted if key not in value]
        there = [key for key in wanted if key in value]
        return missing + [
            each for key in there for each in wrong(value[key], wanted[key], f"{place}.{key}")
        ]
    if isinstance(wanted, list):
        return [each for one in value for each in wrong(one, wanted[0], f"{place}[]")]
    fits = isinstance(value, wanted) and (wanted is FLAG or not isinstance(value, bool))
    return [] if fits else [f"{place} is {value!r}"]


@pytest.fixture
def visited(shop: Crawl) -> Crawl:
    shop.site.route("/p/5", status(404))
    shop.site.route("/p/6", [status(503), html("<h1>Thing 6</h1><p class=stock>none</p>")])
    shop.site.route("/private/*", html(""))
    shop.site.route("/robots.txt", html("User-agent: *\nDisallow: /private/\n"))
    shop.run(SHOP.replace("{1..20}", '{1..20}", "$SITE/private/{1..2}'))
    return shop


def test_json_has_the_structure_that_scripts_rely_on(visited: Crawl):
    report = visited.report()
    assert wrong(report, STRUCTURE) == []
    run, requests = report["run"], report["requests"]
    assert (report["schema"], run["id"], run["name"], run["state"]) == (1, 1, "crawl", "done")
    assert (run["exit_status"], run["cycle"], run["cycle_ended"]) == (0, 1, True)
    assert run["started_at"] <= run["ended_at"]
    assert (len(run["started_at"]), run["started_at"][-1]) == (20, "Z")
    assert requests == {
        "known": 22, "done": 19, "failed": 1, "skipped": {"robots_disallowed": 2}, "waiting": 0,
        "balanced": True, "gone": 0,
    }  # fmt: skip
    assert report["failures"] == {"http_404": 1}
    assert report["fetches"]["attempts"] == 21
    assert (report["fetches"]["ok"], report["fetches"]["retries"]) == (19, 1)
    product = report["items"]["product"]
    assert (product["seen"], product["new"], product["invalid"]) == (19, 19, {})
    assert product["filled"]["price"] == pytest.approx(18 / 19, abs=1e-4)
    assert sum(report["wall_share_s"].values()) == pytest.approx(run["wall_s"], abs=0.001)
    assert report["verdict"]["bound"] in {"network", "host", "loop", "pool", "sink", "seed", "none"}
    assert report["parse"]["inline"] + report["parse"]["pool"] == 19
    (host,) = report["hosts"]
    assert (host["host"], host["done"], host["failed"], host["retries"]) == (
        f"127.0.0.1:{visited.port}", 19, 1, 1,
    )  # fmt: skip


def test_text_says_the_same_to_a_person(visited: Crawl):
    said = visited("report", "crawl.db").out
    for part in (
        "crawl: run 1 done, exit status 0", "22 known: 19 done, 1 failed, 2 skipped, 0 waiting",
        "http_404 1", "robots_disallowed 2", "1 retries", "product: 19 seen, 19 new", "verdict",
    ):  # fmt: skip
        assert part in said, said


def test_an_older_run_can_be_asked_for(visited: Crawl):
    visited.run(None, "--fresh")
    assert visited.report()["run"]["id"] == 2
    assert wrong(visited.report()["items"], STRUCTURE["items"]) == []
    assert visited.report("--run", 1)["run"]["id"] == 1
    assert visited.report("--run", 1)["fetches"]["attempts"] == 21
    missing = visited("report", "crawl.db", "--run", "9")
    assert (missing.status, missing.out) == (2, "")
    assert "9" in missing.err


def test_a_missing_database_is_a_message(crawl: Crawl):
    for command in ("report", "export"):
        ended = crawl(command, "none.db")
        assert ended.status == 2, ended
        assert "none.db" in ended.err
        assert "Traceback" not in ended.err
    assert not (crawl.folder / "none.db").exists()
    (crawl.folder / "text.db").write_text("this is no database, whatever its name says\n" * 50)
    ended = crawl("report", "text.db")
    assert ended.status == 2, ended
    assert "text.db" in ended.err


def test_a_run_in_progress_and_a_dead_one_are_told(shop: Crawl):
    shop.site.route("/p/*", silent())  # so that it is not done before it is killed
    shop.site.route("/p/1", html("<h1>x</h1>"))
    shop.config(yaml(SHOP, "politeness: {per_host: 1}"))
    with Running("run", "crawl.yaml", cwd=shop.folder) as running:
        until(lambda: len(shop.items()) > 0)
        assert shop.report()["run"]["state"] == "running"
        assert shop("export", "crawl.db").out
        running.process.kill()
        running.wait()
    report = shop.report()
    assert report["run"]["state"] == "dead"
    assert report["requests"]["balanced"] is True
    assert report["requests"]["waiting"] > 0


def test_verdict_of_a_delayed_crawl_is_the_host_and_the_prediction_holds(shop: Crawl):
    shop.run(SHOP.replace("{1..20}", "{1..8}"), "--set", "politeness.delay=200ms")
    report = shop.report()
    assert report["verdict"]["bound"] == "host"
    assert report["verdict"]["host"] == f"127.0.0.1:{shop.port}"
    assert report["verdict"]["share"] > 0.5
    wish = next(change for change in report["what_if"] if change["change"] == "half the delay")
    ((key, value),) = wish["set"].items()
    assert (key, value) == ("politeness.delay", "100ms")
    assert wish["predicted_wall_s"] < report["run"]["wall_s"]
    shop.run(None, "--fresh", "--set", f"{key}={value}")
    again = shop.report()["run"]["wall_s"]
    assert again == pytest.approx(wish["predicted_wall_s"], abs=0.5)  # 0.8 s less than before


def test_control_characters_of_pages_reach_no_terminal(shop: Crawl):
    shop.site.route("/p/*", html("<h1>\x1b[31mred\x07</h1>", headers={"X": "y"}))
    url = shop.site.url("/p/1")
    assert "\x1b" not in shop.run().out
    tried = scraper("try", "crawl.yaml", url, cwd=shop.folder)
    assert "\x1b" not in tried.out
    assert "red" in tried.out


def test_waiting_for_retries_is_the_hosts_doing(shop: Crawl):
    shop.site.route("/p/1", retry_after("9"))
    config = SHOP.replace("{1..20}", "1").replace("run: {", "run: {max_time: 1200ms, ")
    shop.run(config, "--set", "fetch.retry.longest=9s", status=4)
    verdict = shop.report()["verdict"]
    assert (verdict["bound"], verdict["host"]) == ("host", f"127.0.0.1:{shop.port}")


def test_verdict_of_a_crawl_that_waits_for_its_workers_is_the_pool(shop: Crawl):
    shop.site.route("/p/*", html("<h1>x</h1>" + "<p class=price>1</p>" * 20_000))
    config = SHOP.replace("/p/{1..20}", "/p/{1..8}").replace("css: .price,", "css: h1,")
    config += "parse: {processes: 1, offload: always}"
    config = config.replace("css: .stock", "css: 'p:contains(left)'")
    shop.run(config, "--set", "politeness.per_host=8")
    report = shop.report()
    assert report["parse"]["pool"] == 8
    shares = {**report["wall_share_s"], "loop": 0.0}  # how late it is, a busy machine decides
    assert max(shares, key=shares.get) == "pool", report
