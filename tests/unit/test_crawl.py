"""Laws of the pipeline, with a web in memory and in virtual time."""

import asyncio
import random
from dataclasses import dataclass, replace
from itertools import cycle, pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import FetchError, ParseError
from scraper.core.extract.plan import PageRule
from scraper.core.insight.tally import Tally
from scraper.core.model import Hop, Item, Link, Page, Reason, Response, State, Validators
from scraper.core.plan import (
    FetchPlan,
    HostRule,
    Plan,
    PolitenessPlan,
    RetryPlan,
    ScopePlan,
    SeedPlan,
    StorePlan,
    UrlPlan,
)
from scraper.core.reading import Readings
from scraper.core.request import make_request
from scraper.core.route import Router
from scraper.core.schedule.circuit import FAILURES, LONGEST_OUTAGE_S, PROBES, RESTS, TOO_BUSY_S
from scraper.core.schedule.kinds import Kinds, kind_of
from scraper.core.schedule.retry import RetryPolicy
from scraper.core.schedule.revalidate import conditions
from scraper.core.scope import Scope
from scraper.core.url import parse
from scraper.core.urlrules import UrlRules
from scraper.crawl import crawl, visit
from scraper.frontier.frontier import Frontier
from scraper.gate import SLICE
from scraper.stages import Stages
from tests.fakes import Diary, FakeParser, FakeRobots, FakeSite, FakeWriter
from tests.virtual import VirtualClock, run_virtual

A, B, C = (f"http://{name}.example/" for name in "abc")
EVERY = (PageRule("every"),)
AT_WILL = HostRule()
ITEM = Item("book", "1", "{}", 0)


@dataclass
class World:
    """A crawl and all that it touches."""

    stages: Stages
    frontier: Frontier
    site: FakeSite
    robots: FakeRobots
    parser: FakeParser
    writer: FakeWriter
    diary: Diary

    def seed(self, *urls: str, **options) -> None:
        for url in urls:
            self.stages.scope.join(parse(url).hostname)
            self.writer.add(make_request(parse(url), seed=True, **options))

    def found(self, *urls: str, **options) -> None:
        """Rows that an earlier run found as links."""
        for url in urls:
            self.writer.add(make_request(parse(url), **options))

    def row(self, url: str):
        (row,) = [row for row in self.writer.rows.values() if row.request.url == url]
        return row

    def result(self, url: str):
        """The outcome of the last attempt."""
        return self.row(url).results[-1]

    def outcomes(self) -> dict[str, tuple[str, str | None]]:
        return {r.request.url: (str(r.state), r.reason) for r in self.writer.rows.values()}

    def fetches(self) -> list[str]:
        return [whom for _, whom in self.diary.of("fetch")]

    def seeds_are_known(self) -> None:
        self.stages.seeded.set()
        self.frontier.seeded()

    async def run(self, *, workers: int = 4) -> None:
        async with asyncio.timeout(100_000), asyncio.TaskGroup() as group:
            group.create_task(self.frontier.run())
            group.create_task(crawl(self.stages, workers=workers))

    def visit_all(self, *urls: str, workers: int = 4) -> "World":
        """Visit these seeds and what they lead to."""
        self.seed(*urls)
        self.seeds_are_known()
        run_virtual(self.run(workers=workers))
        return self


def world(
    pages=None,
    *,
    robots=None,
    parsed=None,
    rule=AT_WILL,
    hosts=None,
    slots=10,
    limit=None,
    max_wait_s=inf,
    rules=EVERY,
    scope=None,
    retry=None,
    max_redirects=10,
    cookies=False,
    **times,
) -> World:
    diary, clock = Diary(), VirtualClock()
    site = FakeSite(pages or {}, diary=diary, visit_s=times.get("visit_s", 0.05))
    site.connects_s = cycle(times.get("connect_s", (0.0,)))
    asked = FakeRobots(robots or {}, diary=diary, ask_s=times.get("ask_s", 0.01))
    parser = FakeParser(parsed or {}, diary=diary, parse_s=times.get("parse_s", 0.02))
    writer = FakeWriter(diary=diary, mark_s=times.get("mark_s", 0.1))
    frontier = Frontier(
        queue=writer,
        politeness=PolitenessPlan(default=rule, hosts=hosts or {}),
        slots=slots,
        clock=clock,
        limit=limit,
        max_wait_s=max_wait_s,
    )
    writer.committed = frontier.committed
    plan = Plan("x", SeedPlan(), FetchPlan("bot"), StorePlan(""), pages=rules)
    stages = Stages(
        frontier=frontier,
        robots=asked,
        fetcher=site,
        parser=parser,
        writer=writer,
        router=Router(rules),
        scope=Scope(scope or ScopePlan(), seed_hosts=()),
        rules=UrlRules(UrlPlan()),
        kinds=Kinds(takes_items=True),
        readings=Readings(plan, version=""),
        retry=RetryPolicy(retry or RetryPlan()),
        max_redirects=max_redirects,
        cookies=cookies,
        clock=clock,
        chance=random.Random(1),
        tally=Tally(),
        seeded=asyncio.Event(),
    )
    return World(stages, frontier, site, asked, parser, writer, diary)


def links(*urls: str, page: str | None = None) -> Page:
    return Page(links=tuple(Link(url, page) for url in urls))


# A page's life


def test_a_page_goes_through_robots_fetch_parse_and_store():
    crawled = world({A: b"<html>"}, parsed={A: Page(items=(ITEM,))}).visit_all(A)
    assert [what for _, what, _ in crawled.diary.entries] == [
        "ask",
        "asked",
        "fetch",
        "fetched",
        "parse",
        "parsed",
        "put",
    ]
    result = crawled.result(A)
    assert (result.state, result.status, result.final_url) == (State.DONE, 200, A)
    assert (result.rule, result.page.items, result.placed) == ("every", (ITEM,), "inline")
    assert (result.body_bytes, result.wire_bytes) == (6, 6)
    assert result.timing.turn_s is not None
    assert result.timing.parse_s == 0.02
    assert result.finished_at == pytest.approx(0.08)
    assert crawled.stages.tally.ok == 1


def test_a_page_that_no_rule_fits_is_done_and_not_parsed():
    crawled = world({A: b""}, rules=(PageRule("other", match=("/other",)),)).visit_all(A)
    assert crawled.outcomes() == {A: ("done", None)}
    assert crawled.result(A).rule is None
    assert not crawled.diary.of("parse")
    assert crawled.stages.tally.unmatched == 1


def test_a_page_that_cannot_be_parsed_has_failed_with_its_reason():
    error = ParseError(Reason.PARSE_CRASH, "twice")
    crawled = world({A: b""}, parsed={A: error}).visit_all(A)
    assert crawled.outcomes() == {A: ("failed", "parse_crash")}
    result = crawled.result(A)
    assert (result.detail, result.rule, result.status) == ("twice", "every", 200)


@pytest.mark.parametrize("status", [400, 404, 410, 300, 302, 599])
def test_an_answer_that_is_no_success_has_failed(status):
    crawled = world({A: status}).visit_all(A)
    assert crawled.outcomes() == {A: ("failed", f"http_{status}")}
    assert crawled.result(A).status == status
    assert not crawled.diary.of("parse")


def test_a_location_of_an_answer_that_is_no_redirect_leads_nowhere():
    crawled = world({A: Response(A, 201, {"location": B}, b"")}).visit_all(A)
    assert crawled.outcomes() == {A: ("done", None)}
    assert crawled.fetches() == [f"GET {A}"]


def test_what_may_pass_is_tried_again_and_holds_nothing_meanwhile():
    pages = {A: [Reason.RESET, 500, b"at last"], B: b""}
    crawled = world(pages, slots=1, retry=RetryPlan(4, 60.0)).visit_all(A, B, workers=1)
    assert crawled.outcomes() == {A: ("done", None), B: ("done", None)}
    assert [r.reason for r in crawled.row(A).results] == ["reset", "http_500", None]
    assert [r.request.attempt for r in crawled.row(A).results] == [1, 2, 3]
    assert crawled.diary.times("fetched", f"GET {B}")[0] < 1.0
    starts = crawled.diary.times("fetch", f"GET {A}")
    due = [r.retry_at - VirtualClock().epoch for r in crawled.row(A).results[:2]]
    assert all(start >= at - 1e-6 for start, at in zip(starts[1:], due, strict=True))


def test_what_never_passes_is_given_up():
    crawled = world({A: Reason.TIMEOUT}, retry=RetryPlan(3)).visit_all(A)
    assert crawled.outcomes() == {A: ("failed", "timeout")}
    assert len(crawled.fetches()) == 3


# robots.txt


def test_what_robots_forbid_is_skipped_and_not_asked_for():
    robots = {A[:-1]: "User-agent: *\nDisallow: /secret"}
    crawled = world({A: b"", A + "secret": b""}, robots=robots).visit_all(A, A + "secret")
    assert crawled.outcomes() == {
        A: ("done", None),
        A + "secret": ("skipped", "robots_disallowed"),
    }
    assert crawled.fetches() == [f"GET {A}"]


def test_robots_are_asked_once_in_the_hosts_only_turn():
    """Until the answer is there, nothing else is open on the host; another host goes on."""
    urls = [f"{A}{n}" for n in range(6)]
    crawled = world(dict.fromkeys([*urls, B], b""), ask_s=5.0, rule=HostRule(per_host=3)).visit_all(
        *urls, B, workers=10
    )
    assert crawled.diary.of("ask").count(("ask", A[:-1])) == 1
    starts = [at for url in urls for at in crawled.diary.times("fetch", f"GET {url}")]
    assert min(starts) >= 5.0
    assert set(crawled.outcomes().values()) == {("done", None)}


def test_other_hosts_do_not_wait_for_a_slow_robots_txt():
    crawled = world({A: b"", B: b""}, ask_s=5.0)
    run_virtual(crawled.robots.ask(B))
    crawled.visit_all(A, B)
    assert crawled.diary.times("fetched", f"GET {B}")[0] < 1.0
    assert crawled.diary.times("fetch", f"GET {A}")[0] >= 5.0


def test_without_a_delay_the_page_follows_its_robots_at_once():
    crawled = world({A: b""}).visit_all(A)
    assert crawled.diary.times("fetch") == crawled.diary.times("asked")


@pytest.mark.parametrize("wish", ["", "User-agent: *\nCrawl-delay: 2"])
def test_with_a_delay_the_page_takes_the_turn_after_its_robots(wish):
    """robots.txt is a start on that host, too."""
    rule = HostRule(per_host=4, delay_s=0.0 if wish else 2.0)
    urls = [A, A + "1", A + "2"]
    crawled = world(dict.fromkeys(urls, b""), robots={A[:-1]: wish}, rule=rule).visit_all(*urls)
    starts = sorted(crawled.diary.times("ask") + crawled.diary.times("fetch"))
    assert len(starts) == 4
    assert all(later - start >= 2.0 - 1e-6 for start, later in pairwise(starts))
    assert crawled.fetches()[0] == f"GET {A}"  # who asked is first
    assert set(crawled.outcomes().values()) == {("done", None)}
    assert crawled.stages.tally.attempts == 3


def test_what_is_skipped_takes_no_time_of_its_host():
    urls = [A, *(f"{A}secret{n}" for n in range(9)), A + "1"]
    robots = {A[:-1]: "User-agent: *\nDisallow: /secret"}
    rule = HostRule(per_host=4, delay_s=2.0)
    crawled = world(dict.fromkeys(urls, b""), robots=robots, rule=rule).visit_all(*urls)
    starts = sorted(crawled.diary.times("ask") + crawled.diary.times("fetch"))
    assert [later - start for start, later in pairwise(starts)] == pytest.approx(
        [2.0, 2.0], abs=0.02
    )


def test_a_page_whose_robots_cannot_be_asked_waits_for_its_retry():
    error = FetchError(Reason.CONNECT, "refused")
    crawled = world({A: b""}, robots={A[:-1]: [error, error, ""]}).visit_all(A)
    assert [r.state for r in crawled.row(A).results] == ["waiting", "waiting", "done"]
    assert [r.reason for r in crawled.row(A).results] == ["connect", "connect", None]
    assert len(crawled.fetches()) == 1


def test_a_page_whose_robots_can_never_be_asked_is_not_asked_for_either():
    error = FetchError("http_503", "robots.txt")
    crawled = world({A: b""}, robots={A[:-1]: error}).visit_all(A)
    assert crawled.outcomes() == {A: ("failed", "host_unreachable")}
    assert crawled.fetches() == []


def test_a_host_that_answers_nothing_but_too_busy_is_given_up_after_hours():
    """Else its pages, asked for at the slowest pace, would hold the run for days."""
    urls = [f"{A}{n}" for n in range(300)]
    pages = {url: 429 if n % 2 else 503 for n, url in enumerate(urls)} | {B: b""}
    crawled = world(pages).visit_all(*urls, B)
    given_up = [url for url in urls if crawled.outcomes()[url][1] == "host_unreachable"]
    assert len(given_up) > 200
    assert "429 or 503 for hours" in crawled.result(given_up[0]).detail
    assert crawled.outcomes()[B] == ("done", None)
    assert TOO_BUSY_S < crawled.diary.times("put")[-1] < TOO_BUSY_S + 600.0


def test_a_host_that_is_well_now_and_then_is_not_given_up():
    urls = [f"{A}{n}" for n in range(400)]
    pages = {url: b"" if n % 20 == 19 else 429 for n, url in enumerate(urls)}
    crawled = world(pages, retry=RetryPlan(attempts=1)).visit_all(*urls)
    assert {reason for _, reason in crawled.outcomes().values()} == {"http_429", None}
    assert crawled.diary.times("put")[-1] > TOO_BUSY_S


def test_while_its_robots_txt_cannot_be_had_a_hosts_pages_wait_until_it_is_given_up():
    """No page is asked for; no other host waits for it, nor does its delay count at the end."""
    urls = [A, *(f"{A}{n}" for n in range(20))]
    robots = {A[:-1]: FetchError(Reason.CONNECT, "robots.txt: the cause", again_in_s=60.0)}
    crawled = world({B: b""}, robots=robots, rule=HostRule(1, 2.0), retry=RetryPlan(attempts=1))
    crawled.visit_all(*urls, B)
    assert crawled.diary.of("ask") == [("ask", A[:-1]), ("ask", B[:-1])] + [("ask", A[:-1])] * 3
    assert crawled.fetches() == [f"GET {B}"]
    ends = [crawled.outcomes()[url] for url in urls]
    assert ends.count(("failed", "host_unreachable")) == len(urls) - 1
    assert ends.count(("failed", "connect")) == 1  # the last try, which shows why
    assert all("robots.txt: the cause" in crawled.row(url).results[-1].detail for url in urls)
    assert crawled.outcomes()[B] == ("done", None)
    assert crawled.diary.times("put")[-1] < (1 + PROBES) * 60.0 + 30.0


def test_a_robots_txt_that_comes_back_loses_no_page_and_no_attempt():
    down = FetchError(Reason.TIMEOUT, again_in_s=5.0)
    robots = {A[:-1]: [down, down, ""]}
    crawled = world({A: b"", B: b""}, robots=robots, retry=RetryPlan(attempts=1))
    crawled.visit_all(A)
    assert crawled.outcomes() == {A: ("done", None)}
    assert crawled.result(A).request.attempt == 1


# Hosts that cannot be reached


def test_a_dead_host_is_given_up_and_burns_no_more_attempts_than_its_circuit_needs():
    urls = [f"{A}{n}" for n in range(30)]
    dead = FetchError(Reason.CONNECT, sent=False)
    crawled = world(dict.fromkeys(urls, dead), retry=RetryPlan(attempts=3))
    crawled.visit_all(*urls)
    assert len(crawled.fetches()) <= 4 + FAILURES + PROBES
    ends = list(crawled.outcomes().values())
    assert ends.count(("failed", "host_unreachable")) == len(urls) - 1
    assert ends.count(("failed", "connect")) == 1  # the last try, which shows why
    assert crawled.diary.times("put")[-1] < sum(RESTS) + 5.0


def test_a_host_that_comes_back_has_all_its_pages_visited():
    """Its circuit opens, and two probes fail: none of that costs a page an attempt more."""
    urls = [f"{A}{n:02}" for n in range(30)]
    dead = FetchError(Reason.CONNECT, sent=False)
    down = FAILURES + PROBES - 1
    pages = {url: [dead, b""] if n < down else b"" for n, url in enumerate(urls)}
    crawled = world(pages, rule=HostRule(1, 0.0), retry=RetryPlan(attempts=2))
    crawled.visit_all(*urls)
    assert set(crawled.outcomes().values()) == {("done", None)}
    attempts = [crawled.result(url).request.attempt for url in urls]
    assert attempts.count(2) == FAILURES


def test_an_outage_of_the_network_fails_no_page():
    """Ten hosts that had answered are gone at once, and come back."""
    hosts = [f"http://h{n}.example/" for n in range(10)]
    gone = FetchError(Reason.CONNECT, sent=False)
    pages = dict.fromkeys(hosts, b"")
    pages |= {f"{host}{n}": [gone, b""] for host in hosts for n in range(3)}
    crawled = world(pages, slots=10, rule=HostRule(1, 0.0), retry=RetryPlan(attempts=2))
    crawled.visit_all(*hosts, *(url for url in pages if url not in hosts))
    assert set(crawled.outcomes().values()) == {("done", None)}


def test_an_outage_that_does_not_end_stops_the_run_and_fails_no_page():
    hosts = [f"http://h{n}.example/" for n in range(10)]
    gone = FetchError(Reason.TIMEOUT, sent=False)
    pages = dict.fromkeys(hosts, b"")
    pages |= {f"{host}x": gone for host in hosts}
    crawled = world(pages, slots=10, rule=HostRule(1, 0.0), retry=RetryPlan(attempts=2))
    crawled.visit_all(*hosts, *(f"{host}x" for host in hosts))
    assert crawled.frontier.stopped_by == "network"
    states = {row.state for row in crawled.writer.rows.values()}
    assert states == {State.DONE, State.WAITING}
    assert crawled.diary.times("fetch")[-1] < LONGEST_OUTAGE_S + 120.0


# Redirects


def test_a_redirected_page_belongs_to_the_url_that_was_asked_for():
    pages = {A: B, B: C + "x#part", C + "x": b"there"}
    crawled = world(pages, parsed={C + "x": Page(items=(ITEM,))}).visit_all(A)
    assert crawled.fetches() == [f"GET {A}", f"GET {B}", f"GET {C}x"]
    assert list(crawled.outcomes()) == [A]
    result = crawled.result(A)
    assert (result.state, result.status, result.final_url) == (State.DONE, 200, C + "x")
    assert (result.request.url, result.page.items) == (A, (ITEM,))
    assert crawled.stages.tally.hops == 2
    assert crawled.stages.tally.attempts == 1


def test_each_hop_asks_the_robots_of_its_host():
    robots = {B[:-1]: "User-agent: *\nDisallow: /"}
    crawled = world({A: B, B: b""}, robots=robots).visit_all(A)
    assert crawled.outcomes() == {A: ("skipped", "robots_disallowed")}
    assert crawled.fetches() == [f"GET {A}"]
    assert crawled.diary.of("ask") == [("ask", A[:-1]), ("ask", B[:-1])]


def test_a_hop_waits_for_the_turn_of_its_host_and_holds_no_slot():
    """One slot, one worker: other hosts are visited while a hop waits."""
    pages = {A: B + "target", B: b"", B + "target": b"", C + "1": b"", C + "2": b""}
    slow = {"b.example": HostRule(1, 30.0)}
    crawled = world(pages, hosts=slow, slots=1).visit_all(B, A, C + "1", C + "2", workers=1)
    starts = sorted(
        crawled.diary.times("ask", B[:-1])
        + crawled.diary.times("fetch", f"GET {B}")
        + crawled.diary.times("fetch", f"GET {B}target")
    )
    assert all(later - start >= 30.0 - 1e-6 for start, later in pairwise(starts))
    assert crawled.diary.times("fetched", f"GET {C}2")[0] < 5.0
    assert crawled.result(A).final_url == B + "target"


def test_where_a_seed_leads_joins_the_scope():
    """A link to that host is followed; the name is kept for the next run."""
    pages = {A: B, B: b"", B + "next": b""}
    crawled = world(pages, parsed={B: links(B + "next", C)}).visit_all(A)
    assert crawled.outcomes() == {A: ("done", None), B + "next": ("done", None)}
    assert crawled.writer.scope_hosts == {"b.example"}
    assert crawled.result(A).links_out_of_scope == 1
    assert crawled.diary.of("join") == [("join", "b.example")]


def test_a_found_link_that_leads_out_of_scope_is_skipped():
    pages = {A: b"", A + "out": B, B: b""}
    crawled = world(pages, parsed={A: links(A + "out")}).visit_all(A)
    assert crawled.outcomes() == {A: ("done", None), A + "out": ("skipped", "scope")}
    assert f"GET {B}" not in crawled.fetches()
    assert crawled.writer.scope_hosts == set()


def test_what_is_of_a_kind_that_leads_nowhere_is_a_trap():
    """What waits is skipped, what is found is counted; seeds are visited."""
    pages = {A: b"", A + "c/1": b"", A + "c/2": b""}
    found = links(A + "c/1", A + "c/2", A + "c/3", A + "x" * 2000, A + "y")
    crawled = world(pages, parsed={A: found})
    kinds = crawled.stages.kinds
    kinds.closed[kind_of(make_request(parse(A + "c/1")))] = "why"
    crawled.writer.add(make_request(parse(A + "c/2")))
    crawled.visit_all(A, A + "c/1")
    assert crawled.outcomes() == {
        A: ("done", None), A + "c/1": ("done", None), A + "c/2": ("skipped", "trap"),
        A + "y": ("failed", "http_404"),
    }  # fmt: skip
    result = crawled.result(A)
    assert (result.links_found, result.links_trapped, result.links_out_of_scope) == (5, 4, 0)
    assert crawled.stages.tally.links_trapped == 4


def test_a_seed_that_leads_to_what_is_denied_is_skipped():
    pages = {A: A + "print/1", A + "print/1": b""}
    crawled = world(pages, scope=ScopePlan(deny=("/print/**",))).visit_all(A)
    assert crawled.outcomes() == {A: ("skipped", "scope")}
    assert crawled.fetches() == [f"GET {A}"]


@pytest.mark.parametrize("pages", [{A: A}, {A: B, B: A}, {A: B, B: C, C: B}])
def test_a_loop_of_redirects_has_failed(pages):
    crawled = world(pages).visit_all(A)
    assert crawled.outcomes() == {A: ("failed", "redirects")}
    assert "loop" in crawled.result(A).detail
    assert len(crawled.fetches()) == len(pages)


@pytest.mark.parametrize("hops", [0, 1, 3])
def test_as_many_redirects_are_followed_as_the_config_says(hops):
    pages = {f"{A}{n}": f"{A}{n + 1}" for n in range(9)}
    crawled = world(pages, max_redirects=hops).visit_all(A + "0")
    assert crawled.outcomes() == {A + "0": ("failed", "redirects")}
    assert len(crawled.fetches()) == 1 + hops


def test_with_cookies_a_site_may_send_back_to_the_same_page():
    crawled = world({A: [A, b"with a cookie"]}, cookies=True).visit_all(A)
    assert crawled.outcomes() == {A: ("done", None)}


def test_a_redirect_to_no_web_address_has_failed():
    crawled = world({A: "mailto:a@a.example"}).visit_all(A)
    assert crawled.outcomes() == {A: ("failed", "redirects")}


def test_a_retry_begins_with_the_first_url():
    crawled = world({A: B, B: [Reason.RESET, b""]}).visit_all(A)
    assert crawled.fetches() == [f"GET {A}", f"GET {B}"] * 2
    assert crawled.outcomes() == {A: ("done", None)}


# Hosts that ask for a rest


def busy(retry_after: str) -> Response:
    return Response(A, 503, {"retry-after": retry_after}, b"")


def test_retry_after_rests_the_whole_host_and_the_page_comes_back():
    urls = [f"{A}{n}" for n in range(5)]
    pages = {**dict.fromkeys(urls, b""), A: [busy("100"), b""], B: b""}
    crawled = world(pages, rule=HostRule(per_host=1), visit_s=1.0).visit_all(A, *urls, B)
    first, last = crawled.row(A).results
    assert (first.state, first.reason, first.status) == (State.WAITING, "http_503", 503)
    assert first.retry_at >= first.pause_until >= VirtualClock().epoch + 101.0
    assert last.state is State.DONE
    later = [at for url in urls for at in crawled.diary.times("fetch", f"GET {url}")]
    assert min(later) >= 101.0
    assert crawled.diary.times("fetch", f"GET {B}")[0] < 5.0
    assert crawled.stages.tally.host("a.example:80").paused_s == pytest.approx(100, abs=1)


def test_a_hop_that_is_told_to_wait_rests_the_host_it_was_on():
    pages = {A: B, B: [busy("100"), b""], B + "1": b"", A + "1": b""}
    crawled = world(pages, rule=HostRule(per_host=1), visit_s=1.0)
    crawled.visit_all(A, A + "1")
    assert crawled.diary.times("fetched", f"GET {A}1")[0] < 10.0
    assert crawled.diary.times("fetch", f"GET {B}")[1] >= 100.0
    assert crawled.outcomes()[A] == ("done", None)


@pytest.mark.parametrize(("max_wait_s", "stopped_by"), [(25.0, "max_wait"), (75.0, None)])
def test_a_crawl_that_only_waits_ends_once_all_else_is_done(max_wait_s, stopped_by):
    """The delay between two starts is no such wait."""
    pages = {**dict.fromkeys([A + "1", B, B + "1"], b""), A: [busy("100"), b""]}
    crawled = world(pages, rule=HostRule(1, 30.0), max_wait_s=max_wait_s)
    crawled.visit_all(A, A + "1", B, B + "1")
    assert crawled.frontier.stopped_by == stopped_by
    left = {url for url, end in crawled.outcomes().items() if end[0] != "done"}
    assert left == ({A, A + "1"} if stopped_by else set())
    assert crawled.frontier.held == 0


def test_a_page_that_waits_for_seeds_does_not_keep_a_crawl_from_ending():
    """The seeds wait for a host that wants a rest."""

    async def main():
        found = {A: links(B)}
        crawled = world({A: b""}, parsed=found, scope=ScopePlan(hosts="seeds"), max_wait_s=60.0)
        crawled.seed(A)
        crawled.frontier.give_up = lambda by: (crawled.frontier.stop(by), crawled.seeds_are_known())
        crawled.frontier.seeds_rest("c.example:80", crawled.stages.clock.now() + 90.0)
        await crawled.run()
        return crawled, crawled.stages.clock.monotonic()

    crawled, ended_at = run_virtual(main())
    assert crawled.frontier.stopped_by == "max_wait"
    assert ended_at < 30.0


# What may not be sent twice


def test_a_post_is_marked_before_it_is_sent():
    crawled = world({A: b""})
    crawled.seed(A, method="POST", body=b"q=1")
    crawled.visit_all()
    assert crawled.diary.of("marked", "fetch") == [("marked", "1"), ("fetch", f"POST {A}")]
    assert crawled.outcomes() == {A: ("done", None)}


@pytest.mark.parametrize("mark_s", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("per_host", [1, 2])
def test_the_delay_counts_from_the_post_not_from_its_mark(mark_s, per_host):
    """The commit of the mark may take longer than the delay."""
    urls = [f"{A}{n}" for n in range(4)]
    crawled = world(dict.fromkeys(urls, b""), rule=HostRule(per_host, 1.0), mark_s=mark_s)
    crawled.seed(*urls[::2], method="POST")
    crawled.visit_all(*urls)
    starts = sorted(crawled.diary.times("ask") + crawled.diary.times("fetch"))
    assert all(later - start >= 1.0 - 1e-6 for start, later in pairwise(starts))
    assert len(starts) == 7


@pytest.mark.parametrize("visit_s", [0.05, 5.0])
@pytest.mark.parametrize("connect_s", [(0.9, 0.0), (3.0, 0.0, 0.0), (0.0, 2.5)])
def test_the_delay_counts_from_when_the_host_sees_a_request(connect_s, visit_s):
    """Some connect for longer than others, or than the delay."""
    urls = [f"{A}{n}" for n in range(8)]
    pages = dict.fromkeys(urls, b"") | {urls[3]: Reason.RESET}
    rule = HostRule(per_host=4, delay_s=1.0)
    crawled = world(pages, rule=rule, connect_s=connect_s, visit_s=visit_s)
    crawled.visit_all(*urls)
    starts = sorted(crawled.diary.times("fetch"))
    assert len(starts) == 7 + RetryPlan().attempts
    assert all(later - start >= 1.0 - 1e-6 for start, later in pairwise(starts))
    quick = sum(0.999 < later - start < 1.001 for start, later in pairwise(starts))
    assert quick >= 3, "and no longer than that"


def test_a_post_is_not_sent_when_its_host_asks_for_a_rest_while_it_is_marked():
    busy = Response("", 503, {"retry-after": "9"}, b"")
    crawled = world({A: [busy, b""], A + "form": b""}, rule=HostRule(2), mark_s=2.0, visit_s=1.0)
    crawled.seed(A + "form", method="POST")
    crawled.robots.ask_s = 0.0
    crawled.visit_all(A)
    assert crawled.outcomes() == {A + "form": ("done", None), A: ("done", None)}
    assert min(crawled.diary.times("fetch", f"POST {A}form")) >= 10.0


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_changes_nothing_is_not_marked(method):
    crawled = world({A: b""})
    crawled.seed(A, method=method)
    crawled.visit_all()
    assert crawled.diary.of("marked", "fetch") == [("fetch", f"{method} {A}")]


@pytest.mark.parametrize(
    ("answer", "sent"),
    [
        (Reason.RESET, 1),
        (Reason.TIMEOUT, 1),
        (500, 1),
        (503, 3),
        (FetchError(Reason.CONNECT, sent=False), 3),
    ],
)
def test_a_post_is_sent_again_only_when_nothing_was_done(answer, sent):
    crawled = world({A: answer}, retry=RetryPlan(3))
    crawled.seed(A, method="POST")
    crawled.visit_all()
    assert crawled.fetches() == [f"POST {A}"] * sent
    assert [state for state, _ in crawled.outcomes().values()] == ["failed"]


@pytest.mark.parametrize("answer", [Reason.RESET, 503, FetchError(Reason.CONNECT, sent=False)])
def test_when_the_page_behind_a_post_fails_that_page_alone_is_asked_again(answer):
    led = Response(A, 303, {"location": B}, b"")
    for last, outcome in (([answer], "failed"), ([answer, b"thanks"], "done")):
        crawled = world({A: led, B: last}, retry=RetryPlan(3))
        crawled.seed(A, method="POST")
        crawled.visit_all()
        tries = 3 if outcome == "failed" else 2
        assert crawled.fetches() == [f"POST {A}", *[f"GET {B}"] * tries]
        assert crawled.outcomes()[A][0] == outcome


def test_a_post_whose_next_robots_cannot_be_asked_is_not_sent_again():
    robots = {B[:-1]: FetchError(Reason.CONNECT)}
    crawled = world({A: Response(A, 303, {"location": B}, b"")}, robots=robots)
    crawled.seed(A, method="POST")
    crawled.visit_all()
    assert crawled.fetches() == [f"POST {A}"]
    assert crawled.outcomes() == {A: ("failed", "connect")}
    assert len(crawled.row(A).results) > 1, "tried again behind it"


def test_a_form_that_answers_at_its_own_address_is_read_by_get():
    crawled = world({A: [Response(A, 303, {"location": A}, b""), b"thanks"]})
    crawled.seed(A, method="POST")
    crawled.visit_all()
    assert crawled.fetches() == [f"POST {A}", f"GET {A}"]
    assert crawled.diary.of("marked") == [("marked", "1")]
    assert crawled.outcomes() == {A: ("done", None)}


def kept(pages, *, method="GET", **more) -> list[str]:
    """The next hops that were written down."""
    crawled = world(pages, **more)
    crawled.seed(A, method=method)
    crawled.visit_all()
    assert crawled.outcomes() == {A: ("done", None)}
    return [whom for _, whom in crawled.diary.of("hop")]


def test_a_hop_is_written_down_when_it_must_wait_or_the_first_url_must_not_be_asked_again():
    away, home = {A: B, B: b""}, {A: A + "2", A + "2": b""}
    slow = HostRule(per_host=2, delay_s=1.0)
    assert kept(away) == kept(home) == []
    assert kept(away, rule=slow) == [], "another host need not wait"
    assert kept(home, rule=slow) == [A + "2"]
    for status in (303, 307):
        form = {A: Response(A, status, {"location": B}, b""), B: b""}
        assert kept(form, method="POST") == [B], "before it is asked for"


def test_where_a_run_before_was_led_is_gone_on_from_in_that_hosts_turn():
    """A kill between two hops: many rows of one host wait for the turns of another."""
    forms = [f"{A}{n}" for n in range(70)]
    pages = {f"{B}{n}": b"thanks" for n in range(70)} | {A + "x": b""}
    crawled = world(pages, hosts={"b.example": HostRule(1, 5.0)})
    crawled.seed(*forms, method="POST")
    for n, row in enumerate(crawled.writer.rows.values()):
        hop = Hop(f"{B}{n}", "GET", (forms[n],))
        row.request = replace(row.request, hop=hop, host="b.example:80")
    crawled.visit_all(A + "x")
    assert sorted(crawled.fetches()) == sorted(f"GET {url}" for url in pages)
    assert set(crawled.outcomes().values()) == {("done", None)}
    starts = [
        at for url in pages if url != A + "x" for at in crawled.diary.times("fetch", f"GET {url}")
    ]
    assert min(b - a for a, b in pairwise(sorted(starts))) > 4.99


# Links


def test_links_in_scope_become_requests_and_are_visited():
    rules = (PageRule("listing", match=("/",)), PageRule("book"))
    found = Page(links=(Link(A + "2", "listing"), Link(A + "b", "book", {"n": 1}), Link(B, None)))
    crawled = world({A: b"", A + "2": b"", A + "b": b""}, parsed={A: found}, rules=rules)
    crawled.visit_all(A)
    assert set(crawled.outcomes()) == {A, A + "2", A + "b"}
    assert set(crawled.outcomes().values()) == {("done", None)}
    result = crawled.result(A)
    assert (result.links_found, result.links_out_of_scope, len(result.links)) == (3, 1, 2)
    depths = {url: crawled.row(url).request.depth for url in crawled.outcomes()}
    assert depths == {A: 0, A + "2": 0, A + "b": 1}
    assert crawled.result(A + "b").request.carry == {"n": 1}
    assert crawled.result(A + "2").rule == "listing"


class CountingScope(Scope):
    """Counts what it is asked."""

    asked = 0

    def line(self, *args, **options):
        self.asked += 1
        return super().line(*args, **options)


def test_a_page_of_many_links_leaves_the_loop_its_turns():
    many = [f"{A}{n}" for n in range(3 * SLICE)]
    crawled = world({A: b""}, parsed={A: links(*many)})
    scope = CountingScope(ScopePlan(max_depth=0), seed_hosts=())
    crawled.stages = replace(crawled.stages, scope=scope)
    crawled.seed(A)
    crawled.seeds_are_known()

    async def watch() -> int:
        most = 0
        while scope.asked < 2:  # noqa: ASYNC110 - a fake that counts; the page itself is asked too
            await asyncio.sleep(0.001)
        while scope.asked < len(many):
            before = scope.asked
            await asyncio.sleep(0)
            most = max(most, scope.asked - before)
        return most

    async def both() -> int:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(watch())
            group.create_task(crawled.run())
        return watching.result()

    assert 0 < run_virtual(both()) <= SLICE


def test_pages_that_link_each_other_are_visited_once_each():
    urls = [f"{A}{n}" for n in range(8)]
    crawled = world(dict.fromkeys(urls, b""), parsed=dict.fromkeys(urls, links(*urls)))
    crawled.visit_all(urls[0])
    assert sorted(crawled.fetches()) == sorted(f"GET {url}" for url in urls)


def test_a_link_to_the_host_of_a_later_seed_is_followed():
    crawled = world({A: b"", B: b"", B + "1": b""}, parsed={A: links(B + "1")})
    crawled.seed(A)

    async def seeding():
        await asyncio.sleep(60.0)
        assert not crawled.diary.of("put")  # who judges would judge wrong
        crawled.seed(B)
        crawled.frontier.committed([], ["b.example:80"])
        crawled.seeds_are_known()

    async def main():
        await asyncio.gather(seeding(), crawled.run())

    run_virtual(main())
    assert crawled.outcomes() == dict.fromkeys([A, B, B + "1"], ("done", None))
    assert crawled.result(A).links_out_of_scope == 0


def test_links_that_are_in_scope_already_do_not_wait_for_the_last_seed():
    crawled = world({A: b"", A + "1": b""}, parsed={A: links(A + "1")})
    crawled.seed(A)

    async def main():
        asyncio.get_running_loop().call_later(60.0, crawled.seeds_are_known)
        await crawled.run()

    run_virtual(main())
    assert crawled.diary.times("fetched", f"GET {A}1")[0] < 5.0


def test_a_page_found_by_an_earlier_run_is_not_judged_before_all_seeds_are_known():
    """The hosts of the seeds are the scope, and seeds are read while the crawl goes on."""
    crawled = world({A: b"", A + "1": b"", B: b""})
    crawled.found(A + "1", B, depth=1)

    async def main():
        async with asyncio.TaskGroup() as group:
            group.create_task(crawled.run())
            await asyncio.sleep(60.0)
            crawled.seed(A)
            crawled.frontier.committed([], ["a.example:80"])
            crawled.seeds_are_known()

    run_virtual(main())
    assert crawled.outcomes() == {
        A + "1": ("done", None),
        B: ("skipped", "scope"),
        A: ("done", None),
    }


def test_a_seed_does_not_wait_for_the_last_seed():
    """Nor does one that is denied keep the only worker."""
    crawled = world({A: b""}, scope=ScopePlan(deny=("/no",)))
    crawled.seed(A + "no", A)

    async def main():
        asyncio.get_running_loop().call_later(60.0, crawled.seeds_are_known)
        await crawled.run(workers=1)

    run_virtual(main())
    assert crawled.diary.times("fetched", f"GET {A}")[0] < 5.0
    assert crawled.outcomes() == {A + "no": ("skipped", "scope"), A: ("done", None)}


def test_a_page_deeper_than_todays_limit_is_skipped():
    crawled = world({A: b""}, scope=ScopePlan(max_depth=1))
    crawled.found(A + "deep", depth=2)
    crawled.visit_all(A)
    assert crawled.outcomes() == {A + "deep": ("skipped", "depth"), A: ("done", None)}


# Turns and workers


def test_the_hosts_turn_ends_before_parsing_begins():
    urls = [f"{A}{n}" for n in range(5)]
    crawled = world(dict.fromkeys(urls, b""), rule=HostRule(per_host=1), parse_s=100.0)
    crawled.visit_all(*urls, workers=5)
    assert max(crawled.diary.times("fetched")) < 1.0


def test_a_worker_waits_for_room_before_it_takes_a_turn():
    crawled = world({A: b""})
    crawled.parser.has_room.clear()
    crawled.seed(A)
    crawled.seeds_are_known()

    async def main():
        running = asyncio.create_task(crawled.run())
        await asyncio.sleep(10.0)
        assert crawled.frontier.schedule.open == 0
        assert not crawled.diary.entries
        crawled.parser.has_room.set()
        await running

    run_virtual(main())
    assert crawled.outcomes() == {A: ("done", None)}


@pytest.mark.parametrize("after_s", [0.005, 0.03])
def test_a_worker_that_is_cancelled_leaves_the_turn(after_s):
    """While it asks for robots.txt, and while it fetches."""
    crawled = world({A: b""}, rule=HostRule(per_host=1))
    crawled.seed(A)

    async def main():
        feeding = asyncio.create_task(crawled.frontier.run())
        lease = await crawled.frontier.next()
        visiting = asyncio.create_task(visit(lease, crawled.stages))
        await asyncio.sleep(after_s)
        assert crawled.frontier.schedule.open == 1
        visiting.cancel()
        await asyncio.wait((visiting,))
        assert visiting.cancelled()
        assert crawled.frontier.schedule.open == 0
        assert crawled.site.open == 0
        crawled.frontier.stop("test")
        await feeding

    run_virtual(main())
    assert not crawled.diary.of("put")


def test_a_bug_in_a_stage_ends_the_crawl_and_leaves_the_turn():
    crawled = world({A: KeyError("a bug")})
    with pytest.raises(ExceptionGroup):
        crawled.visit_all(A)
    assert crawled.frontier.schedule.open == 0
    assert not crawled.diary.of("put")


@pytest.mark.parametrize("delay_s", [0.0, 1.0])
@pytest.mark.parametrize("limit", [1, 3, 8])
def test_a_limit_counts_each_page_once(limit, delay_s):
    """Also the one that gave its first turn to robots.txt."""
    urls = [f"{host}{n}" for host in (A, B, C) for n in range(5)]
    crawled = world(dict.fromkeys(urls, b""), limit=limit, rule=HostRule(1, delay_s))
    crawled.visit_all(*urls)
    assert len(crawled.fetches()) == limit
    assert crawled.frontier.stopped_by == "limit"


def test_a_page_that_is_skipped_does_not_count_against_the_limit():
    robots = {A[:-1]: "User-agent: *\nDisallow: /secret"}
    urls = [*(f"{A}secret/{n}" for n in range(5)), *(f"{A}{n}" for n in range(5))]
    crawled = world(dict.fromkeys(urls, b""), robots=robots, limit=3, rule=HostRule(1))
    crawled.visit_all(*urls)
    assert len(crawled.fetches()) == 3


def test_a_page_whose_redirect_is_skipped_does_count():
    """It was fetched, as far as it went."""
    pages = dict.fromkeys((f"{A}{n}" for n in range(5)), A + "no")
    crawled = world(pages, limit=3, scope=ScopePlan(deny=("/no",)))
    crawled.visit_all(*pages)
    assert len(crawled.fetches()) == 3


# Everything at once

paths = st.sampled_from([f"{host}{n}" for host in (A, B, C) for n in range(4)])
answers = st.one_of(
    st.just(b"body"),
    st.sampled_from([404, 500, 503]),
    paths,
    st.sampled_from([Reason.RESET, Reason.TIMEOUT, Reason.TOO_LARGE, Reason.DNS]),
    st.just(Response("", 503, {"retry-after": "7"}, b"")),
)
robots_texts = st.sampled_from(
    [
        "",
        "User-agent: *\nDisallow: /1",
        "User-agent: *\nCrawl-delay: 1",
        FetchError(Reason.CONNECT),
        [FetchError("http_500"), ""],
    ]
)


@given(
    pages=st.dictionaries(paths, answers | st.lists(answers, min_size=1, max_size=3)),
    robots=st.dictionaries(st.sampled_from([A[:-1], B[:-1], C[:-1]]), robots_texts),
    parsed=st.dictionaries(paths, st.lists(paths, max_size=5).map(lambda urls: links(*urls))),
    seeds=st.lists(paths, min_size=1, max_size=6),
    posts=st.lists(paths, max_size=2),
    per_host=st.integers(1, 3),
    delay_s=st.sampled_from([0.0, 0.5]),
    slots=st.integers(1, 5),
    workers=st.integers(1, 6),
)
def test_whatever_the_web_does_every_page_gets_one_outcome(
    pages, robots, parsed, seeds, posts, per_host, delay_s, slots, workers
):
    crawled = world(
        pages,
        robots=robots,
        parsed=parsed,
        rule=HostRule(per_host, delay_s),
        slots=slots,
    )
    crawled.seed(*posts, method="POST")
    crawled.visit_all(*seeds, workers=workers)
    rows = crawled.writer.rows.values()
    assert all(row.state is not State.WAITING for row in rows)
    assert all(len(row.results) <= 4 + 1 + PROBES for row in rows)
    assert (crawled.frontier.held, crawled.frontier.schedule.open) == (0, 0)
    tally = crawled.stages.tally
    states = [row.state for row in rows]
    assert tally.ok == states.count(State.DONE)
    assert sum(tally.failures.values()) == states.count(State.FAILED)
    assert sum(tally.skipped.values()) == states.count(State.SKIPPED)
    assert {id_ for id_, row in crawled.writer.rows.items() if row.results} == set(
        crawled.writer.rows
    )
    _nobody_was_hurt(crawled, per_host, delay_s)


def _nobody_was_hurt(crawled: World, per_host: int, delay_s: float) -> None:
    for origin in (A[:-1], B[:-1], C[:-1]):
        starts, open_now = [], 0
        for at, what, whom in crawled.diary.entries:
            if whom.rpartition(" ")[2].startswith(origin):
                if what in ("ask", "fetch"):
                    starts.append(at)
                open_now += {"ask": 1, "fetch": 1, "asked": -1, "fetched": -1}.get(what, 0)
                assert open_now <= per_host
        if delay_s:
            assert all(later - start >= delay_s - 1e-6 for start, later in pairwise(starts))


# Pages that are as they were


KNOWN = Validators('"1"', None, A, b"")
SAME = Response(A, 304, {}, b"")


def again(crawled: World, *, basis: bytes | None = None, **options) -> World:
    """Visit A, which was read before on this basis; None: on today's."""
    request = make_request(parse(A), seed=True, **options)
    today = crawled.stages.readings.basis(request, crawled.stages.router.rule(request))
    known = replace(KNOWN, basis=today if basis is None else basis)
    crawled.writer.add(replace(request, validators=known))
    return crawled.visit_all()


def test_a_page_that_is_as_it_was_is_done_and_not_parsed():
    crawled = again(world({A: SAME}))
    result = crawled.result(A)
    assert (result.state, result.status, result.rule) == (State.DONE, 304, "every")
    assert result.is_unmodified
    assert not crawled.diary.of("parse")
    tally = crawled.stages.tally
    assert (tally.not_modified, tally.asked_again) == (1, 1)


def test_a_page_that_would_be_read_otherwise_today_is_not_asked_whether_it_has_changed():
    crawled = again(world({A: b"page"}), basis=b"of another config")
    assert [request.validators for request in crawled.site.requests] == [None]
    assert crawled.result(A).reading.content


def test_a_304_that_nobody_asked_for_is_tried_again_and_then_failed():
    crawled = again(world({A: SAME}), basis=b"of another config")
    assert crawled.outcomes() == {A: ("failed", "protocol")}
    assert crawled.result(A).status == 304
    assert len(crawled.fetches()) == RetryPlan().attempts


def test_a_page_behind_a_redirect_is_asked_with_what_it_had_said():
    crawled = world({A: B, B: SAME})
    crawled.stages.scope.join("b.example")
    request = make_request(parse(A), seed=True)
    basis = crawled.stages.readings.basis(request, EVERY[0])
    crawled.writer.add(replace(request, validators=replace(KNOWN, url=B, basis=basis)))
    crawled.visit_all()
    assert [len(conditions(asked)) for asked in crawled.site.requests] == [0, 1]
    assert (crawled.result(A).is_unmodified, crawled.result(A).final_url) == (True, B)
