"""The limits of a body, with a stream that is a list."""

import asyncio
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import FetchError
from scraper.core.model import Reason
from scraper.fetch.body import MAX_REDIRECT_BODY_BYTES, Body
from tests.site import MIB, compressed_zeros


class FakeStream:
    """Gives out its parts one by one, and counts them."""

    def __init__(self, parts) -> None:
        self.parts = iter(parts)
        self.ahead = next(self.parts, None)
        self.given = 0

    def at_eof(self) -> bool:
        return self.ahead is None

    async def readany(self) -> bytes:
        part, self.ahead = self.ahead, next(self.parts, None)
        self.given += 1
        return part


class FakeAnswer:
    """As much of a response as a body looks at."""

    def __init__(self, *parts, coding=None, length=None, status=200) -> None:
        self.content = FakeStream(parts)
        self.headers = {"Content-Encoding": coding} if coding else {}
        self.content_length = length
        self.status = status


async def at_once(body: Body) -> None:
    """There is room."""


async def read(answer, limit=1000, *, cut=False) -> Body:
    body = Body(limit, cut=cut, room=at_once)
    await body.read(answer)
    return body


@given(parts=st.lists(st.binary(min_size=1, max_size=30), max_size=10), limit=st.integers(1, 200))
async def test_a_plain_body_is_whole_or_too_large(parts, limit):
    whole = b"".join(parts)
    if len(whole) > limit:
        with pytest.raises(FetchError, match="too_large"):
            await read(FakeAnswer(*parts), limit)
    else:
        body = await read(FakeAnswer(*parts), limit)
        assert body.data == whole
        assert body.wire_bytes == len(whole)


@given(parts=st.lists(st.binary(min_size=1, max_size=30), max_size=10), limit=st.integers(1, 200))
async def test_a_cut_body_is_a_start_that_fits(parts, limit):
    body = await read(FakeAnswer(*parts), limit, cut=True)
    assert body.data == b"".join(parts)[:limit]


async def test_a_length_over_the_limit_is_refused_unread():
    answer = FakeAnswer(b"x", length=1001)
    with pytest.raises(FetchError) as caught:
        await read(answer)
    assert caught.value.reason == Reason.TOO_LARGE
    assert "fetch.max_body" in caught.value.detail
    assert answer.content.given == 0


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_a_bomb_is_given_up_at_the_limit(coding):
    answer = FakeAnswer(*filter(None, compressed_zeros(coding, 32 * MIB)), coding=coding)
    body = Body(MIB, cut=False, room=at_once)
    with pytest.raises(FetchError) as caught:
        await body.read(answer)
    assert caught.value.reason == Reason.TOO_LARGE
    assert sum(map(len, body._pieces)) < 3 * MIB  # what was held in memory


async def test_a_large_body_leaves_the_loop_its_turns_while_it_is_decoded():
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.ensure_future(others())
    await read(FakeAnswer(gzip.compress(bytes(16 * MIB)), coding="gzip"), 16 * MIB)
    task.cancel()
    assert turns >= 10


async def test_a_coding_that_grows_is_given_up_at_the_limit():
    empty_blocks = gzip.compress(b"")[:10] + b"\x00\x00\x00\xff\xff" * 100
    with pytest.raises(FetchError) as caught:
        await read(FakeAnswer(*[empty_blocks] * 10, coding="gzip"), 100)
    assert caught.value.reason in (Reason.TOO_LARGE, Reason.ENCODING)


async def test_a_cut_bomb_keeps_what_fits():
    body = await read(FakeAnswer(gzip.compress(bytes(MIB)), coding="gzip"), 100, cut=True)
    assert body.data == bytes(100)


async def test_half_a_gzip_is_truncated():
    with pytest.raises(FetchError) as caught:
        await read(FakeAnswer(gzip.compress(b"hello")[:-1], coding="gzip"))
    assert caught.value.reason == Reason.TRUNCATED


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
async def test_no_bytes_at_all_are_an_empty_body_in_any_coding(coding):
    assert (await read(FakeAnswer(coding=coding))).data == b""


@pytest.mark.parametrize("coding", ["gzip", "compress"])
async def test_what_cannot_be_decoded_is_an_encoding_error(coding):
    with pytest.raises(FetchError) as caught:
        await read(FakeAnswer(b"plain text", coding=coding))
    assert caught.value.reason == Reason.ENCODING


async def test_the_body_of_an_error_is_cut_not_refused():
    body = await read(FakeAnswer(b"x" * 2000, length=2000, status=500), 1000)
    assert len(body.data) == 1000


async def test_little_of_a_redirect_is_read():
    answer = FakeAnswer(*[b"x" * 10_000] * 100, status=302)
    body = await read(answer, 10 * MIB)
    assert len(body.data) == MAX_REDIRECT_BODY_BYTES
    assert answer.content.given == 7
