"""Durations and sizes, as people write them."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([A-Za-z]*)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {
    "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30,
}  # fmt: skip


def seconds(text: str) -> float:
    """Read `250ms`, `30s`, `5m`, `2h`, `1d`; 0 needs no unit.

    Raises:
        ValueError: says how to write it.
    """
    match = _NUMBER.fullmatch(text)
    if match is None or (match[2] not in _SECONDS and not _is_zero(match)):
        raise ValueError("must be a duration such as 250ms, 30s, 5m, 2h or 1d")
    number = float(match[1])
    return number / 1000 if match[2] == "ms" else number * _SECONDS.get(match[2], 0.0)


def size(text: str) -> int:
    """Read `64KiB`, `10MiB`, `1.5GB`, `100B` as bytes.

    Raises:
        ValueError: says how to write it.
    """
    match = _NUMBER.fullmatch(text)
    if match is None or (match[2].lower() not in _BYTES and not _is_zero(match)):
        raise ValueError("must be a size such as 64KiB, 10MiB or 2MB")
    return round(float(match[1]) * _BYTES.get(match[2].lower(), 0))


def _is_zero(match: re.Match[str]) -> bool:
    return not match[2] and float(match[1]) == 0


def say_seconds(value: float) -> str:
    """Write a duration with the largest unit that leaves a whole number; below 1 ms as it is."""
    milliseconds = round(value * 1000)
    if milliseconds == 0:
        return "0s"
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(milliseconds, round(_SECONDS[unit] * 1000))
        if count and not rest:
            return f"{count}{unit}"
    return f"{milliseconds}ms"


def say_size(value: int) -> str:
    """Write a size with the largest unit that leaves a whole number."""
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if value and value % unit == 0:
            return f"{value // unit}{name}"
    return f"{value}B"
