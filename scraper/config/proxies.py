"""Proxies as they are written: a list of URLs, or the word `environment`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated
from urllib.parse import quote, unquote

from scraper.config.places import Finding, dotted
from scraper.config.scalars import Reads, text
from scraper.config.tree import Branch
from scraper.config.values import RefusedError, Secret, closest, shown
from scraper.core.plan import Proxy, ProxyPlan
from scraper.core.socks import LONGEST
from scraper.core.url import parse

ENVIRONMENT = "environment"
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_WRITE = "write http://host:port, https://, socks5:// or socks5h://"
_URL = re.compile(
    r"(?P<scheme>[A-Za-z0-9+.-]+)://(?:(?P<login>[^/?#]*)@)?(?P<address>[^/?#@]+)/?", re.ASCII
)
_ADDRESS = re.compile(r"(?P<host>\[[^\[\]]+\]|[^\[\]:]+)(?::(?P<port>\d{1,5}))?", re.ASCII)


def proxies(value: object) -> str | tuple[str, ...]:
    """`environment`, or a list of texts, which `lint_proxies` looks at one by one."""
    if isinstance(value, list) and value:
        return tuple(map(text, value))
    if value == ENVIRONMENT:
        return ENVIRONMENT
    hint = closest(value, [ENVIRONMENT])
    if not hint and isinstance(value, str) and "://" in value:
        hint = ": write it in [ ]"
    raise RefusedError(
        f"must be a list of proxies or {ENVIRONMENT}, got {_without_login(value)}{hint}"
    )


def lint_proxies(written: Branch, env: Mapping[str, str]) -> Iterator[Finding]:
    """What is wrong with each proxy of the list, or with those of the environment."""
    try:
        if written.value == ENVIRONMENT:
            from_environment(env)
    except ValueError as error:
        yield Finding(written.path, f"{dotted(written.path)}: {error}")
    known: set[Proxy] = set()
    for one in written.each() if isinstance(written.value, list) else ():
        if not isinstance(one.value, str) or not one.value.strip():
            continue  # the model says so
        try:
            found = read(one.value)
        except ValueError as error:
            yield _finding(one, str(error))
        else:
            if found in known:
                yield _finding(one, "is given twice: keep one")
            known.add(found)


def _finding(one: Branch, why: str) -> Finding:
    return Finding(one.path, f"{dotted(one.path)}: {_without_login(one.value)} {why}")


def _without_login(value: object) -> str:
    """A value as a message may show it: what could be a password is not shown."""
    if not isinstance(value, str) or isinstance(value, Secret) or "@" not in value:
        return shown(value)
    scheme, colon, rest = value.partition("://")
    return shown(f"{scheme}{colon}***@{(rest if colon else value).rpartition('@')[2]}")


def read(written: str) -> Proxy:
    """Read the URL of a proxy.

    Raises:
        ValueError: it is none; the words go behind the value.
    """
    match = _URL.fullmatch(written.strip())
    if match is None:
        raise ValueError(f"is no proxy: {_WRITE}")
    scheme = match["scheme"].lower()
    if scheme not in _PORTS:
        raise ValueError(f"is no proxy that is spoken to: {_WRITE}")
    address = _ADDRESS.fullmatch(match["address"])
    if address is None or not 0 < int(address["port"] or 1) < 65536:
        raise ValueError("has no host and port: write host:port, [address]:port for IPv6")
    try:
        host = parse(f"http://{address['host']}/").hostname
    except ValueError:
        raise ValueError("has no host that can be one") from None
    user, password = _login(match["login"], scheme)
    return Proxy(scheme, host, int(address["port"] or _PORTS[scheme]), user, password)


def _login(written: str | None, scheme: str) -> tuple[str | None, str]:
    if written is None:
        return None, ""
    user, _, password = (unquote(part) for part in written.partition(":"))
    if not user:
        raise ValueError("has a password without a user")
    if scheme.startswith("socks5"):
        if not 0 < len(password.encode()) <= LONGEST or len(user.encode()) > LONGEST:
            raise ValueError(f"needs a user and a password of 1 to {LONGEST} bytes each")
        return user, password
    if ":" in user:
        raise ValueError("has a colon in the name of its user, which HTTP cannot send")
    try:
        (user + password).encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("has a user or password that HTTP cannot send") from None
    return user, password


def from_environment(env: Mapping[str, str]) -> ProxyPlan:
    """Read HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY; names in lower case win.

    Raises:
        ValueError: one of them is wrong; its value is not told.
    """
    general = _variable(env, "all_proxy")
    http, https = _variable(env, "http_proxy"), _variable(env, "https_proxy")
    return ProxyPlan(
        http=http or general,
        https=https or general,
        bypass=tuple(re.split(r"[,\s]+", _value(env, "no_proxy").strip())),
    )


def _variable(env: Mapping[str, str], name: str) -> tuple[Proxy, ...]:
    value = _value(env, name).strip()
    if not value:
        return ()
    try:
        return (read(value if "://" in value else f"http://{value}"),)
    except ValueError as error:
        raise ValueError(f"the environment variable {name.upper()} {error}") from None


def _value(env: Mapping[str, str], name: str) -> str:
    return env.get(name) or env.get(name.upper()) or ""


def compile_proxies(written: str | tuple[str, ...], env: Mapping[str, str]) -> ProxyPlan:
    """The proxies of a config that is right."""
    if isinstance(written, str):
        return from_environment(env)
    listed = tuple(map(read, written))
    return ProxyPlan(http=listed, https=listed)


def passwords(plan: ProxyPlan) -> Iterator[str]:
    """What no log line may show."""
    for proxy in plan.every:
        yield proxy.password
        yield quote(proxy.password, safe="")


ProxyList = Annotated[
    str | tuple[str, ...],
    Reads(
        proxies,
        {"anyOf": [{"const": ENVIRONMENT}, {"type": "array", "items": {"type": "string"}}]},
        "environment or a list",
    ),
]
