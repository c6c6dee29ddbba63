"""Killed between two hops: what was sent is not sent again, and the crawl goes on from there."""

from __future__ import annotations

from pathlib import Path

from tests.command import Running, one, rows, scraper, until, write
from tests.site import SiteThread, html, redirect

CONFIG = """
version: 1
name: order
seeds:
  urls: ["{there}/first"]
  requests: [{{url: "{here}/order", method: POST, form: {{q: tea}}}}]
politeness: {{robots: ignore, hosts: {{"127.0.0.2": {{per_host: 1, delay: {delay}}}}}}}
fetch: {{private_addresses: true, user_agent: "tests (+https://shop.example)"}}
pages: {{page: {{items: {{page: {{fields: {{text: p, seen: {{from: final_url}}}}}}}}}}}}
"""
HOP = "SELECT count(*) FROM request WHERE hop IS NOT NULL AND sent_at IS NULL"


def test_a_form_that_was_answered_is_gone_on_from_and_never_sent_twice(tmp_path: Path):
    with SiteThread(hosts=("127.0.0.1", "127.0.0.2")) as site:
        here, there = site.url(""), site.url("", host="127.0.0.2")
        site.route("/first", html("<p>first"))
        site.route("/order", redirect(f"{there}/thanks", status=303))
        site.route("/thanks", html("<p>thanks"))
        write(tmp_path, CONFIG.format(here=here, there=there, delay="60s"))
        db = tmp_path / "data" / "order.db"
        with Running("run", "crawl.yaml", cwd=tmp_path) as running:
            until(lambda: one(db, HOP) == 1 and "/first" in site.paths())
            running.process.kill()
            running.wait()
        write(tmp_path, CONFIG.format(here=here, there=there, delay="0s"))
        ended = scraper("run", "crawl.yaml", cwd=tmp_path)
        assert ended.status == 0, ended.err
        assert sorted(site.paths()) == ["/first", "/order", "/thanks"]
    found = "SELECT json_extract(data, '$.text'), json_extract(data, '$.seen') FROM item"
    assert (("thanks", f"{there}/thanks")) in rows(db, found)
    assert rows(db, "SELECT DISTINCT state, hop FROM request") == [("done", None)]
