"""What the level that is kept brings, and what others may bring.

Little's law: so many open requests are the rate of answers times how long a turn takes. Turns get
no shorter with more of them open. So a level brings no more than its open requests divided by how
long a turn took at a lower level, or takes now: whether fewer would do as well is known without a
trial, unless turns take longer than they did with still fewer open, which says that they queue.
"""

from __future__ import annotations

from math import exp, inf, log

from scraper.core.schedule.flow import Level, Window, deviation
from scraper.core.schedule.rounds import LATE_S, worth

KNOWN = 4_000  # answers that a level is known by, at most
HARM = 0.95  # of the rate: so few answers are not by chance
FAIR = 0.95  # of what is wanted: what is known is not exact, and a trial costs no more than that
CHANGED = 0.2  # the logarithm of a ratio of rates, at least


class Levels:
    """Remembers what was seen of levels.

    Attributes:
        base: the level that is kept; None: it is not measured yet.
    """

    def __init__(self) -> None:
        self.base: Level | None = None
        self._turns_s: dict[int, float] = {}  # by level, by Little's law

    def __repr__(self) -> str:
        return f"<Levels {self.base}, {len(self._turns_s)} known>"

    @property
    def is_late(self) -> bool:
        """Whether the level that is kept makes the loop late."""
        return self.base is not None and self.base.lag_s > LATE_S

    def tried(self, limit: int, rate: float) -> None:
        """Remember what a level has brought."""
        turn_s = limit / rate
        for other, known_s in self._turns_s.items():
            if other < limit and known_s > turn_s:  # the servers have become quicker
                self._turns_s[other] = turn_s
        self._turns_s[limit] = turn_s

    def learn(self, limit: int, window: Window, rate: float, *, rough: bool = False) -> bool:
        """Take what a window says of the level that is kept; returns whether it has changed.

        Args:
            rough: it holds turns that began at another level; the next window replaces it.
        """
        known, answers = self.base, max(1, window.good)
        changed, lag_s = False, window.lag_s
        if known is not None and known.limit == limit:
            lag_s = max(lag_s, 0.8 * known.lag_s)  # so that a level is not late by turns
        if known is not None and known.limit == limit and not known.rough:
            off = abs(log(rate / known.rate))
            changed = off > max(CHANGED, 3 * deviation(answers, known.answers))
            if changed:
                self.forget_above(limit)
            else:
                total = known.answers + answers
                rate = (known.rate * known.answers + rate * answers) / total
                answers = min(total, KNOWN)
        self.base = Level(limit, rate, answers, lag_s, window.turn_s or 0.0, rough)
        if known is None and rough:  # all were begun at once: the first of them did not queue
            rate = max(rate, limit / (window.turn_s or inf))
        self.tried(limit, rate)
        return changed

    def forget_above(self, limit: int) -> None:
        """Take what higher levels did for out of date."""
        self._turns_s = {at: s for at, s in self._turns_s.items() if at <= limit}

    def may_do(self, limit: int, least_s: float) -> bool:
        """Whether another level might be worth its open requests, by what is known of others.

        Args:
            least_s: no turn took less than this.
        """
        base = self.base
        assert base is not None  # noqa: S101 - another level is thought of when this one is known
        if limit > base.limit:
            return not any(
                at / turn_s < HARM * base.rate
                for at, turn_s in self._turns_s.items()
                if base.limit < at <= limit
            )
        below = max((at for at in self._turns_s if at <= limit), default=None)
        turn_s = max(least_s, self._turns_s[below] if below else 0.0, 1e-6)
        least = base.rate * exp(worth(limit / base.limit, late=self.is_late))
        return limit / turn_s >= FAIR * least
