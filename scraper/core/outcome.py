"""What becomes of a visit that did not give a page: a value, decided without touching the world."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from operator import attrgetter

from scraper.core.errors import FetchError, ParseError
from scraper.core.follow import Followed
from scraper.core.model import (
    PageResult,
    Parsed,
    Reading,
    Reason,
    Request,
    Response,
    State,
    Timing,
    http_reason,
)
from scraper.core.redirect import is_redirect
from scraper.core.schedule.retry import RetryPolicy, retry_after_s, retry_at
from scraper.core.schedule.revalidate import conditions, renewed

PHASES = attrgetter(*(each.name for each in fields(Timing)))
"""The seconds of a visit by phase, in the order of `Timing`."""

_PARTS = attrgetter(*(each.name for each in fields(PageResult)))
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Moment:
    """What a decision may not take by itself: the time and the chance."""

    now: float  # seconds since the epoch
    chance: float  # uniform in [0, 1)


def skipped(request: Request, reason: Reason, detail: str = "") -> PageResult:
    """The page is not visited, or not where redirects have led it, on purpose.

    Args:
        detail: the line that decided, for people.
    """
    return PageResult(request, State.SKIPPED, reason, detail, final_url=_led_to(request))


def unreachable(
    request: Request,
    error: FetchError | None = None,
    *,
    robots: FetchError | None = None,
    busy: bool = False,
) -> PageResult:
    """The page is not visited: its host was tried often enough in this run.

    Args:
        error: of the last try, if this page made it: it shows why the host is given up.
        robots: why the robots.txt of the host cannot be had, if it is that.
        busy: the host has answered, but for hours with nothing but 429 or 503.
    """
    if error is not None and not error.reason.startswith("http_"):
        return _given_up(request, error.reason, error.detail)
    detail, known = "its host could not be reached, several times", error or robots
    if busy:
        detail = "its host has answered nothing but 429 or 503 for hours"
    elif known is not None:
        detail = f"{known.detail}: without it no page is visited, and it was tried several times"
    detail = f"{detail}: it is tried again in the next cycle"
    return _given_up(request, Reason.HOST_UNREACHABLE, detail)


def _given_up(request: Request, reason: str, detail: str) -> PageResult:
    return PageResult(request, State.FAILED, reason, detail, final_url=_led_to(request))


def failed(
    request: Request,
    error: FetchError,
    moment: Moment,
    policy: RetryPolicy,
    *,
    response: Response | None = None,
    free: bool = False,
) -> PageResult:
    """The page failed: it waits for its retry, or it is final.

    Args:
        free: it only tried whether its host is back, or was not asked for: the attempt does not
            count.
        response: the answer, if there was one; its Retry-After rests the whole host.
    """
    asked_for = response.headers.get("retry-after") if response else None
    after_s = retry_after_s(asked_for, now=moment.now, longest_s=policy.longest_s)
    if error.rests and error.shut:
        after_s = error.again_in_s
    due_at = retry_at(
        error.reason,
        attempt=request.attempt,
        now=moment.now,
        chance=moment.chance,
        policy=policy,
        retry_after_s=error.again_in_s if after_s is None else after_s,
        repeatable=is_safe(request.verb) or not error.sent,
        last=not free and policy.stops(request.attempt),
    )
    if free and due_at is not None:
        request = replace(request, attempt=request.attempt - 1)
    return replace(
        answered(request, response) if response else _not_answered(request),
        state=State.FAILED if due_at is None else State.WAITING,
        reason=error.reason,
        detail=error.detail,
        retry_at=due_at,
        pause_until=None if after_s is None else moment.now + after_s,
    )


def _not_answered(request: Request) -> PageResult:
    return PageResult(request, final_url=_led_to(request))


def _led_to(request: Request) -> str | None:
    """Where redirects have led; None: there was none."""
    return None if request.hop is None else request.asked


def answered(request: Request, response: Response, *, reading: Reading | None = None) -> PageResult:
    """The page was answered with success and is done; nothing is looked for in it."""
    return PageResult(
        request,
        status=response.status,
        final_url=response.url,
        body_bytes=len(response.body),
        wire_bytes=response.wire_bytes,
        reading=reading,
        timing=_timing(response),
    )


def extracted(
    request: Request,
    response: Response,
    rule: str,
    parsed: Parsed,
    links: Followed,
    reading: Reading | None = None,
) -> PageResult:
    """The page is done, with its items and with its links as requests."""
    return PageResult(
        request,
        status=response.status,
        final_url=response.url,
        rule=rule,
        page=parsed.page,
        links=links.requests,
        links_found=links.found,
        links_out_of_scope=links.out_of_scope,
        links_outside=links.outside,
        links_trapped=links.trapped,
        body_bytes=len(response.body),
        wire_bytes=response.wire_bytes,
        placed=parsed.placed,
        reading=reading,
        timing=_timing(response, parsed.worker_s, parsed.parse_s),
    )


def unreadable(
    request: Request, response: Response, rule: str | None, error: ParseError
) -> PageResult:
    """The page was answered and cannot be extracted."""
    return replace(
        answered(request, response),
        rule=rule,
        state=State.FAILED,
        reason=error.reason,
        detail=error.detail,
    )


def visited(result: PageResult, *, turn_s: float, finished_at: float) -> PageResult:
    """The result with what only the whole visit knows."""
    _, *rest = PHASES(result.timing)
    *before, _, _, again = _PARTS(result)
    parts = (*before, Timing(turn_s, *rest), finished_at, again)
    return PageResult(*parts)  # in a third of the time that `replace` takes


def unmodified(request: Request, response: Response, rule: str | None) -> PageResult:
    """The page is as it was when it was read last, its server says."""
    assert request.validators is not None  # noqa: S101 - else it was `refused`
    reading = renewed(request.validators, response)
    return replace(answered(request, response, reading=reading), rule=rule)


def refused(response: Response, asked: Request | None = None) -> FetchError | None:
    """The error that the status of an answer stands for; None for a success or a redirect.

    Args:
        asked: with whose validators it was asked; None: with none.
    """
    if response.is_unmodified:
        if asked is not None and conditions(asked):
            return None
        return FetchError(Reason.PROTOCOL, "the server answered 304, and was not asked for it")
    if 200 <= response.status < 300 or is_redirect(response):  # RFC 9110 section 15.3
        return None
    return FetchError(http_reason(response.status), f"the server answered {response.status}")


def is_safe(method: str) -> bool:
    """Whether the method may be sent twice unasked (RFC 9110 section 9.2.1)."""
    return method in _SAFE


def is_spent(request: Request) -> bool:
    """Whether a POST or its like was done, and a redirect led on to a GET.

    A retry begins there: at the first URL it would do it twice.
    """
    return not is_safe(request.method) and is_safe(request.verb)


def _timing(
    response: Response, worker_s: float | None = None, parse_s: float | None = None
) -> Timing:
    return Timing(
        None,
        response.slot_s,
        response.dns_s,
        response.connect_s,
        response.first_byte_s,
        response.body_s,
        worker_s,
        parse_s,
    )
