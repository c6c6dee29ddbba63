"""Which pages show an item: what `gone` judges by; see docs/adr/0014.

A page that is read whole has rows for the items that it shows, no more and no fewer. One that is
not read keeps its rows, whatever the reason: it was not due, is unchanged, or failed. An item that
loses a row is in doubt; when the cycle ends, it is gone if that row was its last.

What a page does not show is no evidence where it may be what was rejected on it (see `beside`), or
where its rule does not look for the type any more.

Items of pairs (see `pairs`) are made long after their page was read, so the rows of a page that is
read are doubted only, until its pairs are made again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from scraper.core.model import Rejected
from scraper.store.beside import Beside, Place
from scraper.store.books import Change
from scraper.store.items import Pair
from scraper.store.many import read_many, write_many

if TYPE_CHECKING:  # it would bring the HTML parser to those who only read
    from scraper.core.extract.plan import PageRule

BEFORE = (
    "SELECT request_id, item_id FROM (VALUES (?, ...)) AS wanted CROSS JOIN item_page "
    "WHERE request_id = wanted.column1"
)
ITEMS = (
    "SELECT id, type, key FROM (VALUES (?, ...)) AS wanted CROSS JOIN item "
    "WHERE id = wanted.column1"
)
SHOW = "INSERT OR IGNORE INTO item_page (request_id, item_id) VALUES (?, ...)"
DROP = "DELETE FROM item_page WHERE request_id = ? AND item_id = ?"
DOUBT = "INSERT OR IGNORE INTO item_doubt (item_id) VALUES (?, ...)"
PAIR = (
    "INSERT INTO item_pair (request_id, carry, item_id) VALUES (?, ...) "
    "ON CONFLICT DO UPDATE SET doubted = 0 WHERE doubted = 1"
)
DOUBT_PAIRS = (
    "UPDATE item_pair SET doubted = 1 FROM (VALUES (?, ...)) AS new "
    "WHERE request_id = new.column1 AND doubted = 0"
)
TRUST_PAIRS = (
    "UPDATE item_pair SET doubted = 0 FROM (VALUES (?, ...)) AS new "
    "WHERE request_id = new.column1 AND carry = new.column2 AND doubted = 1"
)


class Shown(NamedTuple):
    """A page that was read whole, and what it shows."""

    request_id: int
    rule: str
    items: frozenset[int]
    rejected: tuple[Rejected, ...]  # what was no item
    moved_to: int | None = None  # what answered in its place, if it is known and read alike

    @property
    def about(self) -> tuple[int, ...]:
        """The pages whose rows it tells of."""
        here, there = self.request_id, self.moved_to
        return (here,) if there is None or there == here else (here, there)

    def new(self, before: Mapping[int, Collection[int]]) -> list[int]:
        """The items that it had not shown before."""
        return sorted(self.items.difference(before.get(self.request_id, ())))


class Evidence:
    """Keeps which pages show which items."""

    def __init__(self) -> None:
        self._yields: Mapping[str, frozenset[str]] = {}
        self._keys: Mapping[tuple[str, str], tuple[str, ...]] = {}  # by rule and type
        self.loose: frozenset[str] = frozenset()  # types whose items are others when they change

    @property
    def types(self) -> frozenset[str]:
        """The item types that today's rules look for."""
        return frozenset().union(*self._yields.values())

    def knows(self, rules: Iterable[PageRule]) -> None:
        """Take what today's rules look for."""
        from scraper.core.extract.join import is_another_when_changed  # not for those who only read

        rules = tuple(rules)
        self.loose = frozenset(
            item.type
            for rule in rules
            for item in rule.items
            if is_another_when_changed(rule, item)
        )
        self._yields = {rule.name: frozenset(item.type for item in rule.items) for rule in rules}
        self._keys = {
            (rule.name, item.type): item.key for rule in rules for item in rule.items if item.key
        }

    def record(self, change: Change, pages: Sequence[Shown]) -> None:
        """Keep what pages show, in the place of what they showed before."""
        for some in _apart([page for page in pages if self._yields.get(page.rule)]):
            self._record(change, some)

    def _record(self, change: Change, pages: Sequence[Shown]) -> None:
        ids = sorted({id_ for page in pages for id_ in page.about})
        before, beside = _before(change, ids), Beside(change, ids)
        new = [(page.request_id, item) for page in pages for item in page.new(before)]
        lost = [
            (page, id_, item)
            for page in pages
            for id_ in page.about
            for item in sorted(before[id_] - page.items)
        ]
        write_many(change.db, SHOW, new)
        held = self._drop(change, beside, lost) if lost else set()
        told = {page.request_id: (self._yields[page.rule], page.rejected) for page in pages}
        beside.renew(told, held)
        doubted = [(page.request_id,) for page in pages if not page.rejected]
        write_many(change.db, DOUBT_PAIRS, doubted)

    def _drop(
        self, change: Change, beside: Beside, lost: Sequence[tuple[Shown, int, int]]
    ) -> set[Place]:
        """Drop the rows of items that are not there; returns where some may be still.

        Args:
            lost: items that a page does not show: the page, whose row it is, the item's.
        """
        wanted = [(item,) for item in sorted({item for _, _, item in lost})]
        items = {id_: (str(type_), key) for id_, type_, key in read_many(change.db, ITEMS, wanted)}
        held: set[Place] = set()
        dropped: list[tuple[int, int]] = []
        suspected: dict[Place, frozenset[str | None]] = {}
        for page, id_, item in lost:
            type_, key = items[item]
            if type_ not in self._yields[page.rule]:
                continue
            place = (id_, type_)
            if place not in suspected:
                now = [each for each in page.rejected if each.type == type_]
                names = self._keys.get((page.rule, type_), ())
                suspected[place] = beside.suspected(place, now, names)
            if suspected[place] & {None, key}:
                held.add(place)
            else:
                dropped.append((id_, item))
        change.db.executemany(DROP, dropped)
        write_many(change.db, DOUBT, [(item,) for _, item in dropped])
        return held


def _apart(pages: Iterable[Shown]) -> Iterator[list[Shown]]:
    """The pages in lists of which none speaks of a page twice; nearly always there is one."""
    some: list[Shown] = []
    met: set[int] = set()
    for page in pages:
        if met.intersection(page.about):
            yield some
            some, met = [], set()
        some.append(page)
        met.update(page.about)
    if some:
        yield some


def _before(change: Change, ids: Sequence[int]) -> defaultdict[int, set[int]]:
    before: defaultdict[int, set[int]] = defaultdict(set)
    for request_id, item_id in read_many(change.db, BEFORE, [(id_,) for id_ in ids]):
        before[request_id].add(item_id)
    return before


def record_pairs(
    change: Change, items: Sequence[Pair], ids: Sequence[int], rejected: Sequence[Pair]
) -> None:
    """Keep of which pairs items were made, and trust those that only were rejected.

    Args:
        ids: the rows of the items.
    """
    rows = [(pair.id, pair.via, id_) for pair, id_ in zip(items, ids, strict=True)]
    write_many(change.db, PAIR, rows)
    write_many(change.db, TRUST_PAIRS, [(pair.id, pair.via) for pair in rejected])
