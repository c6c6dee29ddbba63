"""`pages`: what is taken from a page, and where it leads."""

from typing import Annotated, ClassVar, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from scraper.config.checks import Css, Each, Expression, Glob, takes_attribute
from scraper.config.scalars import Free, Text, Truth, one_of
from scraper.config.section import Listed, Named, OneAtLeast, Section
from scraper.config.values import RefusedError

TYPES = ("text", "int", "float", "decimal", "bool", "date", "datetime", "url", "json")


class FieldConfig(Section):
    """One field of an item; a text alone is its `css`."""

    LATER: ClassVar[frozenset[str]] = frozenset(
        {"jsonld", "meta", "script", "json", "any", "table", "replace", "split", "strip"}
        | {"remove", "html", "markdown", "next", "page"}
    )

    css: Css | None = None
    """A CSS selector; its first match is taken. `img.cover @src` takes an attribute; empty is the
    element itself."""

    attr: Text | None = None
    """The attribute to take, not the text; `src`, `href` and their kin become absolute URLs."""

    from_: Text | None = Field(None, alias="from")
    """Not from the page: `url`, `final_url`, `status`, `header:NAME`, or a column of a CSV seed
    list."""

    const: Free = None
    """A value that is always the same."""

    all: Truth = False
    """Every match, as a list; `[]` when nothing matches."""

    count: Truth = False
    """How many elements `css` matches, a whole number, instead of what they say."""

    text: Annotated[str, one_of("raw")] | None = None
    """`raw` keeps white space; otherwise text is stripped and white space within folded."""

    regex: Expression | None = None
    """Searched in the text: group 1 if there is one, else the match."""

    map: Named[Free] | None = None
    """Replaces a text by a value; what is not named here becomes null."""

    type: Annotated[str, one_of(*TYPES)] | None = None
    """`text`, `int`, `float`, `decimal` (prices in any notation, exact), `bool`, `date`,
    `datetime`, `url`, `json`."""

    default: Free = None
    """Instead of null when nothing is found."""

    required: Truth = False
    """An item without this field is rejected."""

    fields: Named["Field_"] = Field({})
    """Nested fields, looked for in the element that `css` selects."""

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        sources = [name for name in ("css", "from", "const") if self._gives(name)]
        if not sources and not self._gives("attr"):
            raise RefusedError("has no source: give css, from or const")
        if len(sources) > 1:
            raise RefusedError(f"has more than one source: give {' or '.join(sources)}")
        beside = "fields" if self.fields else (sources or ["css"])[0]
        if beside == "css" and self.count:
            beside = "count"
        for name in _MEANINGLESS[beside]:
            if self._gives(name):
                raise RefusedError(f"{name} means nothing beside {beside}: take it out")
        return self

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.required and self._gives("default"):
            raise RefusedError("required and default contradict each other: take one out")
        if self.all and self.default is not None and not isinstance(self.default, list):
            raise RefusedError("default must be a list where all is true")
        other = next((key for key in ("attr", "fields", "count") if getattr(self, key)), None)
        if other and takes_attribute(self.css or ""):
            raise RefusedError(f"css takes an attribute, which contradicts {other}: take it out")
        return self

    def _gives(self, key: str) -> bool:
        return ("from_" if key == "from" else key) in self.model_fields_set


_MEANINGLESS = {
    "css": (),
    "count": ("attr", "all", "text", "regex", "map", "type", "default", "required"),
    "from": ("attr", "all", "count", "text"),
    "const": ("attr", "all", "count", "text", "regex", "map", "type", "default", "required"),
    "fields": ("attr", "count", "text", "regex", "map", "type"),
}
"""What says nothing beside a source."""


def _css_alone(value: object) -> object:
    return {"css": value} if isinstance(value, str) else value


Field_: TypeAlias = Annotated[
    FieldConfig, BeforeValidator(_css_alone, json_schema_input_type=str | FieldConfig)
]


FieldConfig.model_rebuild(force=True)


class ItemConfig(Section):
    """One type of item."""

    LATER: ClassVar[frozenset[str]] = frozenset({"python"})

    each: Each | None = None
    """A CSS selector: one item per element, its fields looked for in it. Without it: one item per
    page."""

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

    LATER: ClassVar[frozenset[str]] = frozenset(
        {"json", "script", "increment", "while", "set", "limit", "carry"}
    )

    css: Css
    """A CSS selector of the links."""

    attr: Text | None = None
    """The attribute that holds the link; default `href`."""

    page: Text | None = None
    """The page rule for what the links lead to; default: the one that matches."""

    @model_validator(mode="after")
    def _one_attribute(self) -> Self:
        if self.attr and takes_attribute(self.css):
            raise RefusedError("css takes an attribute, which contradicts attr: take one out")
        return self


class PageConfig(Section):
    """What to do with the pages that `match` fits."""

    LATER: ClassVar[frozenset[str]] = frozenset(
        {"submit", "valid", "nofollow", "refresh", "charset", "python"}
    )

    match: OneAtLeast[Glob] | None = None
    """Globs on the path of the requested URL, or `re:...` on the whole URL; without it: every
    page."""

    items: Named[ItemConfig] = Field({})
    """The items on the page, by type; each type is a view in the database."""

    follow: Listed[FollowConfig] = ()
    """The links to visit."""
