"""Rules of the scraper, each taken out of it: a law that cannot fail is no law."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Any

from scraper.core.model import Page, Request, State
from scraper.core.robotstxt import Rules
from scraper.core.schedule import politeness
from scraper.core.schedule.held import Held
from scraper.core.schedule.host import Host
from scraper.core.schedule.lanes import Lanes
from scraper.core.schedule.patience import Patience
from scraper.core.schedule.retry import RetryPolicy
from scraper.frontier.crew import Crew
from scraper.frontier.frontier import Frontier
from scraper.run import Run
from scraper.store import books, gone, items, links, visits
from scraper.store.books import Books
from scraper.store.evidence import Shown
from scraper.store.links import Links
from scraper.store.writer import Writer
from tests.simulation.world import RULE

Break = tuple[object, str, object]  # whose, which, and what stands there instead
Schedule = politeness.HostSchedule


@contextmanager
def _no_transaction(db: Any) -> Iterator[None]:
    yield


def _committed_in_silence(self: Frontier, settled: Any, hosts: Any, visited: Any) -> None:
    self._window.committed(settled, hosts, visited)


def _leave(self: Frontier, lease: Any, **_: Any) -> None:
    now = self._clock.monotonic()
    self.schedule.done(lease.request.host, now, started_at=lease.started_at, sent=True)


def _leave_unless_hop(self: Frontier, lease: Any, **more: Any) -> None:
    if lease.request.hop is None:
        LEAVE(self, lease, **more)


async def _nothing(*args: Any, **more: Any) -> bool:
    return False


def _ignore(*args: Any, **more: Any) -> None:
    return None


def _finished(self: Frontier) -> bool:
    self._window.due_at = None
    return FINISHED(self)


def _take(self: Held, row: int) -> bool:
    held = TAKE(self, row)
    self.release((row,))
    return held


def _told(self: Any, host: str, now: float, *, crawl_delay_s: float, asked: bool) -> None:
    KNOWN(self, host, now, crawl_delay_s=crawl_delay_s)
    self.hosts.get(host).unsent = None


def _greedy(self: Any, now: float) -> Any:
    """The host with most to start is first."""
    ready = [h for h in self.hosts.each() if h.may_open and h.next_at <= now >= h.paused_until]
    host = max(ready, key=lambda host: (len(host.queue), host.name), default=None)
    return None if host is None else self._start(host, now)


def _begin(self: Any, host_name: str, now: float) -> None:
    host = self._host(host_name)
    host.guests -= 1
    self._open(host, now)
    host.seen_at = -inf


def _never_too_soon(self: Any, host_name: str, now: float, *, crawl_delay_s: float) -> bool:
    self._host(host_name).seen_at = -inf
    return False


def _at_none(self: Lanes, host: Host, addresses: Any) -> None:
    LOCATE(self, host, ())


def _learn(self: Any, slow: Any, *, asked_until: float) -> None:
    LEARN(self, slow)


def _shown(batch: Any, ids: Any) -> list[Shown]:
    failed = [result.request.id for result in batch.results if result.state == State.FAILED]
    nothing = (RULE.name, frozenset[int](), frozenset[str]())
    return [*(Shown(id_, *nothing) for id_ in failed), *SHOWN(batch, ids)]


LEAVE, FINISHED, TAKE = Frontier.leave, Frontier._finished, Held.take
MAY_TAKE, LOCATE = Crew.may_take, Lanes.locate
RECORD, KNOWN, LEARN = Links.record, Schedule.robots_known, Schedule.learn
SHOWN = visits._shown

MUTANTS: dict[str, Break] = {
    "no cap per host": (
        Host,
        "may_open",
        property(lambda host: bool(host.urgent or host.queue)),
    ),
    "no delay": (Host, "delay_s", property(lambda host: 0.0)),
    "a restart forgets that hosts were asked": (Schedule, "learn", _learn),
    "a kept Crawl-delay comes too late": (Schedule, "is_too_soon", _never_too_soon),
    "sitemaps wait for no turn": (Schedule, "begin", _begin),
    "no rest after Retry-After": (Schedule, "pause", _ignore),
    "no cap in all": (Crew, "may_take", lambda self, open_: MAY_TAKE(self, 0)),
    "robots.txt is not obeyed": (Rules, "allows_path", lambda self, path: True),
    "the fullest host first": (Schedule, "take", _greedy),
    "a commit wakes nobody": (Frontier, "committed", _committed_in_silence),
    "the end of a turn wakes nobody": (Frontier, "leave", _leave),
    "a hop keeps its turn": (Frontier, "leave", _leave_unless_hop),
    "settled rows stay held": (Held, "release", _ignore),
    "rows in flight are not held": (Held, "take", _take),
    "a slow connect is not waited for": (Host, "unsent", property(lambda host: None, _ignore)),
    "who connects early sends early": (Host, "stands", lambda *args, **more: 0.0),
    "the delay counts from the turn": (Schedule, "robots_known", _told),
    "what is skipped counts for the limit": (Frontier, "give_back", _ignore),
    "the end does not wait for retries": (Frontier, "_finished", _finished),
    "a stop drops no window": (Frontier, "_shed", _ignore),
    "no drain": (Run, "_later", _ignore),
    "no fence": (Books, "_fence", _ignore),
    "no transaction": (books, "transaction", _no_transaction),
    "the last link is lost": (Links, "record", lambda s, c, found: RECORD(s, c, found[:-1])),
    "nothing is due again": (Writer, "make_due", _nothing),
    "the mark is not written": (Writer, "mark_sent", _nothing),
    "the first item to arrive wins": (items, "_wins", lambda *args: False),
    "a nearer path is ignored": (Links, "_wants_depth", lambda *args: False),
    "a requeued page is done": (visits, "_requeue", _ignore),
    "no second try": (RetryPolicy, "stops", lambda self, attempt: True),
    "it gives up when nothing is open": (
        Patience,
        "is_over",
        lambda self, schedule, held, **_: self._max_wait_s < inf and not schedule.open,
    ),
    "a page whose item was taken is as it was": (items, "drop_validators", _ignore),
    "a page that is as it was shows nothing": (
        visits,
        "restored",
        lambda change, results: {result.request.id: Page() for result in results},
    ),
    "a failed page shows nothing": (visits, "_shown", _shown),
    "a page that is back was never away": (gone, "FOUND_AGAIN", "SELECT 1"),
    "what is gone is due all the same": (
        links,
        "GONE",
        "SELECT 0, 0, 0 WHERE 0 IN (?, ?) AND 0",
    ),
    "whatever rule has read it": (links.Limits, "reads_alike", lambda self, page, moved: True),
    "who is sent away starts nothing": (Request, "is_errand", False),
    "no address is known": (Lanes, "locate", _at_none),
    "no cap for a domain": (Lanes, "admits", lambda self, host, now: True),
    "max_pages is ignored": (Links, "_admission", lambda self, change: (links.State.WAITING, None)),
}


@contextmanager
def mutated(name: str) -> Iterator[None]:
    """The scraper without one of its rules."""
    owner, attribute, value = MUTANTS[name]
    before = vars(owner).get(attribute)
    setattr(owner, attribute, value)
    try:
        yield
    finally:
        if before is None:
            delattr(owner, attribute)
        else:
            setattr(owner, attribute, before)
