"""`pages`: what is taken from a page, and where it leads."""

from typing import Annotated, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from scraper.config.checks import Charset, Css, Each, Glob, takes_attribute
from scraper.config.languages import JsonPath, Script
from scraper.config.model_again import Increment_, check_spot
from scraper.config.model_fields import Field_, css_alone
from scraper.config.model_forms import SubmitConfig
from scraper.config.model_refresh import Refresh
from scraper.config.python import Python
from scraper.config.scalars import Text, count, one_of
from scraper.config.section import Listed, Named, OneAtLeast, Section
from scraper.config.values import RefusedError
from scraper.core.amend import spot_of


class EachConfig(Section):
    """What the items of a page are; a text alone is its `css`."""

    css: Each | None = None
    """A CSS selector of elements."""

    json_path: JsonPath | None = Field(None, alias="json")
    """JMESPath to the items in the JSON response, or in the JSON that `script` finds."""

    script: Script | None = None
    """A regular expression whose first group is where JSON starts in a script of the page."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.css is None and self.json_path is None and self.script is None:
            raise RefusedError("has no source: give css, json or script")
        if self.css is not None and (self.json_path or self.script):
            raise RefusedError("has more than one source: give css or json")
        return self


Each_: TypeAlias = Annotated[
    EachConfig, BeforeValidator(css_alone, json_schema_input_type=str | EachConfig)
]


class ItemConfig(Section):
    """One type of item."""

    each: Each_ | None = None
    """A CSS selector: one item per element, its fields looked for in it; or `{json: "quotes[]"}`
    and `{script: ..., json: ...}`: one item per value. Without it: one item per page."""

    key: OneAtLeast[Text] | None = None
    """The field or fields that identify an item across runs; default: the page's URL (and the
    method and body of what is no plain GET), with `each` the item's content. What the item reads
    of a carry is part of its identity too, unless the key names a carried field."""

    fields: Named[Field_]
    """The fields by name, in the order of the exports."""

    python: Python | None = None
    """A function of your own that is given each item and the page, and returns the item, changed
    or not, or None: see [python.md](python.md). Wants `--python MODULE` on the command line."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.fields:
            raise RefusedError("has no fields: give them by name")
        return self


class FollowConfig(Section):
    """Links that a page leads to."""

    css: Css | None = None
    """A CSS selector of the links; in XML, an element without `href` is a link by its text."""

    attr: Text | None = None
    """The attribute that holds the link; default `href`."""

    json_path: JsonPath | None = Field(None, alias="json")
    """JMESPath to the links in the JSON response, or in the JSON that `script` finds."""

    script: Script | None = None
    """A regular expression that is searched in the page's scripts: group 1 is the link, or with
    `json` where JSON starts."""

    increment: Increment_ | None = None
    """The page's own request again, with this number one higher: `page`, or
    `{query: offset, by: 20, first: 0}`. Without `while` and `set` it ends with the first page on
    which no `each` of the rule finds an item."""

    while_: Field_ | None = Field(None, alias="while")
    """A field: this entry is followed only where it yields something other than null, `false`, 0,
    an empty value, or one of the texts `false`, `0` and `null`."""

    set_: Named[Field_] = Field({}, alias="set")
    """Values of this page for the next request, each a field under the parameter's name (where it
    goes: as `name` of `increment`), or under `query:NAME`, `json:PATH`, `form:NAME` or
    `header:NAME`. Without `css`, `json` or `script` it is the page's own request again; with them
    the values go into the links, those of headers only into links to the same host. Where one of
    the values is null, empty or `false`, nothing is followed."""

    limit: Annotated[int, count(1)] | None = None
    """At most so many links of one page; with `increment` or `set` alone, so many pages in a row
    (default 10,000: what leads on from there is skipped and reported as `trap`)."""

    page: Text | None = None
    """The page rule for what the links lead to; default: the one that matches, and this one for the
    page's own request again."""

    @property
    def is_again(self) -> bool:
        """Whether the page's own request is made again."""
        return self.css is None and self.json_path is None and self.script is None

    carry: OneAtLeast[Text] | None = None
    """Fields that go with the link, of the item whose `each` element holds it (the innermost; with
    an `each` of JSON, `json` looks in the item's value; without `each`, of the page's item). The
    page it leads to reads them with `{from: NAME}` and gives one item for each distinct carry. A
    rejected item carries what it has; a link in no item is followed and carries nothing: along
    pagination carry a field of an item type without `each`."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.is_again:
            if self.carry:
                raise RefusedError(
                    "carry goes with links: give css, json or script, or take it out"
                )
            return self
        if self.increment is not None:
            raise RefusedError("increment makes a request of its own: take out css, json or script")
        if self.css is not None and (self.json_path or self.script):
            other = "json" if self.json_path else "script"
            raise RefusedError(f"has more than one source: give css or {other}")
        if self.attr and self.css is None:
            raise RefusedError("attr means nothing without css: take it out")
        if self.attr and takes_attribute(self.css or ""):
            raise RefusedError("css takes an attribute, which contradicts attr: take one out")
        return self

    @model_validator(mode="after")
    def _leads_on(self) -> Self:
        kinds = {spot_of(name).kind for name in self.set_}
        if not self.is_again:
            if body := sorted(kinds & {"json", "form"}):
                raise RefusedError(f"set: a link has no body: write query: instead of {body[0]}:")
            return self
        if self.attr:
            raise RefusedError("attr means nothing without css: take it out")
        if self.increment is None and not self.set_:
            raise RefusedError("has no source: give css, json, script, increment or set")
        if self.increment is None and kinds == {"header"}:
            raise RefusedError(
                "set: headers alone make no new request: "
                "add a value for the query or the body, or css, json or script"
            )
        return self

    @model_validator(mode="after")
    def _fields_alone(self) -> Self:
        for name in self.set_:
            check_spot(name)
        fields = {"while": self.while_, **{f"set.{name}": one for name, one in self.set_.items()}}
        for name, field in fields.items():
            if field is not None and field.required:
                raise RefusedError(f"{name}: required means nothing outside of items: take it out")
        if self.while_ is not None and self.while_.fields:
            raise RefusedError("while: fields mean nothing here: name one value")
        return self


class PageConfig(Section):
    """What to do with the pages that `match` fits."""

    match: OneAtLeast[Glob] | None = None
    """Globs on the path of the requested URL, or `re:...` on the whole URL; without it: every
    page."""

    items: Named[ItemConfig] = Field({})
    """The items on the page, by type; each type is a view in the database."""

    follow: Listed[FollowConfig] = ()
    """The links to visit."""

    python: Python | None = None
    """A function of your own that is given the page and returns items and links: see
    [python.md](python.md). Wants `--python MODULE` on the command line."""

    nofollow: Annotated[str, one_of("obey", "ignore")] | None = None
    """`obey`: neither links with `rel=nofollow` are followed nor any link of a page that asks so in
    `<meta name=robots>` or `X-Robots-Tag`, or there by the name of `fetch.user_agent`; `ignore`:
    all are. Default: what a page asks for all its links is obeyed as long as `politeness.robots`
    is, `rel=nofollow` is not looked at. Pages that say `noindex` there are read all the same: the
    report counts them."""

    submit: Listed[SubmitConfig] = ()
    """The forms to send, as the requests that a browser would make of them."""

    valid: Each | None = None
    """A CSS selector of what every right page has: a page without it is failed as `invalid_page`,
    as pages are that block a crawler."""

    refresh: Refresh | None = None
    """As `run.refresh`, which is the default. The rule is chosen by today's config, from the page
    that a link named or from the requested URL. `auto` of a rule has a budget of its own."""

    charset: Charset | None = None
    """The encoding of the pages, whatever they say themselves; a byte order mark still wins."""
