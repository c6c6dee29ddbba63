"""What a run says of its own duration in its first second: the bound of `scraper plan`.

It is computed from the table by a reader of its own in a thread, so that neither the first pages
nor a refill wait for it, and given up when that takes long. While seeds are still read it is said
of those that are known; when they are all in, it is said again if it has grown. Of the host that
sets it, what robots.txt disallows is taken off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from math import inf
from typing import Any

from scraper.clock import Clock
from scraper.core.errors import FetchError, StoreError
from scraper.core.insight.estimate import Bound, Load, bound
from scraper.core.insight.past import Past, past_of, telling
from scraper.core.insight.waits import patient
from scraper.core.plan import Plan
from scraper.core.robotstxt import Rules
from scraper.core.schedule.host import rule_of
from scraper.planning.plan import addresses_of
from scraper.robots import KEPT_S
from scraper.stages import Stages
from scraper.store import ahead, open_reader

log = logging.getLogger(__name__)

FIRST_S = 0.5  # after the begin
SHORTEST_S = 1.0  # a bound below that is not worth a line
GROWN = 1.5  # times as long: worth another one
HOSTS_JUDGED = 5  # by their robots.txt
PAGES_JUDGED = 10_000  # of such a host; the rest as these
LONGEST_TEXT = 64 * 1024  # bytes of a robots.txt that is read for its Crawl-delay


class Foresight:
    """Tells the bound of a run.

    Args:
        limit: pages of the run; None: all.
    """

    def __init__(self, plan: Plan, *, stages: Stages, limit: int | None) -> None:
        self._plan = plan
        self._stages = stages
        self._clock: Clock = stages.clock
        self._limit = limit
        self._over = False
        self.bound: Bound | None = None  # None: it is not known yet

    def __repr__(self) -> str:
        return f"<Foresight {self.bound}>"

    async def run(self) -> None:
        """Tell it in the first second, and when all seeds are known."""
        seeded = self._stages.seeded
        try:
            await asyncio.sleep(FIRST_S)  # till then a robots.txt has told of its Crawl-delay
            complete = seeded.is_set()
            await self._tell()
            if not complete:
                await seeded.wait()
                await self._tell()
        finally:
            self._over = True

    def as_json(self) -> dict[str, Any] | None:
        """For the report; None: it was not known."""
        return None if self.bound is None else self.bound.as_json()

    async def _tell(self) -> None:
        try:
            found = await self._look()
        except StoreError as error:  # the one who writes will say so
            log.debug("no bound: %s", error)
            return
        if found is None:
            return
        before, self.bound = self.bound, found
        if found.seconds >= max(SHORTEST_S, GROWN * (before.seconds if before else 0.0)):
            log.info("%s", found, extra={"bound_s": round(found.seconds, 3), "host": found.host})

    async def _look(self) -> Bound | None:
        """The bound of what is known; None: it took too long."""
        waiting = await asyncio.to_thread(self._read, self._clock.now())
        if waiting is None:
            return None
        past = telling([each for each in (past_of(*run) for run in waiting.runs) if each])
        pages, judged = dict(waiting.pages), set[str | None]()
        crawl_s = await asyncio.to_thread(self._crawl_delays_s, waiting)
        while True:
            loads = partial(self._loads, waiting, pages, past, crawl_s)
            found = patient(self._least, loads, self._plan.run.max_wait_s)
            host = found.host
            if host not in pages or host in judged or len(judged) >= HOSTS_JUDGED:
                return found
            judged.add(host)
            pages[host] -= await self._disallowed(host, pages[host])

    def _least(self, loads: Iterable[Load]) -> Bound:
        return bound(
            loads,
            concurrency=self._plan.fetch.concurrency,
            most=self._limit,
            per_domain=self._plan.politeness.per_domain,
            per_address=self._plan.politeness.per_address,
        )

    def _read(self, now: float) -> ahead.Waiting | None:
        until = self._clock.monotonic() + ahead.LONGEST_S

        def stop() -> bool:
            return self._over or self._clock.monotonic() > until

        with open_reader(self._plan.store.path) as reader:
            return ahead.waiting(reader, now, stop=stop)

    async def _disallowed(self, host: str, pages: int) -> int:
        """How many pages of a host its robots.txt disallows."""

        def read() -> list[str]:
            with open_reader(self._plan.store.path) as reader:
                return list(ahead.waiting_urls(reader.connection, host, PAGES_JUDGED))

        urls = await asyncio.to_thread(read)
        rules = self._rules(urls[0]) if urls else None
        if rules is None:
            return 0
        refused = await asyncio.to_thread(lambda: sum(not rules.allows(url) for url in urls))
        share = pages / len(urls) if len(urls) == PAGES_JUDGED else 1.0
        return round(refused * share)

    def _rules(self, url: str) -> Rules | None:
        try:
            return self._stages.robots.answer(url)
        except FetchError:
            return None

    def _crawl_delays_s(self, waiting: ahead.Waiting) -> dict[str, float]:
        """Of hosts that an earlier run has asked for it, and this one may not have met yet."""
        polite, agent = self._plan.politeness, self._plan.fetch.user_agent
        texts = waiting.robots.items() if polite.robots else ()
        delays_s = {
            host: Rules.parse(text, agent).crawl_delay_s or 0.0
            for host, (_, text) in texts
            if len(text) <= LONGEST_TEXT
        }
        return {host: min(each, polite.max_crawl_delay_s) for host, each in delays_s.items()}

    def _loads(
        self,
        waiting: ahead.Waiting,
        pages: Mapping[str, int],
        past: Past | None,
        crawl_s: Mapping[str, float],
    ) -> Iterator[Load]:
        polite, delays_s = self._plan.politeness, self._stages.tally.delays_s()
        for host, count in pages.items():
            rule = rule_of(host, polite.hosts, default=polite.default)
            earlier = past.hosts.get(host) if past else None
            asked_at, _ = waiting.robots.get(host, (inf, b""))
            yield Load(
                host,
                count,
                per_host=rule.per_host,
                delay_s=max(rule.delay_s, delays_s.get(host, 0.0), crawl_s.get(host, 0.0)),
                asks=int(polite.robots and not 0 < waiting.began_at - asked_at < KEPT_S),
                rest_s=waiting.rests.get(host, (0.0, 0.0))[0],
                last_due_s=waiting.retries.get(host, 0.0),
                quick_s=earlier.quick_s if earlier else 0.0,
                addresses=self._addresses(host),
            )

    def _addresses(self, host: str) -> tuple[str, ...]:
        if self._plan.politeness.per_address is None:
            return ()
        schedule = self._stages.frontier.schedule
        known = schedule.hosts.get(host)
        return addresses_of(host, {host: schedule.lanes.addresses(known)} if known else {})
