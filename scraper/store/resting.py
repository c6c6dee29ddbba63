"""Pages that need not be visited again: they are as old as their sitemap says.

A page rests when it is done and its cycle began after the time by which the sitemap says that it
was changed the last time. It stays in that older cycle, so the next run asks its sitemap again. A
run keeps a bit for each row that rests, as long as it is looking for rows that are due.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scraper.core.model import Request, State
from scraper.store.books import Change
from scraper.store.requests import Requests


class Resting:
    """Rows by their id."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def __contains__(self, row: int) -> bool:
        return row >> 3 < len(self._bits) and bool(self._bits[row >> 3] & 1 << (row & 7))

    def mark(
        self, change: Change, requests: Sequence[Request], changed_by: Mapping[bytes, float]
    ) -> int:
        """Let rows rest; returns how many. In a cycle that is to visit all (`--fresh`) none."""
        cycle, db = change.tenure.cycle, change.db
        (fresh,) = db.execute("SELECT fresh FROM cycle WHERE id = ?", (cycle,)).fetchone()
        if fresh:
            return 0
        began_at = dict(db.execute("SELECT id, began_at FROM cycle"))
        rows = Requests(change)
        rows.read_keys({request.key for request in requests})
        marked = 0
        for key, at in changed_by.items():
            known = rows.find(key)
            if known is None or known.state != State.DONE or known.cycle == cycle:
                continue
            if at < began_at.get(known.cycle, 0.0) and known.id not in self:
                self._add(known.id)
                marked += 1
        return marked

    def _add(self, row: int) -> None:
        at = row >> 3
        if at >= len(self._bits):
            self._bits.extend(bytes(at + 1 - len(self._bits)))
        self._bits[at] |= 1 << (row & 7)
