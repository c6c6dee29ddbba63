"""What came from the environment is never printed."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scraper.config import Loaded, explain, load
from scraper.core.errors import ConfigError

SCALARS = [
    "name", "seeds.urls", "seeds.file", "seeds.file.path", "seeds.file.column", "seeds.file.carry",
    "seeds.file.page", "seeds.column", "seeds.requests", "scope.hosts", "scope.allow", "scope.deny",
    "scope.max_depth", "scope.max_pages", "politeness.robots", "politeness.per_host",
    "politeness.delay", "politeness.hosts.h.delay", "politeness.hosts.h.per_host",
    "fetch.concurrency", "fetch.timeout", "fetch.max_body", "fetch.retry.first",
    "fetch.retry.attempts", "fetch.user_agent", "fetch.headers.Authorization", "fetch.cookies",
    "fetch.private_addresses", "fetch.proxies", "fetch.ca_file", "fetch.client_cert",
    "fetch.client_cert.cert", "fetch.client_cert.key",
    "pages", "pages.p.match", "pages.p.items.i.each",
    "pages.p.items.i.key", "pages.p.items.i.fields.f", "pages.p.items.i.fields.f.css",
    "pages.p.items.i.fields.f.regex", "pages.p.items.i.fields.f.type",
    "pages.p.items.i.fields.f.default", "pages.p.items.i.fields.f.from",
    "pages.p.items.i.fields.f.attr",
    "pages.p.items.i.fields.f.json", "pages.p.items.i.fields.f.any",
    "pages.p.items.j", "pages.p.items.i.each.json", "pages.p.items.i.each.script",
    "pages.p.items.k.fields.f.script", "pages.p.items.k.fields.f.jsonld",
    "pages.p.items.k.fields.f.meta", "pages.p.items.i.fields.f.split",
    "pages.p.items.i.fields.f.strip", "pages.p.items.i.fields.f.replace.a",
    "pages.p.items.i.fields.f.remove", "pages.p.items.k.fields.f.table",
    "pages.p.items.k.fields.f.next", "pages.p.valid", "pages.p.charset", "pages.q.follow",
    "pages.p.items.i.fields.f.map.a", "pages.p.follow",
    "parse.processes", "parse.offload", "parse.timeout", "store.path", "store.bodies",
    "store.keep_runs", "run.if_running", "run.max_time", "run.refresh", "version", "login", "zzz",
    "login.url", "login.form", "login.fill.a", "login.ok", "login.expired", "login.fill.a.css",
    "fetch.auth.h.basic", "fetch.auth.h.bearer",
]  # fmt: skip
LISTS = ["seeds.urls", "scope.hosts", "scope.allow", "fetch.private_addresses", "fetch.proxies",
         "pages.p.match"]  # fmt: skip
BASE = """\
seeds: {urls: [http://a.example/]}
pages: {p: {items: {i: {fields: {f: {css: h1}}}}, follow: [{css: a, page: p}]}}
"""
SECRET = "QzX"  # in no word of ours
VALUES = [
    "{}", "http://{}.example/", "http://{}.example/{{1..3}}", "{}://", "{} (", "re:{}", "re:({}",
    "/{}/*", "a:{}", ".{}", "div.{} @src", "[{}='", "{}:99999", "10.0.0.0/{}", "{}.csv", "{}@x",
    "http://u:{}@p:80", "socks5://{}@p:1", "htp://u:{}@p",
    "{}\r\n", "12{}", "${{{}}}",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(BASE, encoding="utf-8")


def said(key: str, written: str, value: str) -> str:
    """Everything that is printed about a config with one value from the environment."""
    try:
        loaded: Loaded = load("c.yaml", env={"S": value}, overrides=[f"{key}={written}"])
    except ConfigError as error:
        return str(error)
    shown = repr(loaded).replace(loaded.hash, "")
    return "\n".join([explain(loaded), *loaded.warnings, shown, loaded.text])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from(SCALARS), st.sampled_from(VALUES), st.sampled_from(["${S}", "'a${S} ${S:-x}'"])
)
def test_secret_is_never_said(key: str, value: str, written: str) -> None:
    assert SECRET not in said(key, written, value.format(SECRET))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(LISTS), st.sampled_from(VALUES))
def test_secret_in_a_list_is_never_said(key: str, value: str) -> None:
    assert SECRET not in said(key, "['${S}']", value.format(SECRET))


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("politeness.delay", "37s", "delay: ${S}"),
        ("fetch.timeout", "37s", "${S}"),
        ("fetch.concurrency", "37", "${S}"),
        ("scope.max_depth", "37", "${S}"),
        ("store.keep_runs", "37", "${S}"),
        ("fetch.max_body", "37MiB", "${S}"),
        ("run.max_time", "37m", "${S}"),
        ("run.refresh", "37h", "${S}"),
        ("politeness.hosts.h.delay", "37s", "${S}"),
        ("politeness.hosts.h.per_host", "37", "${S}"),
        ("fetch.retry.attempts", "37", "${S}"),
        ("seeds.urls", "http://a.example/{1..37}", "${S}"),
        ("store.path", "37.db", "${S}"),
        ("name", "n37", "${S}"),
    ],
)
def test_numbers_and_times_from_the_environment_are_shown_as_written(
    key: str, value: str, told: str
) -> None:
    text = said(key, "${S}", value)
    assert "37" not in text
    assert told.removeprefix("delay: ") in text


def test_wrong_value_from_the_environment_is_named_not_shown() -> None:
    assert said("fetch.timeout", "${S}", "QzX") == (
        "--set fetch.timeout: fetch.timeout: must be a duration such as 250ms, 30s, 5m, 2h or 1d,"
        " got the value of ${S}"
    )


def test_what_the_environment_gave_is_known() -> None:
    urls = "seeds.urls=['${A}/x', '${B:-http://b.example}', 'http://c.example/$${A}']"
    env = {"A": "http://a.example", "C": "tea"}
    loaded = load("c.yaml", env=env, overrides=[urls, "fetch.user_agent=${C}-${A}"])
    assert loaded.secrets - {""} == set(env.values())
