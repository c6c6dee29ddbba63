"""Laws of the content decoders."""

import contextlib
import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.fetch.decoding import (
    CODINGS,
    MAX_MEMBERS,
    PIECE_BYTES,
    CodingError,
    Decoder,
    decoder,
)
from tests.site import MIB, compress, compressed_zeros

KINDS = ["gzip", "deflate", "raw-deflate", "br", "zstd"]
few = settings(max_examples=30)
bodies = st.binary(max_size=3000) | st.binary(max_size=20).map(lambda part: part * 500)


def header(kind: str) -> str:
    return "deflate" if kind == "raw-deflate" else kind


def fresh(coding: str) -> Decoder:
    made = decoder(coding)
    assert made is not None
    return made


def split(data: bytes, sizes: list[int]) -> list[bytes]:
    """The data in parts of these sizes, the last part takes what is left."""
    parts, at = [], 0
    for size in sizes:
        parts.append(data[at : at + size])
        at += size
    return [part for part in [*parts, data[at:]] if part]


def decoded(decode: Decoder, parts: list[bytes]) -> bytes:
    return b"".join(piece for part in parts for piece in decode.feed(part))


@pytest.mark.parametrize("kind", KINDS)
@few
@given(body=bodies, sizes=st.lists(st.integers(1, 60), max_size=30))
def test_what_was_encoded_comes_back_however_it_is_split(kind, body, sizes):
    decode = fresh(header(kind))
    assert decoded(decode, split(compress(body, kind), sizes)) == body
    assert decode.complete


@pytest.mark.parametrize("kind", KINDS)
@few
@given(body=bodies, data=st.data())
def test_a_stream_that_was_cut_is_never_complete(kind, body, data):
    coded = compress(body, kind)
    cut = data.draw(st.integers(1, len(coded) - 1)) if len(coded) > 1 else 0
    decode = fresh(header(kind))
    start = decoded(decode, [coded[:cut]])
    assert body.startswith(start)
    assert not decode.complete


@pytest.mark.parametrize("coding", sorted(CODINGS))
@few
@given(parts=st.lists(st.binary(max_size=200), max_size=5))
def test_any_bytes_decode_or_raise_our_own_error(coding, parts):
    with contextlib.suppress(CodingError):
        decoded(fresh(coding), parts)


@pytest.mark.parametrize("kind", KINDS)
@few
@given(body=bodies, at=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_damaged_stream_decodes_or_raises_our_own_error(kind, body, at, value):
    coded = bytearray(compress(body, kind))
    coded[at % len(coded)] = value
    with contextlib.suppress(CodingError):
        decoded(fresh(header(kind)), [bytes(coded)])


@pytest.mark.parametrize("kind", KINDS)
def test_a_bomb_comes_in_bounded_pieces(kind):
    decode = fresh(header(kind))
    sizes = [len(piece) for part in compressed_zeros(kind, 8 * MIB) for piece in decode.feed(part)]
    assert sum(sizes) == 8 * MIB
    assert max(sizes) < 4 * PIECE_BYTES  # brotli gives whole blocks of its own size
    assert decode.complete


@few
@given(body=bodies, names=st.lists(st.sampled_from(["gzip", "br", "zstd"]), min_size=2, max_size=3))
def test_codings_are_undone_in_reverse_order(body, names):
    coded = body
    for name in names:
        coded = compress(coded, name)
    decode = fresh(", ".join(names))
    assert decoded(decode, [coded]) == body
    assert decode.complete


def test_a_chain_is_complete_only_when_every_coding_is():
    coded = compress(compress(b"hello" * 99, "gzip")[:-4], "br")
    decode = fresh("gzip, br")
    decoded(decode, [coded])
    assert not decode.complete


@pytest.mark.parametrize("coding", ["", "identity", "Identity , ", "none", "UTF-8"])
def test_no_coding_needs_no_decoder(coding):
    assert decoder(coding) is None


@pytest.mark.parametrize("coding", ["compress", "gzip, sdch", "aws-chunked", "gzip;q=1"])
def test_an_unknown_coding_is_an_error(coding):
    with pytest.raises(CodingError, match="unknown content coding"):
        decoder(coding)


def test_too_many_codings_are_an_error():
    assert decoder("gzip, gzip, gzip") is not None
    with pytest.raises(CodingError, match="more than 3"):
        decoder("gzip, gzip, gzip, gzip")


@pytest.mark.parametrize("name", ["x-gzip", "X-GZIP", " gzip "])
def test_gzip_by_its_other_names(name):
    assert decoded(fresh(name), [gzip.compress(b"hello")]) == b"hello"


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@few
@given(members=st.lists(st.binary(max_size=50), min_size=1, max_size=5), size=st.integers(1, 40))
def test_members_follow_one_another(kind, members, size):
    coded = b"".join(compress(member, kind) for member in members)
    parts = [coded[at : at + size] for at in range(0, len(coded), size)]
    decode = fresh(kind)
    assert decoded(decode, parts) == b"".join(members)
    assert decode.complete


def test_a_zstd_frame_to_skip_is_skipped():
    skip = b"\x50\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"abc"
    assert decoded(fresh("zstd"), [compress(b"a", "zstd") + skip]) == b"a"


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@pytest.mark.parametrize("tail", [b"\0" * 100, b"garbage", b"\x1f", b"\x1f\x8c", b"("])
@pytest.mark.parametrize("size", [1, 1000])
def test_garbage_behind_the_end_is_ignored(kind, tail, size):
    coded = compress(b"hello", kind) + tail
    decode = fresh(kind)
    parts = [coded[at : at + size] for at in range(0, len(coded), size)]
    assert decoded(decode, parts) == b"hello"
    assert decode.complete


def test_bytes_behind_the_end_of_deflate_are_ignored():
    decode = fresh("deflate")
    assert decoded(decode, [zlib.compress(b"hello"), b"garbage"]) == b"hello"
    assert decode.complete


def test_a_flood_of_empty_members_is_an_error():
    with pytest.raises(CodingError, match="members"):
        decoded(fresh("gzip"), [gzip.compress(b"") * (MAX_MEMBERS + 1)])


def test_a_zstd_window_above_8_mib_is_refused():
    """RFC 9659: it would take that much memory for each page."""
    window_of_64_mib = b"\x28\xb5\x2f\xfd\x00" + bytes([(26 - 10) << 3]) + b"\x01\x00\x00"
    with pytest.raises(CodingError):
        decoded(fresh("zstd"), [window_of_64_mib])
