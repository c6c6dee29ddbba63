"""Where a page leads: the links of `follow`, each once, in the order of rule and page.

An entry without a source of links makes the page's own request again; see `again.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from selectolax.lexbor import LexborNode

from scraper.core.amend import Spot
from scraper.core.extract.again import Condition, Values, again, is_again, with_values
from scraper.core.extract.custom import MadeLink
from scraper.core.extract.document import Document
from scraper.core.extract.jsonpath import compile_path
from scraper.core.extract.nofollow import link_says
from scraper.core.extract.plan import FollowPlan
from scraper.core.extract.sources import every, of_script
from scraper.core.extract.steps import Place
from scraper.core.model import Json, Link
from scraper.core.url import Base

Hrefs = Callable[[Document], Iterable["Json"]]
Known: TypeAlias = "set[tuple[str | int | None, ...]]"  # URL, page, and what is carried
Set: TypeAlias = "list[tuple[Spot, Json]]"


class Terms:
    """What an entry asks for before it leads anywhere (`while`), and gives along (`set`)."""

    __slots__ = ("_condition", "_values")

    def __init__(self, plan: FollowPlan, regex_timeout_s: float) -> None:
        self._condition = (
            None if plan.condition is None else Condition(plan.condition, regex_timeout_s)
        )
        self._values = Values(plan.set, regex_timeout_s) if plan.set else None

    def __call__(self, document: Document) -> Set | None:
        """The values to set, often none; None: nothing is followed from this page."""
        if self._condition is not None and not self._condition(document):
            return None
        return [] if self._values is None else self._values(document)


class LinkReader:
    """One compiled entry of `follow`.

    Args:
        passes_rel: links with `rel=nofollow` are passed over.
    """

    __slots__ = ("_hrefs", "_plan", "_terms")

    def __init__(
        self, plan: FollowPlan, regex_timeout_s: float, *, passes_rel: bool = False
    ) -> None:
        place = Place("", regex_timeout_s, "follow")
        self._plan = plan
        self._hrefs = None if is_again(plan) else hrefs_of(plan, place, passes_rel=passes_rel)
        self._terms = Terms(plan, regex_timeout_s)

    def read(
        self, document: Document, known: Known, *, passes_links: bool = False
    ) -> Iterator[Link]:
        """The http(s) links that are not known yet, which then they are; at most `limit`.

        Args:
            passes_links: the page asks that its links are not followed; a next page made of the
                page's own request is no link.
        """
        values = self._terms(document)
        if values is None:
            return
        if self._hrefs is None:
            yield from self._again(document, values, known)
        elif not passes_links:
            links = self._links(self._hrefs, document, known)
            yield from (with_values(link, values, document) for link in links) if values else links

    def _links(self, hrefs: Hrefs, document: Document, known: Known) -> Iterator[Link]:
        page, left = self._plan.page, self._plan.limit
        for href in hrefs(document):
            link = resolved(href, document.base) if isinstance(href, str) and href else None
            if link is None or (link, page) in known:
                continue
            if left is not None:
                if left == 0:
                    return
                left -= 1
            known.add((link, page))
            yield Link(link, page)

    def _again(self, document: Document, values: Set, known: Known) -> Iterator[Link]:
        plan = self._plan
        says_end = plan.condition is not None or plan.set
        if not says_end and not document.listed:  # the page beyond the last one
            return
        link = again(plan, values, document)
        if link is None or (link.body is None and (link.url, plan.page) in known):
            return
        if link.body is None:
            known.add((link.url, plan.page))
        yield link


def made_links(made: Iterable[MadeLink], document: Document, known: Known) -> Iterator[Link]:
    """The links that a function of the user's own gave: http(s), each once."""
    for href, page in made:
        link = resolved(href, document.base)
        if link is not None and (link, page) not in known:
            known.add((link, page))
            yield Link(link, page)


def hrefs_of(plan: FollowPlan, place: Place, *, passes_rel: bool) -> Hrefs:
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
        if passes_rel:
            nodes = [node for node in nodes if not link_says(node)]
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
