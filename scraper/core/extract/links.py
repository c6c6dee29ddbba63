"""Where a page leads: the links of `follow`, each once, in the order of rule and page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from selectolax.lexbor import LexborNode

from scraper.core.extract.document import Document
from scraper.core.extract.jsonpath import compile_path
from scraper.core.extract.plan import FollowPlan
from scraper.core.extract.sources import every, of_script
from scraper.core.extract.steps import Place
from scraper.core.model import Json, Link
from scraper.core.url import Base

Hrefs = Callable[[Document], Iterable["Json"]]
Known: TypeAlias = "set[tuple[str | int | None, ...]]"  # URL, page, and what is carried


class LinkReader:
    """One compiled entry of `follow`."""

    __slots__ = ("_hrefs", "_limit", "_page")

    def __init__(self, plan: FollowPlan, regex_timeout_s: float) -> None:
        self._page = plan.page
        self._limit = plan.limit
        self._hrefs = hrefs_of(plan, Place("", regex_timeout_s, "follow"))

    def read(self, document: Document, known: Known) -> Iterator[Link]:
        """The http(s) links that are not known yet, which then they are; at most `limit`."""
        page, left = self._page, self._limit
        for href in self._hrefs(document):
            link = resolved(href, document.base) if isinstance(href, str) and href else None
            if link is None or (link, page) in known:
                continue
            if left is not None:
                if left == 0:
                    return
                left -= 1
            known.add((link, page))
            yield Link(link, page)


def hrefs_of(plan: FollowPlan, place: Place) -> Hrefs:
    """What an entry finds, before it is resolved; each text once."""
    if plan.script is not None:
        find = of_script(plan.script, plan.json, place)
        return lambda document: every(find(None, document))
    if plan.json is not None:
        search = compile_path(plan.json)  # without the HTML parser
        return lambda document: every((search(document.json),))
    css, attr = plan.css or "", plan.attr

    def of_elements(document: Document) -> Iterable[Json]:
        nodes = document.parser.css(css)
        if document.is_xml:
            return (href_of(node, attr, document) for node in nodes)
        return dict.fromkeys(node.attributes.get(attr) for node in nodes)

    return of_elements


def href_of(node: LexborNode, attr: str, document: Document) -> str | None:
    """Where an element leads; in XML its text may say so: <link>http://...</link>."""
    href = node.attributes.get(attr)
    return node.text().strip() if document.is_xml and not href else href


def resolved(href: str, base: Base) -> str | None:
    """The URL without its fragment; None for another scheme and for what is no URL."""
    try:
        link = base.join(href)
    except ValueError:
        return None
    return link.partition("#")[0] if link.startswith(("http://", "https://")) else None
