"""Facets: parameters of one path that stand together in any combination, `/shoes?color=2&size=9`.

Each set of parameters is a kind of its own (see `kinds`), and a handful of facets makes dozens. A
set is a *combination* when two of the sets that lack one of its parameters are pages of that path
too: colours alone, sizes alone, and both. What narrows twice shows little but what was shown
before, so the combinations of a path are also counted together:

- a page of one brings something when an item says what none said on any combination before, or
  when a link to somewhere else stood on none before;
- after `BARREN` pages of them in a row without that, each combination that had `FEW` such pages
  itself is closed, and with two of these all that contain both, unless they bring something.

So combinations that bring something go on (pages of a category, of which there are thousands), and
ten facets end as five do. Parameters that do not stand alone (`?topic=1&start=20`) are no facets.
What is not known any more (the memory is bounded) is taken for new.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

FEW = 50  # pages in a row of one combination
PATHS = 100  # known at a time
SETS = 300  # known of one path
SEEN = 200_000  # links and items that are known

Set = frozenset[str]


@dataclass(slots=True)
class _Path:
    sets: set[Set] = field(default_factory=set)  # of pages that were visited
    barren: int = 0  # pages of combinations since one brought something
    own: dict[Set, int] = field(default_factory=dict)  # the same of each, once it brought something
    closed: dict[Set, None] = field(default_factory=dict)

    def combines(self, names: Set) -> bool:
        """Whether two sets that lack one of these are known."""
        if len(names) < 2 or len(self.sets) < 3:
            return False
        return sum(names - {name} in self.sets for name in names) > 1

    def has_closed(self, names: Set) -> bool:
        if names in self.closed:
            return True
        return names not in self.own and sum(each < names for each in self.closed) > 1


class Facets:
    """The facets of a run.

    Args:
        barren: pages of the combinations of a path in a row.
    """

    __slots__ = ("_barren", "_paths", "_seen")

    def __init__(self, barren: int) -> None:
        self._barren = barren
        self._paths: OrderedDict[str, _Path] = OrderedDict()
        self._seen: set[int] = set()

    def is_closed(self, kind: str) -> bool:
        """Whether no more pages of a kind are visited."""
        path, names = split(kind)
        known = self._paths.get(path)
        return known is not None and bool(known.closed) and known.has_closed(names)

    def visited(self, kind: str, items: Iterable[str], links: Mapping[bytes, str]) -> str | None:
        """Count a page.

        Args:
            items: as JSON.
            links: the kind of each, by its key.

        Returns:
            The path, if one of its combinations is closed by this page.
        """
        path, names = split(kind)
        if not names:
            return None
        known = self._path(path)
        is_combination = known.combines(names)
        if len(known.sets) < SETS:
            known.sets.add(names)
        if not is_combination:
            return None
        if self._is_new(path, items, links):
            known.barren = known.own[names] = 0
            return None
        known.barren += 1
        return path if self._ends(known, names) else None

    def _ends(self, known: _Path, names: Set) -> bool:
        own = known.own[names] = known.own.get(names, 0) + 1
        if known.barren < self._barren or own < FEW or names in known.closed:
            return False
        del known.own[names]
        known.closed[names] = None
        return True

    def kept(self, least: int) -> dict[str, Any]:
        """What another run goes on with, as JSON, of paths with so many barren pages in a row."""
        return {
            path: [known.barren, _listed(known.sets), _listed(known.closed)]
            for path, known in self._paths.items()
            if known.barren >= least or known.closed
        }

    def remember(self, kept: Mapping[str, Any]) -> None:
        """Go on with what an earlier run has kept."""
        for path, (barren, sets, closed) in kept.items():
            known = self._path(path)
            known.barren = barren
            known.sets.update(map(frozenset, sets))
            known.closed.update((frozenset(names), None) for names in closed)

    def _is_new(self, path: str, items: Iterable[str], links: Mapping[bytes, str]) -> bool:
        """Whether an item or a link out of the path is; all are known from now on."""
        others = (key for key, kind in links.items() if split(kind)[0] != path)
        told = {*map(hash, items), *map(hash, others)} - self._seen
        if len(self._seen) + len(told) > SEEN:
            self._seen.clear()
        self._seen |= told
        return bool(told)

    def _path(self, path: str) -> _Path:
        known = self._paths.get(path)
        if known is None:
            known = self._paths[path] = _Path()
            if len(self._paths) > PATHS:
                self._paths.popitem(last=False)
        else:
            self._paths.move_to_end(path)
        return known


def split(kind: str) -> tuple[str, Set]:
    """The path of a kind (with what else tells it apart), and its parameters."""
    address, mark, rest = kind.partition("?")
    if not mark:
        return kind, frozenset()
    names, gap, more = rest.partition(" ")
    return address + gap + more, frozenset(names.split("&"))


def _listed(sets: Iterable[Set]) -> list[list[str]]:
    return sorted(map(sorted, sets))
