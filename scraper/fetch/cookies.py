"""Cookies, which go back to where they came from.

A cookie belongs to the scheme, host and port that set it; RFC 6265 section 8.5 regrets that it does
not say so. One that was set by http goes to https of the same host too, where both have their usual
port: sites that send on to https rely on it. One that names a domain goes to that domain, whatever
the port; a domain is more than one label.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from http.cookies import BaseCookie

import aiohttp
from yarl import URL

ORIGINS = 10_000  # with cookies of their own: as many hosts as the frontier's window has
_DOMAIN = re.compile(r";\s*domain\s*=\s*\.?([^;\s]*)", re.IGNORECASE)


class Cookies(aiohttp.CookieJar):
    """A jar for cookies that name a domain, with one for each origin."""

    def __init__(self) -> None:
        super().__init__(unsafe=True)  # hosts that are addresses have cookies too
        self._origins: OrderedDict[URL, aiohttp.CookieJar] = OrderedDict()  # last used last

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Keep what an answer has set."""
        for header in headers:
            said = _DOMAIN.findall(header)
            domain = said[-1].lower() if said else ""  # the last one counts
            if "." in domain and not domain[-1:].isdigit():
                super().update_cookies_from_headers((header,), response_url)
                continue
            if domain not in ("", response_url.raw_host):
                continue
            origin = response_url.origin()
            if origin not in self._origins:
                self._origins[origin] = aiohttp.CookieJar(unsafe=True)
                if len(self._origins) > ORIGINS:
                    self._origins.popitem(last=False)
            self._origins[origin].update_cookies_from_headers((header,), response_url)

    def filter_cookies(self, request_url: URL = URL()) -> BaseCookie[str]:  # noqa: B008  # as aiohttp
        """The cookies that a URL is sent."""
        found = super().filter_cookies(request_url)
        if self._origins:
            origin = request_url.origin()
            if origin.scheme == "https" and origin.port == 443:
                self._add(found, origin.with_scheme("http"), request_url)
            self._add(found, origin, request_url)
        return found

    def _add(self, found: BaseCookie[str], origin: URL, request_url: URL) -> None:
        jar = self._origins.get(origin)
        if jar is not None:
            self._origins.move_to_end(origin)
            found.update(jar.filter_cookies(request_url))
