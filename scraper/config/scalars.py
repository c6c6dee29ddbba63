"""What a single value may be: readers of texts that say what is wrong and what to write.

Each is an annotated type for the models, with its JSON Schema beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from scraper.config import units
from scraper.config.values import Plain, RefusedError, Secret, closest, shown
from scraper.core.model import Json

_WHOLE = re.compile(r"[+-]?(?:0|[1-9](?:_?\d){0,17})", re.ASCII)
_FLOAT = re.compile(r"[+-]?(?:0|[1-9]\d*)\.\d+(?:[eE][+-]?\d{1,3})?", re.ASCII)
_TRUTH = {
    "true": True, "yes": True, "on": True, "false": False, "no": False, "off": False,
}  # fmt: skip
_WITHOUT_UNIT = re.compile(
    r"(\d{1,9}(?:\.\d{1,9})?) ?((?:sec(?:ond)?s?|min(?:ute)?s?|hours?|hrs?|days?)?)", re.IGNORECASE
)
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,9})?) ?%", re.ASCII)
_NO_LIMIT = 10**9
_LONGEST_S = 3650 * 86400.0
_ENV = {"type": "string", "pattern": r"\$\{"}


@dataclass(frozen=True, slots=True, eq=False)
class Reads:
    """Marks an annotated type: how its value is read, its JSON Schema, and a word for it."""

    check: Callable[[object], object]  # raises ValueError
    schema: Mapping[str, Any]
    kind: str

    def __get_pydantic_core_schema__(self, _: object, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self.schema)


def text(value: object) -> str:
    """A text as it was written, whatever YAML would take it for."""
    if isinstance(value, list | dict):
        sign = "[" if isinstance(value, list) else "{"
        hint = f"put quotes around a text that begins with {sign}"
        raise RefusedError(f"must be a text, got {shown(value)}: {hint}")
    if not isinstance(value, str):
        raise RefusedError(f"must be a text, got {shown(value)}")
    if not value.strip():
        raise RefusedError("is empty: give a text, or leave the key out")
    return value


def any_text(value: object) -> str:
    """As `text`, but it may be empty."""
    return value if isinstance(value, str) and not value.strip() else text(value)


def whole(value: object) -> int:
    """A whole number in decimal."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    raise RefusedError(f"must be a whole number, got {shown(value)}")


def truth(value: object) -> bool:
    """True or false."""
    found = _TRUTH.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise RefusedError(f"must be true or false, got {shown(value)}")
    return found


def free(value: object) -> Json:
    """Any value: numbers, `true`, `false` and null without quotes are what they are in JSON.

    The rest is text: `012`, `1e3`, `12:30` and `yes` too.
    """
    if isinstance(value, dict):
        return {key: free(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [free(inner) for inner in value]
    if not isinstance(value, str):
        return None
    return _number_or_truth(value) if isinstance(value, Plain) else value


def _number_or_truth(value: str) -> Json:
    if value in ("true", "false"):
        return value == "true"
    if _WHOLE.fullmatch(value):
        return int(value)
    return float(value) if _FLOAT.fullmatch(value) else str(value)


def choice(*allowed: str, later: tuple[str, ...] = ()) -> Callable[[object], str]:
    """A reader of one of several words; those `later` are known, but not built."""

    def read(value: object) -> str:
        if isinstance(value, str) and value in allowed:
            return str(value)
        if isinstance(value, str) and value in later:
            raise RefusedError(f"{value} is not supported yet: write {_or(allowed)}")
        hint = closest(value, allowed)
        raise RefusedError(f"must be {_or(allowed)}, got {shown(value)}{hint}")

    return read


def _or(words: tuple[str, ...]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def one_of(*allowed: str, later: tuple[str, ...] = ()) -> Reads:
    """One of several words."""
    return Reads(
        choice(*allowed, later=later), {"anyOf": [{"enum": list(allowed)}, _ENV]}, _or(allowed)
    )


def _bounded(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        number = whole(value)
        if not least <= number <= most:
            bounds = f"from {least} to {most}" if most < _NO_LIMIT else f"at least {least}"
            raise RefusedError(f"must be {bounds}, got {shown(value)}")
        return number

    return read


def count(least: int, most: int = _NO_LIMIT, words: tuple[str, ...] = ()) -> Reads:
    """A whole number within bounds, or one of the words."""
    bounded = _bounded(least, most)

    def read(value: object) -> int | str:
        if isinstance(value, str) and value in words:
            return str(value)
        if words and isinstance(value, str) and value[:1] not in "+-0123456789":
            raise RefusedError(f"must be a whole number or {_or(words)}, got {shown(value)}")
        return bounded(value)

    kinds = [{"type": "integer", "minimum": least, "maximum": most}]
    schema = {"anyOf": [*kinds, *([{"enum": list(words)}] if words else []), _ENV]}
    number = f"number from {least}" + (f" to {most}" if most < _NO_LIMIT else "")
    return Reads(read, schema, _or((number, *words)))


def _read_seconds(value: object, *, least_s: float) -> float:
    if isinstance(value, str):
        if value.startswith("-"):
            raise RefusedError(
                f"must be {'longer than 0' if least_s else '0 or longer'}, got {shown(value)}"
            )
        try:
            found = units.seconds(value)
        except ValueError as error:
            raise RefusedError(f"{error}, got {shown(value)}{_with_unit(value)}") from None
        if found > _LONGEST_S:
            raise RefusedError(
                f"must be at most {units.say_seconds(_LONGEST_S)}, got {shown(value)}"
            )
        if found < least_s:
            raise RefusedError(f"must be longer than 0, got {shown(value)}")
        return found
    raise RefusedError(f"must be a duration such as 250ms, 30s, 5m, 2h or 1d, got {shown(value)}")


def _with_unit(value: str) -> str:
    """How a duration is written that has no unit, or one of another spelling."""
    if isinstance(value, Secret):
        return ""
    found = _WITHOUT_UNIT.fullmatch(value)
    return f": write {found[1]}{found[2][:1].lower() or 's'}" if found else ""


def duration(value: object) -> float:
    """Seconds of a duration longer than 0."""
    return _read_seconds(value, least_s=0.001)


def wait(value: object) -> float:
    """Seconds of a duration that may be 0."""
    return _read_seconds(value, least_s=0.0)


def size(value: object) -> int:
    """Bytes of a size larger than 0."""
    try:
        found = units.size(value) if isinstance(value, str) else 0
    except ValueError as error:
        raise RefusedError(f"{error}, got {shown(value)}") from None
    if not found:
        raise RefusedError(f"must be a size such as 64KiB, 10MiB or 2MB, got {shown(value)}")
    return found


def share(value: object) -> float:
    """A share from 0 to 1, written in percent."""
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if match is None or float(match[1]) > 100:
        raise RefusedError(f"must be a share from 0% to 100% such as 10%, got {shown(value)}")
    return float(match[1]) / 100


DURATION_SCHEMA = {
    "anyOf": [{"type": "string", "pattern": r"^\d+(\.\d+)?\s*(ms|s|m|h|d)$"}, {"const": 0}, _ENV]
}
SIZE_SCHEMA = {
    "anyOf": [{"type": "string", "pattern": r"^\d+(\.\d+)?\s*([kKmMgG][iI]?)?[bB]$"}, _ENV]
}
SHARE_SCHEMA = {"anyOf": [{"type": "string", "pattern": r"^\d{1,3}(\.\d+)? ?%$"}, _ENV]}
TEXT_SCHEMA = {"type": ["string", "number", "boolean"]}

Text = Annotated[str, Reads(text, TEXT_SCHEMA, "text")]
AnyText = Annotated[str, Reads(any_text, TEXT_SCHEMA, "text")]
Truth = Annotated[bool, Reads(truth, {"anyOf": [{"type": "boolean"}, _ENV]}, "true or false")]
Free = Annotated[Any, Reads(free, {}, "any")]
Duration = Annotated[float, Reads(duration, DURATION_SCHEMA, "duration")]
Wait = Annotated[float, Reads(wait, DURATION_SCHEMA, "duration")]
Share = Annotated[float, Reads(share, SHARE_SCHEMA, "share in percent")]
Size = Annotated[int, Reads(size, SIZE_SCHEMA, "size")]
