"""`fields`: one value of an item, where it comes from and what is done to it."""

from typing import Annotated, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from scraper.config.checks import Css, CssElement, CssNext, Expression, takes_attribute
from scraper.config.languages import JsonLd, JsonPath, Script, check_replacement
from scraper.config.scalars import AnyText, Free, Text, Truth, one_of
from scraper.config.section import Listed, Named, Section
from scraper.config.values import RefusedError
from scraper.core.extract.dates import LANGUAGES, ORDERS

TYPES = ("text", "int", "float", "decimal", "bool", "date", "datetime", "url", "json")


class FieldConfig(Section):
    """One field of an item; a text alone is its `css`."""

    css: Css | None = None
    """A CSS selector; its first match is taken. `img.cover @src` takes an attribute; empty is the
    element itself."""

    attr: Text | None = None
    """The attribute to take, not the text; `src`, `href` and their kin become absolute URLs."""

    json_path: JsonPath | None = Field(None, alias="json")
    """JMESPath in the JSON response, or in the item where `each` gives JSON; beside `script` or
    `css`: in the JSON that is found there."""

    jsonld: JsonLd | None = None
    """A type and JMESPath inside it, in the page's JSON-LD: `Product.sku`, `Product.offers.price`,
    or `Product` alone."""

    meta: Text | None = None
    """The content of the `<meta>` with this name, property or itemprop: `og:image`."""

    script: Script | None = None
    """A regular expression that is searched in the page's scripts, a dot matching line ends too:
    group 1 is taken. With `json`, JSON is read from where the group starts to its own end."""

    any_: Listed["Field_"] = Field((), alias="any")
    """Several sources, each as a field of its own: the first that yields is taken."""

    next: CssNext | None = None
    """A CSS selector that looks between this item's `each` element and the following one: rows in
    pairs, headings with what stands below them. `@attribute` as in `css`."""

    table: CssElement | None = None
    """A CSS selector of a table: its rows as a list of objects, keyed by the texts of the header; a
    table whose rows begin with a header of their own gives one object for each further column."""

    from_: Text | None = Field(None, alias="from")
    """Not from the page: `url`, `final_url`, `status`, `header:NAME`, a field that a link carries
    here (`carry` of `follow`), a column of a CSV seed list, or `python`: what a function of your
    own gives under this name."""

    const: Free = None
    """A value that is always the same."""

    all: Truth = False
    """Every match, as a list; `[]` when nothing matches."""

    count: Truth = False
    """How many elements `css` matches, a whole number, instead of what they say."""

    text: Annotated[str, one_of("raw")] | None = None
    """`raw` keeps white space; otherwise text is stripped and white space within folded."""

    page: Truth = False
    """Look in the whole page, though the item has `each`."""

    remove: CssElement | None = None
    """A CSS selector of what is taken out of the element first; other fields still see it."""

    html: Truth = False
    """The HTML of the element, its own tag included, instead of its text."""

    markdown: Truth = False
    """The element as Markdown: headings, paragraphs, lists, links, emphasis, code, tables."""

    regex: Expression | None = None
    """Searched in the text: group 1 if there is one, else the match."""

    replace: Named[AnyText] | None = None
    """Regular expressions and what stands in the place of their matches; `\\1` is group 1."""

    split: Text | None = None
    """A text that divides the values of a list: `","`; empty ones are left out."""

    strip: Text | None = None
    """Characters that are taken from both ends, white space among them."""

    map: Named[Free] | None = None
    """Replaces a text by a value; what is not named here becomes null."""

    type: Annotated[str, one_of(*TYPES)] | None = None
    """`text`, `int`, `float`, `decimal` (prices in any notation, exact), `bool`, `date`,
    `datetime`, `url`, `json`. Without it JSON values keep their type."""

    order: Annotated[str, one_of(*ORDERS)] | None = None
    """Of the numbers in a `date` or `datetime`: `dmy`, `mdy` or `ymd`. Without it `3/5/2026`, which
    is two dates, is invalid; so is a year of two digits."""

    language: Annotated[str, one_of(*LANGUAGES)] | None = None
    """Of the names in a `date` or `datetime`, such as `pl`. Without it the names of all these
    languages are read, except those that are several months."""

    default: Free = None
    """Instead of null when nothing is found."""

    required: Truth = False
    """An item without this field is rejected."""

    fields: Named["Field_"] = Field({})
    """Nested fields, looked for in the element that `css` or `next` selects, or in the JSON that
    `json`, `jsonld` or `script` finds."""

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        given = [name for name in SOURCES if self._gives(name)]
        sources = [name for name in given if name != "json"] or given
        if not sources and not self._gives("attr"):
            raise RefusedError(f"has no source: give {_SOURCES}")
        if len(sources) > 1:
            raise RefusedError(f"has more than one source: give {' or '.join(sources)}")
        source = (sources or ["css"])[0]
        if "json" in given and source not in ("json", "css", "script"):
            raise RefusedError(f"has more than one source: give {source} or json")
        if self._gives("any") and not self.any_:
            raise RefusedError("any is an empty list: give sources such as [{css: h1}]")
        self._refuse_beside(source)
        self._refuse_lost()
        return self

    def _refuse_lost(self) -> None:
        """What a source of `any` does not yield counts for nothing, nor does an empty map."""
        if self.map is not None and not self.map:
            raise RefusedError("map is empty, so that all becomes null: give words and values")
        for place, source in enumerate(self.any_, 1):
            for name in ("default", "required"):
                if source._gives(name):
                    raise RefusedError(
                        f"any[{place}]: {name} means nothing in a source: write it beside any"
                    )

    def _refuse_beside(self, source: str) -> None:
        if self.fields and (why := self._no_fields_beside(source)):
            raise RefusedError(f"fields mean nothing beside {why}")
        more = ("fields", "count", "html", "markdown", "attr")
        kinds = [source, *(key for key in more if getattr(self, key))]
        for kind in kinds:
            for name in _MEANINGLESS[kind]:
                if self._gives(name):
                    raise RefusedError(f"{name} means nothing beside {kind}: take it out")

    def _no_fields_beside(self, source: str) -> str | None:
        if source not in ("css", "json", "jsonld", "script", "next"):
            return f"{source}: take them out"
        if source == "script" and not self._gives("json"):
            return "script alone: add json"
        return "css with json: take one out" if source == "css" and self._gives("json") else None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.required and self._gives("default"):
            raise RefusedError("required and default contradict each other: take one out")
        for key in ("order", "language"):
            if self._gives(key) and self.type not in ("date", "datetime"):
                raise RefusedError(
                    f"{key} is of dates: give type: date or datetime, or take it out"
                )
        if self.all and self.default is not None and not isinstance(self.default, list):
            raise RefusedError("default must be a list where all is true")
        others = ("attr", "fields", "count", "html", "markdown", "remove")
        other = [key for key in others if getattr(self, key)]
        for key in ("css", "next"):
            if other and takes_attribute(getattr(self, key) or ""):
                raise RefusedError(
                    f"{key} takes an attribute, which contradicts {other[0]}: take it out"
                )
        for pattern, text in (self.replace or {}).items():
            check_replacement(pattern, text)
        return self

    def _gives(self, key: str) -> bool:
        return _NAMES.get(key, key) in self.model_fields_set


SOURCES = ("css", "json", "jsonld", "meta", "script", "table", "next", "any", "from", "const")
_SOURCES = f"{', '.join(SOURCES[:-1])} or {SOURCES[-1]}"
_NAMES = {"from": "from_", "any": "any_", "json": "json_path"}
_OF_TEXT = ("regex", "replace", "split", "strip", "map", "type", "order", "language")
_OF_ELEMENTS = ("attr", "remove", "html", "markdown")
_OF_PAGE = (*_OF_ELEMENTS, "count", "page")
_MEANINGLESS: dict[str, tuple[str, ...]] = {
    "css": (),
    "count": ("json", *_OF_ELEMENTS, "all", "text", *_OF_TEXT, "default", "required"),
    "json": (*_OF_PAGE, "text"),
    "jsonld": (*_OF_PAGE, "text"),
    "meta": _OF_PAGE,
    "script": (*_OF_PAGE, "text"),
    "table": (*_OF_ELEMENTS, "count", "text", *_OF_TEXT),
    "next": ("count", "page"),
    "any": (*_OF_PAGE, "all", "text"),
    "from": (*_OF_PAGE, "all", "text", "split"),
    "const": (*_OF_PAGE, "all", "text", *_OF_TEXT, "default", "required"),
    "fields": (*_OF_ELEMENTS, "count", "text", *_OF_TEXT),
    "html": ("attr", "text", "markdown"),
    "markdown": ("attr", "text"),
    "attr": ("remove",),
}
"""What says nothing beside a source."""


def css_alone(value: object) -> object:
    """A text is a CSS selector; so was a list, if `[` began it."""
    if isinstance(value, list):
        text = "must be a CSS selector or a mapping, got a list"
        raise RefusedError(f"{text}: put quotes around a text that begins with [")
    return {"css": value} if isinstance(value, str) else value


Field_: TypeAlias = Annotated[
    FieldConfig, BeforeValidator(css_alone, json_schema_input_type=str | FieldConfig)
]


FieldConfig.model_rebuild(force=True)
