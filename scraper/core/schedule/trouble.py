"""Errors of a crawl: how many are usual, which level had too many, and how far to cut it."""

from __future__ import annotations

from math import inf, sqrt

from scraper.core.schedule.flow import Window

USUAL = 0.08  # errors beyond this and twice the known share are trouble
FEW = 4  # ... if there are as many
LEARNS = 0.25  # of what a window shows
SHY_S = 10.0  # for which a level that failed is not tried again
LEAST_CUT, MOST_CUT = 0.7, 0.25  # what is left of a level
CUTS = 3  # in a row; then the errors are not of our making


class Trouble:
    """Remembers errors, and the level that had too many."""

    def __init__(self) -> None:
        self._usual = 0.0  # share of the turns
        self._cuts = 0
        self._ceiling, self._until = inf, -inf

    def __repr__(self) -> str:
        return f"<Trouble beyond {self._usual:.0%}, {self._cuts} cuts>"

    def is_in(self, window: Window) -> bool:
        """Whether there are more errors than usual, where the level is to blame for them.

        Where slots are left free it is a matter of single hosts, and of their pace.
        """
        bad = window.bad
        if bad < FEW or not window.is_full:
            return False
        sure = 2 * sqrt(bad) / (window.good + bad)
        return window.bad_share - sure > 2 * self._usual + USUAL

    def learn(self, window: Window) -> None:
        """Take a window for usual."""
        learns = 1.0 if self._cuts else LEARNS  # what a cut has left is not of our making
        self._cuts = 0
        self._usual += (window.bad_share - self._usual) * learns

    def put_up_with(self, window: Window) -> None:
        """Take all errors of a window for usual: fewer requests would not change them."""
        self._cuts, self._usual = 0, window.bad_share
        self._until = -inf

    def shun(self, limit: int, now: float) -> None:
        """Leave a level, and what is above it, alone for a while."""
        self._ceiling, self._until = limit, now + SHY_S

    def is_shy(self, now: float) -> bool:
        """Whether some level failed a short while ago."""
        return now < self._until

    def forbids(self, limit: int, now: float) -> bool:
        """Whether this level is left alone now."""
        return limit >= self._ceiling and self.is_shy(now)

    def cut(self, limit: int, share: float, now: float) -> int | None:
        """A lower level, by the share of errors; None: it was cut often enough."""
        if self._cuts >= CUTS:
            return None
        self._cuts += 1
        self.shun(limit, now)
        return round(limit * min(max(1 - 2 * share, MOST_CUT), LEAST_CUT))
