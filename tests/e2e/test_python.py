"""The escape hatch: functions of the user's own, in worker processes."""

from __future__ import annotations

from tests.e2e.conftest import Crawl
from tests.site import html

MODULE = """
import os, sys, time
from decimal import Decimal
import site_words

def parse(page):
    print("to nowhere")
    number = int(page.url.rpartition("/")[2])
    if number == 4:
        raise ValueError("boom")
    if number == 5:
        time.sleep(600)
    if number == 6:
        return {"thing": [{"name": Decimal(1)}]}, []
    if number == 7:
        os._exit(3)
    if number == 8:
        input()
    name = page.css("h1")[0].text()
    links = [f"/n/{number + 1}", (page.absolute("/card"), "card")] if number < 9 else []
    thing = {"name": name, "price": "1,5" + str(number), "note": site_words.HELLO}
    return {"thing": [thing]}, links

def clean(item, page):
    if "secret" in item["text"]:
        return None
    return {**item, "shout": item["text"].upper(), "status": page.status}
"""
CONFIG = """
seeds: {urls: ["$SITE/n/1", "$SITE/n/{4..9}"]}
parse: {timeout: 6s, processes: 2}
pages:
  number:
    match: "/n/*"
    python: my_site:parse
    items:
      thing: {key: name, fields: {name: {from: python}, price: {from: python, type: decimal}}}
  card:
    items:
      card:
        each: p
        key: text
        python: my_site:clean
        fields: {text: {css: ""}, shout: {from: python, required: true}}
"""


def test_functions_give_items_and_links_and_cost_their_own_page_at_most(crawl: Crawl):
    crawl.site.route("/n/*", html(lambda visit: f"<h1>{visit.path[3:]}</h1>"))
    crawl.site.route("/card", html("<p>one</p><p>secret</p><p>two</p>"))
    (crawl.folder / "my_site.py").write_text(MODULE)
    (crawl.folder / "site_words.py").write_text("HELLO = 'hello'\n")
    refused = crawl.run(CONFIG, status=2)
    allow = "allow it on the command line with --python my_site"
    assert refused.err.count(allow) == 2
    assert refused.err.startswith("crawl.yaml:7:13: pages.number.python: runs code of my_site: ")
    crawl.run(None, "--python", "my_site")
    assert crawl.items("thing") == [
        {"name": n, "price": f"1.5{n}", "note": "hello"} for n in ("1", "2", "3", "9")
    ]
    assert crawl.rows("SELECT name, price FROM thing WHERE name = '2'") == [("2", 1.52)]
    assert [(item["text"], item["shout"], item["status"]) for item in crawl.items("card")] == [
        ("one", "ONE", 200), ("two", "TWO", 200),
    ]  # fmt: skip
    states = crawl.states()
    assert {n: states[f"/n/{n}"] for n in range(1, 10)} == {
        1: "done", 2: "done", 3: "done", 4: "failed: parse_error", 5: "failed: parse_timeout",
        6: "failed: parse_error", 7: "failed: parse_crash", 8: "failed: parse_error", 9: "done",
    }  # fmt: skip
    details = dict(crawl.rows("SELECT url, detail FROM visit JOIN request ON id = request_id"))
    assert 'raise ValueError("boom")' in details[crawl.site.url("/n/4")]
    assert "thing[0].name is a Decimal" in details[crawl.site.url("/n/6")]
    assert "EOFError" in details[crawl.site.url("/n/8")]
    tried = crawl("try", "crawl.yaml", crawl.site.url("/n/4"), "--python", "my_site")
    assert tried.status == 1
    lines = tried.out.splitlines()
    assert lines[1] == "error: parse_error: my_site:parse raised ValueError: boom"
    assert "ValueError: boom" in lines
    checked = crawl("check", "crawl.yaml", "--python", "my_site")
    assert "hands the page to my_site:parse, in a worker process" in checked.out
