"""JMESPath expressions, compiled once per rule; what the library leaves to the search is checked.

The library finds an unknown function, a wrong number of arguments or an `&expression` outside a
call only when it searches; here they are errors of the config. A search that a function refuses
(`length` of a number) finds nothing.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from scraper.core.errors import SelectorError
from scraper.core.model import Json

Search = Callable[["Json"], "Json"]

_MOST_CHARACTERS = 10_000
_REFUSALS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def compile_path(text: str) -> Search:
    """A function from a JSON value to what the expression finds in it; None: nothing.

    Raises:
        SelectorError: says where the expression cannot be read.
    """
    import jmespath  # 40 ms that a crawl without one does not pay
    from jmespath.exceptions import JMESPathError

    if len(text) > _MOST_CHARACTERS:
        raise SelectorError(f"{text[:60]!r}... is too long for JMESPath")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)  # `x` without quotes in it
            compiled = jmespath.compile(text)
    except (JMESPathError, RecursionError) as error:
        raise SelectorError(f"cannot read the JMESPath {text!r}: {_why(error, text)}") from None
    _check(compiled.parsed, text)
    if compiled.parsed["type"] == "current":
        return _itself

    def search(value: Json) -> Json:
        try:
            found: Json = compiled.search(value)
        except _REFUSALS:
            return None
        return found

    return search


def _itself(value: Json) -> Json:
    return value


def _why(error: Exception, text: str) -> str:
    position = getattr(error, "lex_position", None)
    if not text.strip():
        return "it is empty"
    if position is None:
        return "it is nested too deeply"
    if position >= len(text):
        return "it ends too early"
    return f"{text[position:][:20]!r} at position {position} is not understood"


def _check(node: Mapping[str, Any], text: str, *, is_argument: bool = False) -> None:
    """Refuse what would only be found out by a search."""
    kind, children = node["type"], node["children"]
    if kind == "expref" and not is_argument:
        raise SelectorError(f"cannot read the JMESPath {text!r}: & stands in calls alone")
    is_call = kind == "function_expression"
    if is_call:
        _check_call(node["value"], len(children), text)
    for child in children:
        if isinstance(child, dict):
            _check(child, text, is_argument=is_call)


def _check_call(name: str, given: int, text: str) -> None:
    from jmespath.functions import Functions

    known = Functions.FUNCTION_TABLE.get(name)
    if known is None:
        raise SelectorError(f"cannot read the JMESPath {text!r}: there is no function {name}()")
    signature = known["signature"]
    wanted = len(signature)
    endless = bool(signature) and bool(signature[-1].get("variadic"))
    if given < wanted or (given > wanted and not endless):
        least = "at least " if endless else ""
        raise SelectorError(
            f"cannot read the JMESPath {text!r}: {name}() takes {least}{wanted} arguments, "
            f"got {given}"
        )
