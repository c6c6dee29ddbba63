"""From the config as written to the plan. What arrives here is right: nothing can fail.

Every text becomes a plain `str`: the plan travels to worker processes, which know nothing of
where a text came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scraper import __version__
from scraper.config.carry import is_carried
from scraper.config.checks import host_key
from scraper.config.compile_forms import compile_auth, compile_login, form_sources, with_forms
from scraper.config.compile_pages import (
    compile_page,
    every_field,
    plain_text,
    plain_texts,
    with_carries,
)
from scraper.config.compile_seeds import compile_seeds, references
from scraper.config.model_network import FetchConfig, PolitenessConfig, RetryConfig, ScopeConfig
from scraper.config.model_pages import PageConfig
from scraper.config.model_refresh import compile_refresh
from scraper.config.model_url import UrlConfig
from scraper.config.models import Config, RunConfig
from scraper.config.proxies import compile_proxies
from scraper.config.tlsfiles import ClientCertConfig
from scraper.config.values import holds_secret
from scraper.core.content import HTML
from scraper.core.extract.plan import PageRule, PythonPlan
from scraper.core.plan import (
    FetchPlan,
    GonePlan,
    HostRule,
    ParsePlan,
    Plan,
    PolitenessPlan,
    PrivatePlan,
    RetryPlan,
    RunPlan,
    ScopePlan,
    StorePlan,
    UrlPlan,
)
from scraper.core.robotstxt import product
from scraper.core.schedule.auto import DAY_S
from scraper.core.schedule.tuning import MOST
from scraper.hatch import search_path

USER_AGENT = f"scraper/{__version__}"


def compile_plan(
    config: Config, *, stem: str, env: Mapping[str, str], folder: Path = Path()
) -> Plan:
    """The plan of a crawl.

    Args:
        stem: the file's name, which names the run if nothing else does.
        env: where `fetch.proxies: environment` finds its proxies.
        folder: where modules are looked for too.
    """
    name = str(config.name or stem)
    return Plan(
        name=name,
        seeds=compile_seeds(config.seeds, _columns(config.pages)),
        fetch=_fetch(config, env),
        store=StorePlan(
            path=str(config.store.path or f"data/{name}.db"),
            keep_runs=config.store.keep_runs,
            bodies=config.store.bodies,
        ),
        url=_url(config.url),
        scope=_scope(config.scope),
        politeness=_politeness(
            config.politeness,
            rest_s=_rest_s(config.fetch.retry),
            deepest_first=config.scope.order == "depth",
        ),
        pages=_pages(config, folder),
        parse=ParsePlan(
            processes=config.parse.processes,
            offload=config.parse.offload,
            timeout_s=config.parse.timeout,
        ),
        run=_run(config.run),
        login=None if config.login is None else compile_login(config.login),
    )


def _pages(config: Config, folder: Path) -> tuple[PageRule, ...]:
    path = search_path(folder) if any(map(_has_python, config.pages.values())) else ()
    python = PythonPlan("", path, tuple(map(str, config.pages)))
    polite = config.politeness.robots == "obey"
    robot = product(_agent(config.fetch))
    return with_carries(
        with_forms(
            compile_page(name, page, polite=polite, robot=robot, python=python), page, config.login
        )
        for name, page in config.pages.items()
    )


def _agent(fetch: FetchConfig) -> str:
    return str(fetch.user_agent or USER_AGENT)


def _has_python(page: PageConfig) -> bool:
    return bool(page.python or any(item.python for item in page.items.values()))


def _columns(pages: Mapping[str, PageConfig]) -> tuple[str, ...]:
    """The columns that are asked for, in the order of the config; what links carry is none."""
    links = [link for page in pages.values() for link in page.follow if link.carry]
    asked: dict[str, None] = {}
    for name, page in pages.items():
        carried = {n for link in links if link.page in (None, name) for n in link.carry or ()}
        sources = [str(field.from_) for field in every_field(page) if field.from_ is not None]
        sources = [source for source in sources if source not in carried]
        asked |= dict.fromkeys(filter(is_carried, [*sources, *form_sources(page)]))
    return tuple(asked)


def _url(url: UrlConfig) -> UrlPlan:
    return UrlPlan(
        sort_query=url.sort_query, drop=plain_texts(url.drop), sessions=url.sessions == "ignore"
    )


def _scope(scope: ScopeConfig) -> ScopePlan:
    return ScopePlan(
        hosts=str(scope.hosts) if isinstance(scope.hosts, str) else plain_texts(scope.hosts),
        allow=plain_texts(scope.allow),
        deny=plain_texts(scope.deny),
        max_depth=scope.max_depth,
        max_pages=scope.max_pages,
        traps=scope.traps == "close",
    )


def _run(run: RunConfig) -> RunPlan:
    refresh_s, auto = compile_refresh(run.refresh)
    return RunPlan(
        if_running=run.if_running,
        max_time_s=run.max_time,
        max_wait_s=run.max_wait,
        refresh_s=DAY_S if refresh_s is None else refresh_s,
        auto=auto,
        gone=GonePlan(run.gone.after, run.gone.at_most),
    )


def _rest_s(retry: RetryConfig) -> float:
    """The unit of a host's rests: who wants no retries wants to hear soon of a dead host."""
    return retry.first if retry.attempts > 1 else retry.first / 4


def _politeness(
    politeness: PolitenessConfig, *, rest_s: float, deepest_first: bool
) -> PolitenessPlan:
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
        max_crawl_delay_s=politeness.max_crawl_delay,
        rest_s=rest_s,
        per_domain=politeness.per_domain,
        per_address=politeness.per_address,
        deepest_first=deepest_first,
    )


def _fetch(config: Config, env: Mapping[str, str]) -> FetchPlan:
    fetch = config.fetch
    retry = fetch.retry
    types = frozenset(config.scope.types)
    sees_login = config.login is not None and config.login.expired is not None
    html_is_login = bool(types) and HTML not in types and sees_login
    return FetchPlan(
        user_agent=_agent(fetch),
        concurrency=MOST if fetch.concurrency == "auto" else int(fetch.concurrency),
        auto=fetch.concurrency == "auto",
        timeout_s=fetch.timeout,
        stall_s=fetch.stall,
        connect_timeout_s=fetch.connect_timeout,
        max_body_bytes=fetch.max_body,
        max_redirects=fetch.max_redirects,
        retry=RetryPlan(attempts=retry.attempts, first_s=retry.first, longest_s=retry.longest),
        headers=_pairs(fetch.headers),
        secret_headers=frozenset(
            name.lower() for name, value in fetch.headers.items() if holds_secret(name, value)
        ),
        cookies=config.login is not None if fetch.cookies is None else fetch.cookies,
        verify_tls=fetch.verify_tls,
        ca_file=plain_text(fetch.ca_file),
        client_cert=_client_cert(fetch.client_cert),
        proxies=compile_proxies(fetch.proxies or (), env),
        private=_private(fetch.private_addresses),
        keeps_names=config.politeness.per_address is not None,
        types=types | {HTML} if html_is_login else types,
        html_is_login=html_is_login,
        auth=compile_auth(fetch.auth.items()),
        references=references(config.seeds.requests),
    )


def _client_cert(written: ClientCertConfig | None) -> tuple[str, str | None] | None:
    return None if written is None else (str(written.cert), plain_text(written.key))


def _private(allowed: bool | tuple[str, ...]) -> PrivatePlan:  # a value of the config
    if isinstance(allowed, bool):
        return PrivatePlan(every=allowed)
    return PrivatePlan(
        hosts=frozenset(text.lower() for text in allowed if "/" not in text),
        networks=tuple(str(text) for text in allowed if "/" in text),
    )


def _pairs(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in headers.items())
