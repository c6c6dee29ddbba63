"""Pages that say the same, whatever their URLs are: soft 404s whose links are made up anew.

`kinds` tells a site without end by the form of its URLs; random words are of no form. Here pages
are told by their text instead: without tags, numbers, and the words of their own URL, which errors
repeat. A text leads nowhere when `BARREN` pages say it that pages with this very text have led to,
and none of their links is to one of the forms that URLs of a site have: then links of such pages
are followed no more.

A text is looked at only once there are as many kinds as an ordinary site does not have.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from scraper.core.model import Request

TEXTS = 1_000  # known at a time
LINKS = 50_000  # known of one text: those that are visited first
FORMS = 2_000  # counted of one text
SEVERAL = 10  # new links of one form: it is none made up
MOST_BYTES = 128 * 1024  # of a page that is looked at: some milliseconds
_TAG = re.compile(rb"<(?!img|source|video|iframe)[^<>]*>", re.IGNORECASE)  # these say something
_NUMBER = re.compile(rb"[0-9\s]+")
_WORD = re.compile(r"[A-Za-z0-9_-]{3,}")
_MOST_WORDS = 20  # of a URL


def said(body: bytes, url: str = "", *items: str) -> str | None:
    """What a page and its items say, as a hash; None: it is too large to look.

    Args:
        url: whose words do not count.
    """
    if len(body) > MOST_BYTES:
        return None
    text = _TAG.sub(b" ", body)
    path = url.partition("//")[2].partition("/")[2]
    for word in sorted(set(_WORD.findall(path)), key=len, reverse=True)[:_MOST_WORDS]:
        text = text.replace(word.encode(), b"")
    text = _NUMBER.sub(b"0", text) + "\n".join(items).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=8).hexdigest()


@dataclass(slots=True)
class _Text:
    barren: int = 0
    is_kept: bool = False  # by an earlier run, whose links are not known any more
    links: set[bytes] = field(default_factory=set)  # keys that these pages have led to
    forms: Counter[str] = field(default_factory=Counter)  # of these

    def led_to_a_form(self, links: Iterable[Request], form_of: Callable[[Request], str]) -> bool:
        """Take the links of a page; returns whether a new one is of a form that others have."""
        found = False
        for link in links:
            if link.key in self.links or len(self.links) >= LINKS:
                continue
            self.links.add(link.key)
            if len(self.forms) >= FORMS:
                self.forms.clear()
            form = form_of(link)
            self.forms[form] += 1
            found = found or self.forms[form] >= SEVERAL
        return found


class Sameness:
    """The texts of a run.

    Args:
        barren: pages that say the same, after which their links are followed no more.
        form_of: of a URL.
    """

    __slots__ = ("_barren", "_form_of", "_texts")

    def __init__(self, barren: int, form_of: Callable[[Request], str]) -> None:
        self._barren = barren
        self._form_of = form_of
        self._texts: OrderedDict[str, _Text] = OrderedDict()

    def visited(self, request: Request, text: str, links: Iterable[Request]) -> int:
        """Count a page.

        Args:
            text: what the page says, its items too.

        Returns:
            How many pages too many have said this: 0 as long as their links are followed.
        """
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = _Text()
            if len(self._texts) > TEXTS:
                self._texts.popitem(last=False)
        else:
            self._texts.move_to_end(text)
        if known.barren >= self._barren:
            known.barren += 1
            return known.barren - self._barren + 1
        if known.is_kept or request.key in known.links:
            known.barren += 1
        if known.led_to_a_form(links, self._form_of):
            known.barren = 0
        return int(known.barren >= self._barren)

    def kept(self, least: int) -> dict[str, int]:
        """The texts that so many pages say, for the next run."""
        return {text: one.barren for text, one in self._texts.items() if one.barren >= least}

    def remember(self, kept: Mapping[str, int]) -> None:
        """Go on with what an earlier run has kept."""
        self._texts.update((text, _Text(many, is_kept=True)) for text, many in kept.items())
