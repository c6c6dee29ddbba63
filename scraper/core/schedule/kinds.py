"""Kinds of pages, and which of them lead nowhere: calendars without end, soft 404s, facets.

Pages are of one kind when their URLs differ in numbers and in the values of the query alone, and
were named for the same rule. Requests that the config itself asks for (`core.request`) are a kind
for themselves, which is never closed: they have an end of their own. A kind *bears* as long as its
pages bring items, or lead to pages of another kind that does:

- its rank is 0 while its pages bring items, 1 while they lead to new pages of rank 0, and so on.
  Every kind begins with rank 0;
- a page confirms the rank of its kind when it brings an item, or a link that no page of this kind
  had before, to another kind of a lower rank;
- after `BARREN` pages in a row without that the kind has the next best rank that they led to, and
  when they led to none below `LOWEST`, it is closed: no more links of it are followed.

So a calendar ends after `BARREN` pages, two that lead to each other some ranks later, and a
catalogue goes on for as long as one page in `BARREN / 2` brings an item or leads to new ones. An
item is none when no field of it was found, nor when page and item are as those of the page before
(a page of one size that says the same each time is a soft 404). Seeds neither count nor are kept
out.

In a crawl that takes no items nothing tells a calendar from a catalogue but what pages say: there a
page brings something when it says what no page of its kind said before (numbers are left out: they
differ from month to month), or when a page of another kind was the first to lead to it. So only
what leads to itself alone and says nothing new is closed.

Links and texts are looked at only when half of `BARREN` is spent, so an ordinary page costs some
microseconds. What is not known any more (the memory is bounded) is taken for new. URLs of no kind
(random words) are told by what their pages say: see `sameness`. Sets of parameters of one path
that stand together in any combination are many kinds: see `facets`; so are hosts without end: see
`siblings`.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from scraper.core.model import Half, Item, Request
from scraper.core.request import is_asked_for
from scraper.core.schedule.facets import Facets
from scraper.core.schedule.sameness import Sameness, said
from scraper.core.schedule.siblings import Siblings

BARREN = 1_000  # pages in a row
LOWEST = 5  # rank of a kind that bears
KINDS = 5_000  # known at a time
LINKS = 10_000  # known of one kind
TEXTS = 10_000  # known of one kind
LED = 100_000  # links that are known in a crawl that takes no items
MANY = 500  # kinds: no ordinary site, or one whose URLs are words
KEPT = BARREN // 10  # pages in a row that are worth being kept from run to run

_EMPTY = re.compile(r'\{(?:"(?:[^"\\]|\\.)*+": ?(?:null|\[\]|\{\}|""),? ?)*+\}')  # an item
_NUMBER = re.compile(r"[0-9]+")
_IDENTIFIER = re.compile(  # that is written in hexadecimal digits
    r"(?<![0-9A-Za-z])(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?=[a-f]*[0-9])[0-9a-f]{8,})"
    r"(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_NONE = LOWEST + 1


@dataclass(slots=True)
class _Kind:
    rank: int = 0
    barren: int = 0  # pages since one confirmed the rank
    best: int = _NONE  # the best rank that these led to
    last: int | None = None  # size and items of the page before
    links: set[bytes] = field(default_factory=set)  # keys, once they are looked at
    texts: set[str] = field(default_factory=set)  # ... and what its pages say
    own: set[bytes] = field(default_factory=set)  # keys of pages that it was the first to lead to


class Judged(NamedTuple):
    """What a page adds to what is known of its site."""

    leads: bool = True  # its links are followed
    told: str | None = None  # what has been closed by it, for a person


def kind_of(request: Request) -> str:
    """The kind of a page, as a text that shows it."""
    address, mark, query = request.url.partition("?")
    slash = address.index("/", 8)
    host, path = address[:slash], address[slash:]
    folded = _NUMBER.sub("0", path)
    if folded.count("0") > 1:  # else there is no such identifier, but for a few
        folded = _NUMBER.sub("0", _IDENTIFIER.sub("0", path))
    address = _folded_host(host) + folded
    if mark:
        address += "?" + "&".join(sorted({pair.partition("=")[0] for pair in query.split("&")}))
    if is_asked_for(request.headers):
        address += " as asked for"
    if request.method == "GET" and request.page is None:
        return address
    return f"{request.method} {address} as {request.page}"


def _folded_host(host: str) -> str:
    """Hosts of one site that differ in numbers, as if they were one; sites are told apart."""
    if _NUMBER.search(host) is None:
        return host
    labels = host.split(".")
    if not labels[-1][:1].isdigit():  # it is no address
        labels[:-2] = [_NUMBER.sub("0", label) for label in labels[:-2]]
    return ".".join(labels)


class Kinds:
    """The kinds of a run.

    Args:
        takes_items: the config does.
        closes: what leads nowhere; else nothing is judged.
    """

    __slots__ = (
        "_closes",
        "_facets",
        "_kinds",
        "_led",
        "_many",
        "_same",
        "_siblings",
        "_takes_items",
        "closed",
    )

    def __init__(self, *, takes_items: bool, closes: bool = True) -> None:
        self.closed: dict[str, str] = {}  # kind or text -> why, for a person
        self._takes_items = takes_items
        self._closes = closes
        self._kinds: OrderedDict[str, _Kind] = OrderedDict()
        self._same = Sameness(BARREN, kind_of)
        self._facets = Facets(BARREN)
        self._siblings = Siblings()
        self._led: set[bytes] = set()
        self._many = False  # kinds are known, as on no ordinary site

    def __repr__(self) -> str:
        return f"<Kinds {len(self._kinds)} known, {len(self.closed)} closed>"

    def is_closed(self, request: Request) -> bool:
        """Whether a request is one of a kind that leads nowhere."""
        if not self.closed or request.seed:
            return False
        kind = self.name(request)
        return kind in self.closed or self._facets.is_closed(kind)

    def name(self, request: Request) -> str:
        """The kind of a page in this run."""
        return self._siblings.folded(kind_of(request), request.host)

    def kept(self) -> dict[str, Any]:
        """What another run of the same cycle goes on with, as JSON."""
        barren = {
            name: [kind.rank, kind.barren, kind.best]
            for name, kind in self._kinds.items()
            if kind.barren >= KEPT or kind.rank
        }
        return {
            "closed": dict(self.closed),
            "barren": barren,
            "texts": self._same.kept(KEPT),
            "many": self._many,
            "facets": self._facets.kept(KEPT),
            "domains": sorted(self._siblings.many),
        }

    def remember(self, kept: Mapping[str, Any]) -> None:
        """Go on with what an earlier run has kept."""
        self.closed |= kept["closed"]
        for name, (rank, barren, best) in kept["barren"].items():
            self._kinds[name] = _Kind(rank, barren, best)
        self._same.remember(kept["texts"])
        self._many = kept["many"]
        self._facets.remember(kept.get("facets", {}))
        self._siblings.many.update(kept.get("domains", ()))

    def visited(
        self,
        request: Request,
        *,
        body: bytes,
        items: Sequence[Item | Half],
        links: Sequence[Request],
    ) -> Judged:
        """Count a page.

        Args:
            links: those in scope.
        """
        if request.seed or not self._closes:
            return Judged()
        self._siblings.visited(request.host)
        name = self.name(request)
        kind = self._kind(name)
        if not self._takes_items:
            self._note_own(name, kind, links)
        found = [item.data for item in items if not _EMPTY.fullmatch(item.data)]
        same = self._says_the_same(request, body, found, links)
        if same is not None:
            return same
        told = (
            None if self._brings(request, kind, body, found) else self._barren(request, name, links)
        )
        return Judged(told=told or self._combined(request, name, found, links))

    def _combined(
        self, request: Request, name: str, found: Sequence[str], links: Iterable[Request]
    ) -> str | None:
        """Count a page whose parameters may be facets; what is closed by it, the first time."""
        if not self._takes_items or "?" not in name:
            return None
        if is_asked_for(request.headers):
            return None
        path = self._facets.visited(name, found, {link.key: self.name(link) for link in links})
        told = path and f"{path}: its parameters in combination"
        if told is None or told in self.closed:
            return None
        self.closed[told] = f"{BARREN:,} pages of them in a row brought nothing new"
        return told

    def _says_the_same(
        self, request: Request, body: bytes, found: Sequence[str], links: Iterable[Request]
    ) -> Judged | None:
        """Whether the links of a page are not followed, as it says what too many others say."""
        self._many = self._many or len(self._kinds) >= MANY
        if not self._many or is_asked_for(request.headers):
            return None
        text = said(body, request.url, *found)
        many = 0 if text is None else self._same.visited(request, text, links)
        if not many:
            return None
        name = f"{request.host}: pages that say the same as {request.url}"
        if many > 1:
            return Judged(leads=False)
        self.closed[name] = f"{BARREN:,} of them led to nothing but each other"
        return Judged(leads=False, told=name)

    def _brings(self, request: Request, kind: _Kind, body: bytes, found: Sequence[str]) -> bool:
        """Whether a page says something for which its kind is visited."""
        if found:
            seen = hash((len(body), *found))
            kind.last, before = seen, kind.last
            if seen != before:
                kind.rank = kind.barren = 0
                return True
        if self._takes_items:
            return False
        if request.key not in kind.own:
            kind.rank = kind.barren = 0
            return True
        if kind.barren < BARREN // 2:
            return False
        text = said(body)
        if text in kind.texts:
            return False
        if text is not None:
            _add(kind.texts, text, TEXTS)
        kind.rank, kind.barren = 0, BARREN // 2  # the next page is looked at, too
        return True

    def _barren(self, request: Request, name: str, links: Iterable[Request]) -> str | None:
        """Count a page that brings nothing; returns its kind if that has been closed by it."""
        kind = self._kind(name)
        led_to = self._led_to(name, kind, links) if kind.barren >= BARREN // 2 else _NONE
        if led_to <= kind.rank:
            kind.barren = 0
            return None
        kind.barren += 1
        kind.best = min(kind.best, led_to)
        if kind.barren < BARREN or name in self.closed:
            return None
        kind.rank, kind.best, kind.barren = kind.best, _NONE, 0
        if kind.rank <= LOWEST or is_asked_for(request.headers):
            return None
        self.closed[name] = f"{BARREN:,} pages of this kind in a row led nowhere"
        return name

    def _note_own(self, name: str, kind: _Kind, links: Iterable[Request]) -> None:
        """Note which pages a kind was the first to lead to, in a crawl that takes no items."""
        for link in links:
            if link.key not in self._led:
                _add(self._led, link.key, LED)
                if self.name(link) == name:
                    _add(kind.own, link.key, LINKS)

    def _led_to(self, name: str, kind: _Kind, links: Iterable[Request]) -> int:
        """The rank that the new links of a page give it; the first page only tells what is old."""
        first, best = not kind.links, _NONE
        for link in links:
            if link.key in kind.links:
                continue
            _add(kind.links, link.key, LINKS)
            other = self.name(link)
            if not first and other != name:
                known = self._kinds.get(other)
                best = min(best, 1 + (known.rank if known else 0))
        return best

    def _kind(self, name: str) -> _Kind:
        kind = self._kinds.get(name)
        if kind is None:
            kind = self._kinds[name] = _Kind()
            if len(self._kinds) > KINDS:
                self._kinds.popitem(last=False)
        else:
            self._kinds.move_to_end(name)
        return kind


def _add(known: set[Any], one: str | bytes, most: int) -> None:
    if len(known) >= most:
        known.clear()
    known.add(one)
