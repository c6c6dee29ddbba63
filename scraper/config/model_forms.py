"""`submit`, `login` and `fetch.auth`: forms as requests, and how a crawl comes to be let in."""

from typing import Annotated, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from scraper.config.checks import CssElement, CssNext, HeaderValue, SingleUrl, takes_attribute
from scraper.config.model_fields import Field_
from scraper.config.scalars import Reads, Text, any_text
from scraper.config.section import Named, Section
from scraper.config.values import RefusedError, Secret, shown


def _values(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, dict):
        raise RefusedError(f"must be a text or a list of texts, got {shown(value)}")
    return tuple(any_text(one) for one in (value if isinstance(value, list) else [value]))


_TEXTS = {"anyOf": [{"type": ["string", "number", "boolean", "null"]}, {"type": "array"}]}
Values = Annotated[tuple[str, ...], Reads(_values, _TEXTS, "text, a list of texts, or null")]


class FillConfig(Section):
    """What one name of a form is given; a text, a list or null alone is its `value`."""

    value: Values = ()
    """A text; of a list the name is sent once for each text; null leaves the name out."""

    each: Field_ | None = None
    """A field, or its `css` alone, such as `select#author option @value`: one request for each of
    its values, empty ones and repetitions left out. With several `each`: every combination, at most
    10000 from one page."""

    css: CssNext | None = None
    """A CSS selector in the page: the value is the text of its first match, or its `@attribute`."""

    attr: Text | None = None
    """The attribute to take, not the text."""

    from_: Text | None = Field(None, alias="from")
    """As `from` of a field: `url`, `final_url`, `status`, `header:NAME`, or a column of a CSV seed
    list."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [key for key, name in _SOURCES.items() if name in self.model_fields_set]
        if len(given) != 1:
            what = f"more than one source: give {' or '.join(given)}" if given else _NO_SOURCE
            raise RefusedError(f"has {what}")
        if given != ["value"] and getattr(self, _SOURCES[given[0]]) is None:
            raise RefusedError(f"{given[0]} is empty: {_HINTS[given[0]]}")
        if self.attr and (self.css is None or takes_attribute(self.css)):
            raise RefusedError("attr means nothing here: give it beside a css without @attribute")
        self._takes_texts()
        return self

    def _takes_texts(self) -> None:
        """Whether the field of `each` is one that makes a list of texts."""
        each = self.each
        for name in ("fields", "count", "table", "const", "required", "default", "map", "type"):
            if each is not None and name in each.model_fields_set:
                raise RefusedError(f"each takes texts of the page: take out {name}")


_SOURCES = {"value": "value", "each": "each", "css": "css", "from": "from_"}
_NO_SOURCE = "no source: give value, each, css or from"
_HINTS = {
    "each": "give a CSS selector such as 'select#author option @value'",
    "css": "give a CSS selector such as 'input#author @value'",
    "from": "write url, final_url, status, header:NAME or a column of a CSV seed list",
}


def _value_alone(value: object) -> object:
    return value if isinstance(value, dict) else {"value": value}


Fill: TypeAlias = Annotated[
    FillConfig,
    BeforeValidator(_value_alone, json_schema_input_type=str | list[str] | None | FillConfig),
]


class SubmitConfig(Section):
    """A form as a request."""

    form: CssElement
    """A CSS selector of the form; the first is taken. Its other controls keep their values."""

    fill: Named[Fill] | None = None
    """What is filled in, by name; a name that the form does not have is added, a submit button is
    pressed. Values of the environment are refused: what is sent is stored in the database."""

    page: Text | None = None
    """The page rule for the answer; default: the one that matches."""

    @model_validator(mode="after")
    def _right_fill(self) -> Self:
        if self.fill == {} or ("fill" in self.model_fields_set and self.fill is None):
            raise RefusedError("fill is empty: give names and values, or leave the key out")
        for name, fill in (self.fill or {}).items():
            if any(isinstance(value, Secret) for value in fill.value):
                raise RefusedError(
                    f"fill.{name}: would store a value of the environment in the database: write it"
                    " out, or use login, fetch.auth or fetch.headers"
                )
        return self


class LoginConfig(Section):
    """A form that is sent before the first page, and again when `expired` shows."""

    url: SingleUrl
    """The page with the form; it may be asked for whatever scope and robots.txt say."""

    form: CssElement
    """A CSS selector of the form; its other controls keep their values, CSRF tokens too."""

    fill: Named[Fill]
    """What is filled in, by name, as in `submit`, but without `each` and `from`. None of it is
    stored."""

    ok: CssElement
    """A CSS selector of what shows, on the page that answers, that it worked; without it the run
    ends with exit status 2."""

    expired: CssElement | None = None
    """A CSS selector of what shows, on any page, that it has to be done again: after that the page
    is visited again, a form sent again. So is one that is redirected to the login page."""

    @model_validator(mode="after")
    def _right_fill(self) -> Self:
        if not self.fill:
            raise RefusedError("fill is empty: give names and values")
        for name, fill in self.fill.items():
            for key in ("each", "from"):
                if getattr(fill, _SOURCES[key]) is not None:
                    raise RefusedError(f"fill.{name}: {key} means nothing here: give value or css")
        return self


class AuthConfig(Section):
    """What one host is told; no other host hears it."""

    basic: HeaderValue | None = None
    """`user:password`."""

    bearer: HeaderValue | None = None
    """A token."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [name for name in ("basic", "bearer") if getattr(self, name) is not None]
        if len(given) != 1:
            raise RefusedError("has both basic and bearer: take one out" if given else _NO_AUTH)
        if not getattr(self, given[0]).strip():
            raise RefusedError(f"{given[0]} is empty")
        if self.basic is not None and ":" not in self.basic:
            raise RefusedError(f"basic must be user:password, got {shown(self.basic)}")
        if self.bearer is not None and not (self.bearer.isascii() and " " not in self.bearer):
            raise RefusedError(f"bearer must be one word in ASCII, got {shown(self.bearer)}")
        return self


_NO_AUTH = 'has no source: give basic: "user:password" or bearer: TOKEN'


FillConfig.model_rebuild(force=True)
