"""The frozen values that stages exchange.

A `Request` goes in, a `PageResult` comes out. What can go wrong with a page is a value here;
what can go wrong with the run is an exception in `core.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from scraper.core.url import parts

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
NOTHING: Mapping[str, str] = MappingProxyType({})
NO_CARRY: Mapping[str, Json] = {}  # a dict: a mapping proxy cannot be sent to another process


class State(StrEnum):
    """Where a request stands; stored in the database, every request is in exactly one."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class Reason(StrEnum):
    """Why a page is failed or skipped. Stored in the database: never rename a member.

    HTTP errors are `http_404` and so on: see `http_reason`.
    """

    TIMEOUT = "timeout"
    CONNECT = "connect"
    DNS = "dns"
    TLS = "tls"
    RESET = "reset"
    TRUNCATED = "truncated"
    PROTOCOL = "protocol"
    TOO_LARGE = "too_large"
    REDIRECTS = "redirects"
    ENCODING = "encoding"
    CONTENT_TYPE = "content_type"
    PRIVATE_ADDRESS = "private_address"
    INVALID_PAGE = "invalid_page"
    PARSE_TIMEOUT = "parse_timeout"
    PARSE_CRASH = "parse_crash"
    PARSE_ERROR = "parse_error"
    HOST_UNREACHABLE = "host_unreachable"
    LOGIN = "login"
    UNANSWERED = "unanswered"  # not a GET, sent by a run that died: never sent twice unasked
    # skipped
    ROBOTS_DISALLOWED = "robots_disallowed"
    SCOPE = "scope"
    MAX_PAGES = "max_pages"
    TRAP = "trap"
    DEPTH = "depth"


def http_reason(status: int) -> str:
    """The reason of a final answer that is no success, e.g. `http_404`."""
    return f"http_{status}"


@dataclass(frozen=True, slots=True)
class Hop:
    """Where redirects have led a request so far; it is asked next, as the same request."""

    url: str  # WHATWG href to ask now
    method: str  # GET after a 303, and after a 301 or 302 of a POST (RFC 9110 section 15.4)
    seen: tuple[str, ...]  # every href asked before, first the requested one


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said of the version of a page that was read; see `schedule.revalidate`."""

    etag: str | None
    last_modified: str | None
    url: str  # that answered
    basis: bytes  # of the reading


@dataclass(frozen=True, slots=True)
class Request:
    """The unit of work: not a bare URL, so that APIs and forms are first-class."""

    url: str  # WHATWG href as it was seen, fragment dropped: what is fetched
    key: bytes  # 16 bytes: identity of method, URL key and body; see `core.request`
    host: str  # "shop.example:443": whose turn the next exchange takes (that of the hop, if any)
    id: int = 0  # row in table `request`; 0: not stored
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    page: str | None = None  # the rule that a seed or follow names; None: chosen by `match`
    depth: int = 0
    seed: bool = False  # seeds are always in scope
    carry: Mapping[str, Json] = field(default_factory=dict)  # carried fields, read by {from: NAME}
    attempt: int = 1  # 1 for the first visit in this cycle
    hop: Hop | None = None
    half: int | None = None  # of a link: as `Link.half`
    validators: Validators | None = None  # of its last reading; None: it is read whole

    @property
    def home(self) -> str:
        """The host of its row: as `host`, but for a hop that leads elsewhere."""
        return self.host if self.hop is None else parts(self.url).host

    @property
    def asked(self) -> str:
        """The URL to ask now: the redirect's target, or the request's own."""
        return self.hop.url if self.hop else self.url

    @property
    def is_errand(self) -> bool:
        """Whether its turn is not for its URL, but for the robots.txt of its URL's host."""
        return parts(self.asked).host != self.host

    @property
    def verb(self) -> str:
        """The method to ask with now."""
        return self.hop.method if self.hop else self.method


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP exchange, body decompressed. A redirect is a Response too; nothing follows it."""

    url: str  # the URL asked
    status: int
    headers: Mapping[str, str]  # names in lower case; repeated ones joined with ", "
    body: bytes
    wire_bytes: int = 0  # before decompression
    slot_s: float = 0.0
    dns_s: float = 0.0
    connect_s: float = 0.0
    first_byte_s: float = 0.0
    body_s: float = 0.0

    @property
    def is_unmodified(self) -> bool:
        """Whether it says that the page is as it was (RFC 9110 section 15.4.5)."""
        return self.status == 304


@dataclass(frozen=True, slots=True)
class Item:
    """One extracted item, ready to be stored."""

    type: str
    key: str  # identity within the type, across runs
    data: str  # JSON object, fields in the order of the config
    position: int  # place on the page, from 0, over all types


@dataclass(frozen=True, slots=True)
class Half:
    """What a page gives of an item that also reads what links carry to the page."""

    type: str
    key: str  # the page's identity; empty with `each`
    data: str  # JSON object of the page's own values; see `extract.join`
    position: int
    rejected: bool = False  # lacks a required field of its own: no item, but its links carry on


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item that lacks a required field or its key."""

    type: str
    field: str
    reason: str  # "missing" or "invalid"
    position: int
    data: str  # JSON object of what was found


class Link(NamedTuple):
    """A link that a rule follows, or a form that it submits; not yet judged by scope.

    A tuple because it is made for every link.
    """

    url: str  # http(s), normalised, without fragment: as `core.url.parse` gives it
    page: str | None  # the rule named by `page:`, if any
    carry: Mapping[str, Json] = NO_CARRY
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    half: int | None = None  # position of the half whose items give the names of `carry` values


@dataclass(frozen=True, slots=True)
class Page:
    """What extraction found on one page: plain values only, cheap to send between processes."""

    items: tuple[Item, ...] = ()
    links: tuple[Link, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    invalid: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # type -> field -> count
    halves: tuple[Half, ...] = ()
    expired: bool = False  # the page says that the login is over; nothing else was looked for
    notes: tuple[str, ...] = ()  # what a person who tries the page should know of its forms
    noindex: bool = False  # it asks robots not to list it


@dataclass(frozen=True, slots=True)
class Parsed:
    """A page and where the time of its extraction went."""

    page: Page
    placed: str  # "inline" or "pool"
    worker_s: float  # waited for the loop's turn or for a worker, and the trip
    parse_s: float


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one visit by phase, in the order of a page's life; None was not reached."""

    turn_s: float | None = None
    slot_s: float | None = None
    dns_s: float | None = None
    connect_s: float | None = None
    first_byte_s: float | None = None
    body_s: float | None = None
    worker_s: float | None = None
    parse_s: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What is kept of a page that was read whole; see `core.reading`."""

    content: bytes | None  # hash of what was taken of it; None: as before, its server says (304)
    basis: bytes  # hash of what decides that beside the page: the readings of one can be compared
    etag: str | None = None  # to ask with the next time
    last_modified: str | None = None
    near: bytes | None = None  # what pages are likely to share that say nearly the same


@dataclass(frozen=True, slots=True)
class PageResult:
    """Everything one visit learned; the store writes it in one transaction.

    With `again` nothing is final: the same request wants another turn (its next hop, or its page
    after robots.txt) and the store is not told.
    """

    request: Request
    state: State = State.DONE
    reason: str | None = None  # with FAILED and SKIPPED; with WAITING the reason of the last try
    detail: str = ""  # for people
    retry_at: float | None = None  # with WAITING: seconds since the epoch
    pause_until: float | None = None  # the whole host rests until then (Retry-After)
    status: int | None = None
    final_url: str | None = None  # where redirects ended, or led in vain; None: no answer
    rule: str | None = None  # the page rule that matched
    page: Page = Page()
    links: tuple[Request, ...] = ()  # the links in scope, as requests
    links_found: int = 0
    links_out_of_scope: int = 0
    links_outside: tuple[tuple[str, int], ...] = ()  # those out of scope, by the key of `scope`
    links_trapped: int = 0
    body_bytes: int = 0
    wire_bytes: int = 0
    placed: str | None = None
    answer: Response | None = None  # to be kept as it came; None: it is not
    reading: Reading | None = None  # None: it was not read whole
    timing: Timing = Timing()
    finished_at: float = 0.0  # monotonic seconds: since then it waits for the writer
    again: Request | None = None

    @property
    def is_unmodified(self) -> bool:
        """Whether the page is as it was: its server said so, and nothing was read."""
        return self.reading is not None and self.reading.content is None

    def is_free(self, request: Request) -> bool:
        """Whether this attempt of the request does not count."""
        return self.request.attempt < request.attempt
