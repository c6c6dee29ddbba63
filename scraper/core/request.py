"""Making requests: the identity of the unit of work."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from scraper.core.model import NOTHING, Json, Request
from scraper.core.url import Url


def make_request(
    url: Url,
    *,
    method: str = "GET",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes | None = None,
    page: str | None = None,
    depth: int = 0,
    seed: bool = False,
    carry: Mapping[str, Json] = NOTHING,
) -> Request:
    """Return the request of a URL; equal method, URL key and body are the same request.

    The method is written in upper case. No body and an empty one are the same.
    """
    verb = method.upper()
    return Request(
        url=url.href,
        key=request_key(verb, url.key, body),
        host=url.host,
        method=verb,
        headers=headers,
        body=body,
        page=page,
        depth=depth,
        seed=seed,
        carry=carry,
    )


def request_key(method: str, url_key: str, body: bytes | None) -> bytes:
    """Return the 16 bytes that identify a request.

    Neither a method nor a URL key holds a line end, so the parts cannot run into each other.
    """
    identity = f"{method}\n{url_key}".encode()
    if body:
        identity += b"\n" + blake2b(body, digest_size=32).digest()
    return blake2b(identity, digest_size=16).digest()
