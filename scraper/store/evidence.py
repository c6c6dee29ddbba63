"""Which pages show an item: what `gone` judges by; see docs/adr/0014.

A page that is read whole has rows for the items that it shows, no more and no fewer. One that is
not read keeps its rows, whatever the reason: it was not due, is unchanged, or failed. An item that
loses a row is in doubt; when the cycle ends, it is gone if that row was its last.

What a page does not show is no evidence where an item of the type was rejected on it, or where its
rule does not look for the type any more.

Items of pairs (see `pairs`) are made long after their page was read, so the rows of a page that is
read are doubted only, until its pairs are made again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from scraper.store.books import Change
from scraper.store.items import Pair
from scraper.store.many import read_many, write_many

if TYPE_CHECKING:  # it would bring the HTML parser to those who only read
    from scraper.core.extract.plan import PageRule

BEFORE = (
    "SELECT request_id, item_id FROM (VALUES (?, ...)) AS wanted CROSS JOIN item_page "
    "WHERE request_id = wanted.column1"
)
TYPES = "SELECT id, type FROM (VALUES (?, ...)) AS wanted CROSS JOIN item WHERE id = wanted.column1"
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
    rejected: frozenset[str]  # types of which it had an item that is none
    moved_to: int | None = None  # the page that answered in its place, if it is known


class Evidence:
    """Keeps which pages show which items."""

    def __init__(self) -> None:
        self._yields: Mapping[str, frozenset[str]] = {}
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

    def record(self, change: Change, pages: Sequence[Shown]) -> None:
        """Keep what pages show, in the place of what they showed before."""
        for some in _apart([page for page in pages if self._yields.get(page.rule)]):
            self._record(change, some)

    def _record(self, change: Change, pages: Sequence[Shown]) -> None:
        before = _before(change, pages)
        new: list[tuple[int, int]] = []
        lost: list[tuple[int, int, frozenset[str]]] = []
        for page in pages:
            known = before[page.request_id]
            new += [(page.request_id, id_) for id_ in sorted(page.items - known)]
            lost += self._lost(page, page.request_id, known)
            if page.moved_to is not None:
                lost += self._lost(page, page.moved_to, before[page.moved_to])
        write_many(change.db, SHOW, new)
        if lost:
            _drop(change, lost)
        doubted = [(page.request_id,) for page in pages if not page.rejected]
        write_many(change.db, DOUBT_PAIRS, doubted)

    def _lost(
        self, page: Shown, id_: int, known: Collection[int]
    ) -> list[tuple[int, int, frozenset[str]]]:
        looked_for = self._yields[page.rule] - page.rejected
        return [(id_, item, looked_for) for item in sorted(set(known) - page.items)]


def _apart(pages: Iterable[Shown]) -> Iterator[list[Shown]]:
    """The pages in lists of which none speaks of a page twice; nearly always there is one."""
    some: list[Shown] = []
    met: set[int | None] = set()
    for page in pages:
        about = {page.request_id, page.moved_to} - {None}
        if met & about:
            yield some
            some, met = [], set()
        some.append(page)
        met |= about
    if some:
        yield some


def _before(change: Change, pages: Sequence[Shown]) -> defaultdict[int, set[int]]:
    before: defaultdict[int, set[int]] = defaultdict(set)
    ids = {page.request_id for page in pages}
    ids |= {page.moved_to for page in pages if page.moved_to is not None}
    for request_id, item_id in read_many(change.db, BEFORE, [(id_,) for id_ in sorted(ids)]):
        before[request_id].add(item_id)
    return before


def _drop(change: Change, lost: Sequence[tuple[int, int, frozenset[str]]]) -> None:
    """Drop rows of items whose type was looked for, and doubt these items."""
    wanted = [(item,) for item in sorted({item for _, item, _ in lost})]
    types = {item: str(type_) for item, type_ in read_many(change.db, TYPES, wanted)}
    dropped = [(page, item) for page, item, looked_for in lost if types[item] in looked_for]
    change.db.executemany(DROP, dropped)
    write_many(change.db, DOUBT, [(item,) for _, item in dropped])


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
