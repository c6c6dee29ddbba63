"""The extraction plan: frozen values that a worker process can be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scraper.core.model import Json
from scraper.core.schedule.auto import Auto


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """One field of an item, or one list of nested objects.

    Exactly one source is set: `css`, `next`, `table`, `source` (from), `const`, `json`, `script`
    (maybe with `json`), `jsonld`, `meta` or `any`.
    """

    name: str
    css: str | None = (
        None  # already translated to what lexbor understands; "" is the element itself
    )
    attr: str | None = None  # None: the text
    next: str | None = None  # css between the item's element and the following one
    table: str | None = None  # css of a table, whose rows become objects
    page: bool = False  # look in the whole page, wherever the item is
    remove: str | None = None  # css of what is taken out first
    html: bool = False  # the markup of the element, instead of its text
    markdown: bool = False  # the element as Markdown
    source: str | None = (
        None  # "url", "final_url", "status", "header:NAME", "python", a carried field
    )
    const: Json = None
    is_const: bool = False
    json: str | None = None  # JMESPath in the item's value or the response; with `script` in that
    script: str | None = None  # a regular expression whose first group is taken
    jsonld: str | None = None  # a type and JMESPath inside it: "Product.sku"
    meta: str | None = None  # name, property or itemprop of a <meta>
    any: tuple[FieldPlan, ...] = ()  # the first that yields
    all: bool = False
    count: bool = False  # the number of elements that `css` matches; the type is int
    raw_text: bool = False  # `text: raw`: neither stripped nor folded
    regex: str | None = None
    replace: tuple[tuple[str, str], ...] = ()  # regular expressions and what stands instead
    split: str | None = None  # a text between the values of a list
    strip: str | None = None  # characters that are taken from the ends
    map: Mapping[str, Json] | None = None
    type: str = ""  # text int float decimal bool date datetime url json; "": as it is found
    order: str = ""  # of the numbers in a date: dmy, mdy or ymd; "": only what can be but one date
    language: str = ""  # of the names in a date; "": any
    default: Json = None
    required: bool = False
    fields: tuple[FieldPlan, ...] = ()  # nested: in what the source finds


@dataclass(frozen=True, slots=True)
class EachPlan:
    """The values that are items: of a JSON response, or of JSON in a script."""

    json: str = "@"  # JMESPath to them
    script: str | None = None


@dataclass(frozen=True, slots=True)
class PythonPlan:
    """A function of the user's own."""

    name: str  # "module:function"
    path: tuple[str, ...] = ()  # where modules are looked for, beside where a worker looks anyway
    pages: tuple[str, ...] = ()  # the page rules that links may name


@dataclass(frozen=True, slots=True)
class ItemPlan:
    """One type of item on a page."""

    type: str
    fields: tuple[FieldPlan, ...]
    each: str | EachPlan | None = None  # css: one item per element; None: one item per page
    key: tuple[str, ...] = ()  # field names; empty: the page's URL, with `each` the content
    reads: tuple[str, ...] = ()  # what it reads of carries, if links carry any of it here
    python: PythonPlan | None = None  # (item, page) -> item or None


@dataclass(frozen=True, slots=True)
class IncrementPlan:
    """A number in the request that grows from page to page."""

    spot: str  # see `core.amend`
    by: int = 1
    first: int = 1  # what a request without it stands for


@dataclass(frozen=True, slots=True)
class FollowPlan:
    """Links that a page leads to: `css`, or `json`, or `script` (maybe with `json`) is set.

    Without a source of links it is the page's own request again, with what `increment` and `set`
    change in it.
    """

    css: str | None = None
    attr: str = "href"
    page: str | None = None
    json: str | None = None
    script: str | None = None
    limit: int | None = None  # links of one page, or pages in a row; None: all
    carry: tuple[str, ...] = ()  # fields that go with the link
    item: str | None = None  # the type whose fields these are
    increment: IncrementPlan | None = None
    set: tuple[FieldPlan, ...] = ()  # values for the next request; the names are spots
    condition: FieldPlan | None = None  # `while`: nothing is followed unless it is true


@dataclass(frozen=True, slots=True)
class FillPlan:
    """What one name of a form is given: `values`, or what a field finds on the page."""

    name: str
    values: tuple[str, ...] = ()  # several: the name is sent several times; none: it is left out
    field: FieldPlan | None = None
    each: bool = False  # one request for each of the field's values


@dataclass(frozen=True, slots=True)
class SubmitPlan:
    """A form that is sent."""

    form: str  # css
    fill: tuple[FillPlan, ...] = ()
    page: str | None = None


@dataclass(frozen=True, slots=True)
class PageRule:
    """What to do with the pages that `match` fits."""

    name: str
    match: tuple[str, ...] = ()  # globs on the path or "re:..." on the URL; empty: every page
    items: tuple[ItemPlan, ...] = ()
    follow: tuple[FollowPlan, ...] = field(default=())
    valid: str | None = None  # css: a page without it is no page of this rule
    charset: str | None = None  # the encoding, whatever the page says
    python: PythonPlan | None = None  # (page) -> items, links
    nofollow: str = ""  # links that are passed over: "page" (the page says so), "rel" too, "": none
    robot: str = ""  # our product token, in lower case: some pages ask us by our name
    submit: tuple[SubmitPlan, ...] = ()
    expired: str | None = None  # css: a page with it says that the login is over
    refresh_s: float | None = None  # it is due again after that; None: as the run says
    auto: Auto | None = None  # ... or as it is learnt
