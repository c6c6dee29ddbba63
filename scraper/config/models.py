"""The config as written, one to one: the top, and what belongs to a run as a whole.

The sentence under each field becomes `docs/config.md` and the schema for editors.
"""

from typing import Annotated, ClassVar

from pydantic import Field

from scraper.config.model_forms import LoginConfig
from scraper.config.model_network import FetchConfig, PolitenessConfig, ScopeConfig
from scraper.config.model_pages import PageConfig
from scraper.config.model_refresh import Refresh
from scraper.config.model_seeds import SeedsConfig
from scraper.config.model_url import UrlConfig
from scraper.config.scalars import (
    SIZE_SCHEMA,
    Duration,
    Reads,
    Share,
    Text,
    count,
    one_of,
    size,
    whole,
)
from scraper.config.section import Named, Section
from scraper.config.values import RefusedError, closest, shown

_MOST_PROCESSES = 256


def _processes(value: object) -> int | None:
    if value == "auto":
        return None
    try:
        number = whole(value)
    except ValueError:
        number = 0
    if not 1 <= number <= _MOST_PROCESSES:
        raise RefusedError(
            f"must be auto or a number from 1 to {_MOST_PROCESSES}, got {shown(value)}"
        )
    return number


def _offload(value: object) -> str | int:
    words = ["auto", "never", "always"]
    if isinstance(value, str) and value in words:
        return str(value)
    try:
        return size(value)
    except ValueError:
        hint = closest(value, words)
        raise RefusedError(
            f"must be auto, never, always or a size such as 128KiB, got {shown(value)}{hint}"
        ) from None


def _version(value: object) -> int:
    if value != "1":
        raise RefusedError(f"must be 1, the only version there is, got {shown(value)}")
    return 1


def _included(_: object) -> tuple[str, ...]:
    """What is still there when the files are read: it did not stand where it is looked for."""
    raise RefusedError("stands at the top of the file itself, neither in << nor in --set")


_FILES = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


class ParseConfig(Section):
    """Where pages are parsed: here, or in processes of their own."""

    processes: Annotated[
        int | None,
        Reads(
            _processes,
            {"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 1}]},
            "auto or a number",
        ),
    ] = Field(None, json_schema_extra={"default": "auto"})
    """How many processes may parse heavy pages; the next one is started when a page waits for it.

    `auto`: as many as the machine has cores, at most 8.
    """

    offload: Annotated[
        str | int,
        Reads(
            _offload,
            {"anyOf": [{"enum": ["auto", "never", "always"]}, SIZE_SCHEMA]},
            "auto, never, always or a size",
        ),
    ] = "auto"
    """Which pages go to a process: `auto` (learned), `never`, `always`, or those from a size such
    as `128KiB` on."""

    timeout: Duration = Field(30.0, json_schema_extra={"default": "30s"})
    """A page that parses longer than this is failed, and its process ended."""


class StoreConfig(Section):
    """Where results go."""

    path: Text | None = None
    """The SQLite file, relative to the working directory; default `data/NAME.db`. `--db PATH`
    wins."""

    bodies: Annotated[str, one_of("none", "failed", "zstd")] = "none"
    """Which raw pages are kept in the database, compressed, the latest of each URL: `none`,
    `failed` (pages that failed or had an item rejected, until they are well again), or `zstd`
    (every page that a rule fits: `scraper reparse` then needs no network). Cookies are never
    kept."""

    keep_runs: Annotated[int, count(1)] = 30
    """How many runs are kept with their visits; items are kept for ever."""


class GoneConfig(Section):
    """When pages and items are gone."""

    after: Annotated[int, count(1)] = 2
    """Cycles running in which a page is answered with 404 or 410 until it is gone. A cycle in which
    it is not answered says nothing."""

    at_most: Share = Field(0.1, json_schema_extra={"default": "10%"})
    """Of the live items of a type, this share may be gone at once (one item always may, unless this
    is `0%`); more is a missed promise, exit status 1, and nothing is marked. Of items without a key
    only those that no new ones replace count. With `100%` the items of types that no page rule
    looks for any more go too."""


class RunConfig(Section):
    """The life of a run."""

    LATER: ClassVar[frozenset[str]] = frozenset({"ping", "jitter", "metrics", "metrics_file"})

    if_running: Annotated[str, one_of("skip", "wait", "fail")] = "fail"
    """While another run holds the crawl: `fail` (exit 75), `skip` (exit 0), or `wait`."""

    max_time: Duration | None = None
    """The run stops after this time, and the next one continues. `--max-time D` wins."""

    max_wait: Duration | None = None
    """When all that is left waits longer than this (for a retry, a Retry-After, a host that cannot
    be reached), the run stops and the report says for whom; the next one continues. The delay
    between two starts on a host is no such wait."""

    refresh: Refresh = Field(86400.0, json_schema_extra={"default": "1d"})
    """A page visited less long ago is not visited again. `auto`: which pages change how often is
    learnt, and visits are spent where a change is likely; also `{budget: 5000, min: 1h, max: 30d}`.
    It decides which pages a new run visits, and starts none: run the command often enough."""

    gone: GoneConfig = GoneConfig()
    """When pages and items are gone: never by a failure, only where every page that showed an item
    was read and does not show it, or is gone itself. What is rejected on a page may be an item that
    it does not show any more, unless it has another key or was rejected beside the item before:
    keep adverts that change out of `each`, as with `div.product:has(.price)`."""


class Config(Section):
    """A whole crawl."""

    LATER: ClassVar[frozenset[str]] = frozenset({"expect", "notify", "after"})

    version: Annotated[int, Reads(_version, {"const": 1}, "1")] = 1
    """The version of this format: 1."""

    name: Text | None = None
    """Names the run and its database; default: the name of the config file."""

    include: Annotated[tuple[str, ...], Reads(_included, _FILES, "one or a list of files")] = ()
    """Files whose parts are shared, relative to this file: mappings are joined with those of this
    file, which wins; lists are replaced; of several files the later one wins. Pages of this file
    come first."""

    seeds: SeedsConfig
    """Where the crawl starts; any mix. `--seeds FILE` replaces them all."""

    url: UrlConfig = UrlConfig()
    """What is made of each link and seed before it is known and fetched."""

    scope: ScopeConfig = ScopeConfig()
    """Which discovered links are visited."""

    politeness: PolitenessConfig = PolitenessConfig()
    """How hosts are treated."""

    fetch: FetchConfig = FetchConfig()
    """How a page is fetched."""

    login: LoginConfig | None = None
    """A form that is sent before the first page, and again when `expired` shows; then `cookies` are
    kept."""

    pages: Named[PageConfig] = Field({})
    """What to do with the pages, by name; the first rule whose `match` fits rules a page."""

    parse: ParseConfig = ParseConfig()
    """Where pages are parsed."""

    store: StoreConfig = StoreConfig()
    """Where results go."""

    run: RunConfig = RunConfig()
    """The life of a run."""
