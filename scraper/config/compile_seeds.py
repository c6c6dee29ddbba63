"""From the seeds as written to their plan."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

from scraper.config.carry import is_csv
from scraper.config.compile_pages import plain_text, plain_texts
from scraper.config.model_seeds import SeedFileConfig, SeedRequestConfig, SeedsConfig, SitemapConfig
from scraper.config.values import Secret, as_written, texts
from scraper.core.model import Json
from scraper.core.plan import SeedFile, SeedPlan, SeedRequest, SeedSitemap
from scraper.core.reference import noted

_COLUMN = "url"


def compile_seeds(seeds: SeedsConfig, carried: tuple[str, ...]) -> SeedPlan:
    """The plan of the seeds.

    Args:
        carried: columns of a list that go into items, unless the list says others.
    """
    return SeedPlan(
        urls=plain_texts(seeds.urls),
        files=tuple(_file(file, seeds, carried) for file in seeds.file),
        requests=tuple(_request(request) for request in seeds.requests),
        sitemaps=tuple(_sitemap(sitemap) for sitemap in seeds.sitemaps),
    )


def references(requests: Iterable[SeedRequestConfig]) -> dict[str, str]:
    """What the texts stand for that requests say instead of values of the environment."""
    secrets = (secret for request in requests for secret in _secrets(request))
    return {secret.written: str(secret) for secret in secrets}


def _sitemap(sitemap: SitemapConfig) -> SeedSitemap:
    return SeedSitemap(
        url=None if sitemap.url == "robots" else str(sitemap.url),
        page=plain_text(sitemap.page),
        lastmod=sitemap.lastmod == "use",
    )


def _file(file: SeedFileConfig, seeds: SeedsConfig, carried: tuple[str, ...]) -> SeedFile:
    if not is_csv(file.path, column=file.column, shared_column=seeds.column):
        return SeedFile(path=str(file.path), page=plain_text(file.page))
    named = seeds.carry if file.carry is None else file.carry
    return SeedFile(
        path=str(file.path),
        column=str(file.column or seeds.column or _COLUMN),
        carry=carried if named is None else plain_texts(named),
        page=plain_text(file.page),
    )


def _request(request: SeedRequestConfig) -> SeedRequest:
    body, kind = _body(request)
    headers = tuple((name, str(as_written(value))) for name, value in request.headers.items())
    if kind and not any(name.lower() == "content-type" for name, _ in headers):
        headers = (*headers, ("Content-Type", kind))
    return SeedRequest(
        url=str(request.url),
        method=str(request.method or ("GET" if body is None else "POST")).upper(),
        headers=noted(headers, (secret.written for secret in _secrets(request))),
        body=body,
        page=plain_text(request.page),
    )


def _body(request: SeedRequestConfig) -> tuple[bytes | None, str | None]:
    """The body, with what comes from the environment as it is written, and its content type."""
    if "json_body" in request.model_fields_set:
        body = as_written(request.json_body)
        written = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return written.encode(), "application/json"
    if request.form is not None:
        values = {name: _form_value(as_written(value)) for name, value in request.form.items()}
        return urlencode(values, doseq=True).encode(), "application/x-www-form-urlencoded"
    return None, None


def _form_value(value: Json) -> str | list[str]:
    if isinstance(value, list):
        return [str(_form_value(one)) for one in value]
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _secrets(request: SeedRequestConfig) -> Iterator[Secret]:
    """What comes from the environment, but for the URL: the identity, and stored as it is."""
    return (text for text in texts(request.sent) if isinstance(text, Secret))
