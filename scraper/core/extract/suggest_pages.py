"""How a JSON response goes on: a cursor, a flag, a number of pages, an offset.

What APIs call these things is much alike. A name in the response says what there is; the name of
the parameter in the request is certain only where the URL that was looked at has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qsl, urlsplit

from scraper.core.errors import ParseError
from scraper.core.extract.document import Document
from scraper.core.extract.links import LinkReader
from scraper.core.extract.naming import as_name
from scraper.core.extract.plan import FieldPlan, FollowPlan, IncrementPlan
from scraper.core.extract.proposal import FollowProposal
from scraper.core.extract.suggest_data import quoted
from scraper.core.model import Json

_CURSOR = re.compile(
    r"(?:next_)?cursor|next|next_(?:page|page_token|token|offset|max_id|id|key|start)"
    r"|page_token|end_cursor|continuation(?:_token)?|after"
)
_NEXT = re.compile(r"^next[_-]?", re.IGNORECASE)
_MORE = re.compile(
    r"has_(?:next|more)(?:_page|_pages|_items|_results)?|more(?:_available)?|is_more"
)
_LAST = re.compile(r"(?:is_)?(?:last|last_page|end)")
_PAGE = re.compile(r"page|p|pg|current_page|page_(?:number|no|index)|number|paged")
_PAGES = re.compile(r"total_pages?|last_page|pages|page_count|num_pages|pages_total")
_OFFSET = re.compile(r"offset|start|skip|from|first_result|start_index")
_SIZE = re.compile(r"limit|per_page|page_size|size|max_results")
_MOST_KEYS = 40
_DEEPEST = 3
_TIMEOUT_S = 1.0  # there is no regular expression in what is proposed


@dataclass(frozen=True, slots=True)
class _Said:
    """A value of the response outside of its lists."""

    path: str  # JMESPath
    key: str
    name: str  # the key in small letters and _
    value: Json


def find_more(value: Json, count: int, document: Document) -> FollowProposal | None:
    """How to ask for the next page; None: nothing says that there is one.

    Args:
        value: the response.
        count: of the items in it.
        document: with the URL that was asked for.
    """
    said = list(_all_said(value, "", 0))
    query = [name for name, _ in parse_qsl(urlsplit(document.source.url).query)]
    for look in (_by_cursor, _by_flag, _by_pages, _by_number):
        found = look(said, query, count)
        if found is not None:
            example = _example(found.written, document, count)
            return None if example is None else _with(found, example)
    return None


def _all_said(value: Json, above: str, depth: int) -> Iterator[_Said]:
    if not isinstance(value, dict) or depth > _DEEPEST:
        return
    for key, inner in list(value.items())[:_MOST_KEYS]:
        path = f"{above}.{quoted(key)}" if above else quoted(key)
        if isinstance(inner, dict):
            yield from _all_said(inner, path, depth + 1)
        elif not isinstance(inner, list):
            yield _Said(path, key, as_name(key), inner)


def _by_cursor(said: Sequence[_Said], query: Sequence[str], count: int) -> FollowProposal | None:  # noqa: ARG001 - a look
    for one in said:
        if not _CURSOR.fullmatch(one.name) or isinstance(one.value, bool | float):
            continue
        parameter = _NEXT.sub("", one.key) or ("page" if isinstance(one.value, int) else "cursor")
        parameter = "after" if one.name == "end_cursor" else parameter[0].lower() + parameter[1:]
        known = parameter in query
        why = f"the answer has {one.path}: it goes into the next request as {parameter}"
        return _proposal({"set": {parameter: {"json": one.path}}}, why, sure=known)
    return None


def _by_flag(said: Sequence[_Said], query: Sequence[str], count: int) -> FollowProposal | None:
    for one in said:
        if not isinstance(one.value, bool):
            continue
        negated = bool(_LAST.fullmatch(one.name))
        if negated or _MORE.fullmatch(one.name):
            number, sure = _number(said, query, count)
            condition = f"!({one.path})" if negated else one.path  # `!` alone binds to a.b's a
            why = f"the answer says by {one.path} whether there is more"
            written: dict[str, Json] = {"increment": number, "while": {"json": condition}}
            return _proposal(written, why, sure=sure)
    return None


def _by_pages(said: Sequence[_Said], query: Sequence[str], count: int) -> FollowProposal | None:
    now = _first(said, _PAGE)
    last = _first(said, _PAGES)
    if now is None or last is None or now.path == last.path:
        return None
    number, sure = _number(said, query, count)
    condition: Json = {"json": f"{now.path} < {last.path}"}
    why = f"the answer has {now.path} and {last.path}"
    return _proposal({"increment": number, "while": condition}, why, sure=sure)


def _by_number(said: Sequence[_Said], query: Sequence[str], count: int) -> FollowProposal | None:
    number, sure = _number(said, query, count)
    if sure:
        why = "the URL has a number that grows; it ends with the first page without items"
        return _proposal({"increment": number}, why, sure=False)
    if any(_OFFSET.fullmatch(one.name) for one in said if _is_whole(one.value)):
        why = "the answer has an offset; it ends with the first page without items"
        return _proposal({"increment": number}, why, sure=False)
    return None


def _number(said: Sequence[_Said], query: Sequence[str], count: int) -> tuple[Json, bool]:
    """What `increment` takes, and whether the URL has this parameter."""
    wholes = [one for one in said if _is_whole(one.value)]
    page = next((name for name in query if _PAGE.fullmatch(as_name(name))), None)
    offset = next((name for name in query if _OFFSET.fullmatch(as_name(name))), None)
    if page is None and offset is None:
        if _first(wholes, _PAGE) is None and (start := _first(wholes, _OFFSET)) is not None:
            return {"query": start.key, "by": _size(wholes, count)}, False
        now = _first(wholes, _PAGE)
        if now is not None and now.value == 0:
            return {"query": "page", "first": 0}, False
        return "page", False
    if page is None:
        return {"query": offset, "by": _size(wholes, count)}, True
    return page, True


def _size(said: Sequence[_Said], count: int) -> int:
    """How many items a page has, by what the answer says of it."""
    size = _first(said, _SIZE)
    return max(count, 1) if size is None else max(cast("int", size.value), count, 1)


def _first(said: Sequence[_Said], names: re.Pattern[str]) -> _Said | None:
    whole = (one for one in said if names.fullmatch(one.name) and _is_whole(one.value))
    return next(whole, None)


def _is_whole(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _proposal(written: Mapping[str, Json], why: str, *, sure: bool) -> FollowProposal:
    return FollowProposal(written, "listing", why, sure=sure)


def _with(found: FollowProposal, example: str) -> FollowProposal:
    return FollowProposal(found.written, found.to, found.why, example, found.sure)


def _example(written: Mapping[str, Json], document: Document, count: int) -> str | None:
    """The next request, as a crawl would make it; empty: there is none, None: it fails."""
    document.listed = count
    try:
        links = list(LinkReader(_plan(written), _TIMEOUT_S).read(document, set()))
    except (ParseError, ValueError):
        return None
    return links[0].url if links else ""


def _plan(written: Mapping[str, Json]) -> FollowPlan:
    values = cast("dict[str, dict[str, str]]", written.get("set", {}))
    condition = cast("dict[str, str] | None", written.get("while"))
    return FollowPlan(
        increment=_increment(written.get("increment")),
        set=tuple(FieldPlan(name, json=value["json"]) for name, value in values.items()),
        condition=None if condition is None else FieldPlan("while", json=condition["json"]),
    )


def _increment(number: Json) -> IncrementPlan | None:
    if isinstance(number, dict):
        by = cast("int", number.get("by", 1))
        first = cast("int", number.get("first", 1 if by == 1 else 0))
        return IncrementPlan(f"query:{number['query']}", by, first)
    return None if number is None else IncrementPlan(str(number))
