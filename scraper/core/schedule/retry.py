"""When a page that failed is visited again: tenacity's strategies decide, nobody sleeps.

The answer is a due time for the table. A retry that waited in a slot would starve others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Protocol, cast

from tenacity import RetryCallState, stop_after_attempt, wait_exponential

from scraper.core.model import Reason
from scraper.core.plan import RetryPlan

_RETRYABLE_STATUS = (408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524)
RETRYABLE: frozenset[str] = frozenset(
    {
        Reason.TIMEOUT,
        Reason.CONNECT,
        Reason.DNS,
        Reason.TLS,
        Reason.RESET,
        Reason.TRUNCATED,
        Reason.PROTOCOL,
        Reason.HOST_UNREACHABLE,
        Reason.PARSE_TIMEOUT,
        Reason.PARSE_CRASH,
        *(f"http_{status}" for status in _RETRYABLE_STATUS),
    }
)
"""Reasons that may pass by themselves: tried again now, and at once in the next cycle."""

_NEVER_ACCEPTED = frozenset({"http_429", "http_503"})  # the server says that it did not do it
_OURS = frozenset({Reason.PARSE_TIMEOUT, Reason.PARSE_CRASH})  # another fetch would not help


@dataclass(frozen=True, slots=True)
class _State:
    """What tenacity's strategies look at."""

    attempt_number: int


class _Strategy(Protocol):
    def __call__(self, retry_state: RetryCallState) -> float: ...


class RetryPolicy:
    """When to give up, and how long to wait until then.

    Args:
        plan: attempts in all, the first wait and the longest, in seconds.
    """

    def __init__(self, plan: RetryPlan) -> None:
        self.longest_s = plan.longest_s
        self._stop: _Strategy = stop_after_attempt(plan.attempts)
        self._wait: _Strategy = wait_exponential(multiplier=plan.first_s, max=plan.longest_s)

    def stops(self, attempt: int) -> bool:
        """Whether attempt number `attempt` was the last."""
        return bool(self._stop(cast("RetryCallState", _State(attempt))))

    def wait_s(self, attempt: int) -> float:
        """The longest wait after attempt number `attempt`."""
        return self._wait(cast("RetryCallState", _State(attempt)))


def retry_at(  # keyword-only: each is one fact about the visit
    reason: str,
    *,
    attempt: int,
    now: float,
    chance: float,
    policy: RetryPolicy,
    retry_after_s: float | None = None,
    repeatable: bool = True,
    last: bool | None = None,
) -> float | None:
    """Return when to visit again (seconds since the epoch), or None to give up.

    Args:
        attempt: 1 for the first visit.
        chance: uniform in [0, 1): full jitter, so that hosts are not hit in step.
        retry_after_s: the server's own wish; it wins over a shorter backoff.
        repeatable: False for a request other than GET that may have reached the server: it is
            sent again only when the answer says that nothing was done with it.
        last: whether no attempt is left; None: the policy says so.

    Source: "full jitter" backoff; RFC 9110 sections 9.2.2 and 10.2.3.
    """
    if reason not in RETRYABLE or reason in _OURS:
        return None
    if policy.stops(attempt) if last is None else last:
        return None
    if not repeatable and reason not in _NEVER_ACCEPTED:
        return None
    return now + max(chance * policy.wait_s(attempt), retry_after_s or 0.0)


def retry_after_s(value: str | None, *, now: float, longest_s: float) -> float | None:
    """Read a Retry-After header: seconds or an HTTP date; None when absent or unreadable.

    Never negative and never more than `longest_s`: a server cannot hold a crawl for ever.

    Source: RFC 9110 section 10.2.3.
    """
    if value is None:
        return None
    value = value.strip()
    numbers = [part.strip() for part in value.split(",")]  # of several headers the longest
    if value.isascii() and all(map(str.isdigit, numbers)):
        return min(max(float(number[:18]) for number in numbers), longest_s)
    try:
        at = parsedate_to_datetime(value)
        if at.tzinfo is None:  # "-0000": the date is UTC, of unknown origin
            at = at.replace(tzinfo=UTC)
        return min(max(at.timestamp() - now, 0.0), longest_s)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
