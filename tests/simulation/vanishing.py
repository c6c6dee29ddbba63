"""Pages and items that go from one cycle to the next, and what the crawl may conclude from it.

The truth is kept as evidence, from what the world shows in a cycle and from which visits ended
how: an item is gone if no page shows it as far as it was read, never because of a failure.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from scraper.core.gone import MISSING, may_go
from scraper.core.plan import GonePlan
from scraper.core.route import Router
from scraper.core.url import key as url_key
from tests.simulation.world import Page, World


def fade(world: World) -> None:
    """Let some pages go and come back, and some lose what is on them for a while."""
    rng = Random(f"vanishing {world.seed}")
    plan, often = world.plan, rng.choice((0.0, 0.2, 0.5))
    gone = GonePlan(rng.choice((1, 1, 2)), rng.choice((1.0, 1.0, 1.0, 0.1)))
    world.plan = replace(plan, run=replace(plan.run, gone=gone))
    for page in world.pages:
        if page.method == "GET" and page.fails is None and rng.random() < often:
            page.dies, page.dies_as = _while(rng), rng.choice(MISSING)
        if rng.random() < often:
            page.sheds, page.validates = _while(rng), ""


def _while(rng: Random) -> range:
    start = rng.choice((2, 2, 3))
    return range(start, start + rng.choice((1, 2, 9)))


def links(page: Page, cycle: int) -> list[tuple[Page, str | None]]:
    """The links on a page in a cycle."""
    return [] if cycle in page.sheds else page.links


@dataclass
class Evidence:
    """What is known of items and pages after the last cycle that was looked at."""

    cycle: int = 0
    shown: dict[str, set[str]] = field(default_factory=dict)  # by the key of a URL
    missing: dict[str, int] = field(default_factory=dict)
    gone_pages: set[str] = field(default_factory=set)
    reasons: dict[str, str | None] = field(default_factory=dict)  # of each page, the last
    gone_before: set[str] = field(default_factory=set)  # and not there when asked last, as it began
    ever: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    too_many: bool | None = False  # to go at once; None: not known

    def learn(self, world: World, rows: Sequence[Any], db: sqlite3.Connection, cycle: int) -> None:
        """Take a cycle that has ended into account; rows as `laws.settled` has them."""
        if cycle == self.cycle:  # a run that found nothing due judges nothing
            return
        self.gone_before = {url for url in self.gone_pages if self.reasons.get(url) in MISSING}
        self.reasons = {url_key(row[0]): row[2] for row in rows}
        unseen = cycle > self.cycle + 1  # another run has ended one and begun the next
        self.cycle = cycle
        if unseen:
            self._recall(db)
            self.gone_before = set()
            return
        seen = self._read(world, rows)
        plan = world.plan.run.gone
        missing = {url for url, times in self.missing.items() if times >= plan.after}
        for url in missing:
            self.shown[url] = set()
        self.ever |= seen
        self.gone -= seen
        live = seen.union(*self.shown.values())
        going = self.ever - self.gone - live
        self.too_many = len(going) > may_go(len(self.ever - self.gone), plan.at_most)
        if not self.too_many:
            self.gone |= going
            self.gone_pages = missing
        self.gone_pages &= missing

    def _read(self, world: World, rows: Sequence[Any]) -> set[str]:
        """What this cycle's visits show."""
        seen: set[str] = set()
        router = Router(world.plan.pages)
        rules = {url_key(row[0]): router.choose(row[8], row[0]) for row in rows}
        for url, state, reason, _, _, last, attempts, *_ in rows:
            if last != self.cycle:
                continue
            key, page = url_key(url), world.page(url)
            if state == "done":
                self.missing.pop(key, None)
            elif reason in MISSING:
                self.missing[key] = self.missing.get(key, 0) + 1
            if state == "done" and attempts:
                content = world.content(page)
                items = set(content.items(self.cycle))
                self.shown[key] = items
                there = url_key(content.url)
                if content is not page and rules.get(there) in (None, rules[key]):  # read alike
                    self.shown.get(there, set()).intersection_update(items)
                seen |= items
        return seen

    def _recall(self, db: sqlite3.Connection) -> None:
        """Take the crawl's word for what came of cycles that nobody looked at."""
        urls = {id_: url_key(url) for id_, url in db.execute("SELECT id, url FROM request")}
        self.shown = shown_by(db)
        missing = db.execute("SELECT request_id, times FROM request_missing")
        self.missing = {urls[id_]: times for id_, times in missing}
        self.ever = {key for (key,) in db.execute("SELECT key FROM item")}
        self.too_many = None
        self.gone, self.gone_pages = gone_items(db), gone_pages(db)


def gone_items(db: sqlite3.Connection) -> set[str]:
    """The items that the crawl takes for gone."""
    return {key for (key,) in db.execute("SELECT key FROM item WHERE gone_run IS NOT NULL")}


def gone_pages(db: sqlite3.Connection) -> set[str]:
    """The pages that it does, by the key of their URL."""
    sql = "SELECT url FROM request_missing JOIN request ON id = request_id "
    return {url_key(url) for (url,) in db.execute(sql + "WHERE gone_run IS NOT NULL")}


def shown_by(db: sqlite3.Connection) -> dict[str, set[str]]:
    """The items that pages have shown, by the key of their URL."""
    shown: dict[str, set[str]] = {}
    sql = (
        "SELECT url, item.key FROM item_page JOIN request ON request.id = item_page.request_id "
        "JOIN item ON item.id = item_id"
    )
    for url, key in db.execute(sql):
        shown.setdefault(url_key(url), set()).add(key)
    return shown
