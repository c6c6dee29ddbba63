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
from http.cookies import BaseCookie, Morsel, SimpleCookie

import aiohttp
from yarl import URL

from scraper.core.domain import is_address, registrable_domain

JARS = 10_000  # origins and domains with cookies: as many hosts as the frontier's window has
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
    """A jar for each origin, and one for each registrable domain, of the cookies that name it."""

    def __init__(self) -> None:
        super().__init__()
        self._jars: OrderedDict[URL | str, _Jar] = OrderedDict()  # last used last

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Keep what an answer has set."""
        host = response_url.raw_host or ""
        for header in headers:
            said = _DOMAIN.findall(header)
            domain = said[-1].lower() if said else ""  # the last one counts
            if not _keeps_its_prefix(header, domain, response_url):
                continue
            if domain and not is_address(domain) and (owner := registrable_domain(domain)):
                if owner == registrable_domain(host):  # else it is another's
                    self._of(owner).update_cookies_from_headers((header,), response_url)
            elif domain in ("", host):
                self._of(response_url.origin()).update_cookies_from_headers((header,), response_url)

    def filter_cookies(self, request_url: URL = URL()) -> BaseCookie[str]:  # noqa: B008  # as aiohttp
        """The cookies that a URL is sent."""
        found: BaseCookie[str] = SimpleCookie()
        if self._jars:
            origin = request_url.origin()
            self._add(found, registrable_domain(request_url.raw_host or "") or "", request_url)
            if origin.scheme == "https" and origin.port == 443:
                self._add(found, origin.with_scheme("http"), request_url)
            self._add(found, origin, request_url)
        return found

    def _of(self, whose: URL | str) -> _Jar:
        if whose not in self._jars:
            self._jars[whose] = _Jar()
            if len(self._jars) > JARS:
                self._jars.popitem(last=False)
        return self._jars[whose]

    def _add(self, found: BaseCookie[str], whose: URL | str, request_url: URL) -> None:
        jar = self._jars.get(whose)
        if jar is not None:
            self._jars.move_to_end(whose)
            found.update(jar.filter_cookies(request_url))


def _keeps_its_prefix(header: str, domain: str, url: URL) -> bool:
    """Whether a cookie is what its name says (RFC 6265bis section 4.1.3)."""
    name = header.lstrip().lower()
    if not name.startswith(("__secure-", "__host-")):
        return True
    if url.scheme != "https" or not _SECURE.search(header):
        return False
    return name.startswith("__secure-") or (not domain and bool(_AT_ROOT.search(header)))
