"""From forms as written to what is sent of them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import replace

from scraper.config.checks import host_key
from scraper.config.compile_pages import (
    compile_field,
    compile_selector,
    deep_fields,
    plain_text,
    plain_texts,
)
from scraper.config.model_forms import AuthConfig, FillConfig, LoginConfig, SubmitConfig
from scraper.config.model_pages import PageConfig
from scraper.core.extract.plan import FieldPlan, FillPlan, PageRule, SubmitPlan
from scraper.core.plan import LoginPlan


def with_forms(rule: PageRule, page: PageConfig, login: LoginConfig | None) -> PageRule:
    """The rule with the forms that it sends, and what says that the login is over."""
    expired = None if login is None or login.expired is None else login.expired
    return replace(
        rule,
        submit=tuple(map(_submit, page.submit)),
        expired=None if expired is None else compile_selector(expired)[0],
    )


def form_sources(page: PageConfig) -> Iterator[str]:
    """What `from` names in the forms of a page."""
    fills = [fill for form in page.submit for fill in (form.fill or {}).values()]
    found = [fill.from_ for fill in fills]
    found += [field.from_ for field in deep_fields(fill.each for fill in fills if fill.each)]
    return (str(source) for source in found if source is not None)


def compile_login(login: LoginConfig) -> LoginPlan:
    """The login of a crawl."""
    return LoginPlan(
        url=str(login.url),
        form=compile_selector(login.form)[0],
        fill=tuple(_fill(name, fill) for name, fill in login.fill.items()),
        ok=compile_selector(login.ok)[0],
        expired=None if login.expired is None else compile_selector(login.expired)[0],
    )


def compile_auth(auth: Iterable[tuple[str, AuthConfig]]) -> dict[str, str]:
    """The header of each host."""
    return {host_key(host): _header(one) for host, one in auth}


def _header(auth: AuthConfig) -> str:
    if auth.basic is not None:
        return f"Basic {b64encode(auth.basic.encode()).decode('ascii')}"
    return f"Bearer {auth.bearer}"


def _submit(form: SubmitConfig) -> SubmitPlan:
    return SubmitPlan(
        form=compile_selector(form.form)[0],
        fill=tuple(_fill(name, fill) for name, fill in (form.fill or {}).items()),
        page=plain_text(form.page),
    )


def _fill(name: str, fill: FillConfig) -> FillPlan:
    if fill.each is not None:
        field = compile_field(name, fill.each)
        return FillPlan(name, field=replace(field, all=not field.any), each=True)
    if fill.css is not None:
        css, attr = compile_selector(fill.css)
        return FillPlan(name, field=FieldPlan(name, css=css, attr=attr or plain_text(fill.attr)))
    if fill.from_ is not None:
        return FillPlan(name, field=FieldPlan(name, source=str(fill.from_)))
    return FillPlan(name, plain_texts(fill.value))
