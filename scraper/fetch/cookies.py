"""Cookies, which go back to where they came from, as they came.

A cookie belongs to the scheme, host and port that set it; RFC 6265 section 8.5 regrets that it does
not say so. One that was set by http goes to https of the same host too, where both have their usual
port: sites that send on to https rely on it. One that names a domain goes to that domain, whatever
the port; a public suffix such as co.uk is none, as it belongs to nobody (section 5.3).
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from http.cookies import BaseCookie, Morsel

import aiohttp
from yarl import URL

from scraper.core.domain import is_address, registrable_domain

ORIGINS = 10_000  # with cookies of their own: as many hosts as the frontier's window has
_DOMAIN = re.compile(r";\s*domain\s*=\s*\.?([^;\s]*)", re.IGNORECASE)
_SECURE = re.compile(r";\s*secure\s*(?:;|$)", re.IGNORECASE)
_AT_ROOT = re.compile(r";\s*path\s*=\s*/\s*(?:;|$)", re.IGNORECASE)


class _Jar(aiohttp.CookieJar):
    """A jar that changes no value: aiohttp's own puts what has a "=" or ":" in it into quotes."""

    def __init__(self) -> None:
        super().__init__(unsafe=True)  # hosts that are addresses have cookies too

    def _build_morsel(self, cookie: Morsel[str]) -> Morsel[str]:
        return cookie  # of which name and `coded_value` are sent, as they were received


class Cookies(_Jar):
    """A jar for cookies that name a domain, with one for each origin."""

    def __init__(self) -> None:
        super().__init__()
        self._origins: OrderedDict[URL, _Jar] = OrderedDict()  # last used last

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Keep what an answer has set."""
        for header in headers:
            said = _DOMAIN.findall(header)
            domain = said[-1].lower() if said else ""  # the last one counts
            if not _keeps_its_prefix(header, domain, response_url):
                continue
            if domain and not is_address(domain) and registrable_domain(domain):
                super().update_cookies_from_headers((header,), response_url)
            elif domain in ("", response_url.raw_host):
                self._of(response_url.origin()).update_cookies_from_headers((header,), response_url)

    def filter_cookies(self, request_url: URL = URL()) -> BaseCookie[str]:  # noqa: B008  # as aiohttp
        """The cookies that a URL is sent."""
        found = super().filter_cookies(request_url)
        if self._origins:
            origin = request_url.origin()
            if origin.scheme == "https" and origin.port == 443:
                self._add(found, origin.with_scheme("http"), request_url)
            self._add(found, origin, request_url)
        return found

    def _of(self, origin: URL) -> _Jar:
        if origin not in self._origins:
            self._origins[origin] = _Jar()
            if len(self._origins) > ORIGINS:
                self._origins.popitem(last=False)
        return self._origins[origin]

    def _add(self, found: BaseCookie[str], origin: URL, request_url: URL) -> None:
        jar = self._origins.get(origin)
        if jar is not None:
            self._origins.move_to_end(origin)
            found.update(jar.filter_cookies(request_url))


def _keeps_its_prefix(header: str, domain: str, url: URL) -> bool:
    """Whether a cookie is what its name says (RFC 6265bis section 4.1.3)."""
    name = header.lstrip().lower()
    if not name.startswith(("__secure-", "__host-")):
        return True
    if url.scheme != "https" or not _SECURE.search(header):
        return False
    return name.startswith("__secure-") or (not domain and bool(_AT_ROOT.search(header)))
