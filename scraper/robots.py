"""The robots.txt of each host: fetched once, kept, asked for by one at a time.

What an answer means is RFC 9309 section 2.3.1: up to five redirects are followed, each in a turn of
the host that it leads to (`ask_in_turn`; see `errand`), and the rules are those of the host first
asked; "unavailable" (4xx, or a redirect that leads nowhere) allows everything; "unreachable" (5xx,
the network) allows nothing, which here is a `FetchError`, so that the page is tried again later.
429 says "later" and counts as unreachable.

The one who asks first fetches, the others wait for it. Is the first one cancelled, the next one
fetches. Memory is bounded by hosts and by the bytes of the files kept, since both are a
stranger's choice. What there was no more room for is read back where `keep` has put it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

from scraper.clock import Clock
from scraper.core.errors import FetchError, TooSoonError
from scraper.core.insight.distinct import Distinct
from scraper.core.model import Response, http_reason
from scraper.core.robotstxt import LIMIT_BYTES, Rules
from scraper.core.schedule.retry import retry_after_s
from scraper.core.url import Url, origin_of, parse, parts

MAX_REDIRECTS = 5
KEPT_S = 24 * 3600.0  # RFC 9309 section 2.4
FIRST_FAILURE_KEPT_S = 0.25  # doubles with each failure of the host, up to the longest
FAILURE_KEPT_S = 60.0
LONGEST_S = 300.0  # the default of fetch.retry.longest
KEPT_HOSTS = 8_000  # more than the window of the frontier has
KEPT_BYTES = 32 * 1024 * 1024  # of files; what is made of them is some times as much

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LATER = 429
_ALLOW_ALL = Rules.allow_all()


Keep: TypeAlias = Callable[[str, bytes], Awaitable[None]]
ReadBack: TypeAlias = Callable[[str], Awaitable[tuple[float, bytes] | None]]
Sent: TypeAlias = Callable[[], Awaitable[None]] | None


class Fetcher(Protocol):
    """Who fetches."""

    async def fetch_url(self, url: str, *, max_bytes: int, home: str, sent: Sent) -> Response:
        """Return one exchange, its body cut at `max_bytes`; redirects are not followed.

        `home`: what was asked for before redirects led to the URL.
        """


@dataclass(frozen=True, slots=True)
class _Kept:
    outcome: Rules | FetchError
    size_bytes: int
    until: float  # monotonic seconds
    failures: int = 0  # in a row


class _Place(NamedTuple):
    """Where a robots.txt is to be asked for next, after so many redirects."""

    url: Url
    hops: int


class Robots:
    """Answers whether a URL may be visited.

    With `obey=False` everything may, and nothing is fetched.

    Args:
        keep: told of each robots.txt that was fetched, as origin and text, for the next run.
        read_back: of what was kept the text of one origin, and when it was fetched (seconds since
            the epoch); None: there is none.
        longest_s: a host that asks for a rest (Retry-After) gets no longer one.
    """

    def __init__(
        self,
        *,
        fetcher: Fetcher,
        agent: str,
        obey: bool,
        clock: Clock,
        keep: Keep | None = None,
        read_back: ReadBack | None = None,
        longest_s: float = LONGEST_S,
    ) -> None:
        self._fetcher = fetcher
        self._agent = agent
        self._obey = obey
        self._clock = clock
        self._longest_s = longest_s
        self._kept: OrderedDict[str, _Kept] = OrderedDict()  # origin: the one used last at the end
        self._kept_bytes = 0
        self._asking: dict[str, asyncio.Event] = {}
        self._keep_text, self._read_back = keep, read_back
        self._gone = Distinct()  # origins that there was no room for, perhaps some more
        self._has_more = False  # earlier runs kept more than is remembered
        self._moved: dict[str, _Place] = {}
        self._earlier: dict[str, tuple[float, bytes]] = {}  # of earlier runs, not read yet

    def __repr__(self) -> str:
        return f"<Robots {len(self._kept)} hosts kept, {len(self._asking)} being asked>"

    def remember(self, texts: Mapping[str, tuple[float, bytes]]) -> None:
        """Take what earlier runs kept: origin -> (fetched at, seconds since the epoch; text)."""
        self._earlier = dict(texts) if self._obey else {}
        self._has_more = len(self._earlier) >= KEPT_HOSTS

    def answer(self, url: str) -> Rules | None:
        """Return the rules of the URL's scheme, host and port, or None if they must be asked for.

        Args:
            url: normalised href, as in `Request.url`.

        Raises:
            FetchError: to ask is known to be in vain, for the time that `again_in_s` tells.
        """
        if not self._obey:
            return _ALLOW_ALL
        origin = origin_of(url)
        outcome = self._look_up(origin)
        return None if outcome is None else self._told(outcome, origin, shut=True)

    async def ask(self, url: str) -> Rules:
        """Return the rules of the URL's scheme, host and port, fetched at once wherever they are.

        Raises:
            FetchError: the host cannot be asked; the page itself was not sent.
        """
        found = await self.ask_in_turn(url, parts(url).host)
        while not isinstance(found, Rules):
            found = await self.ask_in_turn(url, found.host)
        return found

    async def ask_in_turn(self, url: str, host: str, *, sent: Sent = None) -> Rules | Url:
        """Return the rules, for which one exchange may be made with a host whose turn it is.

        Args:
            host: whose turn it is: the URL's own, or where its robots.txt has moved to.
            sent: awaited when the connection stands; where it says that it is too soon, the same
                is to be asked for in another turn.

        Returns:
            Where the rules are to be asked for in another turn, if it is not known yet: see `host`.

        Raises:
            FetchError: the host cannot be asked; the page itself was not sent.
        """
        if not self._obey:
            return _ALLOW_ALL
        origin = origin_of(url)
        while (outcome := self._look_up(origin)) is None:
            place = self._moved.get(origin) or _Place(parts(f"{origin}/robots.txt"), 0)
            if (asking := self._asking.get(origin)) is not None:
                await asking.wait()
            elif place.url.host == host:
                await self._ask(origin, place, sent)
            else:
                return place.url
            if origin in self._moved:
                return self._moved[origin].url
        return self._told(outcome, origin, shut=parts(f"{origin}/").host == host)

    def moved_to(self, url: str) -> Url | None:
        """Where the URL's robots.txt is to be asked for, if that is known to be elsewhere."""
        place = self._moved.get(origin_of(url))
        return None if place is None else place.url

    def give_up(self, url: str, error: FetchError) -> None:
        """Hear that the URL's robots.txt cannot be had where it has moved to."""
        origin = origin_of(url)
        if self._moved.pop(origin, None) is not None:
            self._keep(origin, error, 0, 0.0)

    def trouble(self, url: str) -> FetchError | None:
        """Why the URL's robots.txt could not be had the last time; None: it could, or none was."""
        kept = self._kept.get(origin_of(url))
        return kept.outcome if kept and isinstance(kept.outcome, FetchError) else None

    def _told(self, outcome: Rules | FetchError, origin: str, *, shut: bool) -> Rules:
        if isinstance(outcome, FetchError):  # a new one each time: raising adds to its traceback
            again_in_s = max(0.0, self._kept[origin].until - self._clock.monotonic())
            raise FetchError(
                outcome.reason,
                outcome.detail,
                sent=False,
                again_in_s=again_in_s,
                shut=shut,
                rests=outcome.rests,
            )
        return outcome

    def _look_up(self, origin: str) -> Rules | FetchError | None:
        kept = self._kept.get(origin)
        if kept is None:
            return self._recall(origin) if self._earlier else None
        if self._clock.monotonic() >= kept.until:
            return None
        self._kept.move_to_end(origin)
        return kept.outcome

    def _recall(self, origin: str) -> Rules | None:
        """What an earlier run was told, if that is not a day ago."""
        return self._take(origin, *self._earlier.pop(origin, (0.0, b"")))

    def _take(self, origin: str, fetched_at: float, text: bytes) -> Rules | None:
        left_s = fetched_at + KEPT_S - self._clock.now()
        if left_s <= 0:
            return None
        rules = Rules.parse(text, self._agent) if text else _ALLOW_ALL
        self._keep(origin, rules, len(text), min(left_s, KEPT_S))
        return rules

    async def _is_back(self, origin: str) -> bool:
        """Whether the rules are kept again, as they were written down less than a day ago."""
        if self._read_back is None or not (self._has_more or origin in self._gone):
            return False
        found = await self._read_back(origin)
        return found is not None and self._take(origin, *found) is not None

    async def _ask(self, origin: str, place: _Place, sent: Sent) -> None:
        """Ask once and keep what it came to; whoever waits for it is woken, whatever happens."""
        done = self._asking[origin] = asyncio.Event()
        self._moved.pop(origin, None)
        try:
            if place.hops == 0 and await self._is_back(origin):
                return
            try:
                outcome, text = await self._exchange(origin, place, sent)
            except TooSoonError:
                self._moved[origin] = place
                return
            if isinstance(outcome, Url):
                self._moved[origin] = _Place(outcome, place.hops + 1)
                return
            self._keep(origin, outcome, len(text), KEPT_S)
            if self._keep_text is not None and isinstance(outcome, Rules):
                await self._keep_text(origin, text)
        finally:
            del self._asking[origin]
            done.set()

    async def _exchange(
        self, origin: str, place: _Place, sent: Sent
    ) -> tuple[Rules | FetchError | Url, bytes]:
        """What robots.txt says, and its text, if any; or where it is to be asked for."""
        try:
            response = await self._fetcher.fetch_url(
                place.url.href, max_bytes=LIMIT_BYTES + 1, home=f"{origin}/robots.txt", sent=sent
            )
        except TooSoonError:
            raise
        except FetchError as error:
            return FetchError(error.reason, f"robots.txt: {error.detail}"), b""
        if response.status not in _REDIRECTS:
            return self._read(response)
        target = _target(response, place.url) if place.hops < MAX_REDIRECTS else None
        return target or _ALLOW_ALL, b""

    def _read(self, response: Response) -> tuple[Rules | FetchError, bytes]:
        if response.status >= 500 or response.status == _LATER:
            return self._later(response), b""
        if 200 <= response.status < 300:
            return Rules.parse(response.body, self._agent), response.body
        return _ALLOW_ALL, b""

    def _later(self, response: Response) -> FetchError:
        """It cannot be had now; its server may say until when."""
        after = response.headers.get("retry-after")
        rest_s = retry_after_s(after, now=self._clock.now(), longest_s=self._longest_s)
        reason = http_reason(response.status)
        detail = f"robots.txt: {response.url} answered {response.status}"
        return FetchError(reason, detail, again_in_s=rest_s, rests=rest_s is not None)

    def _keep(
        self, origin: str, outcome: Rules | FetchError, size_bytes: int, kept_s: float
    ) -> None:
        before = self._kept.get(origin)
        if before is not None:
            self._drop(origin)
        failures = 0
        if isinstance(outcome, FetchError):
            failures = before.failures + 1 if before else 1
            kept_s = min(FIRST_FAILURE_KEPT_S * 2 ** (failures - 1), FAILURE_KEPT_S)
            kept_s = max(kept_s, outcome.again_in_s or 0.0)
        until = self._clock.monotonic() + kept_s
        self._kept[origin] = _Kept(outcome, size_bytes, until, failures)
        self._kept_bytes += size_bytes
        while len(self._kept) > KEPT_HOSTS or self._kept_bytes > KEPT_BYTES:
            self._gone.add(gone := next(iter(self._kept)))
            self._drop(gone)

    def _drop(self, origin: str) -> None:
        self._kept_bytes -= self._kept.pop(origin).size_bytes


def _target(response: Response, asked: Url) -> Url | None:
    """Return where a redirect leads, or None if to no http(s) URL."""
    try:
        return parse(response.headers["location"], asked.href)
    except (KeyError, ValueError):
        return None
