"""`scraper reparse` and kept pages: a selector is changed, and nobody is asked."""

from __future__ import annotations

import signal

import pytest

from tests.command import Running, until
from tests.e2e.conftest import SHOP, Crawl, product
from tests.site import html, status

KEEPING = SHOP + "store: {path: crawl.db, bodies: zstd}\n"
TABLES = ("item", "item_history", "rejected", "request", "visit", "cycle", "kept_page", "kept_body")


def everything(shop: Crawl) -> list[object]:
    return [shop.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES]


def test_a_new_selector_is_applied_without_a_request(shop: Crawl):
    shop.site.route("/p/4", html("<p>nobody</p>"))
    shop.site.route("/p/5", html("<h1>Sorry</h1><b>blocked</b>"))
    shop.site.route("/p/6", status(404, body="<h1>no such thing</h1>"))
    shop.run(KEEPING)
    assert "Thing 3" in [item["name"] for item in shop.items()]
    before, tables = len(shop.site.visits), everything(shop)

    same = shop("reparse", "crawl.yaml")
    assert (same.status, same.err) == (0, "")
    assert "18 unchanged, 0 changed, 0 new, 0 removed" in same.out
    assert everything(shop) == tables
    assert shop.rows("SELECT kind, cycle, state, exit_status FROM run") == [
        ("crawl", 1, "done", 0),
        ("reparse", 1, "done", 0),
    ]

    changed = KEEPING.replace("{css: .price, type: decimal}", "{css: .price, type: text}")
    changed = changed.replace("name: {css: h1", "name: {css: 'h1, p'")
    shop.config(changed.replace('match: "/p/*"', 'match: "/p/*"\n    valid: p'))
    ended = shop("reparse", "crawl.yaml")
    assert ended.status == 0, ended
    assert "19 kept pages extracted again, as run 3" in ended.out
    assert "0 unchanged, 17 changed, 1 new, 1 removed" in ended.out
    assert "invalid_page 1" in ended.out
    assert len(shop.site.visits) == before
    names = {f"Thing {n}" for n in range(1, 21) if n not in (4, 5, 6)} | {"nobody"}
    assert {name for (name,) in shop.rows("SELECT name FROM product")} == names
    assert shop.one("SELECT price FROM product WHERE stock = 3") == "£3.50"
    assert shop.rows("SELECT DISTINCT changed_run, first_cycle, last_cycle FROM item") == [
        (3, 1, 1)
    ]
    history = dict(shop.rows("SELECT key, data ->> 'price' FROM item_history WHERE run = 1"))
    assert (len(history), history["Thing 3"]) == (18, "3.50")
    assert shop.states()["/p/5"] == "failed: invalid_page"
    assert shop.one("SELECT count(*) FROM rejected") == 0
    report = shop.report()
    assert report["run"]["kind"] == "reparse"
    assert report["requests"]["balanced"]
    assert report["requests"]["failed"] == 2
    assert report["items"]["product"]["seen"] == 18
    assert "nothing is due before" in shop.run(None).out  # the cycle is what it was

    shop.config(KEEPING)
    assert shop("reparse", "crawl.yaml").status == 0
    assert shop.states()["/p/5"] == "done"
    now = dict(shop.rows("SELECT key, data FROM item"))
    assert set(now) == names - {"nobody"} | {"Sorry"}


def test_a_reparse_is_refused_where_it_cannot_be(shop: Crawl):
    missing = shop("reparse", "crawl.yaml")
    assert (missing.status, missing.err) == (
        2,
        "crawl.db: no such database: give the path of one that a run has made\n",
    )
    assert not (shop.folder / "crawl.db.lock").exists()
    shop.run()
    nothing = shop("reparse", "crawl.yaml")
    assert (nothing.status, nothing.err) == (
        2,
        (
            "crawl.db: no page is kept: set `store.bodies: zstd` in the config and crawl "
            "(`scraper run CONFIG --fresh` visits every page anew)\n"
        ),
    )
    assert shop.one("SELECT count(*) FROM run") == 1
    shop.site.route("/p/*", html(lambda visit: product(visit.path)))
    with Running("run", "crawl.yaml", "--fresh", "--set", "politeness.delay=30s", cwd=shop.folder):
        until(lambda: shop.one("SELECT count(*) FROM run") == 2)
        held = shop("reparse", "crawl.yaml")
    assert held.status == 75
    assert "is locked by another run" in held.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_reparse_leaves_everything_as_it_was(shop: Crawl, number: signal.Signals):
    slow = KEEPING.replace(
        "stock: {css: .stock, regex: '(\\\\d+) left', type: int}", "stock: .stock"
    )
    shop.run(slow)
    before = everything(shop)
    hang = "(([a-z0-9 ])+)+$|(£|.)*x"  # takes its time on every page
    shop.config(slow.replace("stock: .stock", f"stock: {{css: body, regex: '{hang}'}}"))
    with Running("reparse", "crawl.yaml", cwd=shop.folder) as running:
        until(lambda: bool(running.others()))
        running.signal(number)
        assert running.wait() == 4
        assert "stopped: nothing was changed" in running.err
        assert running.others() == []
    assert everything(shop) == before
    assert shop.one("SELECT count(*) FROM run") == 1


def test_failed_keeps_the_evidence_until_the_page_is_well(shop: Crawl):
    shop.site.route("/p/4", [html("<p>nobody</p>"), html(product("/p/4"))])
    shop.site.route("/p/6", [status(404, body="gone for now"), html(product("/p/6"))])
    shop.run(SHOP + "store: {path: crawl.db, bodies: failed}\n")
    kept = "SELECT substr(url, -4), status FROM kept_page JOIN request ON id = request_id"
    assert sorted(shop.rows(kept)) == [("/p/4", 200), ("/p/6", 404)]
    assert "2 kept pages" not in shop("reparse", "crawl.yaml").out  # an HTTP error is no page
    shop.run(None, "--fresh")
    assert shop.rows(kept) == []
    assert shop("reparse", "crawl.yaml").status == 2


def test_what_is_kept_is_never_older_than_the_items(shop: Crawl):
    shop.run(KEEPING)
    assert shop.one("SELECT count(*) FROM kept_page") == 20
    shop.site.route("/p/1", status(503))
    shop.run(SHOP, "--fresh")  # bodies: none
    assert shop.rows("SELECT url FROM kept_page JOIN request ON id = request_id") == [
        (shop.site.url("/p/1"),)
    ]
