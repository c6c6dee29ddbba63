"""What the turns of a crawl come to while it runs: answers, errors, and how long they take."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

from scraper.core.schedule.news import Sign


class Flow:
    """Counts that only grow; whoever wants a rate takes the difference of two looks.

    Attributes:
        good: turns that were answered.
        bad: turns that were not, or with "too busy", and began at `since` or later: what was
            begun before a change says nothing of what came after it.
        turn_s: how long the good ones took, summed.
        least_s: the shortest of them.
    """

    __slots__ = ("bad", "good", "least_s", "since", "turn_s")

    def __init__(self) -> None:
        self.good = 0
        self.bad = 0
        self.turn_s = 0.0
        self.least_s = inf
        self.since = -inf

    def __repr__(self) -> str:
        return f"<Flow {self.good} good, {self.bad} bad>"

    def ended(self, sign: Sign, started_at: float, now: float, *, answers: bool) -> None:
        """Count a turn, which ends now.

        Args:
            answers: the host has answered before; one that never did is dead, whatever we do.
        """
        if sign is Sign.WELL:
            self.good += 1
            took_s = now - started_at
            self.turn_s += took_s
            self.least_s = min(self.least_s, took_s)
        elif sign is not Sign.NONE and answers and started_at >= self.since:
            self.bad += 1


class Window:
    """What was seen of a flow from one moment on."""

    __slots__ = (
        "_bad",
        "_flow",
        "_good",
        "_lags_s",
        "_open",
        "_turn_s",
        "_turns",
        "began_at",
        "full",
        "pulses",
    )

    def __init__(self, flow: Flow, now: float) -> None:
        self._flow = flow
        self._good, self._bad, self._turn_s = flow.good, flow.bad, flow.turn_s
        self._lags_s: list[float] = []
        self._open = 0  # summed over the pulses
        self._turns = 0  # whole ones that have passed
        self.began_at = now
        self.pulses = 0
        self.full = 0  # pulses at which the slots were taken

    def __repr__(self) -> str:
        return f"<Window {self.good} good, {self.bad} bad, {self.full} of {self.pulses} full>"

    def add(self, *, open_: int, full: bool, lag_s: float) -> None:
        """Count a pulse."""
        self.pulses += 1
        self.full += full
        self._open += open_
        self._lags_s.append(lag_s)

    def has_turned(self, now: float, turn_s: float) -> bool:
        """Whether another whole turn of this length has passed since it was asked last."""
        turns = int((now - self.began_at) / max(turn_s, 1e-6))
        before, self._turns = self._turns, turns
        return turns > before

    @property
    def good(self) -> int:
        return self._flow.good - self._good

    @property
    def bad(self) -> int:
        return self._flow.bad - self._bad

    @property
    def bad_share(self) -> float:
        """Of all turns, those that came to nothing."""
        return self.bad / max(1, self.good + self.bad)

    @property
    def turn_s(self) -> float | None:
        """The mean of the good turns; None: there was none."""
        return (self._flow.turn_s - self._turn_s) / self.good if self.good else None

    @property
    def open(self) -> float:
        """Turns that were open, on the average."""
        return self._open / max(self.pulses, 1)

    @property
    def is_full(self) -> bool:
        """Whether more slots would have been taken, most of the time."""
        return 2 * self.full > self.pulses

    @property
    def lag_s(self) -> float:
        """The loop was this late or later in one of ten pulses."""
        lags_s = sorted(self._lags_s)
        return lags_s[len(lags_s) * 9 // 10] if lags_s else 0.0

    def rate(self, now: float) -> float:
        """Good turns a second; never 0, so that it has a logarithm.

        Not more than the open ones allow, by how long they take (Little's law): where answers
        come in bursts a window may have one too many.
        """
        counted = (self.good + 0.5) / max(now - self.began_at, 1e-6)
        return min(counted, max(self.open, 1.0) / self.turn_s) if self.turn_s else counted


@dataclass(frozen=True, slots=True)
class Level:
    """What is known of a number of open requests."""

    limit: int
    rate: float  # good turns a second
    answers: int  # that this is known by
    lag_s: float
    turn_s: float = 0.0  # the mean of the good turns, the last time
    rough: bool = False  # turns were counted that began at another level


def deviation(answers: int, others: int) -> float:
    """Of the logarithm of the ratio of two rates, if answers came at random."""
    return sqrt(1 / max(answers, 1) + 1 / max(others, 1))
