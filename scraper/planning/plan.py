"""What a run will do and how long it takes, told before it begins; nothing is written.

Hosts are asked for their robots.txt once each, a few at a time, those with most pages first and
not all of many. What the database keeps of robots.txt is believed for as long as a run would.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from math import inf
from typing import Any, Protocol

from scraper.core.domain import is_address, name_of
from scraper.core.errors import FetchError
from scraper.core.insight.estimate import (
    Bound,
    Load,
    bound,
    expected_s,
    host_bound,
    host_s,
    model_s,
)
from scraper.core.insight.past import Past
from scraper.core.insight.waits import left_waiting, patient, waited_for, waits_s
from scraper.core.plan import Plan
from scraper.core.robotstxt import Rules
from scraper.core.schedule.host import rule_of
from scraper.core.url import origin_of
from scraper.planning.headcount import Headcount, HostCount

SCHEMA = 1
HOSTS_ASKED = 100  # for their robots.txt
AT_A_TIME = 10
ASK_S = 15.0  # for one robots.txt, its redirects included
HOSTS_TOLD = 50
_OF_SEEDS = ("read", "bad", "sitemaps", "listed", "resting", "missed", "troubles")


class Robots(Protocol):
    """What a host's robots.txt says."""

    def remember(self, texts: Mapping[str, tuple[float, bytes]]) -> None:
        """Take what earlier runs kept."""

    def answer(self, url: str) -> Rules | None:
        """What is known already; None: ask."""

    async def ask(self, url: str) -> Rules:
        """Fetch it, once for all who ask."""


@dataclass(frozen=True, slots=True)
class Said:
    """What robots.txt says of a host."""

    how: str  # kept, fetched, unreachable
    rules: Rules | None = None
    why: str | None = None  # it cannot be had


@dataclass(frozen=True, slots=True)
class Known:
    """What the database tells.

    Attributes:
        begins: new, continue, refresh or nothing_due.
        grows: pages that are found on the way, as the last time; None: nobody knows.
    """

    begins: str = "new"
    cycle: int = 1
    exists: bool = False
    running: bool = False  # another run is at it now
    nothing_due_before: float | None = None
    grows: int | None = None
    rests: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    retries: Mapping[str, float] = field(default_factory=dict)
    past: Past | None = None
    asked_again: int = 0  # pages that may say that they have not changed (304)
    unmodified: float | None = None  # the share of them that said so last time; None: nobody knows


async def ask_hosts(
    headcount: Headcount, robots: Robots, kept: Mapping[str, tuple[float, bytes]]
) -> dict[str, Said]:
    """Ask the hosts with most pages for their robots.txt.

    Args:
        kept: by earlier runs: origin -> when (seconds since the epoch), and its text.
    """
    robots.remember(kept)
    slots = asyncio.Semaphore(AT_A_TIME)
    hosts = list(headcount.hosts(HOSTS_ASKED))

    async def ask(host: HostCount) -> Said:
        async with slots:
            return await _ask(robots, host.url, is_kept=origin_of(host.url) in kept)

    said = await asyncio.gather(*map(ask, hosts))
    return {host.host: each for host, each in zip(hosts, said, strict=True)}


def named_hosts(headcount: Headcount) -> list[str]:
    """Of the hosts that `ask_hosts` will ask those that are no address themselves."""
    hosts = (host.host for host in headcount.hosts(HOSTS_ASKED))
    return [host for host in hosts if not is_address(name_of(host))]


def addresses_of(host: str, found: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Where "name:port" is; none: not known."""
    name = name_of(host)
    return (name.strip("[]"),) if is_address(name) else tuple(found.get(host, ()))


def origins(headcount: Headcount) -> list[str]:
    """Of the hosts that `ask_hosts` will ask."""
    return [origin_of(host.url) for host in headcount.hosts(HOSTS_ASKED)]


async def _ask(robots: Robots, url: str, *, is_kept: bool) -> Said:
    try:
        rules = robots.answer(url)
        if rules is not None:  # sitemaps may have asked for it
            return Said("kept" if is_kept else "fetched", rules)
        async with asyncio.timeout(ASK_S):
            return Said("fetched", await robots.ask(url))
    except TimeoutError:
        return Said("unreachable", why=f"robots.txt: no answer within {ASK_S:.0f} s")
    except FetchError as error:
        return Said("unreachable", why=error.detail)


@dataclass(frozen=True, slots=True)
class Outline:
    """A run that has not begun.

    Args:
        said: of robots.txt, by host.
        most: pages that the command line allows; None: no limit.
        addresses: of the hosts that were looked up.
    """

    plan: Plan
    headcount: Headcount
    known: Known
    said: Mapping[str, Said]
    most: int | None = None
    addresses: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def loads(self) -> Iterator[Load]:
        """What each host has to bear."""
        for host in self.headcount.hosts():
            yield self.load(host)

    def load(self, host: HostCount) -> Load:
        """What one host has to bear, once its robots.txt can be had."""
        polite, said, past = self.plan.politeness, self.said.get(host.host), self.known.past
        rule = rule_of(host.host, polite.hosts, default=polite.default)
        crawl_s = _crawl_delay_s(said) or 0.0
        rest_s, slow_s = self.known.rests.get(host.host, (0.0, 0.0))
        earlier = past.hosts.get(host.host, past) if past else None
        asks = polite.robots and (said is None or said.how != "kept")
        return Load(
            host.host,
            host.pages,
            per_host=rule.per_host,
            delay_s=max(rule.delay_s, min(crawl_s, polite.max_crawl_delay_s)),
            asks=int(asks),
            rest_s=rest_s,
            slow_s=slow_s,
            last_due_s=self.known.retries.get(host.host, 0.0),
            quick_s=past.hosts[host.host].quick_s if past and host.host in past.hosts else 0.0,
            latency_s=earlier.latency_s if earlier else 0.0,
            requests_per_page=earlier.requests_per_page if earlier else 1.0,
            addresses=addresses_of(host.host, self.addresses),
        )


def told(outline: Outline, seeds: Mapping[str, Any]) -> dict[str, Any]:
    """All of it as plain values; see docs/planning.md.

    Args:
        seeds: the figures of `Seeds`.
    """
    plan, headcount, known = outline.plan, outline.headcount, outline.known
    totals, least = headcount.totals(), _least(outline)
    room = totals["pages"] if headcount.left_out else None
    limit = min((each for each in (room, outline.most) if each is not None), default=None)
    fetched = totals["pages"] if limit is None else min(totals["pages"], limit)
    return {
        "schema": SCHEMA,
        "name": plan.name,
        "database": {"path": plan.store.path, "exists": known.exists, "running": known.running},
        "run": _run(outline, least),
        "seeds": {
            **{name: seeds[name] for name in _OF_SEEDS},
            "known": totals["seeds"],
            "denied": headcount.denied,
            "disallowed": totals["refused"],
        },
        "pages": {
            "due": totals["pages"] + headcount.left_out,
            "disallowed_before": totals["again"],
            "limit": limit,
            "fetched": fetched,
            "found_on_the_way": known.grows,
        },
        "robots": _robots(outline, totals["hosts"]),
        "hosts": [_host(outline, *each) for each in _slowest(outline)],
        "hosts_known": totals["hosts"],
        "bound": least.as_json(),
        "expected": _expected(outline, least, totals["pages"], fetched),
        "unknown": list(_unknown(outline, totals["hosts"], missed=seeds["missed"])),
    }


def _run(outline: Outline, least: Bound) -> dict[str, Any]:
    known, run = outline.known, outline.plan.run
    left = left_waiting(outline.loads(), least.seconds, run.max_wait_s)
    return {
        "begins": known.begins,
        "cycle": known.cycle,
        "nothing_due_before": iso(known.nothing_due_before),
        "max_time_s": run.max_time_s,
        "max_wait_s": run.max_wait_s,
        "waits_for": left and {"host": left.host, "waits_s": round(waits_s(left), 3)},
    }


def _least(outline: Outline) -> Bound:
    plan = outline.plan
    least = partial(
        bound,
        concurrency=plan.fetch.concurrency,
        most=outline.most,
        per_domain=plan.politeness.per_domain,
        per_address=plan.politeness.per_address,
    )
    return patient(least, outline.loads, plan.run.max_wait_s)


def iso(at: float | None) -> str | None:
    """Seconds since the epoch as ISO 8601, UTC."""
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _robots(outline: Outline, hosts: int) -> dict[str, Any]:
    how = [said.how for said in outline.said.values()]
    obey = outline.plan.politeness.robots
    counts = {name: how.count(name) for name in ("fetched", "kept", "unreachable")}
    return {"obey": obey, **counts, "not_asked": hosts - len(how) if obey else 0}


def _slowest(outline: Outline) -> Sequence[tuple[HostCount, Load]]:
    pairs = ((host, outline.load(host)) for host in outline.headcount.hosts())
    slots = outline.plan.fetch.concurrency
    return heapq.nlargest(
        HOSTS_TOLD,
        pairs,
        key=lambda pair: (host_bound(pair[1]).seconds, host_s(pair[1], slots), pair[0].pages),
    )


def _host(outline: Outline, host: HostCount, load: Load) -> dict[str, Any]:
    said, past = outline.said.get(host.host), outline.known.past
    obey, slots = outline.plan.politeness.robots, outline.plan.fetch.concurrency
    return {
        "host": host.host,
        "seeds": host.seeds,
        "disallowed": host.refused if said and said.how != "unreachable" else None,
        "pages": host.pages,
        "requests": round(load.pages * load.requests_per_page) + load.asks,
        "robots": said.how if said else "not_asked" if obey else "ignored",
        "trouble": said.why if said else None,
        "crawl_delay_s": _crawl_delay_s(said),
        "delay_s": load.delay_s,
        "per_host": load.per_host,
        "latency_s": round(load.latency_s, 6) if past and past.tells_latency(host.host) else None,
        "rest_s": round(load.rest_s, 3),
        "bound_s": round(host_bound(load).seconds, 3),
        "expected_s": round(host_s(load, slots), 3) if past else None,
    }


def _crawl_delay_s(said: Said | None) -> float | None:
    return said.rules.crawl_delay_s if said and said.rules else None


def _expected(outline: Outline, least: Bound, pages: int, fetched: int) -> dict[str, Any] | None:
    """How long it takes if it goes as the last time; None: there was none, or is no page."""
    past, plan, known = outline.known.past, outline.plan, outline.known
    if past is None or not fetched:
        return None
    most = fetched if fetched < pages else None
    longest_s = inf if plan.run.max_wait_s is None else least.seconds + plan.run.max_wait_s
    loads = waited_for(outline.loads(), longest_s)
    now_s = model_s(loads, concurrency=plan.fetch.concurrency, most=most)
    asked_again = min(known.asked_again * fetched / pages, fetched)
    rooms = (outline.headcount.room, None if outline.most is None else outline.most - fetched)
    found = min((known.grows or 0, *(each for each in rooms if each is not None)))
    if found > 0:
        now_s, fetched = now_s * (fetched + found) / fetched, fetched + found

    def takes_s(unmodified: float) -> float:
        took_s = expected_s(
            now_s,
            past.work(fetched, unmodified),
            then_s=past.model_s,
            then_work=past.work(past.pages, past.unmodified),
            took_s=past.took_s,
            cpu_s=past.cpu_s,
        )
        return round(max(took_s, least.seconds), 3)

    is_open = asked_again and known.unmodified is None  # they may all say so, or none
    unmodified = asked_again * (1.0 if known.unmodified is None else known.unmodified)
    return {
        "expected_s": takes_s(unmodified),
        "pages": fetched,
        "as_run": past.run_id,
        "not_modified": round(unmodified),
        "asked_again": round(asked_again),
        "if_not_modified_s": takes_s(asked_again) if is_open else None,
        "if_read_anew_s": takes_s(0.0) if is_open else None,
    }


def _unknown(outline: Outline, hosts: int, *, missed: int) -> Iterator[str]:
    """What the figures leave out."""
    plan, known = outline.plan, outline.known
    if missed:
        yield "sitemaps"
    follows = any(rule.follow or rule.submit or rule.python for rule in plan.pages)
    if follows and known.grows is None and (known.cycle == 1 or known.past is None):
        yield "links"
    if plan.politeness.robots and hosts > len(outline.said):
        yield "robots"
    if plan.politeness.per_address is not None:
        where = (addresses_of(each.host, outline.addresses) for each in outline.headcount.hosts())
        if not all(where):
            yield "addresses"
    if known.past is None or not known.past.calm:  # it was too short
        yield "latency"
