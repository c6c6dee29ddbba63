"""Kept pages in a real file: how much of them waits, and what a reparse does beside readers."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from scraper.core.keeping import ZSTD
from scraper.core.model import Item, Page, PageResult, Response
from scraper.store import RunStart, Staged, StopError, find, open_reader, open_store
from scraper.store.writer import BYTES
from tests.integration.test_store import crawl, request

PAGES = 12


async def test_few_bytes_of_bodies_wait_for_their_commit_and_none_is_lost(tmp_path: Path):
    path = tmp_path / "books.db"
    size = BYTES // 4
    async with crawl(path) as books:
        writer = books.store.writer
        books.store.keep_bodies(ZSTD)
        await writer.add_seeds([request(f"p{n}", seed=True) for n in range(PAGES)])
        most = 0

        async def put() -> None:
            nonlocal most
            for page in await books.waiting():
                body = os.urandom(1000) * (size // 1000)
                answer = Response(page.url, 200, {}, body)
                await writer.put(PageResult(page, status=200, rule="book", answer=answer))
                most = max(most, writer._bytes)

        async with asyncio.timeout(60):
            await put()
            await writer.flush()
        assert BYTES <= most < BYTES + size
        assert writer._bytes == 0
        assert not writer.full
    with open_reader(path) as reader:
        assert reader.connection.execute("SELECT count(*) FROM kept_body").fetchone() == (PAGES,)
        page = find(reader.connection, request("p3").url)
        assert page is not None
        assert len(page.whole().body) == size // 1000 * 1000


async def test_a_body_that_is_larger_than_the_bound_is_kept_too(tmp_path: Path):
    async with crawl(tmp_path / "books.db") as books:
        books.store.keep_bodies(ZSTD)
        await books.store.writer.add_seeds([request("a", seed=True)])
        page = await books.get("a")
        huge = Response(page.url, 200, {}, bytes(BYTES + 1))
        async with asyncio.timeout(60):
            for _ in range(3):
                await books.store.writer.put(PageResult(page, status=200, rule="book", answer=huge))
            await books.store.writer.flush()
        assert not books.store.writer.full


@pytest.mark.parametrize("mode", ["none", "failed"])
async def test_bodies_of_an_earlier_run_are_watched_whatever_the_mode(tmp_path: Path, mode: str):
    async with crawl(tmp_path / "books.db") as books:
        writer = books.store.writer
        books.store.keep_bodies("none")
        assert writer.bodies.is_on is False
        books.store.keep_bodies(ZSTD)
        await writer.add_seeds([request("a", seed=True), request("b", seed=True)])
        for page in await books.waiting():
            answer = Response(page.url, 200, {}, b"old")
            await books.put(PageResult(page, status=200, rule="book", answer=answer))
        books.store.keep_bodies(mode, has_some=True)
        assert writer.bodies.is_on is True
        await books.put(PageResult(page, status=200, rule="book"))
        assert books.rows("SELECT count(*) FROM kept_page") == [(1,)]


MANY = 3000
SUM = "SELECT count(*), coalesce(sum(data ->> 'n'), 0), (SELECT count(*) FROM run) FROM item"


def items(number: int) -> Page:
    return Page(tuple(Item("book", str(key), f'{{"n": {number}}}', key) for key in range(MANY)))


async def test_a_swap_is_stopped_at_any_moment_wholly_or_not_at_all(tmp_path: Path):
    path = tmp_path / "books.db"
    async with crawl(path) as books:
        books.store.keep_bodies(ZSTD)
        await books.store.writer.add_seeds([request("a", seed=True)])
        page = await books.get("a")
        answer = Response(page.url, 200, {}, b"x")
        await books.put(PageResult(page, status=200, rule="book", page=items(1), answer=answer))
        await books.end()
        now, ends = 1, set[bool]()
        for wait_s in (None, 0.0, 0.001, 0.003, 0.006, 0.01, 0.02, 30.0):
            async with await open_store(path, clock=books.clock) as store:
                staging = store.staging()
                await staging.begin(1)
                (kept,) = await staging.batch(0)
                await staging.put([Staged(kept, "book", items(now + 1))])
                swap = asyncio.create_task(
                    staging.swap(RunStart("books"), (), exit_status=0, stats={})
                )
                if wait_s is not None:
                    await asyncio.wait((swap,), timeout=wait_s)
                await staging.stop()
                runs = books.rows(SUM)[0][2]
                try:
                    await swap
                except StopError:
                    ends.add(False)
                    assert books.rows(SUM) == [(MANY, MANY * now, runs)]
                else:
                    ends.add(True)
                    now += 1
                    assert books.rows(SUM)[0][:2] == (MANY, MANY * now)
        assert ends == {True, False}
