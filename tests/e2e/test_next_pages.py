"""APIs page by page: numbers, offsets, cursors and tokens, in the query, the body or a header."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.e2e.conftest import Crawl
from tests.site import Handler, Visit, computed, endless, html, raw, status

ITEM = "each: {json: items}, key: n, fields: {n: {json: n}, echo: {json: echo}}"


def api(answer: Callable[[Visit, dict[str, str]], Any]) -> Handler:
    """JSON, made of the request and its query."""

    def body(visit: Visit) -> str:
        query = parse_qs(urlsplit(visit.path).query, keep_blank_values=True)
        return json.dumps(answer(visit, {name: values[0] for name, values in query.items()}))

    return raw(body, "application/json")


def test_numbers_offsets_and_cursors_give_every_row_once(crawl: Crawl):
    def numbered(visit: Visit, query: dict[str, str]) -> Any:
        n = int(query.get("page") or 1)
        return {"items": [{"n": 10 * n + i} for i in range(3)], "has_next": n < 9}

    def offset(visit: Visit, query: dict[str, str]) -> Any:
        n = int(query.get("offset", 0))
        return {"items": [{"n": i} for i in range(n, min(n + 20, 45))]}

    def cursor(visit: Visit, query: dict[str, str]) -> Any:
        n = int(query.get("after", "c +&=0").removeprefix("c +&="))
        return {"items": [{"n": n}], "next": f"c +&={n + 1}" if n < 6 else None}

    crawl.site.route("/numbered", api(numbered))
    crawl.site.route("/offset", api(offset))
    crawl.site.route("/cursor", api(cursor))
    crawl.run(f"""
        seeds: {{urls: ["$SITE/numbered?b=%41&page=&a=1", "$SITE/offset", "$SITE/cursor"]}}
        scope: {{max_depth: 0}}
        pages:
          numbered:
            match: /numbered
            items: {{numbered: {{{ITEM}}}}}
            follow: [{{increment: page, while: {{json: has_next}}}}]
          offset:
            match: /offset
            items: {{offset: {{{ITEM}}}}}
            follow: [{{increment: {{query: offset, by: 20}}}}]
          cursor:
            match: /cursor
            items: {{cursor: {{{ITEM}}}}}
            follow: [{{set: {{after: {{json: next}}}}}}]
    """)
    numbers = {name: [item["n"] for item in crawl.items(name)] for name in ("numbered", "offset")}
    assert sorted(numbers["numbered"]) == [10 * n + i for n in range(1, 10) for i in range(3)]
    assert sorted(numbers["offset"]) == list(range(45))
    assert [item["n"] for item in crawl.items("cursor")] == list(range(7))
    asked = crawl.asked()
    assert len(asked) == len(set(asked)) == 9 + 4 + 7
    assert "/numbered?b=%41&page=9&a=1" in asked
    assert {depth for (depth,) in crawl.rows("SELECT depth FROM request")} == {0}
    assert not any(":again" in visit.headers for visit in crawl.site.visits)


def test_cursor_in_a_json_body_with_a_token_in_a_header(crawl: Crawl):
    def search(visit: Visit, query: dict[str, str]) -> Any:
        body = json.loads(visit.body)
        n = int(body["page"].get("after", 0))
        echo = [body["q"], visit.headers.get("x-token"), visit.headers["content-type"]]
        more = {"next": str(n + 1)} if n < 4 else {}
        return {"items": [{"n": n, "echo": echo}], "token": f"t{n}", **more}

    def form(visit: Visit, query: dict[str, str]) -> Any:
        n = int(parse_qs(visit.body.decode())["page"][0])
        return {"items": [{"n": n, "echo": visit.body.decode()}], "more": n < 3}

    crawl.site.route("/search", api(search))
    crawl.site.route("/form", api(form))
    config = f"""
        seeds:
          requests:
            - {{url: "$SITE/search", json: {{q: tea, page: {{size: 1}}}}}}
            - {{url: "$SITE/form", form: {{q: a b, page: 1}}}}
        parse: {{offload: OFFLOAD}}
        pages:
          search:
            match: /search
            items: {{found: {{{ITEM}}}}}
            follow: [{{set: {{page.after: {{json: next}}, "header:X-Token": {{json: token}}}}}}]
          form:
            match: /form
            items: {{form: {{{ITEM}}}}}
            follow: [{{increment: page, while: {{json: more}}}}]
    """
    kind = "application/json"
    for offload in ("never", "always"):  # a next request is the same from a worker process
        crawl.run(config.replace("OFFLOAD", offload), "--db", f"{offload}.db")
        crawl.db.unlink(missing_ok=True)
        (crawl.folder / f"{offload}.db").rename(crawl.db)
        assert [item["echo"] for item in crawl.items("found")] == [
            ["tea", None, kind], *(["tea", f"t{n}", kind] for n in range(4)),
        ]  # fmt: skip
        assert [item["echo"] for item in crawl.items("form")] == [
            f"q=a+b&page={n}" for n in (1, 2, 3)
        ]


def test_token_of_a_page_goes_into_its_links(crawl: Crawl):
    other = crawl.site.url("/far", host="127.0.0.2")
    crawl.site.route(
        "/start",
        html(f"<meta name=csrf content='s&1'><a href=/near?x=1>n</a><a href='{other}'>f</a>"),
    )

    def page(visit: Visit) -> Handler:
        token = visit.headers.get("x-csrf", "none")
        return html(f"<h1>{visit.path} {token}</h1>") if "t=" in visit.path else status(403)

    crawl.site.route("/near", computed(page))
    crawl.site.route("/far", computed(page))
    crawl.run("""
        seeds: {urls: ["$SITE/start"]}
        scope: {hosts: any}
        pages:
          start:
            match: /start
            follow: [{css: a, set: {t: {meta: csrf}, "header:X-CSRF": {meta: csrf}}, page: end}]
          end: {items: {end: {fields: {title: h1}}}}
    """)
    found = sorted(item["title"] for item in crawl.items("end"))
    assert found == ["/far?t=s%261 none", "/near?x=1&t=s%261 s&1"]


def test_api_without_an_end_is_bounded_and_that_is_said(crawl: Crawl):
    crawl.site.route("/limited", api(lambda visit, query: {"next": int(query.get("n", 0)) + 1}))
    crawl.site.route("/endless", api(lambda visit, query: {"next": int(query.get("n", 9_990)) + 1}))
    crawl.run("""
        seeds: {urls: ["$SITE/limited", "$SITE/endless"]}
        pages:
          limited: {match: /limited, follow: [{set: {n: {json: next}}, limit: 7}]}
          endless: {match: /endless, follow: [{set: {n: {json: next}}}]}
    """, "--limit", "40", status=4)  # fmt: skip
    assert sum(path.startswith("/limited") for path in crawl.asked()) == 7
    db = sqlite3.connect(crawl.db)
    # as if it had gone on for long
    db.execute("""UPDATE request SET headers = '[[":again", "9998"]]' WHERE state = 'waiting'""")
    db.commit()
    db.close()
    crawl.run()
    report = crawl.report()
    assert report["requests"]["skipped"] == {"trap": 1}
    assert report["requests"]["balanced"] is True


def test_nofollow_in_all_its_places(crawl: Crawl):
    links = "<a href=/a>a</a><a href=/b rel='nofollow ugc'>b</a>"
    crawl.site.route("/plain", html(links))
    crawl.site.route("/meta", html(f"<meta name=robots content=nofollow>{links}"))
    crawl.site.route("/header", html(links, headers={"X-Robots-Tag": "noindex, nofollow"}))
    crawl.site.route("/*", html("<p>end"))
    config = """
        seeds: {urls: ["$SITE/START"]}
        pages:
          start: {match: /START, MORE follow: [{css: a}]}
    """
    expected = {
        ("plain", ""): ["a", "b"], ("meta", ""): [], ("header", ""): [],
        ("plain", "nofollow: obey,"): ["a"], ("meta", "nofollow: ignore,"): ["a", "b"],
    }  # fmt: skip
    for (start, more), found in expected.items():
        crawl.site.visits.clear()
        text = config.replace("START", start).replace("MORE", more)
        crawl.run(text, "--db", f"{start}{len(more)}.db")
        assert sorted(crawl.asked()) == sorted([f"/{start}", *(f"/{name}" for name in found)])
    crawl.config(config.replace("START", "meta").replace("MORE", ""))
    tried = crawl("try", "crawl.yaml", crawl.site.url("/meta"))
    assert "links are passed over, as the page asks (nofollow)" in tried.out
    crawl.config(config.replace("START", "plain").replace("MORE", ""))
    assert "passed over" not in crawl("try", "crawl.yaml", crawl.site.url("/plain")).out


def test_order_depth_goes_down_first_and_types_are_refused(crawl: Crawl):
    """A chain of pages beside many leaves; one request at a time, so that the order shows."""
    leaves = "".join(f"<a href=/leaf/{n}>x</a>" for n in range(40))
    crawl.site.route("/chain/*", html(lambda visit: f"<a href=/chain/{visit.path[7:]}1>x</a>"))
    crawl.site.route("/chain/0111", html("<img src=/film>"))
    crawl.site.route("/leaf/*", html("<p>leaf"))
    crawl.site.route("/film", endless(headers={"Content-Type": "video/mp4"}))
    crawl.site.route("/", html(f"{leaves}<a href=/chain/0>x</a>"))
    crawl.run("""
        seeds: {urls: ["$SITE/"]}
        scope: {order: depth, types: [html]}
        politeness: {per_host: 1, delay: 50ms}
        pages: {all: {follow: [{css: a}, {css: img, attr: src}]}}
    """)
    asked = crawl.asked()
    assert len(asked) == 1 + 40 + 4 + 1
    assert asked.index("/chain/0111") < asked.index("/leaf/0")
    assert crawl.report()["failures"] == {"content_type": 1}
