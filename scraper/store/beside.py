"""What was rejected on a page beside the items that it showed: none of these items.

A page that does not show an item any more may show it still, but so that it is rejected. So what is
rejected on the page now is suspected of being the item, unless it has another key, or stood there
already when the item was shown. Nearly no page has anything rejected, so nearly all have no row.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import TypeAlias

from scraper.core.gone import stays_beside, suspects
from scraper.core.model import Rejected
from scraper.store.books import Change
from scraper.store.many import read_many, write_many
from scraper.store.rows import storable

READ = (
    "SELECT request_id, type, marks FROM (VALUES (?, ...)) AS wanted CROSS JOIN page_rejected "
    "WHERE request_id = wanted.column1"
)
WRITE = "INSERT OR REPLACE INTO page_rejected (request_id, type, marks) VALUES (?, ...)"
DROP = "DELETE FROM page_rejected WHERE request_id = ? AND type = ?"
MOST = 200  # of one type on one page; of more nothing is kept, so all of them are suspected

Place: TypeAlias = tuple[int, str]  # page and type


class Beside:
    """What is kept of some pages, while they are recorded."""

    def __init__(self, change: Change, ids: Iterable[int]) -> None:
        self._change = change
        self._kept: dict[Place, Counter[str]] = {
            (id_, type_): Counter(str(marks).split())
            for id_, type_, marks in read_many(change.db, READ, [(id_,) for id_ in ids])
        }

    def suspected(
        self, place: Place, now: Sequence[Rejected], names: Sequence[str]
    ) -> frozenset[str | None]:
        """The keys of items that may be among what is rejected now; None: any may.

        Args:
            names: the fields that are the key of the type.
        """
        new = suspects((_mark(each) for each in now), self._kept.get(place, ()))
        return frozenset(_key(each, names) for each in now if _mark(each) in new)

    def renew(
        self, pages: Mapping[int, tuple[Collection[str], Sequence[Rejected]]], held: set[Place]
    ) -> None:
        """Keep what stands on pages now.

        Args:
            pages: for each the types that its rule looks for, and what was rejected on it.
            held: where items that are not shown may be among the rejected.
        """
        found: defaultdict[Place, list[str]] = defaultdict(list)
        for id_, (_, rejected) in pages.items():
            for each in rejected:
                found[id_, each.type].append(_mark(each))
        places = {place for place in self._kept if place[0] in pages} | found.keys()
        new = []
        for place in sorted(places):
            if place[1] not in pages[place[0]][0]:
                continue
            before, now = self._kept.get(place, Counter()), found.get(place, [])
            now = now if len(now) <= MOST else []
            after = stays_beside(now, before, missing=place in held)
            if after and after != before:
                new.append((*place, " ".join(sorted(after.elements()))))
            elif before and not after:
                self._change.db.execute(DROP, place)
        write_many(self._change.db, WRITE, new)


def _mark(rejected: Rejected) -> str:
    what = "\0".join((rejected.field, rejected.reason, storable(rejected.data)))
    return blake2b(what.encode(), digest_size=8).hexdigest()


def _key(rejected: Rejected, names: Sequence[str]) -> str | None:
    from scraper.core.extract.item import known_key  # not for those who only read

    key = known_key(rejected.data, names)
    return None if key is None else storable(key)
