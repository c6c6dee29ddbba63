"""Where a crawl starts: every form of `seeds`, through the real command."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time

from tests.command import environment, seed_lines, until
from tests.e2e.conftest import Crawl
from tests.site import as_json, computed, html

PAGES = """
pages:
  any:
    items: {hit: {key: url, fields: {url: {from: url}, title: h1}}}
"""


def serve(crawl: Crawl) -> None:
    crawl.site.route("/*", html(lambda visit: f"<h1>{visit.path}</h1>"))
    crawl.site.route("/robots.txt", html("", status=404))


def test_ranges_count_up_and_keep_their_zeros(crawl: Crawl):
    serve(crawl)
    crawl.run('seeds: {urls: ["$SITE/{1..3}/{08..10}", "$SITE/alone"]}' + PAGES)
    expected = [f"/{a}/{b}" for a in (1, 2, 3) for b in ("08", "09", "10")]
    assert sorted(crawl.asked()) == [*expected, "/alone"]


def test_list_with_comments_bad_lines_and_duplicates(crawl: Crawl):
    serve(crawl)
    lines = [
        "# a comment", "", f"  {crawl.site.url('/a')}  ", "no url at all", crawl.site.url("/b#top"),
        crawl.site.url("/a"), "ftp://host/file", crawl.site.url("/b"), "http://", "\ufeffx",
    ]  # fmt: skip
    (crawl.folder / "list.txt").write_text("\ufeff" + "\r\n".join(lines))
    ended = crawl.run("seeds: {file: list.txt}" + PAGES)
    assert sorted(crawl.asked()) == ["/a", "/b"]
    for line in (4, 7, 9, 10):
        assert f"list.txt:{line}: " in ended.err
    assert ended.err.count("list.txt:") == 4


def test_several_lists_plain_packed_and_csv_with_carried_columns(crawl: Crawl):
    serve(crawl)
    (crawl.folder / "one.txt").write_text(crawl.site.url("/one") + "\n")
    (crawl.folder / "two.txt.gz").write_bytes(gzip.compress(crawl.site.url("/two\n").encode()))
    table = (
        'id,address,note\n7,{0}/three,"first, and\nsecond"\n8,nowhere,x\n9,{0}/four,\n'
        .format(crawl.site.url(""))
    )  # fmt: skip
    (crawl.folder / "three.csv").write_text(table)
    ended = crawl.run("""
        seeds:
          file: [one.txt, two.txt.gz, {path: three.csv, column: address, carry: [id, note]}]
        pages:
          any:
            items:
              hit: {fields: {title: h1, id: {from: id, type: int}, note: {from: note}}}
    """)
    hits = {item["title"]: (item["id"], item["note"]) for item in crawl.items()}
    assert hits == {
        "/one": (None, None), "/two": (None, None), "/three": (7, "first, and\nsecond"),
        "/four": (9, ""),
    }  # fmt: skip
    assert "three.csv:4: " in ended.err  # the record began on its fourth line


def test_csv_defaults_to_the_column_url_and_carries_what_fields_name(crawl: Crawl):
    serve(crawl)
    (crawl.folder / "list.csv.gz").write_bytes(
        gzip.compress(f"shop,url\nNorth,{crawl.site.url('/x')}\n".encode())
    )
    crawl.run("""
        seeds: {file: list.csv.gz}
        pages: {any: {items: {hit: {fields: {shop: {from: shop}}}}}}
    """)
    assert crawl.items() == [{"shop": "North"}]


def test_missing_column_is_a_message(crawl: Crawl):
    (crawl.folder / "list.csv").write_text("a,b\n1,2\n")
    ended = crawl.run("seeds: {file: {path: list.csv, column: link}}" + PAGES, status=2)
    assert "list.csv" in ended.err
    assert "link" in ended.err


def test_standard_input_is_a_list(crawl: Crawl):
    serve(crawl)
    crawl.config('seeds: {file: "-"}' + PAGES)
    text = seed_lines([crawl.site.url("/in/1"), "oops", crawl.site.url("/in/2")])
    ended = crawl("run", "crawl.yaml", stdin=text)
    assert ended.status == 0, ended
    assert sorted(crawl.asked()) == ["/in/1", "/in/2"]
    assert "-:2: " in ended.err


def test_seeds_option_replaces_all_seeds(crawl: Crawl):
    serve(crawl)
    crawl.config('seeds: {urls: ["$SITE/not-this"]}' + PAGES)
    ended = crawl("run", "crawl.yaml", "--seeds", "-", stdin=crawl.site.url("/this\n"))
    assert ended.status == 0, ended
    assert crawl.asked() == ["/this"]


def test_requests_have_method_headers_body_and_page(crawl: Crawl):
    crawl.site.route("/api", computed(lambda visit: as_json({"path": visit.path})))
    crawl.site.route("/form", html("<h1>form"))
    crawl.run("""
        seeds:
          requests:
            - {url: "$SITE/api", method: POST, json: {q: tea, n: [1, 2.5, null, true]}, page: api}
            - {url: "$SITE/api", method: POST, json: {q: coffee}, page: api}
            - {url: "$SITE/form", form: {q: "a b", tag: [x, "y&z"]}, headers: {X-Token: abc}}
            - {url: "$SITE/form", method: PUT}
        pages:
          api: {match: "/never", items: {call: {fields: {status: {from: status, type: int}}}}}
          other: {items: {page: {fields: {title: h1}}}}
    """)
    sent = {(visit.method, visit.body): visit.headers for visit in crawl.site.visits}
    bodies = {body for method, body in sent if method == "POST"}
    assert {json.loads(body)["q"] for body in bodies if body[:1] == b"{"} == {"tea", "coffee"}
    tea = next(body for body in bodies if b"tea" in body)
    assert json.loads(tea)["n"] == [1, 2.5, None, True]
    assert sent["POST", tea]["content-type"] == "application/json"
    form = sent["POST", b"q=a+b&tag=x&tag=y%26z"]
    assert form["content-type"] == "application/x-www-form-urlencoded"
    assert form["x-token"] == "abc"
    assert crawl.items("call") == [{"status": 200}] * 2  # the body is part of what was asked
    assert crawl.one("SELECT count(*) FROM request WHERE state = 'done'") == 4


def test_nothing_to_start_from_is_a_missed_promise(crawl: Crawl):
    (crawl.folder / "empty.txt").write_text("# nothing yet\n")
    assert "no seed" in crawl.run("seeds: {file: empty.txt}" + PAGES, status=1).err


def test_first_page_is_fetched_while_the_list_is_still_read(crawl: Crawl):
    serve(crawl)
    crawl.config('seeds: {file: "-"}' + PAGES)
    with subprocess.Popen(
        [sys.executable, "-m", "scraper", "run", "crawl.yaml"], cwd=crawl.folder, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    ) as process:  # fmt: skip
        assert process.stdin
        process.stdin.write(crawl.site.url("/first\n"))
        process.stdin.flush()
        until(lambda: "/first" in crawl.asked())
        until(lambda: crawl.items() == [{"url": crawl.site.url("/first"), "title": "/first"}])
        time.sleep(0.05)
        assert process.poll() is None  # the list may go on
        out, err = process.communicate(crawl.site.url("/last\n"), timeout=30)
    assert process.returncode == 0, err
    assert crawl.asked() == ["/first", "/last"]
    assert "2 done" in out


def test_stop_while_the_list_is_stalled_loses_nothing(crawl: Crawl):
    serve(crawl)
    crawl.config('seeds: {file: "-"}' + PAGES)
    with subprocess.Popen(
        [sys.executable, "-m", "scraper", "run", "crawl.yaml"], cwd=crawl.folder, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    ) as process:  # fmt: skip
        assert process.stdin
        process.stdin.write(crawl.site.url("/first\n"))
        process.stdin.flush()
        until(lambda: len(crawl.items()) == 1)
        process.terminate()
        assert process.wait(10) == 4
        process.communicate()
    assert crawl.report()["run"]["stopped_by"] == "SIGTERM"
    again = crawl("run", "crawl.yaml", stdin=seed_lines(map(crawl.site.url, ("/first", "/last"))))
    assert again.status == 0, again
    assert crawl.asked() == ["/first", "/last"]


def test_a_million_range_starts_at_once(crawl: Crawl):
    serve(crawl)
    ended = crawl.run('seeds: {urls: ["$SITE/{1..1000000}"]}' + PAGES, "--limit", 5, status=4)
    run = crawl.report()["run"]
    assert run["wall_s"] < 5, ended
    assert len(crawl.asked()) == 5
