"""What links carry and what pages give of their items, kept apart and joined when both are there.

A page that reads carried fields leaves a *half* of each item; a link that carries leaves a
*carry*, a row for its target, what it carries and the page that showed it. The item of a half and
a carry is written when the second of the two is: with the page, or with the link to a page that is
done already and not due. So the order in which pages are read is of no consequence, and no page is
read twice.

Invariants:

- All that a visit brings is written in its transaction.
- A pair is written in a cycle when its page was read whole in it (or is not due) and its carry was
  shown in it. What a page that is not read in this cycle showed before still holds good: such
  pairs are written when the cycle ends (`settle`), when it is known which pages these are. So are
  the items of halves that met no carry at all. A carry that its page no longer shows is dropped
  then, and nothing writes its pair any more.
- A carried field may be carried on: what a pair makes of it is a carry for the next page, and so
  on. The config refuses circles in which it would grow; others end where a pair is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scraper.core.model import PageResult, State
from scraper.store.joining import Made, Work
from scraper.store.requests import Requests

if TYPE_CHECKING:  # it would bring the HTML parser to those who only read
    from scraper.core.extract.join import Joiners


class Pairs:
    """Keeps halves and carries, and joins them."""

    def __init__(self) -> None:
        self._joiners: Joiners | None = None

    def knows(self, joiners: Joiners) -> None:
        """Take today's item types that read carries."""
        self._joiners = joiners if joiners.needed else None

    @property
    def active(self) -> bool:
        """Whether the config carries anything."""
        return self._joiners is not None

    def record(self, rows: Requests, results: Sequence[PageResult]) -> Made:
        """Keep what pages give and carry, once their rows are written; returns the new pairs."""
        work = self.work(rows)
        if work is None:
            return Made()
        done = {result.request.id: result for result in results if result.state == State.DONE}
        read = {id_: result for id_, result in done.items() if not result.is_unmodified}
        work.take_halves(read)
        for result in read.values():
            work.take_carries(result)
        work.take_again([result for result in done.values() if result.is_unmodified])
        work.meet([*done, *rows.change.visited])
        return work.finish()

    def work(self, rows: Requests) -> Work | None:
        """The pairs of a transaction; None when the config carries nothing."""
        return None if self._joiners is None else Work(rows, self._joiners)
