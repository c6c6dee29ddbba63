"""What a turn tells of its host: decided here, for the pace and for the circuit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from scraper.core.errors import FetchError
from scraper.core.model import Reason, Response
from scraper.core.schedule.retry import RETRYABLE

_LATE = frozenset({Reason.TIMEOUT})
_DEAD = frozenset({Reason.CONNECT, Reason.DNS, Reason.TLS, Reason.RESET})
_SPOILED = frozenset(
    {Reason.PROTOCOL, Reason.TRUNCATED, Reason.ENCODING, Reason.TOO_LARGE, Reason.CONTENT_TYPE}
)
_BUSY = frozenset({429, 503})


class Sign(Enum):
    """How the host is."""

    NONE = "nothing was sent, or it is not the host's fault"
    WELL = "it answered"
    BUSY = "it answered that it has too much to do"
    LATE = "it did not answer in time"
    DEAD = "it could not be reached, or hung up"


@dataclass(frozen=True, slots=True)
class News:
    """What a turn tells of its host."""

    sign: Sign = Sign.NONE
    latency_s: float | None = None  # until the answer began
    rest_s: float = 0.0  # to ask again before that is in vain
    is_shut: bool = False  # no page may be asked for: one failure says enough

    @property
    def is_silence(self) -> bool:
        """Whether the host did not say a word."""
        return self.sign in (Sign.LATE, Sign.DEAD)


NO_NEWS = News()


def news_of(outcome: Response | FetchError | None) -> News:
    """What the outcome of a turn tells; None: nothing was asked for."""
    if outcome is None:
        return NO_NEWS
    if isinstance(outcome, FetchError):
        if outcome.shut and outcome.reason in RETRYABLE:
            return News(Sign.DEAD, rest_s=outcome.again_in_s or 0.0, is_shut=True)
        if outcome.reason in _DEAD:
            return News(Sign.DEAD)
        if outcome.reason in _LATE:
            return News(Sign.LATE)
        return News(Sign.WELL) if outcome.reason in _SPOILED else NO_NEWS
    sign = Sign.BUSY if outcome.status in _BUSY else Sign.WELL
    return News(sign, outcome.first_byte_s)
