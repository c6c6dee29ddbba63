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

Links are looked at only when half of `BARREN` is spent, so an ordinary page costs some
microseconds. What is not known any more (the memory is bounded) is taken for new.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from scraper.core.model import Half, Item, Request
from scraper.core.request import is_asked_for

BARREN = 1_000  # pages in a row
LOWEST = 5  # rank of a kind that bears
KINDS = 5_000  # known at a time
LINKS = 10_000  # known of one kind

_EMPTY = re.compile(r'\{(?:"(?:[^"\\]|\\.)*+": ?(?:null|\[\]|\{\}|""),? ?)*+\}')  # an item
_NUMBER = re.compile(r"[0-9]+")
_NONE = LOWEST + 1


@dataclass(slots=True)
class _Kind:
    rank: int = 0
    barren: int = 0  # pages since one confirmed the rank
    best: int = _NONE  # the best rank that these led to
    last: int | None = None  # size and items of the page before
    links: set[bytes] = field(default_factory=set)  # keys, once they are looked at


def kind_of(request: Request) -> str:
    """The kind of a page, as a text that shows it."""
    address, mark, query = request.url.partition("?")
    address = _NUMBER.sub("0", address)
    if mark:
        address += "?" + "&".join(sorted({pair.partition("=")[0] for pair in query.split("&")}))
    if is_asked_for(request.headers):
        address += " as asked for"
    if request.method == "GET" and request.page is None:
        return address
    return f"{request.method} {address} as {request.page}"


class Kinds:
    """The kinds of a run; pages of a crawl without items are not judged."""

    __slots__ = ("_enabled", "_kinds", "closed")

    def __init__(self, *, enabled: bool) -> None:
        self.closed: set[str] = set()
        self._enabled = enabled
        self._kinds: OrderedDict[str, _Kind] = OrderedDict()

    def __repr__(self) -> str:
        return f"<Kinds {len(self._kinds)} known, {len(self.closed)} closed>"

    def is_closed(self, request: Request) -> bool:
        """Whether a request is one of a kind that leads nowhere."""
        return bool(self.closed) and not request.seed and kind_of(request) in self.closed

    def visited(
        self, request: Request, *, size: int, items: Sequence[Item | Half], links: Iterable[Request]
    ) -> str | None:
        """Count a page; returns its kind if that has been closed by it.

        Args:
            size: of the body, in bytes.
            links: those in scope.
        """
        if not self._enabled or request.seed:
            return None
        name = kind_of(request)
        kind = self._kind(name)
        found = [item.data for item in items if not _EMPTY.fullmatch(item.data)]
        if found:
            seen = hash((size, *found))
            kind.last, before = seen, kind.last
            if seen != before:
                kind.rank = kind.barren = 0
                return None
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
        self.closed.add(name)
        return name

    def _led_to(self, name: str, kind: _Kind, links: Iterable[Request]) -> int:
        """The rank that the new links of a page give it; the first page only tells what is old."""
        first, best = not kind.links, _NONE
        for link in links:
            if link.key in kind.links:
                continue
            if len(kind.links) >= LINKS:
                kind.links.clear()
            kind.links.add(link.key)
            other = kind_of(link)
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
