"""The disk fails: a clear message, nobody left waiting, and the next run continues."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from scraper.clock import SystemClock
from scraper.core.errors import StoreError
from scraper.core.model import Item, Page, PageResult, Request
from scraper.core.request import make_request
from scraper.core.url import parse
from scraper.store import RunStart, Store, open_store
from scraper.store.writer import BOUND

PAGES = 600
LIMIT_BYTES = 1_000_000


def seeds() -> list[Request]:
    return [make_request(parse(f"https://shop.example/{n}"), seed=True) for n in range(PAGES)]


async def crawl(path: Path) -> None:
    """Visit every page; each yields 5 KB."""
    async with await open_store(path, clock=SystemClock()) as store:
        await store.runs.begin(RunStart("books"))
        await store.writer.add_seeds(seeds())
        waiting = await store.queue.of_hosts({"shop.example:443": PAGES}, ())
        async with asyncio.TaskGroup() as group:
            group.create_task(store.writer.run())
            for page in waiting:
                item = Item("book", page.url, f'"{"x" * 5000}"', 0)
                await store.writer.put(PageResult(page, page=Page((item,))))
            await store.writer.close()
        assert (await store.runs.balance()).balanced
        await store.runs.end_cycle()


def limited(path: Path) -> None:
    """The crawl with a limit on file sizes, in a process of its own."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, LIMIT_BYTES))
    try:
        asyncio.run(crawl(path))
    except* StoreError as group:
        sys.stdout.write(str(group.exceptions[0]))


def test_a_limit_on_file_sizes_is_told_and_the_next_run_continues(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    run = subprocess.run(
        [sys.executable, "-m", "tests.faults.test_store_disk", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"{path}: cannot be written (disk I/O error): the disk is full")
    asyncio.run(crawl(path))
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM item").fetchone() == (PAGES,)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


async def full(store: Store) -> None:
    """Let the database grow no more: SQLite then says what it says of a full disk."""
    await store._writing.call(
        lambda db: db.execute("PRAGMA max_page_count = 1").fetchall()  # at least what it has
    )


async def test_a_full_disk_reaches_run_and_everybody_who_waits(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    async with await open_store(path, clock=SystemClock()) as store:
        await store.runs.begin(RunStart("books"))
        await store.writer.add_seeds(seeds()[:1])
        (page,) = await store.queue.of_hosts({"shop.example:443": 1}, ())
        await full(store)
        item = Item("book", "K", f'"{"x" * 100_000}"', 0)
        result = PageResult(page, page=Page((item,)))
        waiting = [asyncio.create_task(store.writer.put(result)) for _ in range(BOUND + 50)]
        waiting.append(asyncio.create_task(store.writer.flush()))
        waiting.append(asyncio.create_task(store.writer.mark_sent(page.id)))
        await asyncio.sleep(0)
        with pytest.raises(StoreError) as broken:
            await store.writer.run()
        said = f"{path}: disk is full: free some space and run the same command again"
        assert str(broken.value) == said
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert [str(error) for error in ended if error is not None] == [said] * 52
        with pytest.raises(StoreError, match="disk is full"):
            await store.writer.put(result)
        with pytest.raises(StoreError, match="disk is full"):
            await store.writer.add_seeds([])
        assert await store.queue.waiting() == 1


async def test_a_cancelled_writer_leaves_nobody_waiting(tmp_path: Path) -> None:
    async with await open_store(tmp_path / "books.db", clock=SystemClock()) as store:
        await store.runs.begin(RunStart("books"))
        task = asyncio.create_task(store.writer.run())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(StoreError, match="the writer has stopped"):
            await store.writer.put(PageResult(seeds()[0]))


@pytest.mark.parametrize("content", [b"name,price\n" * 500, b"SQLite format 3\x00" * 500])
async def test_another_file_is_refused_and_stays_as_it_was(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "books.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"books\.db: is not a"):
        await open_store(path, clock=SystemClock())
    assert path.read_bytes() == content
    assert not path.with_name("books.db-wal").exists()


async def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="the folder cannot be made"):
        await open_store(tmp_path / "file" / "books.db", clock=SystemClock())
    with pytest.raises(StoreError, match="cannot be opened"):
        await open_store(tmp_path, clock=SystemClock())


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "books.db", clock=SystemClock())
    await store.close()
    await store.close()
    with pytest.raises(StoreError, match="the database is closed"):
        await store.queue.scope_hosts("", 9)


if __name__ == "__main__":
    limited(Path(sys.argv[1]))
