"""From the config as written to the plan. What arrives here is right: nothing can fail.

Every text becomes a plain `str`: the plan travels to worker processes, which know nothing of
where a text came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlencode

from scraper import __version__
from scraper.config.carry import is_carried, is_csv
from scraper.config.checks import host_key
from scraper.config.model_network import FetchConfig, PolitenessConfig, ScopeConfig
from scraper.config.model_pages import FieldConfig, ItemConfig, PageConfig
from scraper.config.model_seeds import SeedFileConfig, SeedRequestConfig, SeedsConfig
from scraper.config.models import Config
from scraper.core.extract.plan import FieldPlan, FollowPlan, ItemPlan, PageRule
from scraper.core.extract.selectors import parse_selector
from scraper.core.model import Json
from scraper.core.plan import (
    FetchPlan,
    HostRule,
    ParsePlan,
    Plan,
    PolitenessPlan,
    PrivatePlan,
    RetryPlan,
    RunPlan,
    ScopePlan,
    SeedFile,
    SeedPlan,
    SeedRequest,
    StorePlan,
)

USER_AGENT = f"scraper/{__version__}"
_COLUMN = "url"


def compile_plan(config: Config, *, stem: str) -> Plan:
    """The plan of a crawl; `stem`, the file's name, names it if nothing else does."""
    name = str(config.name or stem)
    return Plan(
        name=name,
        seeds=_seeds(config.seeds, _carried(config.pages.values())),
        fetch=_fetch(config.fetch),
        store=StorePlan(
            path=str(config.store.path or f"data/{name}.db"), keep_runs=config.store.keep_runs
        ),
        scope=_scope(config.scope),
        politeness=_politeness(config.politeness),
        pages=tuple(_page(name, page) for name, page in config.pages.items()),
        parse=ParsePlan(
            processes=config.parse.processes,
            offload=config.parse.offload,
            timeout_s=config.parse.timeout,
        ),
        run=RunPlan(
            if_running=config.run.if_running,
            max_time_s=config.run.max_time,
            refresh_s=config.run.refresh,
        ),
    )


def _carried(pages: Iterable[PageConfig]) -> tuple[str, ...]:
    """The columns that fields ask for, in the order of the config."""
    asked = (
        str(field.from_)
        for page in pages
        for item in page.items.values()
        for field in _deep(item.fields)
        if field.from_ is not None and is_carried(field.from_)
    )
    return tuple(dict.fromkeys(asked))


def _deep(fields: Mapping[str, FieldConfig]) -> Iterator[FieldConfig]:
    for field in fields.values():
        yield field
        yield from _deep(field.fields)


def _seeds(seeds: SeedsConfig, carried: tuple[str, ...]) -> SeedPlan:
    return SeedPlan(
        urls=_texts(seeds.urls),
        files=tuple(_file(file, seeds, carried) for file in seeds.file),
        requests=tuple(_request(request) for request in seeds.requests),
    )


def _file(file: SeedFileConfig, seeds: SeedsConfig, carried: tuple[str, ...]) -> SeedFile:
    if not is_csv(file.path, column=file.column, shared_column=seeds.column):
        return SeedFile(path=str(file.path), page=_text(file.page))
    named = seeds.carry if file.carry is None else file.carry
    return SeedFile(
        path=str(file.path),
        column=str(file.column or seeds.column or _COLUMN),
        carry=carried if named is None else _texts(named),
        page=_text(file.page),
    )


def _request(request: SeedRequestConfig) -> SeedRequest:
    body, kind = _body(request)
    headers = _pairs(request.headers)
    if kind and not any(name.lower() == "content-type" for name, _ in headers):
        headers = (*headers, ("Content-Type", kind))
    return SeedRequest(
        url=str(request.url),
        method=str(request.method or ("GET" if body is None else "POST")).upper(),
        headers=headers,
        body=body,
        page=_text(request.page),
    )


def _body(request: SeedRequestConfig) -> tuple[bytes | None, str | None]:
    """The body and its content type."""
    if "json_body" in request.model_fields_set:
        written = json.dumps(request.json_body, ensure_ascii=False, separators=(",", ":"))
        return written.encode(), "application/json"
    if request.form is not None:
        values = {name: _form_value(value) for name, value in request.form.items()}
        return urlencode(values, doseq=True).encode(), "application/x-www-form-urlencoded"
    return None, None


def _form_value(value: Json) -> str | list[str]:
    if isinstance(value, list):
        return [str(_form_value(one)) for one in value]
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _scope(scope: ScopeConfig) -> ScopePlan:
    return ScopePlan(
        hosts=str(scope.hosts) if isinstance(scope.hosts, str) else _texts(scope.hosts),
        allow=_texts(scope.allow),
        deny=_texts(scope.deny),
        max_depth=scope.max_depth,
        max_pages=scope.max_pages,
    )


def _politeness(politeness: PolitenessConfig) -> PolitenessPlan:
    default = HostRule(per_host=politeness.per_host, delay_s=politeness.delay)
    return PolitenessPlan(
        robots=politeness.robots == "obey",
        default=default,
        hosts={
            host_key(host): HostRule(
                per_host=default.per_host if rule.per_host is None else rule.per_host,
                delay_s=default.delay_s if rule.delay is None else rule.delay,
            )
            for host, rule in politeness.hosts.items()
        },
    )


def _fetch(fetch: FetchConfig) -> FetchPlan:
    retry = fetch.retry
    return FetchPlan(
        user_agent=str(fetch.user_agent or USER_AGENT),
        concurrency=fetch.concurrency,
        timeout_s=fetch.timeout,
        stall_s=fetch.stall,
        connect_timeout_s=fetch.connect_timeout,
        max_body_bytes=fetch.max_body,
        max_redirects=fetch.max_redirects,
        retry=RetryPlan(attempts=retry.attempts, first_s=retry.first, longest_s=retry.longest),
        headers=_pairs(fetch.headers),
        cookies=fetch.cookies,
        verify_tls=fetch.verify_tls,
        private=_private(fetch.private_addresses),
    )


def _private(allowed: bool | tuple[str, ...]) -> PrivatePlan:  # a value of the config
    if isinstance(allowed, bool):
        return PrivatePlan(every=allowed)
    return PrivatePlan(
        hosts=frozenset(text.lower() for text in allowed if "/" not in text),
        networks=tuple(str(text) for text in allowed if "/" in text),
    )


def _page(name: str, page: PageConfig) -> PageRule:
    return PageRule(
        name=name,
        match=_texts(page.match or ()),
        items=tuple(_item(kind, item) for kind, item in page.items.items()),
        follow=tuple(
            FollowPlan(css=css, attr=attr or str(follow.attr or "href"), page=_text(follow.page))
            for follow in page.follow
            for css, attr in (_selector(follow.css),)
        ),
    )


def _item(kind: str, item: ItemConfig) -> ItemPlan:
    return ItemPlan(
        type=kind,
        fields=tuple(_field(name, field) for name, field in item.fields.items()),
        each=None if item.each is None else _selector(item.each)[0],
        key=_texts(item.key or ()),
    )


def _field(name: str, field: FieldConfig) -> FieldPlan:
    css, attr = (None, None) if field.css is None else _selector(field.css)
    if field.css is None and field.attr is not None:
        css = ""
    return FieldPlan(
        name=name,
        css=css,
        attr=attr or _text(field.attr),
        source=_text(field.from_),
        const=_json(field.const),
        is_const="const" in field.model_fields_set,
        all=field.all,
        count=field.count,
        raw_text=field.text == "raw",
        regex=_text(field.regex),
        map=None if field.map is None else {key: _json(value) for key, value in field.map.items()},
        type="int" if field.count else field.type or "text",
        default=_json(field.default),
        required=field.required,
        fields=tuple(_field(inner, one) for inner, one in field.fields.items()),
    )


def _selector(css: str) -> tuple[str, str | None]:
    return parse_selector(css) if css.strip() else ("", None)


def _json(value: Json) -> Json:
    """The same value, its texts plain."""
    if isinstance(value, list):
        return [_json(one) for one in value]
    if isinstance(value, dict):
        return {key: _json(one) for key, one in value.items()}
    return str(value) if isinstance(value, str) else value


def _pairs(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in headers.items())


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(str, values))


def _text(value: str | None) -> str | None:
    return None if value is None else str(value)
