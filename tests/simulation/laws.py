"""The laws. A breach is noted where it happens, with the time, and ends the schedule.

Three who watch, and none of them asks the code under test for its opinion where another source
will do:

- `Manners` sees each exchange as the hosts do;
- `Patience` looks at the table whenever the clock is about to jump: what could start, and does not?
- `settled` reads the database when a cycle has ended, and compares it with the world.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

from scraper.core.errors import TooSoonError
from scraper.core.model import Reason, Request
from scraper.core.schedule.circuit import RESTS
from scraper.core.schedule.pace import FIRST_OPEN, MOST_SLOW_S
from scraper.core.schedule.retry import RETRYABLE
from scraper.core.url import key as url_key
from scraper.frontier import window
from scraper.robots import FAILURE_KEPT_S
from tests.simulation.vanishing import Evidence, gone_items, gone_pages, links, shown_by
from tests.simulation.world import Page, Site, World

if TYPE_CHECKING:
    from tests.simulation.process import Process

EPOCH = 1_800_000_000.0
SHORT_S = 1e-6
STATES = ("waiting", "done", "failed", "skipped")


class BrokenLawError(AssertionError):
    """A law and how it was broken."""


@dataclass
class Diary:
    """What happened: (virtual time, process, what, to whom); and the first breach."""

    entries: list[tuple[float, int, str, str]] = field(default_factory=list)
    broken: str | None = None
    now: float = 0.0  # kept by the loop

    def note(self, process: int, what: str, whom: str = "") -> None:
        self.entries.append((self.now, process, what, whom))

    def breach(self, law: str, what: object) -> None:
        if self.broken is None:
            self.broken = f"{law}: {what}"
            self.note(0, "BROKEN", self.broken)

    def check(self) -> None:
        if self.broken is not None:
            raise BrokenLawError(self.broken)


@dataclass
class Guest:
    """What a host has seen of one process."""

    open: int = 0
    ended: int = 0
    started_at: float = -inf
    ended_at: float = -inf
    rests_until: float = -inf
    delay_s: float = 0.0
    has_told: bool = False  # its robots.txt
    groups: tuple[str, ...] = ()  # domain and address, where they have a cap
    troubled_at: float = -inf  # it failed, or said that it has too much to do


class Manners:
    """Politeness, from the network's side, for one process."""

    def __init__(
        self,
        world: World,
        diary: Diary,
        number: int,
        *,
        limit: int | None,
        started: dict[str, float],  # by processes before, and now by this one
    ) -> None:
        self.guests = {
            s.host: Guest(delay_s=world.rules[s.host].delay_s, started_at=started.get(s.host, -inf))
            for s in world.sites
        }
        self._most_on = dict[str, int]()  # by group
        for host, guest in self.guests.items():
            guest.groups = self._groups(world, host.partition(":")[0])
        self._open_on: Counter[str] = Counter()
        self._full_at: dict[str, float] = {}  # when as many were open as may be
        self._started = started
        self.began_at = diary.now if number > 1 else -inf  # until then others may have asked
        self.open = 0
        self.starts = 0
        self.settled: frozenset[int] = frozenset()  # rows that had their outcome when it began
        self.asked: Counter[tuple[object, ...]] = Counter()
        self.dead = False
        self.in_vain = False  # a robots.txt could not be had
        self._pages = 0  # asked for and answered, retries not counted
        self._tries = 0  # asked for
        self._world, self._diary, self._number, self._limit = world, diary, number, limit

    def asks(self, request: Request, page: Page) -> None:
        """A page is about to be asked for: may it be, and is it for the first time?"""
        self.asked[request.id, request.attempt] = 1
        turn = _turn(request, request.asked)
        self.asked[turn] += 1
        again = page.to is not None and self.in_vain  # where it led could not be asked
        self._law(self.asked[turn] == 1 or again, "nothing is handed out twice", page.url)
        requeued = self._world.plan.scope.max_depth is not None
        self._law(request.id not in self.settled or requeued, "done is done", page.url)
        self._law(self._world.allows(page), "robots.txt is obeyed", page.url)
        known = self.guests[page.site.host].has_told or not self._world.plan.politeness.robots
        self._law(known, "robots.txt comes first", page.url)
        self._pages += _is_first(request)
        self._tries += _is_first(request)
        enough = self._limit is None or self._pages <= self._limit
        self._law(enough, "no more pages than the limit", page.url)

    def failed(self, request: Request) -> None:
        """It got no answer: it may be asked for once more as if it had not been."""
        for url in (request.asked, *(request.hop.seen if request.hop else ())):
            self.asked[_turn(request, url)] = 0
        self._pages -= request.attempt == 1

    def troubled(self, site: Site) -> None:
        """The host says that something is wrong with it."""
        self.guests[site.host].troubled_at = self._diary.now

    @property
    def limit_is_used(self) -> bool:
        """Whether as many pages were asked for as may be, or robots.txt kept us from some."""
        return self.in_vain or self._pages <= (self._limit or 0) <= self._tries

    @contextmanager
    def exchange(self, site: Site, what: str) -> Iterator[None]:
        """One exchange with a host, from its start to its end."""
        now, guest, rule = self._diary.now, self.guests[site.host], self._world.rules[site.host]
        self.open += 1
        self.starts += 1
        guest.open += 1
        self._open_on.update(guest.groups)
        within = all(self._open_on[group] <= self._most_on[group] for group in guest.groups)
        self._law(within, "the cap of a domain or an address holds", guest.groups)
        self._note("start", f"{site.host} {what}")
        self._law(guest.open <= rule.per_host, "at most per_host open on a host", site.host)
        earned = guest.open <= FIRST_OPEN + guest.ended
        self._law(earned, "beyond the first, open requests are earned by answers", site.host)
        self._law(now >= guest.rests_until - SHORT_S, "a host's rest is kept", (site.host, guest))
        all_ = self._world.plan.fetch.concurrency
        all_ += bool(self._world.sitemaps)  # one at a time, which waits for the fetcher's slot
        self._law(self.open <= all_, "at most concurrency open in all", self.open)
        outcome = "cut"
        try:
            yield
            outcome = "end"
        except Exception as error:
            outcome = str(error)
            if not isinstance(error, TooSoonError):
                self.troubled(site)
            raise
        finally:
            self.open -= 1
            guest.open -= 1
            for group in filter(self._is_at_its_cap, guest.groups):
                self._full_at[group] = self._diary.now
            self._open_on.subtract(guest.groups)
            guest.ended += 1
            guest.ended_at = self._diary.now
            self._note(outcome, f"{site.host} {what}")

    def sees(self, site: Site) -> None:
        """The host sees a request: the connection stands."""
        now, guest = self._diary.now, self.guests[site.host]
        late = now - guest.started_at >= guest.delay_s - SHORT_S
        self._law(late, "the delay lies between two starts", (site.host, guest))
        guest.started_at = self._started[site.host] = now
        self._note("sent", site.host)

    def told(self, site: Site, *, elsewhere: bool = False) -> None:
        """The host's robots.txt is known, perhaps from another host."""
        guest = self.guests[site.host]
        guest.has_told = True
        if not elsewhere:  # it counts from the answer
            guest.started_at = self._started[site.host] = self._diary.now
        guest.delay_s = self._world.delay_s(site)

    def rests(self, site: Site, rest_s: float) -> None:
        """The host wants to be left alone for so long."""
        guest = self.guests[site.host]
        guest.rests_until = max(guest.rests_until, self._diary.now + rest_s)

    def ready_at(self, host: str) -> float:
        """Since when the host would take another exchange, or from when on."""
        guest = self.guests[host]
        if self._world.by_host[host].robots == "away" and not self._is_open(guest):
            return inf  # it waits for the turn of another host
        if guest.troubled_at > -inf:
            return self._ready_again_at(guest)
        limit = 1  # more than the first few must be earned, anew by a host that was forgotten
        if self._is_open(guest):
            limit = min(self._world.rules[host].per_host, FIRST_OPEN)
        if guest.open >= limit or self._is_full(guest):
            return inf
        asked_at = max(guest.started_at, self.began_at)
        since_full = self._was_full_at(guest)
        rests_until = max(guest.rests_until, since_full)
        return max(asked_at + guest.delay_s, rests_until, guest.ended_at) + SHORT_S

    def _ready_again_at(self, guest: Guest) -> float:
        """Since when a host would take another exchange that was in trouble."""
        if guest.open or self._is_full(guest):
            return inf
        rest_s = max(RESTS[-1] * self._world.plan.politeness.rest_s, FAILURE_KEPT_S)
        apart_s = max(guest.delay_s, MOST_SLOW_S)
        return SHORT_S + max(
            self._was_full_at(guest),
            max(guest.started_at, self.began_at) + apart_s,
            guest.rests_until,
            guest.ended_at,
            guest.troubled_at + rest_s,
        )

    def _groups(self, world: World, name: str) -> tuple[str, ...]:
        """What a host shares a cap by."""
        caps, address = world.plan.politeness, world.address[name]
        if caps.per_domain is not None:
            self._most_on[name] = caps.per_domain
        if caps.per_address is not None and address is not None:
            self._most_on[address] = caps.per_address
        return tuple(group for group in (name, address) if group in self._most_on)

    def _is_at_its_cap(self, group: str) -> bool:
        return self._open_on[group] >= self._most_on[group]

    def _is_full(self, guest: Guest) -> bool:
        return any(map(self._is_at_its_cap, guest.groups))

    def _was_full_at(self, guest: Guest) -> float:
        return max((self._full_at.get(group, -inf) for group in guest.groups), default=-inf)

    def _is_open(self, guest: Guest) -> bool:
        return guest.has_told or not self._world.plan.politeness.robots

    def _note(self, what: str, whom: str) -> None:
        if not self.dead:
            self._diary.note(self._number, what, whom)

    def _law(self, kept: bool, law: str, what: object) -> None:
        if not kept and not self.dead:
            self._diary.breach(law, what)


def _turn(request: Request, url: str) -> tuple[object, ...]:
    """What is asked once: a page that was said to be as it was may have to be read after all."""
    told = (request.depth, request.page, request.validators is None)
    return (request.id, request.attempt, url, *told)


def _is_first(request: Request) -> bool:
    return request.attempt == 1 and request.hop is None


@dataclass
class Waiting:
    """A host that could start, and does not."""

    rows: set[int]
    since: float
    starts: int | None = None  # of all hosts, when it began to wait for long


class Patience:
    """Fairness and the end: nobody waits long for what is free."""

    def __init__(self, process: Process, db: sqlite3.Connection) -> None:
        self._process, self._db = process, db
        most = process.world.plan.fetch.concurrency
        self._bound = 2 * (len(process.world.sites) + most)
        self._looked_at = self._busy_until = -inf
        self._over_since = inf
        self._waiting: dict[str, Waiting] = {}

    def look(self, seconds: float) -> None:
        """The clock is about to jump: nothing that could be done now is left."""
        process, patience_s = self._process, self._process.world.patience_s
        is_gone = process.frontier.schedule.outage.since is not None
        if process.frontier.stopped_by is not None or not process.is_up or is_gone:
            self._waiting = {}
            return
        now, schedule = process.diary.now, process.frontier.schedule
        crew = process.frontier.crew
        if not crew.idle or process.manners.open >= crew.slots:
            self._busy_until = now + seconds
        elif schedule.open < crew.slots and (schedule.wake_at() or inf) < now - SHORT_S:
            process.diary.breach("no wake-up is lost", process.frontier)
        if seconds > patience_s or now - self._looked_at > patience_s / 2:
            self._looked_at = now
            self._look_closer(now, now + seconds)

    def _look_closer(self, now: float, until: float) -> None:
        manners, ready = self._process.manners, dict[str, Waiting]()
        rows = self._db.execute(
            "SELECT id, host, attempts, coalesce(due_at, 0), json_extract(hop, '$[0]') "
            "FROM request WHERE state = 'waiting'"
        ).fetchall()
        for id_, home, attempts, due_at, led_to in rows:
            host = self._asked_next(home, led_to)
            at = max(manners.ready_at(host), due_at - EPOCH)
            if at <= now and (id_, attempts + 1) not in manners.asked:
                waiting = ready.setdefault(host, Waiting(set(), at))
                waiting.rows.add(id_)
                waiting.since = min(waiting.since, at)
        self._over_since = inf if rows or manners.open else min(self._over_since, now)
        if until - self._over_since > self._process.world.patience_s:
            self._process.diary.breach("with nothing left it ends", self._process.frontier)
        if len(manners.guests) <= window.HUNGRY:  # else it may overlook a host for a while
            self._judge(ready, now, until)

    def _asked_next(self, home: str, led_to: str | None) -> str:
        """The host that a row waits for: its own, or that of its next hop."""
        return home if led_to is None else self._process.world.page(led_to).site.host

    def gives_up(self, max_wait_s: float) -> None:
        """It says that all that is left waits longer than this."""
        process, manners = self._process, self._process.manners
        until = process.diary.now + max_wait_s
        outage = process.frontier.schedule.outage
        rows = self._db.execute(
            "SELECT url, host, json_extract(hop, '$[0]') FROM request "
            "WHERE state = 'waiting' AND coalesce(due_at, 0) <= ?",
            (EPOCH + until,),
        )
        guests = [(manners.guests[self._asked_next(home, led)], url) for url, home, led in rows]
        early = [url for g, url in guests if g.rests_until <= until and g.troubled_at == -inf]
        if manners.open or (early and outage.since is None):
            process.diary.breach("who gives up has only to wait", early)

    def _judge(self, ready: dict[str, Waiting], now: float, until: float) -> None:
        manners, world, breach = (
            self._process.manners,
            self._process.world,
            self._process.diary.breach,
        )
        for host, waiting in ready.items():
            before = self._waiting.get(host)
            same = before and before.since >= waiting.since and before.rows <= waiting.rows
            waiting.since = before.since if before and same else now
            waiting.starts = before.starts if before and same else None
            if until - max(waiting.since, self._busy_until) > world.patience_s:
                breach("no host starves beside a free slot", (host, waiting.since))
            if now - waiting.since > world.patience_s:
                waiting.starts = waiting.starts or manners.starts
                if manners.starts - waiting.starts > self._bound:
                    breach("no host is overtaken for ever", (host, waiting.since))
        self._waiting = ready


@dataclass
class Shadow:
    """The items as they ought to be, after a cycle."""

    cycle: int = 0
    items: dict[str, tuple[str, int]] = field(default_factory=dict)  # what, and last seen when
    evidence: Evidence = field(default_factory=Evidence)


def settled(world: World, db: sqlite3.Connection, diary: Diary, shadow: Shadow) -> None:
    """Conservation: a cycle has ended, and the database says what the world says.

    Args:
        shadow: brought up to date with this cycle.
    """
    (cycle,) = db.execute("SELECT max(id) FROM cycle").fetchone()
    if cycle > shadow.cycle + 1:  # another run has ended one and begun the next: unseen
        shadow.items.update(_found(db, "WHERE last_cycle < ?", cycle))
    shadow.cycle = cycle
    rows = db.execute(
        "SELECT url, state, reason, depth, seed, cycle, attempts, key, page FROM request "
        "ORDER BY key"
    ).fetchall()
    known = {url_key(row[0]): row for row in rows}
    _each_has_a_rightful_end(world, rows, diary)
    _nothing_is_lost(world, rows, known, cycle, diary)
    _items_are_exact(world, rows, db, diary, shadow)
    shadow.evidence.learn(world, rows, db, cycle)
    _gone_by_evidence_alone(world, db, diary, shadow.evidence)
    _what_is_due_is_visited(world, rows, db, cycle, shadow.evidence.gone_before, diary)
    _limits_hold(world, rows, cycle, diary)


def whole(world: World, db: sqlite3.Connection, diary: Diary) -> None:
    """A run has ended before its cycle: each visit is there with all that it brought, or not."""
    (cycle,) = db.execute("SELECT max(id) FROM cycle").fetchone()
    done = db.execute(
        "SELECT url, depth, cycle, attempts, page FROM request WHERE state = 'done'"
    ).fetchall()
    known = {url_key(url) for (url,) in db.execute("SELECT url FROM request")}
    deepest = inf if world.plan.scope.max_depth is None else world.plan.scope.max_depth
    brought, shown = set[str](), shown_by(db)
    for url, depth, last, attempts, named in done:
        page, rule = world.content(world.page(url)), world.rule(world.page(url), named).name
        for link, to in links(page, last):
            below = depth + (to != rule)
            if world.is_in_scope(link) and below <= deepest and url_key(link.url) not in known:
                diary.breach("a page that is stored has its links", (url, link.url))
        if last == cycle and attempts and not page.unreadable:
            items = set(page.items(cycle))
            if shown.get(url_key(url), set()) != items:
                diary.breach("a page that is stored is evidence of its items", (url, items))
            brought |= items
    found = {key for key, (_, last) in _found(db).items() if last == cycle}
    if found != brought and deepest == inf:  # else a page that was requeued has brought some
        diary.breach("a page is stored with its items", (brought - found, found - brought))


def _each_has_a_rightful_end(world: World, rows: list, diary: Diary) -> None:
    for url, state, reason, _, seed, _, attempts, *_ in rows:
        page = world.page(url)
        if state == "waiting":
            diary.breach("at the end nothing waits", url)
        if (state == "done") != (reason is None):
            diary.breach("done has no reason, others have", (url, state, reason))
        if reason == Reason.MAX_PAGES:
            continue
        ends = world.ends(page, seed=bool(seed))
        if (reason or "done") not in ends:
            diary.breach("the world justifies each end", (url, state, reason, ends))
        most = world.plan.fetch.retry.attempts
        if any(hop.site.may_be_given_up for hop in world.hops(page)):
            continue
        if reason in RETRYABLE and attempts != most and page.method == "GET":
            diary.breach("what may pass is tried again", (url, reason, attempts))


def _nothing_is_lost(world: World, rows: list, known: dict, cycle: int, diary: Diary) -> None:
    for page in world.seeds:
        if page.method == "GET" and url_key(page.url) not in known:
            diary.breach("every seed is known", page.url)
    deepest = inf if world.plan.scope.max_depth is None else world.plan.scope.max_depth
    for url, state, _, depth, _, last, _, _, named in rows:
        rule = world.rule(world.page(url), named).name
        for link, to in links(world.content(world.page(url)), last) if state == "done" else ():
            below = depth + (to != rule)
            if not world.is_in_scope(link) or below > deepest:
                continue
            row = known.get(url_key(link.url))
            if row is None:
                diary.breach("every link of a page is known", (url, link.url))
            elif last == cycle and deepest < inf and row[3] > below:
                diary.breach("the smaller depth counts", (url, depth, link.url, row[3]))


def _items_are_exact(
    world: World, rows: list, db: sqlite3.Connection, diary: Diary, shadow: Shadow
) -> None:
    for url, state, _, _, _, last, attempts, *_ in reversed(rows):  # the smallest key comes last
        page = world.content(world.page(url))
        if state != "done" or last != shadow.cycle or page.unreadable:
            continue
        for key, told in page.items(last).items():
            if attempts or key == page.name:
                shadow.items[key] = told, last
    found = _found(db)
    wrong = {key for key in {*found, *shadow.items} if found.get(key) != shadow.items.get(key)}
    if wrong and world.plan.scope.max_depth is None:  # else a page may fail at a second visit
        diary.breach("items are exact", {k: (found.get(k), shadow.items.get(k)) for k in wrong})
    versions = db.execute(
        "SELECT key, data, gone_run FROM (SELECT key, data, id, gone_run, 0 AS last "
        "FROM item_history UNION ALL SELECT key, data, id, NULL, 1 FROM item) ORDER BY 1, last, id"
    ).fetchall()
    pairs = [(one, next_) for one, next_ in pairwise(versions) if one[2] is None]
    twice = [one for one, next_ in pairs if one[:2] == next_[:2]]  # but what is back again
    if twice:
        diary.breach("no item is doubled", twice)


def _found(db: sqlite3.Connection, where: str = "", *values: object) -> dict[str, tuple[str, int]]:
    """Items: what they say, and the last cycle that saw them."""
    sql = f"SELECT key, json_extract(data, '$.name'), last_cycle FROM item {where}"
    return {key: (name, last) for key, name, last in db.execute(sql, values)}


def _gone_by_evidence_alone(
    world: World, db: sqlite3.Connection, diary: Diary, evidence: Evidence
) -> None:
    if world.plan.scope.max_depth is not None:  # a page may fail at a second visit
        return
    for what, found, wanted in (
        ("items are gone", gone_items(db), evidence.gone),
        ("pages are gone", gone_pages(db), evidence.gone_pages),
    ):
        if found != wanted:
            diary.breach(f"{what} by the evidence alone", (found - wanted, wanted - found))


def _what_is_due_is_visited(
    world: World,
    rows: list,
    db: sqlite3.Connection,
    cycle: int,
    gone_before: set[str],
    diary: Diary,
) -> None:
    cycles = {row[0]: row[1:] for row in db.execute("SELECT id, began_at, fresh FROM cycle")}
    began_at, fresh = cycles[cycle]
    gone, (surely, maybe) = gone_pages(db), _led_to(world, rows, db, cycle)
    deepest = inf if world.plan.scope.max_depth is None else world.plan.scope.max_depth
    for url, _, reason, _, seed, last, _, _, named in rows:
        rule, run = world.rule(world.page(url), named), world.plan.run
        refresh_s = rule.refresh_s or (run.auto.most_s if run.auto else run.refresh_s)
        old_at = inf if fresh else began_at - refresh_s
        judged = reason in {Reason.SCOPE, Reason.DEPTH}
        if not seed and (key := url_key(url)) not in surely:
            visits = key in gone_before and last == cycle and deepest == inf
            if visits and key not in maybe and not world.validates:
                diary.breach("what is gone is not visited", url)
            if key in gone:
                continue
        if last != cycle and cycles[last][0] <= old_at and not judged:
            diary.breach("what is due is visited", (url, last, cycle))


def _led_to(
    world: World, rows: list, db: sqlite3.Connection, cycle: int
) -> tuple[set[str], set[str]]:
    """The pages that links lead to of pages which were read in this cycle: surely, and perhaps."""
    sql = (
        "SELECT url FROM visit JOIN run ON run.id = run_id JOIN request ON request.id = request_id "
        "WHERE run.cycle = ? AND status = 304"
    )
    same = {url for (url,) in db.execute(sql, (cycle,))}
    deepest = inf if world.plan.scope.max_depth is None else world.plan.scope.max_depth
    surely, maybe = set[str](), set[str]()
    for url, state, _, depth, _, last, attempts, _, named in rows:
        if state != "done" or last != cycle or not attempts or url in same:
            continue
        rule = world.rule(world.page(url), named).name
        for link, to in links(world.content(world.page(url)), cycle):
            if world.is_in_scope(link) is False or depth + (to != rule) > deepest:
                continue
            maybe.add(url_key(link.url))
            if world.is_in_scope(link):
                surely.add(url_key(link.url))
    return surely, maybe


def _limits_hold(world: World, rows: list, cycle: int, diary: Diary) -> None:
    most = world.plan.scope.max_pages
    cut = sum(row[5] == cycle and row[2] == Reason.MAX_PAGES for row in rows)
    admitted = sum(row[5] == cycle and row[2] != Reason.MAX_PAGES for row in rows)
    if most is not None and (admitted > most or (cut and admitted < most)):
        diary.breach("max_pages is kept", (admitted, cut, most))
