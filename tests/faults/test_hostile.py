"""Hostile sites through the real command: each URL gets its reason, the good pages their items."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.command import Ended, rows, scraper, seed_lines, write
from tests.site import (
    MIB,
    Handler,
    SiteThread,
    Visit,
    big_headers,
    bomb,
    computed,
    drip,
    endless,
    garbage,
    hang_up,
    html,
    raw,
    redirect,
    reset,
    silent,
    status,
    text,
    tiny_chunks,
    truncated,
)

OK = b"HTTP/1.1 200 OK\r\n"
GOOD = 200
LINKS = 5000  # extracted in a tenth of the time that a parse may take
MAX_PAGES = 500
MOST_MEMORY = 250 * MIB  # less than half of one bomb unpacked; it is 120 MiB
GIANT = 512  # MiB behind each bomb
HOST = "127.0.0.1"
BAD_ROBOTS: dict[str, tuple[Handler, str]] = {  # what their pages come to
    "127.0.0.2": (reset(), "reset"),
    "127.0.0.3": (silent(), "timeout"),
    "127.0.0.4": (status(503), "host_unreachable"),
    "127.0.0.5": (text("User-agent: *\nDisallow: /"), "robots_disallowed"),
    "127.0.0.6": (garbage(), "protocol"),
}
GOOD_ROBOTS: dict[str, Handler] = {  # their pages are fetched
    "127.0.0.7": redirect("/robots.txt"),  # five redirects, then as if there was none
    "127.0.0.8": text("Disallow: /\n" * 100_000 + "\x00" * 1000),
    "127.0.0.9": html(bytes(range(256)) * 5000),
}

CONFIG = """
version: 1
name: hostile
seeds: {{file: seeds.txt}}
scope: {{max_pages: {most}}}
politeness: {{per_host: 40}}
fetch:
  concurrency: 60
  timeout: 8s
  stall: 4s
  max_body: 1MiB
  max_redirects: 3
  cookies: true
  private_addresses: ["127.0.0.0/8"]
  user_agent: "tests (+https://shop.example)"
  retry: {{attempts: 2, first: 50ms, longest: 100ms}}
parse: {{timeout: 3s, processes: 2}}
pages:
  page:
    items: {{page: {{fields: {{text: {{css: p, required: true}}}}}}}}
    follow: [{{css: a}}]
"""


def chain(visit: Visit) -> Handler:
    """So many redirects as the URL says, and a page."""
    left = int(visit.path.rpartition("/")[2])
    return redirect(f"/chain/{left - 1}") if left else html("<p>the end</p>")


CASES: dict[str, tuple[Handler, str]] = {
    "reset": (reset(), "reset"),
    "reset-in-body": (reset(OK + b"Content-Length: 9\r\n\r\nabc"), "reset"),
    "closed": (hang_up(), "reset"),
    "cut-length": (truncated(), "truncated"),
    "cut-chunked": (truncated(how="chunked"), "truncated"),
    "cut-gzip": (truncated(how="gzip"), "truncated"),
    "endless": (endless(), "too_large"),
    "endless-error": (status(500, body=bytes(8 * MIB)), "http_500"),
    "drip": (drip(0.05), "timeout"),
    "silent": (silent(), "timeout"),
    "silent-in-head": (silent(OK + b"Content-"), "timeout"),
    "silent-in-body": (silent(OK + b"Content-Length: 9\r\n\r\nabc"), "timeout"),
    "bomb-gzip": (bomb("gzip", GIANT * MIB), "too_large"),
    "bomb-br": (bomb("br", GIANT * MIB), "too_large"),
    "bomb-zstd": (bomb("zstd", GIANT * MIB), "too_large"),
    "loop": (redirect("/loop"), "redirects"),
    "ping": (redirect("/pong"), "redirects"),
    "chain/9": (computed(chain), "redirects"),
    "nowhere": (status(302), "http_302"),
    "not-http": (redirect("ftp://files.example/"), "redirects"),
    "inside": (redirect("http://10.0.0.1/admin"), "private_address"),
    "metadata": (redirect("http://0xa9fea9fe/latest"), "private_address"),
    "too-large": (html(bytes(MIB + 1)), "too_large"),
    "garbage": (garbage(), "protocol"),
    "many-headers": (big_headers(count=1000, size=10), "protocol"),
    "long-header": (big_headers(count=1, size=100_000), "protocol"),
    "not-gzip": (html("plain", headers={"Content-Encoding": "gzip"}), "encoding"),
    "unknown-coding": (html("x", headers={"Content-Encoding": "sdch"}), "encoding"),
    "picture": (raw(b"\x89PNG", "image/png"), "content_type"),
    "knot": (html("<p>knot</p>" + "<div>" * 180_000), "parse_timeout"),
    "missing": (status(404), "http_404"),
    "teapot": (status(418), "http_418"),
}
ODD: dict[str, Handler] = {  # strange, but pages
    "chain/2": computed(chain),
    "links": html("<p>many</p>" + "".join(f"<a href='/l/{n}'>x</a>" for n in range(LINKS))),
    "cookies": html("<p>crumbs</p>", headers={"Set-Cookie": "a=" + "b" * 8000}),
    "control": html("<p>\x1b]0;owned\x07\x1b[2J\u202ebad</p>"),
    "no-type": garbage(OK + b"\r\n<p>bare</p>"),
    "charset": html("<p>what?</p>", headers={"Content-Type": "text/html; charset=klingon"}),
    "tiny-chunks": tiny_chunks(20_000, b"<p>x"),
}


def page(visit: Visit) -> str:
    return f"<p>{visit.path}</p>"


def robots(visit: Visit) -> Handler:
    name = visit.host.partition(":")[0]
    return GOOD_ROBOTS.get(name) or BAD_ROBOTS.get(name, (status(404), ""))[0]


@dataclass(frozen=True)
class Outcome:
    """What the crawl of the hostile site came to."""

    ended: Ended
    requests: dict[str, tuple[str, str | None]]  # path or host of the page -> state, reason
    visits: dict[str, tuple[str, str | None]]
    report: dict[str, Any]
    items: int


def by_place(found: list[tuple[str, str, str | None]]) -> dict[str, tuple[str, str | None]]:
    """Pages of our own by path, those of other hosts by host."""
    places = {}
    for url, state, reason in found:
        host, _, path = url.partition("//")[2].partition("/")
        name = host.partition(":")[0]
        places[path if name == HOST else name] = (state, reason)
    return places


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("hostile")
    others = (*BAD_ROBOTS, *GOOD_ROBOTS)
    with SiteThread(hosts=(HOST, *others)) as site:
        for path, (handler, _) in CASES.items():
            site.route(f"/{path}", handler)
        for path, handler in ODD.items():
            site.route(f"/{path}", handler)
        site.route("/chain/*", computed(chain))
        site.route("/pong", redirect("/ping"))
        site.route("/good/*", html(page))
        site.route("/l/*", html(page))
        site.route("/robots.txt", computed(robots))
        paths = [*CASES, *(f"good/{n}" for n in range(GOOD)), *ODD]
        seeds = [site.url(f"/{path}") for path in paths]
        seeds += [site.url("/good/1", host=host) for host in others]
        (folder / "seeds.txt").write_text(seed_lines(seeds))
        write(folder, CONFIG.format(most=MAX_PAGES))
        ended = scraper("run", "crawl.yaml", "--db", "crawl.db", cwd=folder)
        report = scraper("report", "crawl.db", "--json", cwd=folder)
    db = folder / "crawl.db"
    return Outcome(
        ended,
        by_place(rows(db, "SELECT url, state, reason FROM request")),
        by_place(
            rows(
                db,
                "SELECT url, visit.state, visit.reason FROM visit JOIN request ON id = request_id",
            )
        ),
        json.loads(report.out),
        rows(db, "SELECT count(*) FROM item")[0][0],
    )


@pytest.mark.slow
def test_every_fault_has_its_reason_in_both_tables(outcome: Outcome) -> None:
    wanted = {path: ("failed", reason) for path, (_, reason) in CASES.items()}
    for host, (_, reason) in BAD_ROBOTS.items():
        wanted[host] = ("skipped" if reason == "robots_disallowed" else "failed", reason)
    assert {place: outcome.requests[place] for place in wanted} == wanted
    assert {place: outcome.visits[place] for place in wanted} == wanted


@pytest.mark.slow
def test_the_run_is_done_and_balances(outcome: Outcome) -> None:
    assert outcome.ended.status == 0, outcome.ended.err
    assert "Traceback" not in outcome.ended.err
    requests = outcome.report["requests"]
    assert requests["balanced"]
    assert requests["waiting"] == 0
    assert sum(outcome.report["failures"].values()) == requests["failed"]
    assert requests["known"] - requests["skipped"]["max_pages"] == MAX_PAGES


@pytest.mark.slow
def test_neighbours_and_odd_pages_have_their_items(outcome: Outcome) -> None:
    good = [*(f"good/{n}" for n in range(GOOD)), *ODD, *GOOD_ROBOTS]
    assert {place: outcome.requests[place] for place in good} == dict.fromkeys(good, ("done", None))
    assert outcome.items == outcome.report["requests"]["done"]


@pytest.mark.slow
def test_memory_stays_bounded(outcome: Outcome) -> None:
    peak = outcome.report["memory_peak_bytes"]
    assert 10 * MIB < peak["main"] < MOST_MEMORY


@pytest.mark.slow
def test_nothing_that_a_page_says_reaches_the_terminal(outcome: Outcome) -> None:
    assert "\x1b" not in outcome.ended.out + outcome.ended.err
    print(f"loop_lag_s: {outcome.report['loop_lag_s']}")  # noqa: T201 - of interest, no law
