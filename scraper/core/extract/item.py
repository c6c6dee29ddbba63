"""An item as it is stored: JSON that every reader takes, and its identity."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from scraper.core.model import Json

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_REPLACEMENT = "\ufffd"


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


def key_of(found: Mapping[str, Json], names: Sequence[str]) -> str:
    """The identity that key fields give."""
    if len(names) > 1:
        return _encode([found[name] for name in names])
    value = found[names[0]]
    return value if isinstance(value, str) else _encode(value)


def content_key(data: str) -> str:
    """The identity of an item that has nothing but its content."""
    return blake2b(data.encode(), digest_size=16).hexdigest()
