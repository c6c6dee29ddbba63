"""Writes docs/config.md from the models: `python -m scraper.config.docs [--check]`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from scraper.config.mistakes import keys
from scraper.config.model_again import IncrementConfig
from scraper.config.model_fields import FieldConfig
from scraper.config.model_forms import AuthConfig, FillConfig, LoginConfig, SubmitConfig
from scraper.config.model_network import (
    FetchConfig,
    HostConfig,
    PolitenessConfig,
    RetryConfig,
    ScopeConfig,
)
from scraper.config.model_pages import EachConfig, FollowConfig, ItemConfig, PageConfig
from scraper.config.model_refresh import AutoConfig
from scraper.config.model_seeds import SeedFileConfig, SeedRequestConfig, SeedsConfig, SitemapConfig
from scraper.config.model_url import UrlConfig
from scraper.config.models import Config, GoneConfig, ParseConfig, RunConfig, StoreConfig
from scraper.config.scalars import Reads
from scraper.config.section import Section, one_or_more
from scraper.config.sentences import sentences
from scraper.config.tlsfiles import ClientCertConfig

PATH = Path("docs/config.md")
_SECTIONS: dict[type[Section], str] = {
    Config: "",
    SeedsConfig: "seeds",
    SeedFileConfig: "seeds.file",
    SitemapConfig: "seeds.sitemaps",
    SeedRequestConfig: "seeds.requests",
    UrlConfig: "url",
    ScopeConfig: "scope",
    PolitenessConfig: "politeness",
    HostConfig: "politeness.hosts.HOST",
    FetchConfig: "fetch",
    RetryConfig: "fetch.retry",
    ClientCertConfig: "fetch.client_cert",
    AuthConfig: "fetch.auth.HOST",
    LoginConfig: "login",
    PageConfig: "pages.PAGE",
    ItemConfig: "pages.PAGE.items.TYPE",
    EachConfig: "pages.PAGE.items.TYPE.each",
    FieldConfig: "pages.PAGE.items.TYPE.fields.NAME",
    FollowConfig: "pages.PAGE.follow",
    IncrementConfig: "pages.PAGE.follow.increment",
    SubmitConfig: "pages.PAGE.submit",
    FillConfig: "pages.PAGE.submit.fill.NAME",
    ParseConfig: "parse",
    StoreConfig: "store",
    RunConfig: "run",
    AutoConfig: "run.refresh",
    GoneConfig: "run.gone",
}
_HEAD = """\
# The config

One YAML file says everything about a crawl. This page is made from the models
(`make docs`); the files in `config/` are examples that work as they stand.

- Unknown, repeated and missing keys are errors with `file:line:column`. `scraper check CONFIG`
  tells all of them; `scraper schema` prints the JSON Schema for editors.
- Durations are `250ms`, `30s`, `5m`, `2h`, `1d`; sizes are `64KiB`, `10MiB`, `2MB`.
- `${NAME}` and `${NAME:-default}` in a value read the environment; what was read is never
  printed. `$${` stands for `${`.
- A text is taken as it is written: `012` and `12:30` and `on` need no quotes. Where any value may
  stand (`const`, `default`, `map`, `json`), numbers in decimal, `true`, `false` and `null` without
  quotes are what they are in JSON, and all else is text.
- `include: shared.yaml`, or a list, takes parts from other files; what `&NAME` names is known in
  its own file alone.
- `--set KEY=VALUE` changes one key, as in `--set politeness.delay=125ms`.

## Selectors and values

A selector is CSS, not XPath; its first match in the document's order is taken. `img.cover @src`
takes an attribute, as `img.cover::attr(src)` does, and `@href` alone that of the element itself;
`::text` is allowed and changes nothing. `th:contains('UPC') + td` finds a text as it stands in the
page, in its case and with its white space; a text that another element cuts in two is not found.

RSS, Atom and other XML is looked into by the names of its elements: `each: item`, `title`, `link`,
`pubDate`, `"dc:creator"`. A page is XML by its content type or its start; XHTML is read as HTML. No
entity may be declared in it, and nothing outside it is asked for.

What was found goes through these steps: `remove`, text or attribute (or `html`, `markdown`),
`regex`, `json`, `replace`, `split`, `strip`, `map`, `type`; a list goes through them one by one.
The text is that of the element and of all it holds, one after the other: `<p>a</p><p>b</p>` is
`ab`, so take `markdown`, or `all` of the parts, where they shall stay apart. An element without
text gives an empty text, and null to every type but `text`; what does not convert is null and
counted as invalid. `scraper try` says which step makes nothing of what.

- `int` and `float` are a number alone, its thousands grouped or not: `1,234`, `3,14`.
- `decimal` is the first amount in a text: `£51.77`, `1.234,56 €`, `CHF 1'234.50`. Three digits
  behind one separator are thousands, but not behind a nought or four digits: `1.234` is 1234,
  `0.005` stays. A percentage is an amount where there is no other.
- `bool` is a word such as `yes`, `off`, `true`; with `attr`, an attribute that is there.
- `date` and `datetime` are written in ISO 8601. They read that, the dates of mails and of HTTP,
  seconds (10 digits) and milliseconds (13) since the epoch, `23.11.2026`, `2026/11/23`, and names
  of months in most languages of Europe (see `language`): `26 November 2026`, `2026. november 26.`,
  `jeudi 26 novembre 2026 à 14h30`, `Nov 26th, 2026 8:05 pm EST`. Nothing is guessed: `3/5/2026` may
  be two dates and is invalid until `order: dmy` (or `mdy`) says which; `23/5/2026` is one. So are
  names that are another month in another language, such as `listopada`, without `language: pl`, and
  years of two digits without `order` (69 to 99 are 19..). What is relative (`2 hours ago`) or has
  no year is no date.
- A `datetime` has the offset of its zone: `+01:00`, `GMT+1`, `UTC`, `CET`, `EST` and other names
  that mean one offset (`CST` is American; `BST` and `IST` are several, and invalid). Without a
  zone it has none.

## Next pages

A link is followed with `{css: "a.next"}`. An API that has no links is asked again, by a rule of its
own that repeats the page's request with something changed in it; the rest of the request stays
as it is, in order and encoding, and this adds no depth:

- `{increment: page, while: {json: has_next}}`: the next number, as long as the answer says so.
- `{increment: {query: offset, by: 20}}`: the next offset; without `while` the pages end with the
  first one on which `each` finds no item.
- `{set: {cursor: {json: next}}}`: a value of this answer, as a field names it; where it is null,
  empty or `false` the pages end. `while` may stand beside it.
- `{set: {"json:page.after": {json: next}, "header:X-Token": {json: token}}}`: in a JSON body, in a
  header. A bare name goes where the request has its parameters: its query, its JSON or form body.
- `{css: a.detail, set: {token: {meta: csrf}}}`: a value of this page in the links that it follows.

What tells requests apart is method, URL and body: a request that is known is not asked again, so
a cursor that repeats ends by itself. A server that always has another page is asked for `limit`
pages in a row; without a `limit`, after 10,000 the next one is skipped and reported as `trap`.

## Proxies

Every request goes through a proxy, robots.txt too, and nothing goes out directly when they fail.
A host keeps its proxy. One that cannot be used (no connection, 407, no proxy at all), and one with
5 failures in a row, is set aside for 5 s, then 10 s and so on up to 5 min, while others take its
hosts; pages that find none wait for their retry and then fail with `connect`. What an http proxy
answers in a server's stead, such as 502, counts as the server's answer.

The user and password of a proxy go to that proxy alone and are in no log, database or message.
`private_addresses` speaks of the pages: a proxy's own address is allowed by being named. A page's
host is judged here, by its name and by the addresses it resolves to, before the proxy is asked;
what does not resolve here is left to the proxy, unless it can be no public name. An http proxy and
`socks5h` look the name up once more, so what they can reach is up to them; `socks5` is given the
address that was judged. With `private_addresses: true` no name is looked up here but for `socks5`.

`environment` reads the variables in lower case first. NO_PROXY lists hosts and their subdomains,
addresses, networks, each maybe with `:port`, or `*`; it is heeded with `environment` alone.

## When pages are visited again

With `refresh: 1d` every known page is visited again by the first run that begins a day (nine tenths
of it, for runs that start a little early) after the run of its last visit. With `refresh: auto` the
same number of visits is made where it brings most. A visit tells whether a page has changed: its
items, what was rejected, and the links it is followed by, so a listing with new links has. From
that its rate of change is reckoned, with that of all pages of its rule where it was seen too
little; a page that was read once is visited again as with the fixed `refresh` of its budget. A page
is due when the visit is worth as much as any other that the budget allows: those that change often
are visited more often than others, but less than in proportion, and none is given up. A page that
has most likely not changed (a chance under 2 %) is not visited, even if the budget is not spent.

Runs are still yours to start: with one each night, `auto` leaves out pages that hardly ever change;
with one each hour it can also visit others more often than daily. Seeds and pages that lead to
others are due like all pages. What is not due stays done and its items live: nothing is gone by it.
Failures are due again as with the fixed `refresh` of the budget. `scraper why DB URL` says how
often a page seems to change and when it is due, `scraper report DB` what the whole brings beside as
many visits at one interval.

## Sites without end

A link is not followed, but counted in the report as a trap, when its URL is longer than 2,000
characters, has more than 30 parameters or 50 folders, or a path that goes round: one folder more
than 3 times (8 times if it is a number or of one or two characters), or a group of folders 3 times
in a row. `scraper try` says which.

In a crawl that takes items, 1,000 pages in a row of one kind (URLs that differ in numbers,
hexadecimal identifiers and the values of the query alone) that bring neither an item nor a link to
new pages of another kind that does are taken for a calendar, facets or a soft 404: no more of that
kind are visited. An item of which no field was found is none, nor is one that says the same on
pages of the same size. Parameters of one path that stand together in any combination (facets) are
also counted together: after 1,000 pages in a row with no item that says something new, and no link
that none of them had, each combination ends that had 50 such pages itself, and what narrows two of
these. The hosts of one registrable domain are of one kind once there are 500 of them, so that a
wildcard in its DNS ends. In a crawl that takes none, only what leads to itself alone is closed,
once 500 pages in a row say nothing new but other numbers. Where a site has more than 500 kinds,
pages are told by their text, too: when 1,000 that say the same have led to each other, and to no
other kind of URL, their links are followed no more, so that random links of a soft 404 end.

Log and report say what was closed (`TRAP`), and the runs of a cycle count together as long as the
config stays the same. What is waiting of a closed kind is `skipped: trap`; a link leads there again
in the next cycle. Seeds, and so what sitemaps name, are always visited, and so is what the config
asks for with `submit`, `increment` and `set`: each combination of a form, each next page. A form
that stands where its own answers lead is judged like a link. What differs on each page, such as an
item taken from the URL or the name of a month, is taken for something new: `scope.deny`,
`max_depth` and `max_pages` keep such things out. If a site is judged wrongly, `scope.traps: ignore`
turns all of this off, the limits on URLs too; what is made of `increment` and `set` still ends.

## Forms and logins

`submit` sends what a browser would send of the form as it came, plus what is filled in; scripts are
not run. Hidden inputs go with it, so view state and CSRF tokens work. A form on no page and a value
that is not found give no request, and `scraper try` says so. A form is known by method, URL and
body: a token that is another one in each visit makes another request in each cycle. A form that is
posted is not sent twice in a cycle, unless it was answered with what `login.expired` shows.

What is filled into `login`, and `fetch.auth` and `fetch.headers`, is stored nowhere; cookies are
not either. A user name and password written into a URL, and `headers` and bodies of
`seeds.requests`, are part of the request and stand in the database.
"""


def document() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_parts()])


def _parts() -> Iterator[str]:
    for section, name in _SECTIONS.items():
        title = f"`{name}`" if name else "The file"
        yield f"## {title}\n\n{_first_line(section)}\n"
        yield "| key | what it takes | default | what it does |\n|---|---|---|---|"
        yield "\n".join(_rows(section)) + "\n"
        if section.LATER:
            later = ", ".join(f"`{key}`" for key in sorted(section.LATER))
            yield f"Not supported yet, and refused: {later}.\n"


def _first_line(section: type[Section]) -> str:
    return (section.__doc__ or "").strip().split("\n")[0]


def _rows(section: type[Section]) -> Iterator[str]:
    said = sentences(section)
    for key, (name, field) in zip(keys(section), section.model_fields.items(), strict=True):
        cells = (f"`{key}`", kind(field.annotation, field.metadata), _default(field), said[name])
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def kind(annotation: Any, metadata: Iterable[object] = ()) -> str:  # noqa: ANN401  # an annotation
    """What a key takes, in words."""
    for mark in metadata:
        if isinstance(mark, Reads):
            return mark.kind
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        return kind(inner, marks)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        name = _SECTIONS[annotation]
        return f"[`{name}`](#{name.lower().replace('.', '')})"
    if get_origin(annotation) is dict:
        return f"names, each with {kind(get_args(annotation)[1])}"
    if get_origin(annotation) is tuple:
        single = any(isinstance(m, BeforeValidator) and m.func is one_or_more for m in metadata)
        return f"{'one or a list' if single else 'a list'} of {kind(get_args(annotation)[0])}"
    return kind(next(one for one in get_args(annotation) if one is not type(None)), metadata)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    extra = field.json_schema_extra
    value = extra["default"] if isinstance(extra, dict) else field.default
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None or value in ((), {}) or isinstance(value, Section) else str(value)


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` say whether it is as it should be."""
    made = document()
    if arguments != ["--check"]:
        PATH.write_text(made, encoding="utf-8")
        return 0
    if PATH.is_file() and PATH.read_text(encoding="utf-8") == made:
        return 0
    sys.stderr.write(f"{PATH} is not up to date: run make docs\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
