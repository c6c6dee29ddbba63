"""Functions of the user's own, and what they are given and may give back.

Nothing is imported here: the functions are passed in. Whatever goes wrong in one is the page's
failure, with the traceback; what it gives back is looked at before it is believed.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from selectolax.lexbor import LexborNode

from scraper.core.content import decode
from scraper.core.errors import ParseError
from scraper.core.extract.document import Document
from scraper.core.extract.plan import ItemPlan, PageRule, PythonPlan
from scraper.core.extract.selectors import compile_css
from scraper.core.extract.xml import css_in_xml
from scraper.core.model import Json, Reason

Function: TypeAlias = Callable[..., Any]
MadeLink: TypeAlias = tuple[str, "str | None"]
NO_FUNCTIONS: Mapping[str, Function] = MappingProxyType({})
_MOST_CHARACTERS = 4_000  # of a traceback
_DEEPEST = 40
_MOST_BITS = 1024


class PythonPage:
    """What a function is given of a page."""

    __slots__ = ("_document", "_text")

    def __init__(self, document: Document) -> None:
        self._document = document
        self._text: str | None = None

    def __repr__(self) -> str:
        return f"<page {self.url}>"

    @property
    def url(self) -> str:
        """The URL that was asked for."""
        return self._document.source.url

    @property
    def final_url(self) -> str:
        """The URL that answered."""
        return self._document.source.final_url

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self._document.source.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the answer, their names in lower case."""
        return self._document.source.headers

    @property
    def carry(self) -> Mapping[str, Json]:
        """What was carried to this page, such as the columns of a seed list."""
        return self._document.source.carry

    @property
    def body(self) -> bytes:
        """The bytes of the answer, decompressed."""
        return self._document.source.raw

    @property
    def text(self) -> str:
        """The text of the answer, in whatever encoding it came."""
        if self._text is None:
            source = self._document.source
            self._text = decode(source.raw, source.raw_type)
        return self._text

    @property
    def json(self) -> Json:
        """The answer as JSON; a page that is none fails."""
        return self._document.json

    def css(self, selector: str) -> list[LexborNode]:
        """The elements that a selector finds, as nodes of selectolax."""
        css = compile_css(selector)
        return self._document.parser.css(css_in_xml(css) if self._document.is_xml else css)

    def absolute(self, href: str) -> str:
        """A link of this page as an absolute URL."""
        return self._document.absolute(href)


def plans(rule: PageRule) -> list[PythonPlan]:
    """The functions that a rule names."""
    named = [rule.python, *(item.python for item in rule.items)]
    return [plan for plan in named if plan is not None]


def is_made(rule: PageRule, item: ItemPlan) -> bool:
    """Whether the items of a type are those that the page's function gives."""
    return rule.python is not None and any(field.source == "python" for field in item.fields)


def call(function: Function, name: str, *given: object) -> Any:  # noqa: ANN401 - a stranger's
    """What a function gives back.

    Raises:
        ParseError: it raised; the detail is its traceback.
    """
    try:
        return function(*given)
    except (ParseError, MemoryError):  # of the page itself; the cure of the other is a new process
        raise
    except (Exception, SystemExit) as error:
        raise ParseError(Reason.PARSE_ERROR, _told(name, error)) from error


def made_of(
    given: object, rule: PageRule, name: str
) -> tuple[dict[str, list[dict[str, Json]]], list[MadeLink]]:
    """The items by type and the links that a page's function gave.

    Raises:
        ParseError: it is something else.
    """
    if not isinstance(given, tuple) or len(given) != 2:
        raise _wrong(name, f"must return two values, items and links, not {_kind(given)}")
    items, links = given
    if not isinstance(items, Mapping):
        raise _wrong(name, f"must return the items by type, a dict of lists, not {_kind(items)}")
    types = {item.type for item in rule.items if is_made(rule, item)}
    made: dict[str, list[dict[str, Json]]] = {}
    for type_, some in items.items():
        if type_ not in types:
            known = ", ".join(sorted(types)) or "none"
            raise _wrong(name, f"returned items of type {type_!r}; those that it may make: {known}")
        if not isinstance(some, list | tuple):
            raise _wrong(name, f"must return a list for {type_}, not {_kind(some)}")
        made[type_] = [item_of(one, f"{type_}[{n}]", name) for n, one in enumerate(some)]
    if not isinstance(links, list | tuple):
        raise _wrong(name, f"must return a list of links, not {_kind(links)}")
    return made, [_link(one, rule, name) for one in links]


def item_of(given: object, where: str, name: str) -> dict[str, Json]:
    """One item that a function gave, of plain values alone; ParseError for anything else."""
    if not isinstance(given, dict):
        raise _wrong(name, f"must return a dict for {where}, not {_kind(given)}")
    return {
        _field(key, where, name): _plain(one, f"{where}.{key}", name) for key, one in given.items()
    }


def _link(given: object, rule: PageRule, name: str) -> MadeLink:
    if isinstance(given, str):
        return given, None
    pair = given if isinstance(given, tuple | list) and len(given) == 2 else (None, None)
    href, page = pair
    if not isinstance(href, str) or not isinstance(page, str):
        raise _wrong(name, f"must return links as URLs or (URL, page rule), not {_kind(given)}")
    pages = rule.python.pages if rule.python is not None else ()
    if page not in pages:
        raise _wrong(name, f"returned a link to a page rule {page!r} that is not there")
    return href, page


def _field(key: object, where: str, name: str) -> str:
    if not isinstance(key, str) or not key or key.startswith("_"):
        raise _wrong(name, f"{where} has a field {key!r}: names are texts that do not begin with _")
    return key


def _plain(value: object, where: str, name: str, depth: int = 0) -> Json:
    """The value, its parts looked at: what a subclass does is not trusted."""
    if depth > _DEEPEST:
        raise _wrong(name, f"{where} is nested too deeply")
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int) and value.bit_length() <= _MOST_BITS:
        return int.__int__(value)
    if isinstance(value, float) and math.isfinite(value):
        return float.__float__(value)
    if isinstance(value, list | tuple):
        return [_plain(one, f"{where}[{n}]", name, depth + 1) for n, one in enumerate(value)]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {str(k): _plain(one, f"{where}.{k}", name, depth + 1) for k, one in value.items()}
    raise _wrong(
        name, f"{where} is {_kind(value)}: give text, a number, a bool, None, a list or a dict"
    )


def _kind(value: object) -> str:
    if isinstance(value, float):
        return f"the number {value}"
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"a number of more than {_MOST_BITS} bits"
    kind = type(value).__name__
    return "None" if value is None else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _wrong(name: str, what: str) -> ParseError:
    return ParseError(Reason.PARSE_ERROR, f"{name} {what}"[:_MOST_CHARACTERS])


def _told(name: str, error: BaseException) -> str:
    said = traceback.format_exception_only(error)[-1].strip()
    frames = error.__traceback__ and error.__traceback__.tb_next  # without our own call
    trace = "".join(traceback.format_exception(type(error), error, frames)).rstrip()
    if len(trace) > _MOST_CHARACTERS:
        trace = "..." + trace[-_MOST_CHARACTERS:]
    return f"{name} raised {said[:500]}\n{trace}"
