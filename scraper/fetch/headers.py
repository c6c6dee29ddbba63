"""The headers of a request: what is sent to whom.

- The login of a host (`plan.auth`) goes to that host alone, wherever a redirect comes from, and not
  where one leads from https to http.
- The request's own headers stay with its origin: a redirect elsewhere goes without them.
- Those of the plan that hold a secret, as their name or the config says, go to the hosts that the
  config names: those of `scope.hosts`, and of its seeds. They follow no redirect to another origin,
  and a host that only a site has named, by a redirect or a sitemap, is asked without them.
- Where all that the config asks for is https, no secret is sent in the clear: a link to http on the
  same host is followed without.
"""

from __future__ import annotations

import logging
from typing import Protocol

from multidict import CIMultiDict
from yarl import URL

from scraper.core.credentials import is_credential
from scraper.core.model import Request
from scraper.core.plan import FetchPlan
from scraper.core.request import sent_headers
from scraper.core.schedule.revalidate import conditions
from scraper.core.url import Url, parts

log = logging.getLogger(__name__)

MOST_TOLD = 100  # origins that a log line is written about
_LED = "a redirect leads to %s: it is not sent %s of fetch.headers"
_CLEAR = "%s is not https, as all seeds are: it is not sent %s of fetch.headers"
_JOINED = "%s is named by neither seeds nor scope.hosts: it is not sent %s of fetch.headers"


class Trusts(Protocol):
    """Whether a host may hear secrets."""

    def __call__(self, url: Url, *, seed: bool) -> bool: ...


def _every(url: Url, *, seed: bool) -> bool:  # noqa: ARG001 - as `Trusts`
    return True


class Headers:
    """Makes the headers of requests.

    Attributes:
        trusts: whether the host of a URL, of a seed or not, may hear secrets.
        https_alone: secrets are for https alone.
    """

    def __init__(self, plan: FetchPlan) -> None:
        secrets = {n.lower() for n, _ in plan.headers if is_credential(n)} | plan.secret_headers
        harmless = [pair for pair in plan.headers if pair[0].lower() not in secrets]
        self.trusts: Trusts = _every
        self.https_alone = False
        self._all: CIMultiDict[str] = CIMultiDict(plan.headers)
        self._harmless: CIMultiDict[str] = CIMultiDict(harmless)
        self._kept_back = ", ".join(sorted(self._all.keys() - self._harmless.keys()))
        self._auth = plan.auth
        self._told: set[str] = set()

    def of(self, request: Request, url: URL, home: URL) -> CIMultiDict[str]:
        """The headers to send.

        Args:
            url: that is asked now.
            home: that of the request, as it was before redirects.
        """
        at_home = url is home or url.origin() == home.origin()
        headers = self._all
        if self._kept_back:
            why = self._why_not(request, url, at_home=at_home)
            headers = self._without_secrets(url, why) if why else headers
        if self._auth:
            headers = _merged(headers, self.login(request.asked, home=home.scheme))
        if request.headers or request.validators is not None:
            own = _own(request, at_home=at_home)
            headers = _merged(headers, [*own, *conditions(request)])
        return headers

    def login(self, href: str, *, home: str) -> list[tuple[str, str]]:
        """The header that logs in at the host of a URL, and at no other.

        Args:
            home: the scheme of what was asked for, before redirects.
        """
        if not self._auth or (home == "https" and href.startswith("http:")):
            return []
        url = parts(href)
        in_clear = self.https_alone and url.scheme == "http"  # unless the config names its port
        value = self._auth.get(url.host) or (not in_clear and self._auth.get(url.hostname))
        return [("Authorization", value)] if value else []

    def _why_not(self, request: Request, url: URL, *, at_home: bool) -> str | None:
        """Why what is asked now may not hear the secrets; None: it may."""
        if not at_home:
            return _LED
        if self.https_alone and url.scheme == "http":
            return _CLEAR
        return None if self.trusts(parts(request.url), seed=request.seed) else _JOINED

    def _without_secrets(self, url: URL, why: str) -> CIMultiDict[str]:
        """The general headers without secrets; says once an origin that it does without them."""
        origin = str(url.origin())
        if origin not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(origin)
            log.warning(why, origin, self._kept_back)
        return self._harmless


def _own(request: Request, *, at_home: bool) -> list[tuple[str, str]]:
    """The request's headers, our notes left out; elsewhere only what describes the body."""
    if at_home:
        return list(sent_headers(request.headers))
    return [(name, value) for name, value in request.headers if name.lower() == "content-type"]


def _merged(general: CIMultiDict[str], own: list[tuple[str, str]]) -> CIMultiDict[str]:
    """The general headers, overruled by the request's own."""
    merged = general.copy()
    for name, _ in own:
        merged.popall(name, None)
    merged.extend(own)
    return merged
