"""URLs by the WHATWG standard, and the identity of a page.

`ada-url` parses; what it gives back is an unambiguous text, so the parts of an http(s) URL are
cut out of that text instead of being asked for one by one (each question to the library costs as
much as all the cuts together). One parse serves key, scope, address check and socket.

Three texts belong to a link:
- what `join` gives: the WHATWG serialisation, fragment included, of any scheme;
- `Url.href`: what is fetched, the same without its fragment, the query in the order as seen.
  User name and password stay in it;
- `Url.key`: the identity. Percent-triplets of unreserved characters are decoded, the others
  are written in upper case (RFC 3986 section 6.2.2), and the raw query pairs are sorted by name,
  stably, so that repeated names keep their order. An empty query keeps its "?": RFC 3986 section
  6.2.3 does not allow to drop it.

A triplet just behind a stray "%" is left alone: decoding it could make a new triplet, and the key
of a key would differ ("%2%65" would become "%2e").
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ada_url import join_url, normalize_url

_TRIPLET = re.compile(r"(?<!%)(?<!%[0-9A-Fa-f])%[0-9A-Fa-f]{2}")
_UNRESERVED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
_TRIPLETS = {
    f"%{high}{low}": char if (char := chr(int(high + low, 16))) in _UNRESERVED else f"%{high}{low}"
    for high in "0123456789ABCDEF"
    for low in "0123456789ABCDEF"
}
_PLAIN = r"(?:[\w~-][\w.~-]*/)*(?:[\w~-][\w.~-]*)?(?:\?[\w.~&=-]*)?"  # is written as it is
_PLAIN_PATH = re.compile(r"(?!\?)/?" + _PLAIN, re.ASCII)
_PLAIN_URL = re.compile(r"(https?://[a-z0-9.:-]+/)" + _PLAIN, re.ASCII)  # most URLs
_LOGIN = re.compile(r"(?<=://)[^/?#@\s]+@")
_DEFAULT_PORT = {"http": 80, "https": 443}
_KNOWN_SERVERS = 4096


class Url(NamedTuple):
    """A parsed http(s) URL: frozen; a tuple because it is made for every link."""

    href: str  # what is fetched: normalised, no fragment
    key: str  # identity, see the module
    scheme: str  # "http" or "https"
    hostname: str  # lower case, punycode; IPv4 dotted, IPv6 in brackets
    port: int
    host: str  # "hostname:port", the port always written
    path: str  # from "/", percent-encoded, no query
    pathname_query: str  # path, and "?query" if there is one


def join(base: str | None, href: str) -> str:
    """Return `href` seen on the page `base`, normalised, with its fragment; any scheme.

    Raises:
        ValueError: it is no URL, or relative and without a base.
    """
    if base is None and (plain := _PLAIN_URL.fullmatch(href)) and _is_normal(plain[1]):
        return href  # in a fifth of the time
    try:
        return normalize_url(href) if base is None else join_url(base, href)
    except ValueError:
        scalar = _scalar(href), None if base is None else _scalar(base)
        if scalar == (href, base):
            raise ValueError(f"not a URL: {href[:200]!r}") from None
    return join(scalar[1], scalar[0])


class Base:
    """What relative URLs of one page are relative to: joins as `join` does, and soon.

    Most links are paths in which there is nothing to encode, no dot segment and no fragment: those
    are put together here, in a tenth of the time.

    Args:
        href: a normalised URL.
    """

    __slots__ = ("_folder", "_origin", "href")

    def __init__(self, href: str) -> None:
        self.href = href
        self._origin = self._folder = ""
        if href.startswith(("http://", "https://")):
            slash = href.index("/", 8)
            path = href[slash:].partition("#")[0].partition("?")[0]
            self._origin = href[:slash]
            self._folder = self._origin + path[: path.rindex("/") + 1]

    def join(self, href: str) -> str:
        """Return `href` seen on the page, normalised, with its fragment; any scheme.

        Raises:
            ValueError: it is no URL.
        """
        if self._origin and href and _PLAIN_PATH.fullmatch(href):
            return (self._origin if href[0] == "/" else self._folder) + href
        return join(self.href, href)


def parse(href: str, base: str | None = None) -> Url:
    """Return the parts of an http(s) URL.

    Raises:
        ValueError: it is no URL, or neither http nor https.
    """
    return parts(join(base, href).partition("#")[0])


def parts(plain: str) -> Url:
    """Return the parts of a normalised href without a fragment, e.g. `Request.url`.

    What `parse` has made once need not be parsed again.

    Raises:
        ValueError: it is neither http nor https.
    """
    if not plain.startswith(("http://", "https://")):
        raise ValueError(f"neither http nor https: {plain[:200]!r}")
    slash = plain.index("/", 8)
    pathname_query = plain[slash:]
    path = pathname_query.partition("?")[0]
    return Url(plain, _identity(plain), *_server(plain[:slash]), path, pathname_query)


def key(url: str) -> str:
    """Return the identity of a URL; the key of a key is the key.

    Of other schemes than http and https: the normalised URL without its fragment.

    Raises:
        ValueError: it is no URL.
    """
    plain = join(None, url).partition("#")[0]
    return _identity(plain) if plain.startswith(("http://", "https://")) else plain


def path_of(href: str) -> str:
    """Return the path of a normalised http(s) href, e.g. `Request.url`, without parsing it."""
    return href[href.index("/", 8) :].partition("#")[0].partition("?")[0]


def origin_of(href: str) -> str:
    """Return scheme, host and port of a normalised http(s) href, without parsing it."""
    origin = href[: href.index("/", 8)]
    if "@" in origin:
        return origin[: origin.index("/") + 2] + origin.rpartition("@")[2]
    return origin


@lru_cache(_KNOWN_SERVERS)
def _is_normal(href: str) -> bool:
    """Whether normalising changes nothing."""
    try:
        return normalize_url(href) == href
    except ValueError:
        return False


@lru_cache(_KNOWN_SERVERS)
def _server(origin: str) -> tuple[str, str, int, str]:
    """Scheme, hostname, port and host of "http://user:password@host:port", which is normalised."""
    scheme, _, authority = origin.partition("://")
    authority = authority.rpartition("@")[2]  # a normalised host holds no "@"
    hostname, port = authority, _DEFAULT_PORT[scheme]
    if ":" in authority and authority[-1] != "]":
        hostname, _, digits = authority.rpartition(":")
        port = int(digits)
    return scheme, hostname, port, f"{hostname}:{port}"


def _identity(plain: str) -> str:
    """Return the key of a normalised http(s) URL without a fragment."""
    if "%" in plain:
        plain = _TRIPLET.sub(_triplet, plain)
    if "&" not in plain:  # one pair at most: most links end here
        return plain
    address, mark, query = plain.partition("?")
    if "&" not in query:
        return plain
    return address + mark + "&".join(sorted(query.split("&"), key=_name))


def _triplet(match: re.Match[str]) -> str:
    return _TRIPLETS[match[0].upper()]


def _name(pair: str) -> str:
    return pair.partition("=")[0]


def _scalar(text: str) -> str:
    """Return text with lone surrogates replaced by U+FFFD, pairs joined (Infra "scalar value")."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def without_login(href: str) -> str:
    """A URL without user name and password."""
    return _LOGIN.sub("", href)


def shown(text: str) -> str:
    """A URL, or a text with URLs in it, as it may be told: without user names and passwords."""
    return _LOGIN.sub("***@", text)
