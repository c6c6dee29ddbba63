"""`scope`, `politeness` and `fetch`: where a crawl goes and how it asks."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from scraper.config.checks import Glob, HeaderValue, PrivateAddresses, ScopeHosts
from scraper.config.model_forms import AuthConfig
from scraper.config.proxies import ProxyList
from scraper.config.scalars import Duration, Size, Truth, Wait, count, one_of
from scraper.config.section import Named, OneAtLeast, OneOrMore, Section
from scraper.config.tlsfiles import CaFile, ClientCert
from scraper.config.units import say_seconds
from scraper.config.values import RefusedError

TYPES = ("html", "json", "xml", "text")
_MOST_OPEN = 10_000


class ScopeConfig(Section):
    """Which discovered links are visited."""

    hosts: ScopeHosts = "seeds"
    """`seeds`: the hosts of the seeds; `any`; or a list such as `["books.example",
    "*.books.example"]`."""

    allow: OneOrMore[Glob] = ()
    """Discovered links must fit one of these globs on the path (`*` in a segment, `**` across), or
    `re:...` on the URL."""

    deny: OneOrMore[Glob] = ()
    """What fits one of these is not visited, seeds included."""

    max_depth: Annotated[int, count(0)] | None = None
    """Links away from a seed; a page that follows itself by name (pagination) adds none."""

    max_pages: Annotated[int, count(1)] | None = None
    """How many pages are admitted in a cycle; the rest are skipped."""

    order: Annotated[str, one_of("breadth", "depth")] = "breadth"
    """Which of a host's waiting pages comes next: one that is fewest links away (`breadth`), or the
    newest of those that are most links away (`depth`), as far as they are known by then."""

    traps: Annotated[str, one_of("close", "ignore")] = "close"
    """`close` what seems to have no end (see "Sites without end"), or `ignore` the signs of it."""

    types: OneAtLeast[Annotated[str, one_of(*TYPES)]] = ()
    """Pages of another type are failed as `content_type` before their body is read: `html`, `json`,
    `xml` (feeds too), `text` (plain text and the like); a page that names no type is read. Default:
    all are read."""


class HostConfig(Section):
    """How one host is treated; what is left out is as for all."""

    per_host: Annotated[int, count(1, _MOST_OPEN)] | None = None
    """Open requests to this host."""

    delay: Wait | None = None
    """At least this long between two starts on this host."""


class PolitenessConfig(Section):
    """How hosts are treated."""

    robots: Annotated[str, one_of("obey", "ignore")] = "obey"
    """`obey` robots.txt, its Crawl-delay too, or `ignore` it."""

    per_host: Annotated[int, count(1, _MOST_OPEN)] = 4
    """Open requests to one host; beyond the first 4 it is asked for more with every answer."""

    per_domain: Annotated[int, count(1, _MOST_OPEN)] | None = None
    """Open requests to all hosts of one domain together: `shop.example` with all that ends in
    `.shop.example`. What a domain is says the public suffix list, so that `a.github.io` and
    `b.github.io` are two. Default: no cap."""

    per_address: Annotated[int, count(1, _MOST_OPEN)] | None = None
    """Open requests to all hosts at one address together, so that a server of many hosts is not
    asked too much. A host is looked up before it is asked, keeps its addresses for the run, and
    counts for each of them. Not together with `fetch.proxies`. Default: no cap."""

    delay: Wait = Field(0.0, json_schema_extra={"default": "0s"})
    """At least this long between two starts on one host; a run keeps it to the run before."""

    max_crawl_delay: Wait = Field(60.0, json_schema_extra={"default": "60s"})
    """The Crawl-delay of a robots.txt counts up to this."""

    hosts: Named[HostConfig] = Field({})
    """Hosts that are treated otherwise, by `host` (any port) or `host:port`."""


class RetryConfig(Section):
    """When a page that may succeed later is visited again."""

    attempts: Annotated[int, count(1, 100)] = 4
    """Visits in all; 1: no retries."""

    first: Duration = Field(1.0, json_schema_extra={"default": "1s"})
    """About how long to wait before the second visit; it doubles from visit to visit."""

    longest: Duration = Field(300.0, json_schema_extra={"default": "5m"})
    """No wait is longer than this."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.longest:
            raise RefusedError(
                f"first must not be longer than longest, which is {say_seconds(self.longest)}"
            )
        return self


class FetchConfig(Section):
    """How a page is fetched."""

    concurrency: Annotated[int | str, count(1, _MOST_OPEN, words=("auto",))] = 100
    """Open requests in all. `auto`: as many as it takes, from 4 to 1,000: more while more brings
    more pages a second, fewer where errors say so. The next run begins with what was found."""

    timeout: Duration = Field(60.0, json_schema_extra={"default": "60s"})
    """One request, body included."""

    stall: Duration = Field(15.0, json_schema_extra={"default": "15s"})
    """No byte for this long ends it sooner."""

    connect_timeout: Duration = Field(10.0, json_schema_extra={"default": "10s"})
    """A connection that takes longer is given up."""

    max_body: Size = Field(10 * 2**20, json_schema_extra={"default": "10MiB"})
    """The largest page, after decompression. All bodies that are being read may together hold
    256 MiB and a little more, whatever `concurrency` says; then large ones wait for each other."""

    max_redirects: Annotated[int, count(0, 50)] = 10
    """Redirects of one page that are followed."""

    retry: RetryConfig = RetryConfig()
    """When a page that may succeed later is visited again."""

    user_agent: HeaderValue | None = None
    """How the crawler names itself; give a contact address. Default: `scraper` and its version."""

    headers: Named[HeaderValue] = Field({})
    """Headers sent with every page's request, robots.txt excepted. Those that hold a secret, as
    their name says (`Authorization`, `Cookie`, `X-Api-Key`) or since they come from the
    environment, go to the hosts of the seeds and of `scope.hosts` alone (not to another one that
    a sitemap names), and do not follow a redirect to another scheme, host or port. Where all seeds
    are written here and are https, they are not sent by http.
    `Accept-Language` and others that never hold one may come from the environment and go to all."""

    cookies: Truth | None = Field(None, json_schema_extra={"default": "false"})
    """Keep cookies and send them back, to the scheme, host and port they came from (those of http
    to https, too, at the usual ports), or to the domain that they name (`co.uk` is none); default
    true with `login`. They are not stored: a run begins without."""

    auth: Named[AuthConfig] = Field({})
    """The logins of hosts, by `host` (any port) or `host:port`; each is sent to that host alone, by
    http only if its port is given or not all seeds are https."""

    proxies: ProxyList | None = None
    """Proxies, each host by one of them: a list of `http://user:password@host:port`, `https://`,
    `socks5://` (names are looked up here) and `socks5h://` (by the proxy), or `environment`:
    HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY. See [Proxies](#proxies)."""

    verify_tls: Truth = True
    """Check the certificates of servers, and of https proxies."""

    ca_file: CaFile | None = None
    """A PEM file of certificates that are trusted, beside those of the system."""

    client_cert: ClientCert | None = None
    """A certificate of our own for servers that ask for one: a PEM file with its key in it, or
    `{cert: FILE, key: FILE}`."""

    private_addresses: PrivateAddresses = False
    """Reach loopback, private and link-local addresses: `true`, or a list of `host:port` and
    networks that may be reached."""
