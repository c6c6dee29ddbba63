"""A few bytes that texts are likely to share which say nearly the same.

The smallest hashes of a text's pairs of neighbouring words are a fair sample of all of them
(Broder 1997, "On the resemblance and containment of documents"): two texts have the same smallest
ones if they have nearly all pairs in common. Texts that share nine pairs in ten are found alike
about every other time, those that share nineteen in twenty three times in four; those that share
half of them, once in sixty-four times.
"""

from __future__ import annotations

from hashlib import blake2b
from struct import pack
from zlib import crc32

LEAST_WORDS = 32  # of fewer, too little is known
MOST_WORDS = 128  # of a longer text the beginning counts: it is to cost a fiftieth of its page
SAMPLE = 6
SKETCH_BYTES = 8


def sketch(text: bytes) -> bytes | None:
    """8 bytes; None: the text is too short to tell."""
    words = text.split(None, MOST_WORDS)[:MOST_WORDS]
    if len(words) < LEAST_WORDS:
        return None
    pairs = set(map(crc32, words[1:], map(crc32, words)))
    smallest = sorted(pairs)[:SAMPLE]
    return blake2b(pack(f"{len(smallest)}I", *smallest), digest_size=SKETCH_BYTES).digest()
