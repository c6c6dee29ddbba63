"""Writes docs/config.md from the models: `python -m scraper.config.docs [--check]`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from scraper.config.mistakes import keys
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
from scraper.config.model_seeds import SeedFileConfig, SeedRequestConfig, SeedsConfig
from scraper.config.models import Config, ParseConfig, RunConfig, StoreConfig
from scraper.config.scalars import Reads
from scraper.config.section import Section, one_or_more
from scraper.config.sentences import sentences

PATH = Path("docs/config.md")
_SECTIONS: dict[type[Section], str] = {
    Config: "",
    SeedsConfig: "seeds",
    SeedFileConfig: "seeds.file",
    SeedRequestConfig: "seeds.requests",
    ScopeConfig: "scope",
    PolitenessConfig: "politeness",
    HostConfig: "politeness.hosts.HOST",
    FetchConfig: "fetch",
    RetryConfig: "fetch.retry",
    AuthConfig: "fetch.auth.HOST",
    LoginConfig: "login",
    PageConfig: "pages.PAGE",
    ItemConfig: "pages.PAGE.items.TYPE",
    EachConfig: "pages.PAGE.items.TYPE.each",
    FieldConfig: "pages.PAGE.items.TYPE.fields.NAME",
    FollowConfig: "pages.PAGE.follow",
    SubmitConfig: "pages.PAGE.submit",
    FillConfig: "pages.PAGE.submit.fill.NAME",
    ParseConfig: "parse",
    StoreConfig: "store",
    RunConfig: "run",
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
The text is that of the element and of all it holds. An element without text gives an empty text,
and null to every type but `text`; what does not convert is null and counted as invalid. `scraper
try` says which step makes nothing of what.

- `int` and `float` are a number alone, its thousands grouped or not: `1,234`, `3,14`.
- `decimal` is the first amount in a text: `£51.77`, `1.234,56 €`, `CHF 1'234.50`. Three digits
  behind one separator are thousands, but not behind a nought: `1.234` is 1234, `0.005` stays.
- `bool` is a word such as `yes`, `off`, `true`; with `attr`, an attribute that is there.
- `date` and `datetime` are written in ISO 8601; they read that, `5.3.2024`, `3/5/2024` (the month
  first, unless it is above 12), `5 March 2024`, `Mar 5th, 2024 1:05 pm` and the dates of mails.
  Month names are English.

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
