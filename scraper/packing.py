"""Kept bodies, compressed by zstd: the store packs them, a worker process unpacks them."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 3


def pack(body: bytes) -> bytes:
    """The body, compressed."""
    return zstd.compress(body, LEVEL)


def unpack(packed: bytes, size: int) -> bytes:
    """The body again.

    Args:
        size: its bytes; never more are made.

    Raises:
        ValueError: the file was damaged: what is there is no such body.
    """
    unpacker = zstd.ZstdDecompressor()
    try:
        body = unpacker.decompress(packed, max_length=size + 1)
    except zstd.ZstdError as error:
        raise ValueError(f"the kept body is damaged: {error}") from error
    if len(body) != size or not unpacker.eof:
        raise ValueError("the kept body is damaged: its length is not what it was")
    return body
