"""`seeds`: where a crawl starts."""

from typing import Annotated, ClassVar, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from scraper.config.checks import HeaderValue, SingleUrl, Token, UrlPattern
from scraper.config.scalars import Free, Text
from scraper.config.section import Listed, Named, OneOrMore, Section
from scraper.config.values import RefusedError


class SeedFileConfig(Section):
    """One seed list."""

    path: Text
    """The list: one URL a line, `#` comments; `.csv` with a header; either may be `.gz`; `-` is
    standard input."""

    column: Text | None = None
    """Of a CSV list: the column that holds the URL; default `url`."""

    carry: OneOrMore[Text] | None = None
    """Columns of a CSV list that go into the items; default: those that a field's `from` names."""

    page: Text | None = None
    """The page rule for these URLs, whatever their `match` says."""


def _path_alone(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


SeedFile: TypeAlias = Annotated[
    SeedFileConfig, BeforeValidator(_path_alone, json_schema_input_type=str | SeedFileConfig)
]


class SeedRequestConfig(Section):
    """One request written out."""

    url: SingleUrl
    """What to ask for."""

    method: Token | None = None
    """The method; default GET, with a body POST."""

    headers: Named[HeaderValue] = Field({})
    """Headers of this request alone."""

    json_body: Free = Field(None, alias="json")
    """A body to be sent as JSON."""

    form: Named[Free] | None = None
    """A body to be sent as a form: names and values, or lists of values."""

    page: Text | None = None
    """The page rule for the answer."""

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if {"json_body", "form"} <= self.model_fields_set:
            raise RefusedError("has two bodies: give json or form")
        for name, value in (self.form or {}).items():
            if isinstance(value, dict) or (
                isinstance(value, list) and any(isinstance(one, list | dict) for one in value)
            ):
                raise RefusedError(f"form.{name}: must be a value or a list of values")
        return self


class SeedsConfig(Section):
    """Where a crawl starts; seeds are always in scope, `scope.deny` excepted."""

    LATER: ClassVar[frozenset[str]] = frozenset({"sitemaps"})

    urls: OneOrMore[UrlPattern] = ()
    """URLs; `{1..50}` is a range, `{01..50}` one of padded numbers."""

    file: OneOrMore[SeedFile] = ()
    """Seed lists: a path, or `{path, column, carry, page}`, or a list of either. They are
    streamed."""

    column: Text | None = None
    """As `file.column`, for the CSV lists that do not say it themselves."""

    carry: OneOrMore[Text] | None = None
    """As `file.carry`, for the CSV lists that do not say it themselves."""

    requests: Listed[SeedRequestConfig] = ()
    """Requests with a method, headers and a body."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not (self.urls or self.file or self.requests):
            raise RefusedError("has nothing to start from: give urls, file or requests")
        return self
