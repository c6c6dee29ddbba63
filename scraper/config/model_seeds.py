"""`seeds`: where a crawl starts."""

from typing import Annotated, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from scraper.config.checks import HeaderValue, SingleUrl, SitemapUrl, Token, UrlPattern
from scraper.config.scalars import Free, Text, one_of
from scraper.config.section import Listed, Named, OneOrMore, Section
from scraper.config.values import RefusedError, Secret, texts


class SeedFileConfig(Section):
    """One seed list."""

    path: Text
    """The list: one URL a line, `#` comments; `.csv` with a header; either may be `.gz`; `-` is
    standard input."""

    column: Text | None = None
    """Of a CSV list: the column that holds the URL; default `url`."""

    carry: OneOrMore[Text] | None = None
    """Columns of a CSV list that go into the items; default: those that a field's `from` names. A
    URL that stands in several lines is one page, and the columns of the first line count."""

    page: Text | None = None
    """The page rule for these URLs, whatever their `match` says."""


def _path_alone(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


SeedFile: TypeAlias = Annotated[
    SeedFileConfig, BeforeValidator(_path_alone, json_schema_input_type=str | SeedFileConfig)
]


class SitemapConfig(Section):
    """One sitemap: XML, an index of others, RSS, Atom or a list of URLs, gzip or not."""

    url: SitemapUrl
    """Where it is; `robots`: the sitemaps that robots.txt names, of each host of the other seeds.
    It is fetched whatever robots.txt disallows; those that an index names, only if allowed."""

    page: Text | None = None
    """The page rule for what it names, whatever `match` says."""

    lastmod: Annotated[str, one_of("use", "ignore")] = "use"
    """A known page is not visited again, though `refresh` has passed, when `lastmod` lies before
    its last visit; `ignore` is for sites whose `lastmod` lies. A later one makes no page due
    sooner."""


def _url_alone(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


Sitemap: TypeAlias = Annotated[
    SitemapConfig, BeforeValidator(_url_alone, json_schema_input_type=str | SitemapConfig)
]


class SeedRequestConfig(Section):
    """One request written out."""

    url: SingleUrl
    """What to ask for."""

    method: Token | None = None
    """The method; default GET, with a body POST."""

    headers: Named[HeaderValue] = Field({})
    """Headers of this request alone. What they or the body take from the environment is stored as
    `${NAME}`, not as its value."""

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

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        """The row says `${NAME}` for a value of the environment: it must not say it for itself."""
        every = list(texts(self.sent))
        values = {text.written for text in every if isinstance(text, Secret)}
        for text in every:
            if not isinstance(text, Secret) and text in values:
                raise RefusedError(
                    f"{text} is a value of the environment in one place and, as ${text}, stands "
                    "for itself in another: write the two into two requests"
                )
        return self

    @property
    def sent(self) -> list[object]:
        """What is sent beside the URL."""
        return [self.headers, self.json_body, self.form]


class SeedsConfig(Section):
    """Where a crawl starts; seeds are always in scope, `scope.deny` excepted."""

    urls: OneOrMore[UrlPattern] = ()
    """URLs; `{1..50}` is a range, `{01..50}` one of padded numbers."""

    file: OneOrMore[SeedFile] = ()
    """Seed lists: a path, or `{path, column, carry, page}`, or a list of either. They are
    streamed."""

    column: Text | None = None
    """As `file.column`, for the CSV lists that do not say it themselves."""

    carry: OneOrMore[Text] | None = None
    """As `file.carry`, for the CSV lists that do not say it themselves."""

    sitemaps: OneOrMore[Sitemap] = ()
    """Sitemaps: a URL, the word `robots`, or `{url, page, lastmod}`, or a list of either. What they
    name is a seed, whatever its host. Of a file 50,000 entries and 50 MiB are read, of an index
    three levels; the report tells what was left out or could not be had. While one cannot be had,
    what was a seed in the last cycle is visited as such."""

    requests: Listed[SeedRequestConfig] = ()
    """Requests with a method, headers and a body."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not (self.urls or self.file or self.sitemaps or self.requests):
            raise RefusedError("has nothing to start from: give urls, file, sitemaps or requests")
        return self
