"""Links that take fields along: those of the item that holds the link.

Which item that is follows from where the fields of the type are looked for. With an `each` of
elements it is the innermost such element around the link; with an `each` of JSON the link is looked
for in the item's value, as its fields are; without `each` it is the page's one item, wherever the
link stands. An item that is rejected carries what it has; a link that stands in no item is followed
and carries nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from selectolax.lexbor import LexborNode

from scraper.core.carry import carry_hash
from scraper.core.errors import ParseError
from scraper.core.extract.again import with_values
from scraper.core.extract.document import Document
from scraper.core.extract.jsonpath import compile_path
from scraper.core.extract.links import Known, Terms, href_of, hrefs_of, resolved
from scraper.core.extract.nofollow import link_says
from scraper.core.extract.plan import EachPlan, FollowPlan, ItemPlan
from scraper.core.extract.sources import Scope, every
from scraper.core.extract.steps import Place
from scraper.core.model import Json, Link, Reason

MOST_CARRIED = 32 * 1024 * 1024  # characters of JSON that all links of a page carry together


@dataclass(frozen=True, slots=True)
class Found:
    """An item of the page, whatever became of it."""

    scope: Scope  # its element or its JSON value
    values: Mapping[str, Json]  # the fields by name, those that are carried to the page excepted
    position: int


@dataclass(frozen=True, slots=True)
class _Carry:
    """What links take along."""

    values: Mapping[str, Json]
    half: int | None
    size: int  # characters of JSON
    identity: tuple[str | int | None, ...]  # what makes a link another one


_NONE = _Carry({}, None, 0, ())


class CarryReader:
    """One compiled entry of `follow` that has `carry`.

    Args:
        item: the type whose fields go with the links.
        passes_rel: links with `rel=nofollow` are passed over.
        awaits: whether some of these are carried to the page themselves, so that their values are
            known with a half's items only.
    """

    __slots__ = (
        "_awaits",
        "_is_page",
        "_passes_rel",
        "_place",
        "_plan",
        "_search",
        "_terms",
        "item",
    )

    def __init__(
        self,
        plan: FollowPlan,
        item: ItemPlan,
        regex_timeout_s: float,
        *,
        awaits: bool,
        passes_rel: bool = False,
    ) -> None:
        self.item = item.type
        self._plan = plan
        self._awaits = awaits
        self._is_page = item.each is None
        in_value = isinstance(item.each, EachPlan)
        self._search = compile_path(plan.json) if in_value and plan.json else None
        self._passes_rel = passes_rel
        self._place = hrefs_of(plan, Place("", regex_timeout_s, "follow"), passes_rel=passes_rel)
        self._terms = Terms(plan, regex_timeout_s)

    def read(self, document: Document, known: Known, found: Sequence[Found]) -> Iterator[Link]:
        """The http(s) links that are not known yet with this carry; at most `limit`."""
        values = self._terms(document)
        if values is None:
            return
        links = self._links(document, known, found)
        yield from (with_values(link, values, document) for link in links) if values else links

    def _links(self, document: Document, known: Known, found: Sequence[Found]) -> Iterator[Link]:
        left, carried = self._plan.limit, 0
        carries: dict[int, _Carry] = {}  # by the position of their item
        for href, holder in self._pairs(document, found):
            url = resolved(href, document.base) if isinstance(href, str) and href else None
            if url is None:
                continue
            carry = _NONE if holder is None else self._carry(holder, carries)
            identity = (url, self._plan.page, *carry.identity)
            if identity in known:
                continue
            if left is not None:
                if left == 0:
                    return
                left -= 1
            carried += carry.size
            if carried > MOST_CARRIED:
                raise ParseError(Reason.PARSE_ERROR, "its links carry too much: more than 32 MiB")
            known.add(identity)
            yield Link(url, self._plan.page, carry.values, half=carry.half)  # one for all of them

    def _carry(self, holder: Found, carries: dict[int, _Carry]) -> _Carry:
        """What the links of an item carry; made once for all of them."""
        carry = carries.get(holder.position)
        if carry is None:
            values = {name: holder.values.get(name) for name in self._plan.carry}
            half = holder.position if self._awaits else None
            size = len(json.dumps(values))
            carry = carries[holder.position] = _Carry(
                values, half, size, (carry_hash(values), half)
            )
        return carry

    def _pairs(
        self, document: Document, found: Sequence[Found]
    ) -> Iterator[tuple[Json, Found | None]]:
        if self._is_page:
            holder = found[0] if found else None
            yield from ((href, holder) for href in self._place(document))
        elif self._search is not None:
            for one in found:
                value = cast("Json", one.scope)
                yield from ((href, one) for href in every((self._search(value),)))
        else:
            yield from self._around(document, found)

    def _around(
        self, document: Document, found: Sequence[Found]
    ) -> Iterator[tuple[Json, Found | None]]:
        holders: dict[int, Found | None] = {
            cast("LexborNode", one.scope).mem_id: one for one in found
        }
        for link in document.parser.css(self._plan.css or ""):
            if not (self._passes_rel and link_says(link)):
                yield href_of(link, self._plan.attr, document), _innermost(link, holders)


def _innermost(link: LexborNode, holders: dict[int, Found | None]) -> Found | None:
    """The item around an element; what is found out on the way up is kept for other links."""
    way: list[int] = []
    node: LexborNode | None = link
    while node is not None and node.mem_id not in holders:
        way.append(node.mem_id)
        node = node.parent
    holder = None if node is None else holders[node.mem_id]
    holders.update(dict.fromkeys(way, holder))
    return holder
