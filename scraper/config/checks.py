"""Texts that are written in a small language of their own: URLs, globs, selectors, hosts."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Annotated

from scraper.config.scalars import TEXT_SCHEMA, Reads, any_text, text, truth
from scraper.config.values import RefusedError, Secret, closest, shown
from scraper.core.charsets import REPLACEMENT, name_of
from scraper.core.errors import SelectorError
from scraper.core.extract.selectors import parse_selector
from scraper.core.globs import Pattern
from scraper.core.ranges import expand
from scraper.core.scope import Hosts
from scraper.core.url import parse

_USUAL_URL = re.compile(r"https?://[a-z0-9][a-z0-9.-]*[a-z](?::\d{1,4})?(?:[/?][!-z~]*)?")
_BRACES = re.compile(r"\{[^{}]*\.\.[^{}]*\}")
_RANGE = re.compile(r"\{\d{1,18}\.\.\d{1,18}\}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PORT = re.compile(r"(?P<host>.+):(?P<port>\d{1,5})")


def _said(value: str, check: Callable[[str], object]) -> None:
    """Run a check of the core; its words are not repeated where they could hold a secret."""
    try:
        check(value)
    except (SelectorError, ValueError) as error:
        if isinstance(value, Secret):
            raise RefusedError(f"{shown(value)} cannot be read here") from None
        raise RefusedError(str(error)) from None


def url(value: object) -> str:
    """An absolute http(s) URL."""
    written = text(value)
    if _USUAL_URL.fullmatch(written):  # ten thousand of them must cost nothing
        return written
    try:
        parse(written)
    except ValueError:
        hint = (
            "" if "://" in written or isinstance(written, Secret) else f": write https://{written}"
        )
        raise RefusedError(f"must be an http or https URL, got {shown(written)}{hint}") from None
    return written


def url_pattern(value: object) -> str:
    """A URL with `{1..50}` ranges."""
    written = text(value)
    if "{" not in written:
        return url(written)
    for braces in _BRACES.findall(written):
        if not _RANGE.fullmatch(braces):
            what = shown(written) if isinstance(written, Secret) else braces
            raise RefusedError(f"{what} is no range: write whole numbers such as {{1..50}}")
    first = next(expand(written))
    url(Secret.of(first, written.written) if isinstance(written, Secret) else first)
    return written


def single_url(value: object) -> str:
    """A URL without ranges."""
    written = url(value)
    if _BRACES.search(written):
        raise RefusedError("ranges are for seeds.urls: write one request each")
    return written


def sitemap_url(value: object) -> str:
    """A URL, or the word `robots`."""
    if value == "robots":
        return "robots"
    if isinstance(value, str) and (hint := closest(value, ["robots"])):
        raise RefusedError(f"must be a URL or robots, got {shown(value)}{hint}")
    written = url(value)
    if _BRACES.search(written):
        raise RefusedError("ranges are for seeds.urls: write one sitemap each")
    return written


def css(value: object) -> str:
    """A CSS selector, maybe with ` @attribute` behind it; empty is the element itself."""
    written = any_text(value)
    if written.strip():
        _said(written, parse_selector)
    return written


def css_next(value: object) -> str:
    """As `css`, but there is no element itself."""
    return css(text(value))


def css_each(value: object) -> str:
    """A CSS selector of elements."""
    written = css(text(value))
    if takes_attribute(written):
        raise RefusedError(f"selects elements: take out the attribute, got {shown(written)}")
    return written


def takes_attribute(written: str) -> bool:
    """Whether a selector that is right says `@attribute` or `::attr()`."""
    return bool(written.strip()) and parse_selector(written)[1] is not None


def charset(value: object) -> str:
    """The name of an encoding, as the web knows it."""
    written = text(value)
    if name_of(written) in (None, REPLACEMENT):
        raise RefusedError(
            f"must be an encoding such as utf-8 or windows-1252, got {shown(written)}"
        )
    return written


def glob(value: object) -> str:
    """A glob on the path, or `re:` and a regular expression on the URL."""
    written = text(value)
    _said(written, lambda pattern: Pattern((pattern,)))
    return written


def expression(value: object) -> str:
    """A regular expression."""
    import regex  # 10 ms that a config without one does not pay

    written = text(value)
    try:
        regex.compile(written)
    except (regex.error, RecursionError, OverflowError) as error:
        why = "" if isinstance(written, Secret) else f": {error}"
        raise RefusedError(f"is no regular expression{why}") from None
    return written


def hosts(value: object) -> str | tuple[str, ...]:
    """`seeds`, `any`, or a list of host patterns."""
    if isinstance(value, str):
        if value in ("seeds", "any"):
            return str(value)
        if isinstance(value, Secret):
            raise RefusedError(f"must be seeds, any or a list, got {shown(value)}")
        hint = closest(value, ["seeds", "any"]) or f": write [{shown(value)}]"
        raise RefusedError(f"must be seeds, any or a list of hosts, got {shown(value)}{hint}")
    if not isinstance(value, list) or not value:
        raise RefusedError(f"must be seeds, any or a list of hosts, got {shown(value)}")
    return tuple(_host(item) for item in value)


def _host(value: object) -> str:
    written = text(value)
    _said(written, lambda pattern: Hosts((pattern,)))
    return written


def host_key(written: str) -> str:
    """A key of `politeness.hosts` as the plan names hosts: `host` (any port) or `host:port`.

    Raises:
        ValueError: it is neither.
    """
    if "*" in written:
        raise RefusedError(f"{written!r} must be host or host:port, without *")
    _said(written, lambda host: Hosts((host,)))
    found = parse(f"http://{written}/")
    return found.host if ":" in written.rpartition("]")[2] else found.hostname


def private(value: object) -> bool | tuple[str, ...]:
    """`true`, `false`, or a list of `host:port` and networks."""
    if isinstance(value, list):
        return tuple(_reachable(item) for item in value)
    try:
        return truth(value)
    except ValueError:
        raise RefusedError(
            'must be true, false or a list such as ["127.0.0.1:8080", "10.1.0.0/16"], '
            f"got {shown(value)}"
        ) from None


def _reachable(value: object) -> str:
    written = text(value)
    if "/" in written:
        _network(written)
        return written
    match = _PORT.fullmatch(written)
    if match is None or not 0 < int(match["port"]) < 65536 or _bare(written):
        raise RefusedError(
            f"must be host:port or a network such as 10.1.0.0/16, got {shown(written)}"
        )
    _said(written, lambda host: Hosts((host,)))
    return written


def _bare(written: str) -> bool:
    """Whether this is an IPv6 address without a port, which only looks as if it had one."""
    return written.count(":") > 1 and not written.startswith("[")


def _network(written: str) -> None:
    try:
        ipaddress.ip_network(written)
    except ValueError:
        hint = ""
        if not isinstance(written, Secret):
            hint = _nearest_network(written)
        raise RefusedError(
            f"must be a network such as 10.1.0.0/16, got {shown(written)}{hint}"
        ) from None


def _nearest_network(written: str) -> str:
    try:
        return f": write {ipaddress.ip_network(written, strict=False)}"
    except ValueError:
        return ""


def is_token(written: str) -> bool:
    """Whether this can be the name of a header or a method."""
    return _TOKEN.fullmatch(written) is not None


def token(value: object) -> str:
    """The name of a method."""
    written = text(value)
    if not is_token(written):
        raise RefusedError(f"must be one word such as GET or POST, got {shown(written)}")
    return written


def header_value(value: object) -> str:
    """What may stand in a header."""
    written = any_text(value)
    if any((ord(char) < 32 and char != "\t") or ord(char) == 127 for char in written):
        raise RefusedError(
            f"cannot go into a header: it has control characters, got {shown(written)}"
        )
    return written


_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}
UrlPattern = Annotated[str, Reads(url_pattern, _STRING, "URL with ranges")]
SingleUrl = Annotated[str, Reads(single_url, _STRING, "URL")]
SitemapUrl = Annotated[str, Reads(sitemap_url, _STRING, "URL or robots")]
Css = Annotated[str, Reads(css, _STRING, "CSS selector")]
CssNext = Annotated[str, Reads(css_next, _STRING, "CSS selector")]
CssElement = Annotated[str, Reads(css_each, _STRING, "CSS selector")]
Each = CssElement
Charset = Annotated[str, Reads(charset, _STRING, "encoding")]
Glob = Annotated[str, Reads(glob, _STRING, "glob")]
Expression = Annotated[str, Reads(expression, _STRING, "regular expression")]
ScopeHosts = Annotated[
    str | tuple[str, ...],
    Reads(
        hosts, {"anyOf": [{"enum": ["seeds", "any"]}, _STRINGS]}, "seeds, any or a list of hosts"
    ),
]
PrivateAddresses = Annotated[
    bool | tuple[str, ...],
    Reads(private, {"anyOf": [{"type": "boolean"}, _STRINGS]}, "true, false or a list"),
]
Token = Annotated[str, Reads(token, _STRING, "text")]
HeaderValue = Annotated[str, Reads(header_value, TEXT_SCHEMA, "text")]
