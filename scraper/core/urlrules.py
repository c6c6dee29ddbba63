"""What the config makes of a URL before it is known and fetched: `url`.

`drop` and `sort_query` change what is fetched. Session identifiers stay in what is fetched, since
the site has put them there; only the identity goes without, so that a page which is linked with a
new one each time is visited once. A name that says session is believed; `sid`, which names other
things too, only with 16 or more hexadecimal digits, and not with 24: those are the keys of a
database.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from scraper.core.plan import UrlPlan
from scraper.core.url import Url, parse, parts

_IN_PATH = re.compile(r";jsessionid=[^/?;]*|/\([SAF]\([a-z0-9]{20,}\)\)(?=/)", re.IGNORECASE)
_IN_QUERY = re.compile(
    r"(?:jsessionid|phpsessid|aspsessionid[a-z]*|cfid|cftoken|oscsid|zenid"
    r"|(?:session_?id|sess_?id|session)(?==[\w-]{16})|sid(?==[0-9a-f]{16,}(?:&|$))(?!=[0-9a-f]{24}(?:&|$))"
    r")=[^&]*(?:&|$)",
    re.IGNORECASE,
)


class UrlRules:
    """The rules of a crawl; they compare by identity."""

    __slots__ = ("_drop", "_sessions", "_sort")

    def __init__(self, plan: UrlPlan) -> None:
        self._sort = plan.sort_query
        self._sessions = plan.sessions
        globs = [re.escape(name).replace(r"\*", ".*") for name in plan.drop]
        self._drop = re.compile("|".join(globs), re.DOTALL) if globs else None

    def __repr__(self) -> str:
        return f"<UrlRules sort={self._sort} drop={self._drop and self._drop.pattern}>"

    def parse(self, href: str) -> Url:
        """The parts of an absolute http(s) URL by these rules.

        Raises:
            ValueError: it is no URL, or neither http nor https.
        """
        return self.apply(parse(href))

    def apply(self, url: Url) -> Url:
        """The URL by these rules; that of a URL by these rules is itself."""
        if (self._sort or self._drop) and "?" in url.href:
            url = self._rewritten(url)
        if self._sessions:
            key = without_session(url.key)
            if key != url.key:
                url = url._replace(key=key)
        return url

    def _rewritten(self, url: Url) -> Url:
        address, _, query = url.href.partition("?")
        drop = self._drop
        pairs = query.split("&")
        if drop is not None:
            pairs = [pair for pair in pairs if not drop.fullmatch(unquote_plus(_name(pair)))]
            if not pairs:
                return parts(address)
        if self._sort:
            pairs.sort(key=_name)
        return parts(f"{address}?{'&'.join(pairs)}")


def without_session(key: str) -> str:
    """The identity of a page without session identifiers."""
    lower = key.lower()
    if not (
        "sess" in lower
        or "sid=" in lower
        or "(" in lower
        or "cfid" in lower
        or "cftoken" in lower
        or "zenid" in lower
    ):  # most URLs end here, in a tenth of the time
        return key
    address, mark, query = key.partition("?")
    slash = address.index("/", 8)  # a user name is no path
    address = address[:slash] + _IN_PATH.sub("", address[slash:])
    if not mark:
        return address
    kept, at = "", 0
    while at < len(query):
        match = _IN_QUERY.match(query, at)
        end = match.end() if match else query.find("&", at) + 1 or len(query)
        kept += "" if match else query[at:end]
        at = end
    if kept == query:
        return address + mark + query
    kept = kept.removesuffix("&")
    return f"{address}?{kept}" if kept else address


def _name(pair: str) -> str:
    return pair.partition("=")[0]
