"""JSON as pages hold it: whole texts, and values that begin somewhere in a script.

Texts that browsers read are read too: NaN and Infinity (null here), numbers that no double holds
(null), line ends within strings. What cannot be read is a ValueError, nesting beyond Python's
limit too.
"""

from __future__ import annotations

import json
import math

from scraper.core.model import Json

_MOST_DIGITS = 1000
_SPACE = " \t\n\r\ufeff"


def read_json(text: str) -> Json:
    """The value of a whole text.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        found: Json = _DECODER.decode(text.strip(_SPACE))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return found


def read_json_at(text: str, at: int) -> Json:
    """The value that begins at `at`, white space apart; what follows it does not matter.

    Raises:
        ValueError: no value begins there.
    """
    while at < len(text) and text[at] in _SPACE:
        at += 1
    try:
        found: Json = _DECODER.raw_decode(text, at)[0]
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return found


def _float(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _int(text: str) -> int | None:
    return int(text) if len(text) <= _MOST_DIGITS else None


def _constant(_: str) -> None:
    return None


_DECODER = json.JSONDecoder(
    parse_float=_float, parse_int=_int, parse_constant=_constant, strict=False
)
