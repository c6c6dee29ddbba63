"""`pages`: what is taken from a page, and where it leads."""

from typing import Annotated, ClassVar, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from scraper.config.checks import Css, Each, Expression, Glob
from scraper.config.scalars import Free, Text, Truth, one_of
from scraper.config.section import Listed, Named, OneOrMore, Section

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
    def _agrees(self) -> Self:
        given = self.model_fields_set
        sources = [name for name in ("css", "from_", "const") if name in given]
        if not sources and "attr" not in given:
            raise ValueError("has no source: give css, from or const")
        if len(sources) > 1:
            raise ValueError(f"has two sources: give {' or '.join(n.rstrip('_') for n in sources)}")
        if self.required and "default" in given:
            raise ValueError("required and default contradict each other: take one out")
        if "css" not in given:
            _refuse(
                self,
                ("attr", "all", "fields", "text"),
                f"are for css, not for {sources[0].rstrip('_')}" if sources else "",
            )
        if self.all and self.default is not None and not isinstance(self.default, list):
            raise ValueError("default must be a list where all is true")
        if self.fields:
            _refuse(self, ("attr", "text", "regex", "map", "type"), "are not for nested fields")
        return self


def _refuse(field: FieldConfig, names: tuple[str, ...], why: str) -> None:
    wrong = [name for name in names if name in field.model_fields_set]
    if why and wrong:
        raise ValueError(f"{', '.join(wrong)}: {why}: take out")


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

    key: OneOrMore[Text] | None = None
    """The field or fields that identify an item across runs; default: the page's URL, with `each`
    the item's content."""

    fields: Named[Field_]
    """The fields by name, in the order of the exports."""


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


class PageConfig(Section):
    """What to do with the pages that `match` fits."""

    LATER: ClassVar[frozenset[str]] = frozenset(
        {"submit", "valid", "nofollow", "refresh", "charset", "python"}
    )

    match: OneOrMore[Glob] | None = None
    """Globs on the path of the requested URL, or `re:...` on the whole URL; without it: every
    page."""

    items: Named[ItemConfig] = Field({})
    """The items on the page, by type; each type is a view in the database."""

    follow: Listed[FollowConfig] = ()
    """The links to visit."""
