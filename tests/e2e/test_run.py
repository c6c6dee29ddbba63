"""`scraper run`: what a crawl finds, how it ends, and what the same command does next."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from scraper import __version__
from tests.command import Running, environment, rows, scraper, seed_lines, until
from tests.e2e.conftest import SHOP, Crawl, product
from tests.site import Handler, Visit, computed, html, slow, status

COLOUR = re.compile(r"\x1b\[[\d;]*(3[0-7]|38;|9[0-7])[\d;]*m")
TRUTH = [(f"Thing {n}", n + 0.5, n) for n in range(1, 21)]


def test_items_are_what_the_site_shows(shop: Crawl):
    ended = shop.run()
    assert shop.rows("SELECT name, price, stock FROM product ORDER BY stock") == TRUTH
    assert shop.states() == {f"/p/{n}": "done" for n in range(1, 21)}
    assert "20 done" in ended.out
    assert "product: 20 seen, 20 new" in ended.out
    assert sorted(shop.asked()) == sorted(f"/p/{n}" for n in range(1, 21))
    assert shop.rows("SELECT typeof(price), typeof(stock) FROM product LIMIT 1") == [
        ("real", "integer")
    ]


def test_same_command_again_asks_the_site_nothing(shop: Crawl):
    shop.run()
    before = len(shop.site.visits)
    again = shop.run()
    assert "nothing is due before" in again.out
    assert re.search(r"nothing is due before \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", again.out)
    assert len(shop.site.visits) == before
    assert shop.rows("SELECT id, cycle, state, exit_status FROM run") == [
        (1, 1, "done", 0),
        (2, 1, "done", 0),
    ]


def test_new_seeds_are_fetched_while_nothing_else_is_due(shop: Crawl):
    shop.run()
    before = len(shop.asked())
    (shop.folder / "more.txt").write_text(seed_lines([shop.site.url(f"/p/{n}") for n in (7, 77)]))
    again = shop.run(None, "--seeds", "more.txt")
    assert "nothing is due before" in again.err
    assert shop.asked()[before:] == ["/p/77"]
    assert len(shop.items()) == 21


def test_new_cycle_after_refresh_tells_new_changed_and_unchanged(shop: Crawl):
    shop.run()
    first = len(shop.asked())
    shop.site.route("/p/3", html(product("/p/3").replace("£3.50", "£9.99")))
    shop.run(None, "--seeds", _list(shop, [*range(1, 21), 21]), "--set", "run.refresh=1ms")
    assert len(shop.asked()) - first == 21
    items = shop.report()["items"]["product"]
    assert (items["seen"], items["new"], items["changed"], items["unchanged"]) == (21, 1, 1, 19)
    history = shop.rows("SELECT key, run, data ->> 'price' FROM item_history")
    assert history == [("Thing 3", 1, "3.50")]
    assert shop.one("SELECT price FROM product WHERE stock = 3") == 9.99
    assert shop.rows("SELECT id, ended_at IS NOT NULL FROM cycle") == [(1, 1), (2, 1)]


def test_a_page_that_has_not_changed_is_not_sent_and_keeps_its_items(shop: Crawl):
    def shown(visit: Visit) -> Handler:
        if visit.headers.get("if-none-match") == f'"{visit.path}"':
            return status(304)
        return html(product(visit.path), headers={"ETag": f'"{visit.path}"'})

    shop.site.route("/p/*", computed(shown))
    shop.run()
    shop.site.route("/p/3", html(product("/p/3").replace("£3.50", "£9.99")))
    shop.run(None, "--set", "run.refresh=1ms")
    report = shop.report()
    assert (report["fetches"]["not_modified"], report["fetches"]["ok"]) == (19, 1)
    assert report["pages"] == {"new": 0, "changed": 1, "unchanged": 19, "noindex": 0}
    items = report["items"]["product"]
    assert (items["seen"], items["changed"], items["unchanged"]) == (20, 1, 19)
    assert "it has not changed since" in shop("why", "crawl.db", shop.site.url("/p/4")).out
    shop.config(SHOP.replace(".stock", "p.stock"))  # else what a new config wants stays old
    shop.run(None, "--set", "run.refresh=1ms")
    assert shop.report()["fetches"]["not_modified"] == 0
    shop.run(None, "--fresh")
    assert shop.report()["fetches"]["not_modified"] == 0
    assert {data["stock"] for data in shop.items()} == set(range(1, 21))


def _list(shop: Crawl, numbers: list[int]) -> str:
    urls = [shop.site.url(f"/p/{n}") for n in numbers]
    (shop.folder / "seeds.txt").write_text(seed_lines(urls))
    return "seeds.txt"


def test_fresh_begins_a_cycle_now_and_keeps_history(shop: Crawl):
    shop.run()
    shop.site.route("/p/3", html(product("/p/3").replace("£3.50", "£9.99")))
    shop.run(None, "--fresh")
    assert len(shop.asked()) == 40
    assert shop.one("SELECT count(*) FROM item_history") == 1
    assert [report["run"]["cycle"] for report in (shop.report("--run", 1), shop.report())] == [1, 2]


def test_limit_is_exact_and_the_same_command_continues(shop: Crawl):
    ended = shop.run(None, "--limit", 7, status=4)
    assert "stopped by limit" in ended.out
    assert len(shop.asked()) == 7
    shop.run(None, "--limit", 7, status=4)
    assert len(shop.asked()) == 14
    assert shop.report()["run"]["resumed"] is True
    shop.run(None, "--limit", 7)  # six are left
    assert sorted(shop.asked()) == sorted(f"/p/{n}" for n in range(1, 21))
    assert shop.rows("SELECT name, price, stock FROM product ORDER BY stock") == TRUTH
    assert shop.one("SELECT count(*) FROM cycle") == 1


def test_limit_counts_neither_robots_nor_redirect_hops_nor_retries(shop: Crawl):
    shop.site.route("/p/1", [status(503), html(product("/p/1"))])
    shop.site.route("/p/2", status(302, headers={"Location": "/q"}))
    shop.site.route("/q", html(product("/p/2")))
    shop.run(None, "--limit", 19, status=4)
    assert len(set(shop.asked()) - {"/q"}) == 19
    shop.run()  # the last page and the retry, if it was left
    assert shop.rows("SELECT name, price, stock FROM product ORDER BY stock") == TRUTH


def test_max_time_stops_and_the_same_command_continues(shop: Crawl):
    shop.site.route("/p/*", slow(0.25, html(lambda visit: product(visit.path))))
    ended = shop.run(None, "--max-time", "500ms", "--set", "politeness.per_host=2", status=4)
    assert "stopped by max_time" in ended.out
    assert 2 <= len(shop.items()) < 20
    shop.run(None, "--set", "politeness.per_host=20")
    assert shop.rows("SELECT name, price, stock FROM product ORDER BY stock") == TRUTH


def test_nothing_fetched_is_a_missed_promise(crawl: Crawl):
    ended = crawl.run('seeds: {urls: ["$SITE/none"]}', status=1)
    assert "http_404" in ended.err
    assert crawl.report()["run"]["missed"][0]["what"] in ended.out
    assert crawl.report()["failures"] == {"http_404": 1}


def test_no_item_is_a_missed_promise(shop: Crawl):
    shop.site.route("/p/*", html("<p>another layout"))
    ended = shop.run(status=1)
    assert "no item" in ended.err
    assert shop.one("SELECT count(*) FROM rejected") == 20
    report = shop.report()
    assert report["run"]["exit_status"] == 1
    assert report["items"]["product"]["rejected"] == 20
    shop.site.route("/p/*", html(lambda visit: product(visit.path)))
    shop.run(None, "--fresh")
    shop.site.route("/p/*", html("<p>yet another layout"))
    assert "no item" in shop.run(None, "--fresh", status=1).err


def test_concurrency_that_was_found_is_where_the_next_run_begins(shop: Crawl):
    auto = ("--set", "fetch.concurrency=auto")
    shop.run(None, *auto)
    assert shop.report()["concurrency"]["auto"]
    with closing(sqlite3.connect(shop.db)) as db, db:
        db.execute("UPDATE run SET stats = json_set(stats, '$.concurrency.next_start', 48)")
    ended = shop.run(None, "--fresh", *auto)
    found = shop.report()["concurrency"]
    assert (found["started_at_level"], found["next_start"]) == (48, 48)
    assert f"{found['reached']} at a time, found from 48 in 0 steps: {found['why']}" in ended.out
    shop.run(None, "--fresh")
    assert shop.report()["concurrency"]["auto"] is False


def test_some_failures_alone_change_no_exit_status(shop: Crawl):
    shop.site.route("/p/5", status(410))
    shop.run()
    assert shop.states()["/p/5"] == "failed: http_410"


@pytest.mark.parametrize(
    ("config", "args", "says"),
    [
        ("seeds: {urls: [$SITE/p/1]}\nscoop: {}", [], "crawl.yaml:2:1: scoop: "),
        ("seeds: {file: gone.txt}", [], "gone.txt"),
        (SHOP, ["--set", "fetch.concurency=2"], "concurrency"),
        (SHOP, ["--max-time", "soon"], "--max-time"),
        (SHOP, ["--limit", "0"], "--limit"),
        (SHOP, ["--log-format", "xml"], "--log-format"),
        (SHOP, ["--nonsense"], "--nonsense"),
        (SHOP, ["--seeds", "gone.txt"], "gone.txt"),
    ],
)  # fmt: skip
def test_what_is_written_wrong_is_status_2(crawl: Crawl, config: str, args: list[str], says: str):
    ended = crawl.run(config, *args, status=2)
    assert says in ended.err
    assert "Traceback" not in ended.err
    assert not crawl.site.visits


def test_missing_config_is_status_2(crawl: Crawl):
    ended = crawl("run", "none.yaml")
    assert ended.status == 2
    assert "none.yaml" in ended.err


def test_second_run_on_the_same_database_is_refused(shop: Crawl):
    shop.site.route("/p/*", slow(30, html("")))
    with Running("run", "crawl.yaml", cwd=shop.folder) as first:
        until(shop.asked)
        assert "locked by another run" in shop.run(status=75).err
        assert shop.run(None, "--set", "run.if_running=skip").status == 0
        first.process.kill()
        first.wait()
    shop.site.route("/p/*", html(lambda visit: product(visit.path)))
    shop.run()  # what the dead one held needs no human
    assert len(shop.items()) == 20
    assert shop.rows("SELECT state FROM run ORDER BY id") == [("dead",), ("done",)]


def test_db_and_set_win_over_the_file(shop: Crawl):
    shop.run(None, "--db", "other.db", "--set", "name=renamed", "--set", "fetch.user_agent=me")
    assert not shop.db.exists()
    assert rows(shop.folder / "other.db", "SELECT name FROM run") == [("renamed",)]
    assert {visit.headers["user-agent"] for visit in shop.site.visits} == {"me"}


def test_default_database_is_named_after_the_crawl(shop: Crawl):
    text = (shop.folder / "crawl.yaml").read_text()
    (shop.folder / "mine.yaml").write_text(text.replace("store: {path: crawl.db}", ""))
    assert scraper("run", "mine.yaml", cwd=shop.folder).status == 0
    assert (shop.folder / "data/crawl.db").exists()


def test_quiet_says_nothing_and_verbose_each_visit(shop: Crawl):
    quiet = shop.run(None, "-q", "--limit", 2, status=4)
    assert (quiet.out, quiet.err) == ("", "")
    normal = shop.run(None, "--limit", 2, status=4)
    assert all(
        re.match(r"\d\d:\d\d:\d\d (info|warning) +\S", line) for line in normal.err.splitlines()
    )
    assert "/p/" not in normal.err
    verbose = shop.run(None, "-v", "--limit", 2, status=4)
    assert verbose.err.count(shop.site.url("/p/")) == 2


def test_json_log_is_one_object_a_line(shop: Crawl):
    shop.site.route("/p/4", status(404, body="\x1b[31m"))
    ended = shop.run(None, "--log-format", "json", "-v")
    events = [json.loads(line) for line in ended.err.splitlines()]
    assert {"timestamp", "level", "event"} <= set.intersection(*map(set, events))
    assert any("/p/4" in event["event"] for event in events)


def test_live_bar_on_a_terminal(shop: Crawl):
    shop.site.route("/p/*", slow(0.15, html(lambda visit: product(visit.path))))
    shown = _on_a_terminal(shop.folder, TERM="xterm-256color")
    for word in ("done", "/s", "failed", "waiting", "open", "left"):
        assert re.search(rf"[\d?]\s?{word}", _plain(shown)), (word, shown)
    assert "progress done=" not in shown
    assert COLOUR.search(shown)


def test_no_color_and_dumb_terminals_are_respected(shop: Crawl):
    shop.site.route("/p/*", slow(0.15, html(lambda visit: product(visit.path))))
    shown = _on_a_terminal(shop.folder, TERM="xterm-256color", NO_COLOR="1")
    assert "waiting" in shown
    assert not COLOUR.search(shown)
    shop.site.route("/p/*", html(lambda visit: product(visit.path)))
    assert "\x1b" not in _on_a_terminal(shop.folder, "--fresh", TERM="dumb")


def _on_a_terminal(folder: Path, *args: str, **env: str) -> str:
    """What the command shows on a terminal of 100 columns."""
    master, slave = pty.openpty()
    clean = {k: v for k, v in environment().items() if k != "NO_COLOR"}
    with subprocess.Popen(
        [sys.executable, "-m", "scraper", "run", "crawl.yaml", *args],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave,
        env={**clean, "COLUMNS": "100", **env},
    ) as process:  # fmt: skip
        os.close(slave)
        shown = b""
        while select.select([master], [], [], 30)[0]:
            try:
                shown += os.read(master, 65536)
            except OSError:  # the other side is closed
                break
        assert process.wait(30) == 0, shown
    os.close(master)
    return shown.decode()


def _plain(shown: str) -> str:
    return re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", shown)


def test_help_names_every_command_and_option(tmp_path: Path):
    commands = scraper("--help", cwd=tmp_path).out
    for command in ("run", "check", "try", "export", "report", "demo", "schema"):
        assert re.search(rf"^\W*{command} ", commands, re.MULTILINE), command
    options = scraper("run", "--help", cwd=tmp_path, COLUMNS="200").out
    for option in (
        "--seeds", "--db", "--set", "--limit", "--max-time", "--fresh", "--log-format", "-q", "-v",
    ):  # fmt: skip
        assert option in options


@pytest.mark.parametrize("command", ["diff", "status"])
def test_a_command_that_is_promised_is_said_to_be_missing(tmp_path: Path, command: str):
    ended = scraper(command, "x.yaml", cwd=tmp_path)
    assert (ended.status, ended.err) == (2, f"scraper {command}: not supported yet\n")


def test_version_is_said(tmp_path: Path):
    ended = scraper("--version", cwd=tmp_path)
    assert (ended.status, ended.out) == (0, f"scraper {__version__}\n")


def test_unknown_command_is_status_2(tmp_path: Path):
    assert scraper("rum", cwd=tmp_path).status == 2
    assert scraper(cwd=tmp_path).status == 2


def test_what_the_environment_gave_is_in_no_log_line(shop: Crawl):
    shop.config(SHOP.replace("{1..20}", "1?key=${API_KEY}"))
    ended = shop("run", "crawl.yaml", "-v", API_KEY="topsecret99")
    assert shop.asked() == ["/p/1?key=topsecret99"]
    assert "/p/1?key=***" in ended.err
    assert "topsecret99" not in ended.err + ended.out


def test_a_rule_has_a_refresh_of_its_own(crawl: Crawl) -> None:
    config = """
        seeds: {urls: ["$SITE/"]}
        pages:
          list: {match: /, follow: [{css: a, page: detail}], refresh: %s}
          detail: {refresh: %s, items: {thing: {fields: {name: h1}}}}
        """
    crawl.site.route("/", html("<a href=/d>it</a>"))
    crawl.site.route("/d", html("<h1>Thing</h1>"))
    crawl.run(config % ("1ms", "1d"))
    crawl.run()
    assert crawl.asked() == ["/", "/d", "/"]
    assert crawl.one("SELECT name FROM thing") == "Thing"  # not due, and not gone
    crawl.run(config % ("1d", "1ms"))
    assert crawl.asked() == ["/", "/d", "/", "/d"]
    crawl.run(config % ("1d", "1d"))
    assert crawl.asked() == ["/", "/d", "/", "/d"]
