"""What links carry: fields of an item that go with a link to the page that it leads to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b

from scraper.core.model import Json


def carry_hash(carry: Mapping[str, Json]) -> str:
    """What tells carries apart, whatever the order of their names; empty when nothing is carried.

    It is part of the identity of items and stored: never change it.
    """
    if not carry:
        return ""
    written = json.dumps(dict(carry), sort_keys=True)
    return blake2b(written.encode(), digest_size=8).hexdigest()
