"""The next request, made of the page: its own once more, or a link with values in it.

`increment` raises a number in the request, `set` puts values of the page into it, `while` says
whether there is more. None of them belongs to an item: what does not convert is nothing, and is
not counted.
"""

from __future__ import annotations

import re

from scraper.core.amend import AmendError, Draft, Spot, amended, settled, spot_of, value_at
from scraper.core.errors import ParseError
from scraper.core.extract.document import Absent, Document, NotJsonError
from scraper.core.extract.fields import compile_fields
from scraper.core.extract.plan import FieldPlan, FollowPlan, IncrementPlan
from scraper.core.extract.steps import Place
from scraper.core.model import Json, Link, Reason
from scraper.core.request import counted, times
from scraper.core.url import origin_of

_WHOLE = re.compile(r"-?\d{1,15}", re.ASCII)
_FALSE = frozenset({"", "false", "0", "null"})


class Lone:
    """A field outside of items."""

    __slots__ = ("_field", "_in_any", "_in_json")

    def __init__(self, plan: FieldPlan, regex_timeout_s: float) -> None:
        place = Place("", regex_timeout_s, "follow: ", in_json=True)
        self._field = compile_fields((plan,), place)[0]
        self._in_any = bool(plan.any)
        self._in_json = _reads_json(plan)

    def __call__(self, document: Document) -> Json:
        """What the page says; None: nothing."""
        scope: Json = None
        if self._in_json:
            try:
                scope = document.json
            except NotJsonError:
                if not self._in_any:
                    raise
        value = self._field.read(scope, document)
        document.invalid.pop("", None)
        return None if isinstance(value, Absent) else value


class Condition:
    """`while`: whether the page says that there is more."""

    __slots__ = ("_value",)

    def __init__(self, plan: FieldPlan, regex_timeout_s: float) -> None:
        self._value = Lone(plan, regex_timeout_s)

    def __call__(self, document: Document) -> bool:
        return is_true(self._value(document))


class Values:
    """`set`: what goes from the page into a request."""

    __slots__ = ("_fields",)

    def __init__(self, plans: tuple[FieldPlan, ...], regex_timeout_s: float) -> None:
        self._fields = tuple((spot_of(p.name), Lone(p, regex_timeout_s)) for p in plans)

    def __call__(self, document: Document) -> list[tuple[Spot, Json]] | None:
        """The values and where they go; None: one of them is not there, which is the end."""
        found: list[tuple[Spot, Json]] = []
        for spot, field in self._fields:
            value = field(document)
            if is_end(value):
                return None
            found.append((spot, value))
        return found


def is_again(plan: FollowPlan) -> bool:
    """Whether the page's own request is made again."""
    return plan.css is None and plan.json is None and plan.script is None


def again(plan: FollowPlan, values: list[tuple[Spot, Json]], document: Document) -> Link | None:
    """The page's own request, further on; None: the end.

    Raises:
        ParseError: the request has no place for a value.
    """
    ask = document.source.ask or Draft(document.source.url)
    number = times(ask.headers) + 1
    if plan.limit is not None and number >= plan.limit:
        return None
    try:
        draft = ask if plan.increment is None else _increased(ask, plan.increment)
        if draft is not None:
            draft = _filled(draft, values)
    except AmendError as error:
        raise ParseError(Reason.PARSE_ERROR, f"follow: {error}") from None
    if draft is None:
        return None
    headers = counted(draft.headers, number)
    return Link(draft.url, plan.page, method=draft.method, headers=headers, body=draft.body)


def with_values(link: Link, values: list[tuple[Spot, Json]], document: Document) -> Link:
    """A link with the values of the page in its request; headers go to the page's origin alone.

    Raises:
        ParseError: a value cannot go there.
    """
    if origin_of(link.url) != origin_of(document.source.final_url):
        values = [(spot, value) for spot, value in values if spot.kind != "header"]
    try:
        draft = _filled(Draft(link.url), values)
    except AmendError as error:
        raise ParseError(Reason.PARSE_ERROR, f"follow: {error}") from None
    return Link(draft.url, link.page, link.carry, headers=draft.headers, half=link.half)


def is_true(value: Json) -> bool:
    """Whether a `while` goes on: not for null, false, 0, what is empty, and texts that say so."""
    if isinstance(value, str):
        return value.strip().lower() not in _FALSE
    return bool(value)


def is_end(value: Json) -> bool:
    """Whether a value says that there is no next page: 0 is a value."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value is False or value in ([], {})


def _filled(draft: Draft, values: list[tuple[Spot, Json]]) -> Draft:
    for spot, value in values:
        draft = amended(draft, spot, value)
    return draft


def _increased(draft: Draft, plan: IncrementPlan) -> Draft | None:
    """The request with the next number; None: what it has there is no number."""
    spot = settled(spot_of(plan.spot), draft)
    now = value_at(draft, spot)
    if now in (None, ""):
        return amended(draft, spot, plan.first + plan.by)
    if isinstance(now, str):
        return amended(draft, spot, str(int(now) + plan.by)) if _WHOLE.fullmatch(now) else None
    if isinstance(now, bool) or not isinstance(now, int):
        return None
    return amended(draft, spot, now + plan.by)


def _reads_json(plan: FieldPlan) -> bool:
    alone = plan.json is not None and plan.css is None and plan.script is None
    return alone or any(map(_reads_json, plan.any))
