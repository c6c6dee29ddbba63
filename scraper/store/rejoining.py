"""Halves and carries of kept pages, joined anew beside those that were: see `pairs` and `staging`.

A crawl joins them as they come, cycle by cycle. What a reparse has is the latest of each page, so
each half and each carry knows the cycle that showed it, and a pair belongs to the newer of the two,
as it does in a crawl, where what is not read again holds good.

What would not be known of the pages alone is left to the crawl and taken as it is: the halves of
pages that are not kept, and pairs that the end of the open cycle will tell. Of a page whose latest
visit failed or is due, only pairs that are known already are renewed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from scraper.core.carry import carry_hash
from scraper.core.model import Item, Json, Rejected
from scraper.store import meetings, staged
from scraper.store.joining import LONE, MET, StoredHalf
from scraper.store.many import read_many, write_many
from scraper.store.rows import Row

if TYPE_CHECKING:  # it would bring the HTML parser to those who only read
    from scraper.core.extract.join import Joined, Joiners

SLICE = 200  # halves or carries joined in a step
MOST_HASHES = 200_000  # kept at a time
MOST_NAMES = 10  # of a carry with more, only the whole is tried


def has_pairs(db: sqlite3.Connection) -> bool:
    """Whether anything is carried, or was."""
    found = "SELECT EXISTS (SELECT 1 FROM item_half) OR EXISTS (SELECT 1 FROM item_carry)"
    return bool(db.execute(found).fetchone()[0])


def rejoin(db: sqlite3.Connection, joiners: Joiners) -> Iterator[None]:
    """Join all that is staged, a bounded step each time it is asked for the next."""
    work = Rejoining(db, joiners)
    yield
    for sql in ("", *meetings.ALONE):
        last: tuple[int, int] | None = (0, -1)
        while last is not None:
            last = work.alone(sql, last) if sql else None
            yield
            while work.meet():  # what is carried on by that
                yield
    for find, note in (meetings.GONE, meetings.ACCEPTED):
        after: int | None = 0
        while after is not None:
            after = work.outdated(find, note, after)
            yield


class _Met(NamedTuple):
    """A half where a carry is led to."""

    request_id: int
    request_key: bytes
    known: bool  # its latest visit is the kept one
    at: float
    cycle: int  # that showed it
    stored: StoredHalf


class _Carry(NamedTuple):
    """What is carried to a page."""

    values: Mapping[str, Json]
    cycle: int  # that showed it
    hash: str
    ways: int

    @property
    def vias(self) -> Iterator[str]:
        """The hashes by which it is found, as in `joining`."""
        if self.ways & staged.BY_LINK:
            yield self.hash
        if self.ways & staged.BY_SEED:
            yield ""


class Rejoining:
    """The pairs of a reparse, joined step by step on the connection that has staged the pages."""

    def __init__(self, db: sqlite3.Connection, joiners: Joiners) -> None:
        self._db = db
        self._joiners = joiners
        self._hashes: dict[int, set[str]] = {}  # of what was carried to pages
        (self._open,) = db.execute(meetings.OPEN_CYCLE).fetchone()
        self._runs: dict[int, int] = dict(db.execute(meetings.RUNS))
        for sql in meetings.FIRST:
            db.execute(sql)

    def meet(self) -> bool:
        """Join some of the carries that are new; False: none are left."""
        rows = self._db.execute(meetings.NEXT, (SLICE,)).fetchall()
        halves = self._halves({row[0] for row in rows})
        step = _Step(self._runs)
        for target, hash_, data, cycle, ways in rows:
            values: Mapping[str, Json] = json.loads(data)
            for met in halves.get(target, ()):
                if cycle == self._open or met.cycle != self._open:
                    step.join(met, _Carry(values, cycle, hash_, ways))
        write_many(self._db, meetings.JOINED, [row[:2] for row in rows])
        step.write(self._db)
        return bool(rows)

    def alone(self, sql: str, after: tuple[int, int]) -> tuple[int, int] | None:
        """Make items of some halves that met nothing; returns the last, None at the end."""
        rows = self._db.execute(sql, (*after, SLICE)).fetchall()
        step = _Step(self._runs)
        for met in self._met(rows):
            step.alone(met)
        step.write(self._db)
        return rows[-1][5:7] if rows else None

    def outdated(self, find: str, note: str, after: int) -> int | None:
        """Note some rows of pairs that were shown and are no more; returns the last, None at end.

        Args:
            find: the statement for rows, with their page and the hash of what was carried.
            note: the statement for their ids.
        """
        rows = self._db.execute(find, (after, SLICE)).fetchall()
        self._look_up({row[1] for row in rows})
        found = [(id_,) for id_, page, hash_ in rows if hash_ in self._hashes[page]]
        write_many(self._db, note, found)
        return rows[-1][0] if rows else None

    def _look_up(self, pages: Collection[int]) -> None:
        """Learn the hashes of what was carried to pages, before."""
        if sum(map(len, self._hashes.values())) > MOST_HASHES:
            self._hashes.clear()
        missing = [(id_,) for id_ in pages if id_ not in self._hashes]
        hashes: dict[int, set[str]] = {id_: set() for (id_,) in missing}
        for sql in (meetings.CARRIED, meetings.SEEDED):
            for page, data in read_many(self._db, sql, missing):
                hashes[page].update(_hashes_of(json.loads(data)))
        for page, known in hashes.items():
            self._hashes[page] = known or {""}  # of nothing, where nothing was carried

    def _halves(self, targets: Collection[int]) -> dict[int, list[_Met]]:
        halves: dict[int, list[_Met]] = {}
        for met in self._met(read_many(self._db, meetings.OF_PAGES, [(id_,) for id_ in targets])):
            halves.setdefault(met.request_id, []).append(met)
        return halves

    def _met(self, rows: Iterable[Row]) -> Iterator[_Met]:
        for row in rows:
            request_id, key, known, at, cycle, *half = row
            stored = StoredHalf.of(tuple(half), self._joiners)
            if stored is not None:
                yield _Met(request_id, key, bool(known), at, cycle, stored)


class _Step:
    """What a step has joined, until it is written."""

    def __init__(self, runs: Mapping[int, int]) -> None:
        self._runs = runs  # the last of each cycle
        self._items: list[Row] = []
        self._pairs: list[Row] = []
        self._rejected: list[Row] = []
        self._invalid: list[Row] = []
        self._carries: list[Row] = []
        self._paired: dict[tuple[int, int], int] = {}

    def join(self, met: _Met, carry: _Carry) -> None:
        """Join a half and what is carried to it."""
        stored = met.stored
        read = stored.joiner.read_of(carry.values)
        if not read:
            return
        joined = stored.joiner.join(stored.half, read, url=stored.url)
        cycle = max(carry.cycle, met.cycle) if met.known else met.cycle
        self._keep(met, joined, cycle, vias=carry.vias)
        self._lead(met, joined, cycle)

    def alone(self, met: _Met) -> None:
        """Make the item of a half that met nothing; its links carry what is the page's own."""
        stored = met.stored
        joined = stored.joiner.join(stored.half, {}, url=stored.url)
        self._keep(met, joined, met.cycle, vias=("",), paired=LONE)
        unknown = stored.joiner.carries(joined.values.keys())
        self._lead(met, joined, met.cycle, without=unknown)

    def write(self, db: sqlite3.Connection) -> None:
        """Stage all of it."""
        write_many(db, staged.ITEM, self._items)
        write_many(db, staged.PAIR, self._pairs)
        write_many(db, staged.REJECTED, self._rejected)
        write_many(db, staged.INVALID, self._invalid)
        write_many(db, staged.CARRY, self._carries)
        new = [
            (target, hash_, data, cycle, staged.BY_LINK, 0)
            for target, hash_, _, data, cycle in self._carries
        ]
        write_many(db, staged.MEETING, new)
        paired = [(*place, how) for place, how in sorted(self._paired.items())]
        write_many(db, meetings.SET_PAIRED, paired)

    def _keep(
        self, met: _Met, joined: Joined, cycle: int, *, vias: Iterable[str], paired: int = MET
    ) -> None:
        place = (met.request_id, met.request_key, joined.carry)
        run_id = self._runs[cycle]
        self._paired.setdefault((met.stored.request_id, met.stored.half.position), paired)
        if isinstance(joined.outcome, Item):
            visit = (run_id, cycle, met.at)
            renews = not (met.known or paired == LONE)
            row = staged.item_row(joined.outcome, place, visit, renews=renews)
            self._items.append(row)
            self._pairs += [(met.request_id, via, *row[:2], renews) for via in vias]
        elif isinstance(joined.outcome, Rejected):
            row = staged.rejected_row(joined.outcome, run_id, met.request_id, joined.carry)
            self._rejected.append(row)
        half = met.stored.half
        for field, count in joined.invalid.items():
            here = (met.request_id, half.position, joined.carry, field)
            self._invalid.append((*here, half.type, count, cycle))

    def _lead(
        self, met: _Met, joined: Joined, cycle: int, *, without: Collection[str] = ()
    ) -> None:
        if not met.known:  # what it carried on is borrowed
            return
        for target, onward in met.stored.led(joined, without=without):
            data = json.dumps(onward)
            self._carries.append((target, carry_hash(onward), met.request_id, data, cycle))


def _hashes_of(carry: Mapping[str, Json]) -> Iterator[str]:
    """The hashes that pairs with this carry may have.

    Each is that of what the item's type, as it then was, read of it: of some of its names.
    """
    fewest = 1 if len(carry) <= MOST_NAMES else len(carry)
    for count in range(fewest, len(carry) + 1):
        for names in combinations(carry, count):
            yield carry_hash({name: carry[name] for name in names})
