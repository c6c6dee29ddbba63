"""One host of the window: its requests, its turns, and what it may do next."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from scraper.core.model import Request
from scraper.core.plan import HostRule
from scraper.core.schedule.circuit import Circuit
from scraper.core.schedule.pace import Pace


@dataclass(slots=True)
class Host:
    """What the window knows of a host, and whether it may start something."""

    name: str
    rule: HostRule
    probing: bool
    pace: Pace = field(default_factory=Pace)
    circuit: Circuit = field(default_factory=Circuit)
    has_answered: bool = False
    reserved: bool = False  # a turn will send something only later
    crawl_delay_s: float = 0.0
    urgent: deque[tuple[float, Request]] = field(default_factory=deque)  # next hops: half-done work
    queue: deque[tuple[float, Request]] = field(default_factory=deque)  # (entered at, request)
    open: int = 0
    started_at: float = float("-inf")  # the last start
    started_before: float = float("-inf")  # the start before that one
    paused_until: float = float("-inf")
    stamp: int = -1  # the heap entry that counts; -1: none

    @property
    def asked_delay_s(self) -> float:
        return max(self.rule.delay_s, self.crawl_delay_s)

    @property
    def delay_s(self) -> float:
        return max(self.asked_delay_s, self.pace.slow_s)

    @property
    def next_at(self) -> float:
        """The delay, or a rest, allows no start before."""
        if self.circuit.is_given_up:
            return float("-inf")
        return max(self.started_at + self.delay_s, self.paused_until)

    @property
    def may_open(self) -> bool:
        if self.reserved and self.delay_s:
            return False
        alone = (self.probing or self.circuit.is_open) and not self.circuit.is_given_up
        limit = 1 if alone else min(self.rule.per_host, self.pace.open)
        return self.open < limit and bool(self.urgent or self.queue)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do and nothing was learnt."""
        busy = self.open or self.urgent or self.queue or self.reserved
        return not busy and self.circuit.is_clean and not self.pace.slow_s
