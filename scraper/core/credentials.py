"""Which headers carry a secret, by their name: such a header does not follow a redirect elsewhere.

A name that only looks so costs a header at another origin; one that is overlooked costs a secret.
"""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"auth|token|secret|passw|passphrase|credential|cookie|session|signature|jwt|bearer|csrf|xsrf"
    r"|(?:^|[-_])key(?:$|[-_])|apikey|accesskey",
    re.IGNORECASE,
)
_PLAIN = frozenset(
    {"accept", "accept-charset", "accept-language", "cache-control", "dnt", "from", "pragma"}
    | {"priority", "referer", "save-data", "upgrade-insecure-requests", "x-requested-with"}
)


def is_credential(name: str) -> bool:
    """Whether a header of this name says who one is, e.g. `Authorization` or `X-Api-Key`."""
    return _SECRET.search(name) is not None


def is_plain(name: str) -> bool:
    """Whether a header of this name holds no secret, wherever its value comes from."""
    return name.lower() in _PLAIN
