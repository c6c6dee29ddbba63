"""`pages`: what is taken from a page, and where it leads."""

from typing import Annotated, ClassVar, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from scraper.config.checks import Charset, Css, Each, Glob, takes_attribute
from scraper.config.languages import JsonPath, Script
from scraper.config.model_fields import Field_, css_alone
from scraper.config.scalars import Text, count
from scraper.config.section import Listed, Named, OneAtLeast, Section
from scraper.config.values import RefusedError


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

    LATER: ClassVar[frozenset[str]] = frozenset({"python"})

    each: Each_ | None = None
    """A CSS selector: one item per element, its fields looked for in it; or `{json: "quotes[]"}`
    and `{script: ..., json: ...}`: one item per value. Without it: one item per page."""

    key: OneAtLeast[Text] | None = None
    """The field or fields that identify an item across runs; default: the page's URL (and the
    method and body of what is no plain GET), with `each` the item's content."""

    fields: Named[Field_]
    """The fields by name, in the order of the exports."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.fields:
            raise RefusedError("has no fields: give them by name")
        return self


class FollowConfig(Section):
    """Links that a page leads to."""

    LATER: ClassVar[frozenset[str]] = frozenset({"increment", "while", "set", "carry"})

    css: Css | None = None
    """A CSS selector of the links; in XML, an element without `href` is a link by its text."""

    attr: Text | None = None
    """The attribute that holds the link; default `href`."""

    json_path: JsonPath | None = Field(None, alias="json")
    """JMESPath to the links in the JSON response, or in the JSON that `script` finds."""

    script: Script | None = None
    """A regular expression that is searched in the page's scripts: group 1 is the link, or with
    `json` where JSON starts."""

    limit: Annotated[int, count(1)] | None = None
    """At most so many links of one page."""

    page: Text | None = None
    """The page rule for what the links lead to; default: the one that matches."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.css is None and self.json_path is None and self.script is None:
            raise RefusedError("has no source: give css, json or script")
        if self.css is not None and (self.json_path or self.script):
            other = "json" if self.json_path else "script"
            raise RefusedError(f"has more than one source: give css or {other}")
        if self.attr and self.css is None:
            raise RefusedError("attr means nothing without css: take it out")
        if self.attr and takes_attribute(self.css or ""):
            raise RefusedError("css takes an attribute, which contradicts attr: take one out")
        return self


class PageConfig(Section):
    """What to do with the pages that `match` fits."""

    LATER: ClassVar[frozenset[str]] = frozenset({"submit", "nofollow", "refresh", "python"})

    match: OneAtLeast[Glob] | None = None
    """Globs on the path of the requested URL, or `re:...` on the whole URL; without it: every
    page."""

    items: Named[ItemConfig] = Field({})
    """The items on the page, by type; each type is a view in the database."""

    follow: Listed[FollowConfig] = ()
    """The links to visit."""

    valid: Each | None = None
    """A CSS selector of what every right page has: a page without it is failed as `invalid_page`,
    as pages are that block a crawler."""

    charset: Charset | None = None
    """The encoding of the pages, whatever they say themselves; a byte order mark still wins."""
