"""How long a run goes on when all that is left to do is to wait (`run.max_wait`)."""

from __future__ import annotations

from math import inf, isfinite

from scraper.core.schedule.census import rest_ends_at
from scraper.core.schedule.held import Held
from scraper.core.schedule.politeness import HostSchedule

SAME_S = 1.0  # a wait that has moved by less is the same


class Patience:
    """Knows what is waited for; is asked when nothing else can be done.

    Args:
        max_wait_s: what is left may wait so long; infinite: for ever.

    Attributes:
        parked: pages that wait for the last seed.
        seeds_on: the host that seeds wait for.
        seeds_until: no seed comes before that, seconds since the epoch.
    """

    __slots__ = ("_max_wait_s", "parked", "seeds_on", "seeds_until")

    def __init__(self, max_wait_s: float = inf) -> None:
        self._max_wait_s = max_wait_s
        self.parked = 0
        self.seeds_on: str | None = None
        self.seeds_until = 0.0

    def seeds_rest(self, host: str, until: float) -> bool:
        """Hear that no seed comes before a time; returns whether that is news."""
        is_news = host != self.seeds_on or abs(until - self.seeds_until) > SAME_S
        if is_news:
            self.seeds_on, self.seeds_until = host, until
        return is_news

    def is_over(
        self,
        schedule: HostSchedule,
        held: Held,
        *,
        seeding: bool,
        due_at: float | None,
        now: float,
        since_epoch: float,
    ) -> bool:
        """Whether nothing is at work, and all that is left waits longer than it may.

        Args:
            due_at: when the first retry of the table is due, seconds since the epoch; None: there
                is none.
            now: monotonic seconds; `since_epoch` the same instant, seconds since the epoch.
        """
        if self._max_wait_s == inf or schedule.open or held.at_work() > self.parked:
            return False
        wait_s = rest_ends_at(schedule.hosts.each(), schedule.outage) - now
        if due_at is not None:
            wait_s = min(wait_s, due_at - since_epoch)
        if seeding:
            wait_s = min(wait_s, self.seeds_until - since_epoch)
        return isfinite(wait_s) and wait_s > self._max_wait_s
