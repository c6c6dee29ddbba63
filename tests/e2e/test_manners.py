"""How a crawl treats hosts: turns, delays, retries, and addresses it must not reach."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate
from itertools import pairwise

import pytest

from tests.e2e.conftest import Crawl, yaml
from tests.site import (
    Handler,
    Wire,
    computed,
    html,
    redirect,
    reset,
    retry_after,
    sequence,
    slow,
    status,
)

TITLES = "pages: {any: {items: {hit: {fields: {title: h1}}}}}"


class Busy:
    """Answers slowly and counts how many answers are under way at once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.now: dict[str, int] = {}
        self.most: dict[str, int] = {}

    async def __call__(self, wire: Wire) -> None:
        host = wire.visit.host
        self.now[host] = self.now.get(host, 0) + 1
        self.most[host] = max(self.most.get(host, 0), self.now[host])
        await asyncio.sleep(self.seconds)
        self.now[host] -= 1
        await html("<h1>x</h1>")(wire)


def gaps(crawl: Crawl, host: str) -> list[float]:
    """Seconds between the starts on one host, as the site saw them."""
    starts = [visit.at for visit in crawl.site.visits if visit.host == f"{host}:{crawl.port}"]
    return [b - a for a, b in pairwise(starts)]


def test_open_requests_and_delays_are_those_of_each_host(crawl: Crawl):
    busy = Busy(0.1)
    crawl.site.route("/*", busy)
    crawl.site.route("/robots.txt", status(404))
    crawl.run(yaml("""
        seeds: {urls: ["$SITE/{1..12}", "http://127.0.0.2:$PORT/{1..6}", "http://localhost:$PORT/{1..4}"]}
        politeness:
          per_host: 3
          hosts:
            "127.0.0.2:$PORT": {per_host: 1}
            localhost: {delay: 200ms}
    """, TITLES))  # fmt: skip
    names = {host.partition(":")[0]: most for host, most in busy.most.items()}
    assert names == {"127.0.0.1": 3, "127.0.0.2": 1, "localhost": 1}
    assert min(gaps(crawl, "localhost")) >= 0.16
    assert len(crawl.items()) == 22
    hosts = {host["host"].partition(":")[0]: host for host in crawl.report()["hosts"]}
    assert hosts["localhost"]["delay_s"] == 0.2
    assert hosts["127.0.0.2"]["done"] == 6


def test_hosts_at_one_address_share_its_cap_from_the_start(crawl: Crawl):
    """The site counts by the name that was asked for; two of them are one address."""
    busy = Busy(0.1)
    open_, most = [0], [0]

    async def count(wire: Wire) -> None:
        if wire.visit.host.startswith("127.0.0.2"):
            await busy(wire)
            return
        open_[0] += 1
        most[0] = max(most[0], open_[0])
        await busy(wire)
        open_[0] -= 1

    crawl.site.route("/*", count)
    crawl.run(yaml("""
        seeds: {urls: ["$SITE/{1..8}", "http://localhost:$PORT/{1..8}", "http://127.0.0.2:$PORT/{1..8}"]}
        politeness: {per_address: 2, per_domain: 3, robots: ignore}
        fetch: {private_addresses: true}
    """, TITLES))  # fmt: skip
    assert len(crawl.items()) == 24
    assert most == [2]
    assert max(each for host, each in busy.most.items() if host.startswith("127.0.0.2")) == 2


def test_delay_lies_between_the_starts_of_redirects_and_retries_too(crawl: Crawl):
    crawl.site.route("/robots.txt", status(404))
    crawl.site.route("/1", redirect("/2"))
    crawl.site.route("/2", html("<h1>x</h1>"))
    crawl.site.route("/3", [status(500), html("<h1>x</h1>")])
    crawl.run(yaml("""
        seeds: {urls: ["$SITE/1", "$SITE/3"]}
        politeness: {delay: 250ms}
    """, TITLES))  # fmt: skip
    assert len(crawl.site.visits) == 5
    assert min(gaps(crawl, "127.0.0.1")) >= 0.21


def test_slow_host_starves_nobody(crawl: Crawl):
    def by_host(visit) -> Handler:
        page = html("<h1>x</h1>")
        return slow(0.5, page) if visit.host.startswith("127.0.0.2") else page

    crawl.site.route("/*", computed(by_host))
    crawl.site.route("/robots.txt", status(404))
    crawl.run(yaml("""
        seeds: {urls: ["http://127.0.0.2:$PORT/{1..8}", "$SITE/{1..40}"]}
        fetch: {private_addresses: true, concurrency: 6}
    """, TITLES))  # fmt: skip
    quick = [visit.at for visit in crawl.site.visits if visit.host.startswith("127.0.0.1")]
    slow_ = [visit.at for visit in crawl.site.visits if visit.host.startswith("127.0.0.2")]
    assert len(quick) == 41
    assert max(quick) < max(slow_)  # all quick pages, while the slow host's first ones are open


def test_a_run_that_only_waits_ends_and_says_for_whom(crawl: Crawl):
    crawl.site.route("/*", html("<h1>x</h1>"))
    crawl.site.route("/robots.txt", status(404))
    crawl.site.route("/2", [retry_after("3600"), html("<h1>x</h1>")])
    config = yaml("""
        seeds: {urls: ["$SITE/{1..5}", "http://127.0.0.2:$PORT/9"]}
        politeness: {per_host: 1}
        fetch: {private_addresses: true, retry: {longest: 2h}}
        run: {max_wait: 10m}
    """, TITLES)  # fmt: skip
    told = crawl.run(config, status=4).out
    host = f"127.0.0.1:{crawl.port}"
    assert f"waits     for {host} until 2" in told
    run = crawl.report()["run"]
    assert (run["state"], run["stopped_by"]) == ("stopped", "max_wait")
    assert (run["waits"]["hosts"], run["waits"]["pages"]) == (1, 4)
    (wait,) = run["waits"]["first"]
    assert (wait["host"], wait["pages"]) == (host, 4)
    fetched = len(crawl.site.visits)
    crawl.run(config, status=4)  # the rest is kept: nobody is asked
    assert len(crawl.site.visits) == fetched


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_rests_the_whole_host(crawl: Crawl, form: str):
    crawl.site.route("/*", html("<h1>x</h1>"))
    crawl.site.route("/robots.txt", status(404))

    def wait(_visit) -> Handler:
        return retry_after("1" if form == "seconds" else formatdate(time.time() + 2, usegmt=True))

    crawl.site.route("/1", [computed(wait), html("<h1>x</h1>")])
    crawl.run(yaml("""
        seeds: {urls: ["$SITE/{1..5}"]}
        politeness: {per_host: 1}
        fetch: {private_addresses: true, retry: {attempts: 2, first: 10ms, longest: 10s}}
    """, TITLES))  # fmt: skip
    asked = [(visit.path, visit.at) for visit in crawl.site.visits if visit.path != "/robots.txt"]
    assert asked[0][0] == "/1"
    assert asked[1][1] - asked[0][1] >= 0.95
    assert len(asked) == 6
    assert len(crawl.items()) == 5
    host = crawl.report()["hosts"][0]
    assert host["paused_s"] >= 0.95
    assert host["retries"] == 1


def test_retries_are_counted_and_only_for_what_may_pass(crawl: Crawl):
    crawl.site.route("/robots.txt", status(404))
    crawl.site.route("/flaky", [status(503), status(500), html("<h1>x</h1>")])
    crawl.site.route("/reset", [reset(), html("<h1>x</h1>")])
    crawl.site.route("/down", status(503))
    crawl.site.route("/gone", status(404))
    crawl.site.route("/post", reset())
    crawl.run(yaml("""
        seeds:
          urls: ["$SITE/flaky", "$SITE/reset", "$SITE/down", "$SITE/gone"]
          requests: [{url: "$SITE/post", form: {a: 1}}]
        fetch: {private_addresses: true, retry: {attempts: 3, first: 20ms, longest: 50ms}}
    """, TITLES))  # fmt: skip
    asked = crawl.asked()
    assert {path: asked.count(path) for path in sorted(set(asked))} == {
        "/down": 3, "/flaky": 3, "/gone": 1, "/post": 1, "/reset": 2,
    }  # fmt: skip
    assert crawl.states() == {
        "/flaky": "done", "/reset": "done", "/down": "failed: http_503",
        "/gone": "failed: http_404", "/post": "failed: reset",
    }  # fmt: skip
    attempts = dict(
        crawl.rows("SELECT url, visit.attempts FROM visit JOIN request ON id = request_id")
    )
    assert attempts[crawl.site.url("/flaky")] == attempts[crawl.site.url("/down")] == 3
    report = crawl.report()
    assert report["fetches"]["retries"] == 5
    assert report["fetches"]["attempts"] == 10
    assert report["fetches"]["ok"] == 2
    assert sum(report["failures"].values()) == report["requests"]["failed"] == 3


def test_transient_failures_are_due_again_at_once_and_permanent_ones_later(crawl: Crawl):
    crawl.site.route("/robots.txt", status(404))
    crawl.site.route("/ok", html("<h1>x</h1>"))
    crawl.site.route("/down", status(503))
    crawl.site.route("/gone", status(404))
    crawl.run(yaml("""
        seeds: {urls: ["$SITE/ok", "$SITE/down", "$SITE/gone"]}
        fetch: {private_addresses: true, retry: {attempts: 1}}
    """, TITLES))  # fmt: skip
    crawl.run()  # still down: failures alone change no exit status
    first = len(crawl.asked())
    crawl.site.route("/down", html("<h1>x</h1>"))
    crawl.run()
    assert crawl.asked()[first:] == ["/down"]
    assert "nothing is due" in crawl.run().out


NOTATIONS = [
    "127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433", "127.1", "[::ffff:127.0.0.1]",
    "0.0.0.0", "[::]", "017700000001", "%31%32%37.0.0.1",
]  # fmt: skip


def test_private_addresses_are_refused_in_every_notation(crawl: Crawl):
    crawl.site.route("/*", html("<h1>secret</h1>"))
    urls = [f"http://{host}:{crawl.port}/{n}" for n, host in enumerate(NOTATIONS)]
    (crawl.folder / "list.txt").write_text("\n".join(urls))
    ended = crawl.run(yaml("""
        seeds: {file: list.txt}
        fetch: {retry: {attempts: 2, first: 10ms}}
    """, TITLES), status=1)  # fmt: skip
    assert not crawl.site.visits
    assert "bad" not in ended.err
    assert crawl.report()["failures"] == {"private_address": len(NOTATIONS)}
    details = [detail for (detail,) in crawl.rows("SELECT detail FROM visit")]
    assert len(details) == len(NOTATIONS)
    assert all("fetch.private_addresses" in detail for detail in details)
    assert "fetch.private_addresses" in ended.err


def test_private_address_is_refused_on_a_redirect(crawl: Crawl):
    crawl.site.route("/out", redirect(crawl.site.url("/in", host="127.0.0.2")))
    crawl.site.route("/", html("<h1>x</h1>"))
    crawl.run(yaml("""
        seeds: {urls: ["$SITE/", "$SITE/out"]}
        fetch: {private_addresses: ["127.0.0.1:$PORT"]}
    """, TITLES))  # fmt: skip
    assert crawl.states()["/out"] == "failed: private_address"
    assert "/in" not in crawl.asked()
    (detail,) = crawl.rows("SELECT detail FROM visit WHERE reason = 'private_address'")[0]
    assert f"127.0.0.2:{crawl.port}" in detail


def test_a_retry_after_of_robots_txt_rests_who_answered_and_whose_it_is(crawl: Crawl):
    site = crawl.site
    site.route("/*", html("<h1>x</h1>"))
    moved = redirect(f"http://127.0.0.2:{crawl.port}/rules")
    file = computed(lambda visit: moved if visit.host.startswith("127.0.0.1:") else status(404))
    site.route("/robots.txt", file)
    site.route("/rules", sequence([retry_after("1"), status(404)]))
    crawl.run(yaml("""
        seeds: {urls: ["$SITE/{1..3}", "http://127.0.0.2:$PORT/{1..15}"]}
        politeness: {per_host: 1, hosts: {"127.0.0.2": {delay: 100ms}}}
        fetch: {private_addresses: true, retry: {attempts: 1, first: 10ms}}
    """, TITLES))  # fmt: skip
    assert len(crawl.items()) == 18
    assert max(gaps(crawl, "127.0.0.1")) >= 0.95
    assert max(gaps(crawl, "127.0.0.2")) >= 0.95


def test_networks_may_be_allowed(crawl: Crawl):
    crawl.site.route("/", html("<h1>x</h1>"))
    crawl.run(yaml("""
        seeds: {urls: ["$SITE/", "http://127.0.0.2:$PORT/", "http://localhost:$PORT/"]}
        fetch: {private_addresses: ["127.0.0.1/32"]}
    """, TITLES))  # fmt: skip
    assert crawl.report()["failures"] == {"private_address": 1}


def test_bodies_beyond_the_limit_and_slow_answers_fail(crawl: Crawl):
    crawl.site.route("/ok", html("<h1>x</h1>"))
    crawl.site.route("/big", html("x" * 70_000))
    crawl.site.route("/silent", slow(20, html("")))
    crawl.run(yaml("""
        seeds: {urls: ["$SITE/ok", "$SITE/big", "$SITE/silent"]}
        fetch:
          private_addresses: true
          max_body: 64KiB
          timeout: 300ms
          retry: {attempts: 1}
          headers: {Accept-Language: de, X-Mine: "yes"}
    """, TITLES))  # fmt: skip
    assert crawl.states() == {
        "/ok": "done", "/big": "failed: too_large", "/silent": "failed: timeout",
    }  # fmt: skip
    page = next(visit for visit in crawl.site.visits if visit.path == "/ok")
    assert (page.headers["accept-language"], page.headers["x-mine"]) == ("de", "yes")
