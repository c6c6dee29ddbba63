"""The plan of a crawl: plain values, compiled from the YAML by `config.compile`.

Stages take these and never see the config. Units are in the names. Everything here pickles, so
that a worker process gets its rules without importing pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scraper.core.extract.plan import FillPlan, PageRule
from scraper.core.schedule.auto import Auto
from scraper.core.schedule.refresh import Refresh


@dataclass(frozen=True, slots=True)
class SeedFile:
    """A list of URLs: plain or CSV, `.gz` or not; path "-" is standard input."""

    path: str
    column: str | None = None  # of a CSV list: the column that holds the URL
    carry: tuple[str, ...] = ()  # columns that go with the request into its items
    page: str | None = None


@dataclass(frozen=True, slots=True)
class SeedRequest:
    """A request written out in the config."""

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    page: str | None = None


@dataclass(frozen=True, slots=True)
class SeedSitemap:
    """A sitemap; what it names is visited."""

    url: str | None  # None: those that robots.txt names, of each host of the other seeds
    page: str | None = None
    lastmod: bool = True  # whether a page that is as old as it says need not be visited again


@dataclass(frozen=True, slots=True)
class SeedPlan:
    """Where a crawl starts."""

    urls: tuple[str, ...] = ()  # with {1..50} ranges, not expanded
    files: tuple[SeedFile, ...] = ()
    requests: tuple[SeedRequest, ...] = ()
    sitemaps: tuple[SeedSitemap, ...] = ()


@dataclass(frozen=True, slots=True)
class UrlPlan:
    """What is made of each URL before it is known and fetched."""

    sort_query: bool = False  # by name
    drop: tuple[str, ...] = ()  # names of query parameters, with `*`
    sessions: bool = True  # URLs that differ in a session identifier alone are one page


@dataclass(frozen=True, slots=True)
class ScopePlan:
    """Which discovered links are visited."""

    hosts: str | tuple[str, ...] = "seeds"  # "seeds", "any", or host patterns
    allow: tuple[str, ...] = ()  # globs on the path or "re:..." on the URL; empty: all
    deny: tuple[str, ...] = ()
    max_depth: int | None = None
    max_pages: int | None = None  # admitted in a cycle
    traps: bool = True  # what seems to have no end is kept out


@dataclass(frozen=True, slots=True)
class HostRule:
    """How one host is treated."""

    per_host: int = 4  # open requests
    delay_s: float = 0.0  # between two starts


@dataclass(frozen=True, slots=True)
class PolitenessPlan:
    """How hosts are treated."""

    robots: bool = True
    default: HostRule = HostRule()
    hosts: Mapping[str, HostRule] = field(default_factory=dict)  # "host" (any port) or "host:port"
    max_crawl_delay_s: float = 60.0  # more than that is not waited, whatever robots.txt asks for
    rest_s: float = 1.0  # the first wait of a retry: a host that is not reached rests some times it
    per_domain: int | None = None  # open requests to all hosts of a registrable domain; None: any
    per_address: int | None = None  # ... to all hosts at an address
    deepest_first: bool = False  # of a host's pages; else those that are fewest links away


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """When a page that may succeed later is visited again."""

    attempts: int = 4  # visits in all
    first_s: float = 1.0
    longest_s: float = 300.0


@dataclass(frozen=True, slots=True)
class PrivatePlan:
    """Which addresses that are not public may be reached (`fetch.private_addresses`)."""

    every: bool = False
    hosts: frozenset[str] = frozenset()  # "name-or-address:port"
    networks: tuple[str, ...] = ()  # "10.1.0.0/16", "::1/128"


@dataclass(frozen=True, slots=True)
class Proxy:
    """One proxy. Who uses it is in no text that is made of it."""

    scheme: str  # http, https, socks5 (it is given addresses) or socks5h (it is given names)
    host: str  # lower case; an IPv6 address in brackets
    port: int
    user: str | None = field(default=None, repr=False)  # None: no credentials
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def speaks_socks(self) -> bool:
        """Whether it is spoken to in SOCKS5, not in HTTP."""
        return self.scheme.startswith("socks5")


@dataclass(frozen=True, slots=True)
class ProxyPlan:
    """Through what pages are fetched; nothing for a scheme: directly."""

    http: tuple[Proxy, ...] = ()  # for http URLs
    https: tuple[Proxy, ...] = ()  # for https URLs
    bypass: tuple[str, ...] = ()  # entries of NO_PROXY: hosts that are asked directly

    @property
    def every(self) -> tuple[Proxy, ...]:
        """Each proxy once."""
        return tuple(dict.fromkeys((*self.http, *self.https)))


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """How one HTTP exchange is made."""

    user_agent: str
    concurrency: int = 100  # requests open in all
    auto: bool = False  # ... at most: how many is found while the crawl runs
    timeout_s: float = 60.0
    stall_s: float = 15.0
    connect_timeout_s: float = 10.0
    max_body_bytes: int = 10 * 1024 * 1024
    max_redirects: int = 10
    retry: RetryPlan = RetryPlan()
    headers: tuple[tuple[str, str], ...] = ()
    secret_headers: frozenset[str] = (
        frozenset()
    )  # names, in lower case, of those from the environment
    cookies: bool = False
    verify_tls: bool = True
    ca_file: str | None = None  # certificates that are trusted beside those of the system
    client_cert: tuple[str, str | None] | None = None  # PEM files; None: the key is in the first
    proxies: ProxyPlan = ProxyPlan()
    private: PrivatePlan = PrivatePlan()
    keeps_names: bool = False  # what a name was resolved to holds for the run
    types: frozenset[str] = frozenset()  # html, json, xml, text; empty: all, and others too
    html_is_login: bool = False  # html is among them to see the login page alone: it is no page
    auth: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The Authorization of a host, by "host" (any port) or "host:port"."""
    references: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the texts of requests stand for that say `${NAME}`; see `core.reference`."""


@dataclass(frozen=True, slots=True)
class LoginPlan:
    """How a crawl comes to be logged in."""

    url: str
    form: str  # css
    fill: tuple[FillPlan, ...] = field(repr=False)
    ok: str  # css of what shows that it worked
    expired: str | None = None  # css of what shows, on any page, that it has to be done again


@dataclass(frozen=True, slots=True)
class ParsePlan:
    """Where extraction runs."""

    processes: int | None = None  # None: as many as the machine has cores, at most 8
    offload: str | int = "auto"  # "auto", "never", "always", or bytes from which the pool is used
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class StorePlan:
    """Where results go."""

    path: str
    keep_runs: int = 30
    bodies: str = "none"  # none | failed | zstd: which raw pages are kept


@dataclass(frozen=True, slots=True)
class GonePlan:
    """When pages and items are gone."""

    after: int = 2  # cycles running in which a page is answered with 404 or 410
    at_most: float = 0.1  # share of the live items of a type that may go at once


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The life of a run."""

    if_running: str = "fail"  # fail | skip | wait
    max_time_s: float | None = None
    max_wait_s: float | None = None  # what is left may wait so long; None: for ever
    refresh_s: float = 86400.0
    gone: GonePlan = GonePlan()
    auto: Auto | None = None  # when pages are due is learnt; `refresh_s` is not asked


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole crawl."""

    name: str
    seeds: SeedPlan
    fetch: FetchPlan
    store: StorePlan
    url: UrlPlan = UrlPlan()
    scope: ScopePlan = ScopePlan()
    politeness: PolitenessPlan = PolitenessPlan()
    pages: tuple[PageRule, ...] = ()
    parse: ParsePlan = ParsePlan()
    run: RunPlan = RunPlan()
    login: LoginPlan | None = None


def refresh_of(plan: Plan) -> Refresh:
    """When pages are visited again."""
    return Refresh.of_rules(plan.run.refresh_s, plan.pages, plan.run.auto)


def is_https_alone(plan: Plan) -> bool:
    """Whether all that the config asks for is https; what a list does is not known beforehand."""
    seeds = plan.seeds
    asked = [*seeds.urls, *(each.url for each in seeds.requests)]
    asked += [each.url for each in seeds.sitemaps if each.url is not None]
    asked += [plan.login.url] if plan.login else []
    return not seeds.files and all(href.lower().startswith("https:") for href in asked)
