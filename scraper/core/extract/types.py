"""Conversion of what a page says into the type a field declares.

Every converter takes a text (or a JSON value, of a `map` or of a source that has a type already)
and gives a JSON value, or raises ValueError when it is none of that type. Results are exact and
finite: a decimal is text, dates are ISO 8601, an integer has no fraction.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from scraper.core.extract.dates import PLAIN, DateStyle, to_date, to_datetime
from scraper.core.model import Json

Converter = Callable[[Json], Json]

_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:([ ,.'\u00a0\u202f])\d{3})(?:\1\d{3})*")
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
_PRICE = re.compile(
    r"(?:[$\u00a3\u20ac\u00a5]|[A-Z]{3})? ?((?:0|[1-9][0-9]*)\.[0-9]{2})(?: ?(?:\u20ac|[A-Z]{3}))?"
)
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)  # 1.234: a German thousand
_NUMBER = re.compile(r"[+-]?\d[\d ,.'\u00a0\u202f]*")
_MINUS = re.compile(r"\D*(?<!\w)-\s?[^\w\s]?\s?\d")
_NO_THOUSANDS = re.compile(  # 0,005 and 1234,567 and 1 234,567
    r"\D*(?:0|[1-9]\d{3,}|[1-9]\d{0,2}(?:[ '\u00a0\u202f]\d{3})+)([.,])\d{3}(?![.,]?\d)", re.ASCII
)
_ABBREVIATED = re.compile(r"(?<=[^\W\d_])\.(?=\d)")  # from Rs.500: no fraction
_PERCENTAGE = re.compile(r"\d[\d.,]*\s?%")
_WIDE = "".join(map(chr, (*range(0xFF10, 0xFF1A), *range(0x0660, 0x066A), *range(0x06F0, 0x06FA))))
_PLAINER = str.maketrans(  # full-width, Arabic and Persian digits, signs and separators
    _WIDE + "\uff0c\uff0e\u066b\u066c\u2019\u2212", "0123456789" * 3 + ",..,'-"
)
_FEW_DIGITS = 18
_MOST_DIGITS = 1000
_YES: Final = frozenset({"true", "yes", "on", "1", "y", "t", "checked", "selected", "disabled"})
_NO: Final = frozenset({"false", "no", "off", "0", "n", "f", "none", "null"})


def usual_int(text: str) -> int | None:
    """The number in digits alone, which most are written in; None: it is no such text."""
    if text.isdigit() and text.isascii() and len(text) < _FEW_DIGITS:
        return int(text)
    return None


def usual_decimal(text: str) -> str | None:
    """The amount in the notation of most shops; None: it is no such text."""
    price = _PRICE.fullmatch(text)
    return price[1] if price else None


def to_int(value: Json) -> int:
    """A whole number, its thousands grouped or not; "3.0" and "22 available" are none."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    text = _number(value)
    if _GROUPED.fullmatch(text):
        text = text[0] + re.sub(r"\D", "", text[1:])
    elif "_" in text:
        raise ValueError(text)
    return int(text)


def to_float(value: Json) -> float:
    """A finite number; decimal comma and grouped thousands are read too."""
    text = _number(value)
    try:
        number = _finite(text)
    except ValueError:
        if not _NUMBER.fullmatch(text):
            raise
        from price_parser.parser import parse_number

        parsed = parse_number(text.lstrip("+-"), _decimal_separator(text))
        if parsed is None:
            raise ValueError(text) from None
        number = math.copysign(_finite(str(parsed)), -1 if text[0] == "-" else 1)
    return number


def to_decimal(value: Json) -> str:
    """The first amount in the text, in any notation, exact: "1.234,56 EUR" is "1234.56".

    Three digits behind one dot are thousands ("1.234" is "1234"), unless what stands before
    them cannot be ("0.005", "1234.567"). A percentage is one only where nothing else is.
    """
    text = _number(value)
    if "%" in text:
        text = _without_percentages(text)
    if _PLAIN.fullmatch(text) and not _AMBIGUOUS.fullmatch(text):
        return text.lstrip("+")
    if isinstance(value, float):
        amount: Decimal | None = Decimal(text)
    else:
        from price_parser import Price  # 15 ms that most crawls do not pay

        text = _ABBREVIATED.sub(". ", text)
        amount = Price.fromstring(text, decimal_separator=_decimal_separator(text)).amount
    if amount is None or not amount.is_finite():
        raise ValueError(text)
    if amount and _MINUS.match(text):
        amount = -abs(amount)
    return format(amount, "f")


def to_bool(value: Json) -> bool:
    """Yes or no in the words of forms and feeds; an attribute without a value is a yes."""
    word = _text(value).casefold()
    if word in _YES or not word:
        return True
    if word in _NO:
        return False
    raise ValueError(word)


def to_json(value: Json) -> Json:
    """The value of a JSON text; NaN, Infinity and numbers beyond a double are refused."""
    if not isinstance(value, str):
        return value
    try:
        parsed: Json = json.loads(value, parse_float=_finite, parse_constant=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return parsed


def as_text(value: Json) -> str:
    """A text as it is, anything else as JSON writes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number) or "_" in text:
        raise ValueError(text)
    return number


def _number(value: Json) -> str:
    """The text, its digits and signs in ASCII."""
    return _text(value).translate(_PLAINER)


def _decimal_separator(text: str) -> str | None:
    """The separator where only one can be meant: three digits behind a nought are a fraction."""
    found = _NO_THOUSANDS.match(text)
    return found[1] if found else None


def _without_percentages(text: str) -> str:
    """The text without its percentages; if there is no other number, without their signs."""
    rest = _PERCENTAGE.sub(";", text)
    return rest if any(map(str.isdigit, rest)) else text.replace("%", ";")


def _text(value: Json) -> str:
    """The text of a scalar, as JSON would write it."""
    if isinstance(value, str):
        text = value.strip()
    elif value is None or isinstance(value, list | dict):
        raise ValueError(type(value).__name__)
    else:
        text = json.dumps(value)
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"{len(text)} characters")
    return text


# what needs no converter, as it would give it
USUAL: Final[dict[str, Callable[[str], Json]]] = {"int": usual_int, "decimal": usual_decimal}

# "text" and "url" are not here: the one is no conversion, the other needs the page's base.
CONVERTERS: Final[dict[str, Converter]] = {
    "int": to_int,
    "float": to_float,
    "decimal": to_decimal,
    "bool": to_bool,
    "json": to_json,
    "date": lambda value: to_date(_text(value)),
    "datetime": lambda value: to_datetime(_text(value)),
}


def converter(type_: str, style: DateStyle = PLAIN) -> Converter:
    """The conversion to a type, one of CONVERTERS.

    Args:
        style: of dates.
    """
    if style != PLAIN:
        convert = to_date if type_ == "date" else to_datetime
        return lambda value: convert(_text(value), style)
    return CONVERTERS[type_]
