"""Hosts that cannot be reached, and a network that is gone.

A host's circuit opens after a few failures in a row: it rests, its pages wait. After the rest it
is half-open: one page at a time tries whether it is back. With the first answer it closes; after
`PROBES` probes in vain the host is given up for this run, and its pages with it. So is one that for
hours says nothing but that it is too busy, as sites do that have locked a crawler out: at the pace
that it is asked with by then (`pace`) its pages would hold the run for days.

When hosts that had answered fail one after another and nobody answers any more, it is not the
hosts that are gone but the network: the whole crawl rests, and one page now and then probes it.

Source: M. Nygard, "Release It!" (circuit breaker).
"""

from __future__ import annotations

FAILURES = 5  # in a row open a circuit
PROBES = 3  # in vain: the host is given up
RESTS = (1, 3, 6)  # times the first wait of a retry
TOO_BUSY = 20  # answers of 429 or 503, nothing else between ...
TOO_BUSY_S = 2 * 3600.0  # ... in so long: the host is given up; quotas are by the hour, mostly
LOST = 5  # hosts that had answered and fail, one after another: the network is gone
PROBE_S = 2.0  # from one probe of the network to the next; doubles
LONGEST_PROBE_S = 30.0
LONGEST_OUTAGE_S = 600.0


class Circuit:
    """Whether one host can be reached.

    Attributes:
        is_open: it rests, or is half-open: one page at a time may try.
        is_given_up: it was tried often enough.
    """

    __slots__ = (
        *("_busy", "_busy_since", "_failures", "_opened_at", "_probes"),
        *("is_given_up", "is_open"),
    )

    def __init__(self) -> None:
        self._failures = 0
        self._probes = 0  # in vain
        self._opened_at = float("-inf")
        self._busy = 0  # answers in a row
        self._busy_since = float("-inf")
        self.is_open = False
        self.is_given_up = False

    def __repr__(self) -> str:
        state = "given up" if self.is_given_up else "open" if self.is_open else "closed"
        return f"<Circuit {state}, {self._failures} failures>"

    @property
    def state(self) -> tuple[int, int, float]:
        """All there is to remember while no turn is open.

        In 7 bits what failed, in a byte how often in a row it was too busy, and since when.
        """
        failures = min(self._failures, FAILURES)
        failed = failures | self._probes << 3 | self.is_open << 5 | self.is_given_up << 6
        return failed, min(self._busy, TOO_BUSY), self._busy_since

    @classmethod
    def of(cls, failed: int, busy: int, busy_since: float) -> Circuit:
        """The circuit that told its state."""
        made = cls()
        made._failures, made._probes = failed & 7, failed >> 3 & 3
        made.is_open, made.is_given_up = bool(failed & 32), bool(failed & 64)
        made._busy, made._busy_since = busy, busy_since
        return made

    @property
    def is_busy(self) -> bool:
        """Whether the last answer was that it is too busy."""
        return self._busy > 0

    def well(self) -> None:
        """The host answered."""
        self._busy, self._busy_since = 0, float("-inf")
        if self._failures:
            self._failures = self._probes = 0
            self.is_open = False

    def busy(self, now: float) -> None:
        """The host answered that it is too busy."""
        before, since = self._busy, self._busy_since
        self.well()
        self._busy, self._busy_since = before + 1, since if before else now
        if self._busy >= TOO_BUSY and now - self._busy_since >= TOO_BUSY_S:
            self.is_given_up = True

    def failed(self, now: float, *, started_at: float, at_once: bool = False) -> int | None:
        """The host could not be reached.

        Args:
            started_at: of the turn that failed; one that began before the circuit opened tells
                nothing new.
            at_once: one failure is enough to open it.

        Returns:
            How many times the first wait of a retry the host rests from now on; None: not at all.
        """
        if self.is_given_up or started_at < self._opened_at:
            return None
        self._failures += 1
        if self.is_open:
            self._probes += 1
            if self._probes == PROBES:
                self.is_given_up = True
                return None
        elif self._failures < FAILURES and not at_once:
            return None
        self.is_open = True
        self._opened_at = now
        return RESTS[self._probes]


class Outage:
    """Whether the network is gone.

    Attributes:
        since: monotonic seconds; None: it is there.
        probe_at: the next page may probe it then; None: one is doing so.
    """

    __slots__ = ("_lost", "_wait_s", "probe_at", "since")

    def __init__(self) -> None:
        self._lost: set[str] = set()
        self._wait_s = PROBE_S
        self.since: float | None = None
        self.probe_at: float | None = None

    def __repr__(self) -> str:
        return f"<Outage since {self.since}, {len(self._lost)} hosts lost>"

    def well(self) -> bool:
        """Somebody answered; returns whether that ends an outage."""
        ended = self.since is not None
        if self._lost:
            self._lost.clear()
            self.since = self.probe_at = None
            self._wait_s = PROBE_S
        return ended

    def lost(self, host: str, now: float) -> bool:
        """A host that had answered could not be reached; returns whether that begins an outage."""
        self._lost.add(host)
        if self.since is not None or len(self._lost) < LOST:
            return False
        self.since = now
        self.probe_at = now + self._wait_s
        return True

    def probes(self) -> None:
        """A page goes out to probe the network."""
        self.probe_at = None

    def probed(self, now: float, *, in_vain: bool) -> None:
        """A page that went out came back without an answer, in vain, or because it was not sent."""
        if in_vain:
            self._wait_s = min(2 * self._wait_s, LONGEST_PROBE_S)
            self.probe_at = now + self._wait_s
        else:
            self.probe_at = now

    def is_too_long(self, now: float) -> bool:
        """Whether waiting for the network any longer makes no sense."""
        return self.since is not None and now - self.since >= LONGEST_OUTAGE_S
