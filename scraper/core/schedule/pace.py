"""How fast one host is asked: slower when it is in trouble, faster again while it is well.

Multiplicative decrease, additive increase, as TCP does (RFC 5681 section 3.1), in two steps: first
fewer requests are open at a time, then, from one at a time on, there is a pause between two. It is
never faster than configured: the caller takes the smaller limit and the longer delay.

The pause goes in `STEPS` equal steps, one with each answer. In larger ones a host that allows some
requests a second is too fast again after an answer or two: it says 429 to every second request, and
more pages use up their attempts.

A new host earns each request beyond the first few by an answer (slow start). After the first
trouble a whole round of answers earns one more.
"""

from __future__ import annotations

FIRST_OPEN = 4  # the default of politeness.per_host
FIRST_SLOW_S = 0.5  # between two starts, when one request at a time is too much
MOST_SLOW_S = 30.0
STEPS = 10  # answers until the pause is over
SLOWER = 3.0  # times as long as usual, and ...
SLOWER_BY_S = 0.5  # ... so much longer: the host has grown slower


class Pace:
    """What one host can bear.

    Attributes:
        open: requests that it may be asked at a time, as far as the config allows.
        slow_s: seconds between two starts, learnt; 0: none.
        usual_s: until an answer begins, smoothed over long; None: there was none.
    """

    __slots__ = (
        *("_credit", "_recent_s", "_slowed_at", "_steady", "_step_s"),
        *("open", "slow_s", "usual_s"),
    )

    def __init__(self, slow_s: float = 0.0) -> None:
        self.open = 1 if slow_s else FIRST_OPEN
        self.slow_s = min(slow_s, MOST_SLOW_S)
        self._step_s = self.slow_s / STEPS
        self._steady = bool(slow_s)  # after the first trouble
        self._credit = 0  # answers of this round
        self._slowed_at = float("-inf")
        self.usual_s: float | None = None
        self._recent_s = 0.0  # ... over the last few

    def __repr__(self) -> str:
        return f"<Pace {self.open} open, {self.slow_s:g} s between>"

    def answered(self, now: float, *, started_at: float, latency_s: float | None) -> bool:
        """An answer came; returns whether it tells to be slower from now on."""
        slower = latency_s is not None and self._has_grown_slower(latency_s)
        if slower and started_at >= self._slowed_at:
            self._halve(now)
            return True
        if self.slow_s:
            step_s = max(self._step_s, FIRST_SLOW_S / STEPS)
            self.slow_s = self.slow_s - step_s if self.slow_s > 1.5 * step_s else 0.0
        elif self._steady:
            self._credit += 1
            if self._credit >= self.open:
                self.open += 1
                self._credit = 0
        else:
            self.open += 1
        return False

    def troubled(self, now: float, *, started_at: float, most: int) -> None:
        """The host is overloaded. One burst of bad answers counts once.

        Args:
            started_at: of the turn that says so.
            most: requests that may be open by the config.
        """
        if started_at < self._slowed_at:
            return
        if min(self.open, most) == 1:
            self.slow_s = min(max(2 * self.slow_s, FIRST_SLOW_S), MOST_SLOW_S)
            self._step_s = self.slow_s / STEPS
        self.open = min(self.open, most)
        self._halve(now)

    def _halve(self, now: float) -> None:
        self.open = max(self.open // 2, 1)
        self._steady = True
        self._credit = 0
        self._slowed_at = now

    def _has_grown_slower(self, latency_s: float) -> bool:
        if self.usual_s is None:
            self.usual_s = self._recent_s = latency_s
            return False
        self._recent_s += (latency_s - self._recent_s) / 4
        usual_s = self.usual_s
        self.usual_s += (latency_s - usual_s) / 64
        return self._recent_s > SLOWER * usual_s and self._recent_s > usual_s + SLOWER_BY_S
