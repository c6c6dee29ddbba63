"""The pairs of one transaction: halves and carries are read, joined and written together."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from scraper.core.carry import carry_hash
from scraper.core.model import Half, Item, Json, PageResult, Rejected, State
from scraper.store.items import Pair
from scraper.store.links import is_due
from scraper.store.many import read_many, write_many
from scraper.store.requests import Known, Requests
from scraper.store.rows import Row, storable

if TYPE_CHECKING:  # it would bring the HTML parser to those who only read
    from scraper.core.extract.join import Joined, Joiner, Joiners

_HALF = (
    "half.request_id, position, rule, type, half.key, data, rejected, leads, paired, request.url"
)
HALVES = (
    f"SELECT {_HALF} FROM (VALUES (?, ...)) AS wanted CROSS JOIN item_half AS half "  # noqa: S608
    "CROSS JOIN request WHERE request.id = half.request_id "
    "AND half.request_id = wanted.column1 AND half.cycle = wanted.column2"
)
LED = (  # the halves of the page that a redirect led from
    f"SELECT wanted.column1, {_HALF} FROM (VALUES (?, ...)) AS wanted "  # noqa: S608  # constant
    "CROSS JOIN request CROSS JOIN item_half AS half "
    "WHERE final_key = wanted.column2 AND request.cycle = wanted.column3 AND state = 'done' "
    "AND half.request_id = request.id AND half.cycle = request.cycle"
)
HAVING = (
    "SELECT request_id FROM (VALUES (?, ...)) AS wanted CROSS JOIN item_half "
    "WHERE request_id = wanted.column1"
)
INSERT = (
    "INSERT INTO item_half (request_id, position, rule, type, key, data, rejected, leads, cycle) "
    "VALUES (?, ...)"
)
PAIRED = (
    "UPDATE item_half SET paired = new.column3 FROM (VALUES (?, ...)) AS new "
    "WHERE item_half.request_id = new.column1 AND item_half.position = new.column2"
)
SHOW = (
    "INSERT INTO item_carry (request_id, hash, parent_id, data, cycle) VALUES (?, ...) "
    "ON CONFLICT (request_id, hash, parent_id) DO UPDATE SET cycle = excluded.cycle "
    "WHERE cycle <> excluded.cycle"
)
SHOWN = (
    "SELECT request_id, hash, data FROM (VALUES (?, ...)) AS wanted CROSS JOIN item_carry "
    "WHERE request_id = wanted.column1 AND cycle = ?"
)
AGAIN = (
    "UPDATE item_half SET cycle = new.column2, paired = 0 FROM (VALUES (?, ...)) AS new "
    "WHERE request_id = new.column1"
)
CARRIED = (
    "SELECT request_id, parent_id, data FROM (VALUES (?, ...)) AS wanted CROSS JOIN item_carry "
    "WHERE parent_id = wanted.column1"
)
OLD = "SELECT hash, parent_id, data FROM item_carry WHERE request_id = ? AND cycle < ?"
INVALID = (
    "INSERT INTO item_invalid (request_id, position, carry, field, type, count, cycle) "
    "VALUES (?, ...) ON CONFLICT DO UPDATE SET count = excluded.count, cycle = excluded.cycle"
)

MET, LONE = 1, 2  # in `paired`: what a half has become part of first; 0: of nothing yet


class _Carry(NamedTuple):
    """What is carried to a page."""

    target: int
    hash: str
    values: Mapping[str, Json]
    is_shown: bool = True  # by a link; else it is the columns of a seed

    @property
    def via(self) -> str:
        """The hash by which the link is found."""
        return self.hash if self.is_shown else ""


class StoredHalf(NamedTuple):
    """A half as its row has it."""

    request_id: int
    half: Half
    joiner: Joiner
    leads: tuple[tuple[int, tuple[str, ...]], ...]
    paired: bool
    url: str  # of the page that gave it

    @classmethod
    def of(cls, row: Row, joiners: Joiners) -> StoredHalf | None:
        """The half of a row; None: today's config has no such type."""
        request_id, position, rule, type_, key, data, rejected, leads, paired, url = row
        joiner = joiners.get(rule, type_)
        if joiner is None:
            return None
        half = Half(type_, key, data, position, bool(rejected))
        onward = tuple((target, tuple(names)) for target, names in json.loads(leads or "[]"))
        return cls(request_id, half, joiner, onward, bool(paired), url)

    def led(
        self, joined: Joined, *, without: Collection[str] = ()
    ) -> Iterator[tuple[int, dict[str, Json]]]:
        """What its links carry on, and to which request."""
        for target, names in self.leads:
            onward = {name: joined.values.get(name) for name in names if name not in without}
            if onward:
                yield target, onward


class Made(NamedTuple):
    """What has been joined: to be written with what else a transaction brings."""

    items: Sequence[Pair] = ()
    rejected: Sequence[Pair] = ()


class Work:
    """The pairs of one transaction."""

    def __init__(self, rows: Requests, joiners: Joiners) -> None:
        self._rows = rows
        self._change = rows.change
        self._joiners = joiners
        self._todo: list[_Carry] = []
        self._done: set[tuple[int, str, bool]] = set()
        self._shown: set[tuple[int, str, int]] = set()
        self._unwritten: list[Row] = []  # of those shown
        self._halves: dict[int, list[StoredHalf]] = {}  # by the page that a carry leads to
        self._paired: dict[tuple[int, int], int] = {}
        self._items: list[Pair] = []
        self._rejected: list[Pair] = []
        self._invalid: list[Row] = []

    def take_halves(self, read: Mapping[int, PageResult]) -> None:
        """Keep what pages give, in the place of what they gave before."""
        db = self._change.db
        before = read_many(db, HAVING, [(id_,) for id_ in read])
        for id_ in {row[0] for row in before}:
            db.execute("DELETE FROM item_half WHERE request_id = ?", (id_,))
            db.execute("DELETE FROM item_invalid WHERE request_id = ?", (id_,))
        write_many(db, INSERT, [row for one in read.values() for row in self._half_rows(one)])

    def _half_rows(self, result: PageResult) -> Iterable[Row]:
        leads: defaultdict[int, list[tuple[int, list[str]]]] = defaultdict(list)
        for link in result.links if result.page.halves else ():
            target = None if link.half is None else self._rows.find(link.key)
            if link.half is not None and target is not None:
                leads[link.half].append((target.id, list(link.carry)))
        for half in result.page.halves:
            yield (
                result.request.id,
                half.position,
                result.rule or "",
                half.type,
                storable(half.key),
                storable(half.data),
                int(half.rejected),
                json.dumps(leads[half.position]) if half.position in leads else None,
                self._change.tenure.cycle,
            )

    def take_carries(self, result: PageResult) -> None:
        """Keep what the links of a page carry, and what its own seed does."""
        for link in result.links:
            target = self._rows.find(link.key) if link.carry and link.half is None else None
            if target is not None:
                self._show(target.id, result.request.id, link.carry)
        if result.page.halves and result.request.carry:
            carry = self._carry(result.request.id, result.request.carry)
            self._todo.append(carry._replace(is_shown=False))

    def take_again(self, results: Sequence[PageResult]) -> None:
        """Let pages that are as they were give and carry what they did."""
        db, ids = self._change.db, [(result.request.id,) for result in results]
        write_many(db, AGAIN, [(*id_, self._change.tenure.cycle) for id_ in ids])
        for target, parent, data in read_many(db, CARRIED, ids):
            self._show(target, parent, json.loads(data))
        for result in results:
            if result.request.carry:
                self._todo.append(self._carry(result.request.id, result.request.carry))

    def meet(self, ids: Collection[int]) -> None:
        """Let pages meet all that was carried to them in this cycle."""
        self._write_shown()
        cycle = self._change.tenure.cycle
        found = read_many(self._change.db, SHOWN, [(id_,) for id_ in dict.fromkeys(ids)], (cycle,))
        self._todo += [_Carry(target, hash_, json.loads(data)) for target, hash_, data in found]

    def hold_good(self, id_: int) -> None:
        """Let a page meet what was carried to it before, by pages that were not read since."""
        for _, parent, data in self._change.db.execute(OLD, (id_, self._change.tenure.cycle)):
            self._show(id_, parent, json.loads(data))

    def without_carry(self, id_: int) -> None:
        """Make the items of halves that met nothing; their links carry what is the page's own."""
        known = self._rows.get(id_)
        if known is None or not self._may_join(known):
            return
        self._load([known])
        for stored in self._halves[id_]:
            if not stored.paired and (id_, stored.half.position) not in self._paired:
                joined = stored.joiner.join(stored.half, {}, url=stored.url)
                self._keep(known, stored, joined, paired=LONE)
                unknown = stored.joiner.carries(joined.values.keys())
                self._lead(known, stored, joined, without=unknown)

    def finish(self) -> Made:
        """Join until nothing new is carried on; write what is ours to write."""
        while self._todo:
            self._join_all()
        self._write_shown()
        db = self._change.db
        write_many(db, PAIRED, [(*place, how) for place, how in sorted(self._paired.items())])
        write_many(db, INVALID, self._invalid)
        return Made(self._items, self._rejected)

    def _carry(self, target: int, values: Mapping[str, Json]) -> _Carry:
        return _Carry(target, carry_hash(values), values)

    def _show(self, target: int, parent: int, values: Mapping[str, Json]) -> None:
        carry = self._carry(target, values)
        place = (target, carry.hash, parent)
        if place not in self._shown:
            self._shown.add(place)
            cycle = self._change.tenure.cycle
            self._unwritten.append((*place, json.dumps(dict(values)), cycle))
            self._todo.append(carry)

    def _write_shown(self) -> None:
        write_many(self._change.db, SHOW, self._unwritten)
        self._unwritten = []

    def _join_all(self) -> None:
        """Join what is to do now; what is carried on by that is to do next."""
        todo, self._todo = self._todo, []
        self._rows.read_ids({carry.target for carry in todo})
        targets = {carry.target: self._rows.get(carry.target) for carry in todo}
        ready = [known for known in targets.values() if known and self._may_join(known)]
        self._load(ready)
        by_id = {known.id: known for known in ready}
        for carry in todo:
            known = by_id.get(carry.target)
            done = (carry.target, carry.hash, carry.is_shown)
            if known is not None and done not in self._done:
                self._done.add(done)
                self._join(known, carry)

    def _may_join(self, known: Known) -> bool:
        """Whether the page is read: not one that is to be read in this cycle."""
        tenure = self._change.tenure
        is_current = known.cycle == tenure.cycle or not is_due(tenure, known)
        return known.state == State.DONE and is_current

    def _load(self, pages: Sequence[Known]) -> None:
        """Read the halves of pages, or of those that a redirect led from."""
        db = self._change.db
        missing = [known for known in pages if known.id not in self._halves]
        for known in missing:
            self._halves[known.id] = []
        for row in read_many(db, HALVES, [(known.id, known.cycle) for known in missing]):
            self._add(row[0], row)
        led = [known for known in missing if not self._halves[known.id]]
        for row in read_many(db, LED, [(known.id, known.key, known.cycle) for known in led]):
            self._add(row[0], row[1:])

    def _add(self, page: int, row: Row) -> None:
        stored = StoredHalf.of(row, self._joiners)
        if stored is not None:
            self._halves[page].append(stored)

    def _join(self, known: Known, carry: _Carry) -> None:
        for stored in self._halves[known.id]:
            read = stored.joiner.read_of(carry.values)
            if read:
                joined = stored.joiner.join(stored.half, read, url=stored.url)
                self._keep(known, stored, joined, via=carry.via)
                self._lead(known, stored, joined)

    def _keep(
        self, known: Known, stored: StoredHalf, joined: Joined, *, via: str = "", paired: int = MET
    ) -> None:
        if not stored.paired:
            self._paired.setdefault((stored.request_id, stored.half.position), paired)
        if isinstance(joined.outcome, Item):
            self._items.append(Pair(known.id, known.key, joined.carry, joined.outcome, via))
        elif isinstance(joined.outcome, Rejected):
            self._rejected.append(Pair(known.id, known.key, joined.carry, joined.outcome, via))
        half, cycle = stored.half, self._change.tenure.cycle
        for field, count in joined.invalid.items():
            place = (known.id, half.position, joined.carry, field)
            self._invalid.append((*place, half.type, count, cycle))

    def _lead(
        self, known: Known, stored: StoredHalf, joined: Joined, *, without: Collection[str] = ()
    ) -> None:
        for target, onward in stored.led(joined, without=without):
            self._show(target, known.id, onward)
