"""An item as it is stored: JSON that every reader takes, and its identity."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from scraper.core.model import Json

_encode = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")
).encode  # a value within itself is nested too deeply, sooner or later
_REPLACEMENT = "\ufffd"
DEEPEST = 200  # lists and objects within each other, of what is kept to be joined later


def encoded(found: dict[str, Json]) -> tuple[str, dict[str, Json]]:
    """The item as JSON that every reader takes: no NUL, no lone surrogate, only finite numbers."""
    try:
        data = _encode(found)
        if "\\u0000" not in data:
            data.encode()
            return data, found
    except UnicodeError:
        pass
    except ValueError:  # a number that is not finite, of a `const` or a carried field
        pass
    clean = {name: _clean(value) for name, value in found.items()}
    return _encode(clean), clean


def _clean(value: Json) -> Json:
    if isinstance(value, str):
        return (
            value.replace("\0", _REPLACEMENT)
            .encode("utf-16", "surrogatepass")
            .decode("utf-16", "replace")
        )
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {str(_clean(name)): _clean(one) for name, one in value.items()}
    return value


def is_too_deep(value: Json) -> bool:
    """Whether a value is nested so deeply that it might not be read or written elsewhere."""
    level = [value]
    for _ in range(DEEPEST + 1):
        inner: list[Json] = []
        for one in level:
            inner += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        if not inner:
            return False
        level = inner
    return True


def key_of(found: Mapping[str, Json], names: Sequence[str]) -> str:
    """The identity that key fields give."""
    if len(names) > 1:
        return _encode([found[name] for name in names])
    value = found[names[0]]
    return value if isinstance(value, str) else _encode(value)


def known_key(data: str, names: Sequence[str]) -> str | None:
    """The identity of what was rejected; None: it has none, or not all of it is known."""
    found = json.loads(data)
    if not names or any(found.get(name) in (None, "", [], {}) for name in names):
        return None
    return key_of(found, names)


def content_key(data: str) -> str:
    """The identity of an item that has nothing but its content."""
    return blake2b(data.encode(), digest_size=16).hexdigest()
