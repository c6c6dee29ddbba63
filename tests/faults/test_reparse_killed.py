"""A reparse is killed at its SQL statements, one by one: the old items or the new ones are there.

`python -m tests.faults.test_reparse_killed FOLDER` is the rig: a process without threads that forks
for each statement; see `test_store_killed`.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scraper.core import outcome
from scraper.core.extract import Extractor, Source
from scraper.core.extract.plan import FieldPlan, FollowPlan, ItemPlan, PageRule
from scraper.core.follow import follow
from scraper.core.keeping import ZSTD
from scraper.core.model import Parsed, Request, Response
from scraper.core.plan import FetchPlan, Plan, ScopePlan, SeedPlan, StorePlan, UrlPlan
from scraper.core.scope import Scope
from scraper.core.urlrules import UrlRules
from scraper.parse.worker import _extract
from scraper.reparse import Reparse, rules_of
from scraper.store import RunStart, open_store
from tests.faults.test_store_killed import BEGAN_AT, Clock, in_child, killed_at, request

TABLES = (
    *("item", "item_history", "item_half", "item_carry", "rejected", "request", "visit", "cycle"),
    *("kept_page", "kept_body"),
)
PAGES = {
    "a": b"<h1>A</h1><p>1</p>",
    "b": b"<h1>B</h1><p>2</p>",
    "c": b"<h1>B</h1><p>3</p>",
    "d": b"<h2>D</h2><p>4</p><a href=/a></a>",
    "e": b"<h1>E</h1><i>blocked</i><a href=/b></a>",
}


def rule(css: str, price: str = "p", valid: str | None = None) -> PageRule:
    fields = (FieldPlan("name", css=css, required=True), FieldPlan("price", css=price))
    mark = ItemPlan("mark", (fields[0], FieldPlan("like", source="price")), reads=("price",))
    items = (ItemPlan("book", fields, key=("name",)), mark)
    return PageRule("book", (), items, (FollowPlan("a", carry=("price",), item="book"),), valid)


OLD = rule("h1")
EACH = 2  # statement: each one is tried with 1
ANYWHERE = Scope(ScopePlan("any"), seed_hosts=())
NEW = rule("h1, h2", "p, i", "p")


class Here:
    """A pool without processes."""

    def __init__(self, rules: tuple[PageRule, ...]) -> None:
        self.extractors = {each.name: Extractor(each) for each in rules}

    async def ask(self, head: bytes, body: bytes) -> dict[str, Any]:
        return _extract(self.extractors, head, body)


async def crawl(path: Path) -> None:
    extract = Extractor(OLD)
    async with await open_store(path, clock=Clock(BEGAN_AT)) as store:
        await store.create_views((OLD,))
        store.keep_bodies(ZSTD)
        await store.runs.begin(RunStart("books"))
        await store.writer.add_seeds([request(name, seed=True) for name in PAGES])
        async with asyncio.TaskGroup() as group:
            group.create_task(store.writer.run())
            for page in await store.queue.of_hosts({"shop.example:443": 9}, ()):
                await store.writer.put(visit(page, extract))
            await store.writer.close()
        await store.runs.end_cycle()
        await store.runs.finish(state="done", exit_status=0)


def visit(page: Request, extract: Extractor) -> Any:
    body = PAGES[page.url[-1]]
    answer = Response(page.url, 200, {"content-type": "text/html"}, body)
    parsed = Parsed(extract(body, Source(page.url, page.url)), "inline", 0.0, 0.0)
    links = follow(parsed.page, page, OLD.name, ANYWHERE, UrlRules(UrlPlan()))
    return replace(outcome.extracted(page, answer, OLD.name, parsed, links), answer=answer)


async def reparse(path: Path, new: PageRule = NEW) -> None:
    plan = Plan("books", SeedPlan(), FetchPlan(""), StorePlan(str(path)), pages=(new,))
    async with await open_store(path, clock=Clock(BEGAN_AT + 9)) as store:
        work = Reparse(
            plan=plan,
            start=RunStart("books"),
            staging=store.staging(),
            pool=Here(rules_of(plan)),
            processes=1,
            clock=Clock(BEGAN_AT + 9),
            live=False,
        )
        assert await work.live() is not None


def tables(path: Path) -> list[list[tuple[Any, ...]]]:
    db = sqlite3.connect(path)
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        runs = "SELECT id, kind, state FROM run"
        others = (f"SELECT * FROM {name} ORDER BY 1, 2" for name in TABLES)
        return [db.execute(sql).fetchall() for sql in (runs, *others)]
    finally:
        db.close()


def killed_reparse(path: Path, statement: int) -> None:
    sqlite3.connect = killed_at(statement)  # type: ignore[assignment]
    asyncio.run(reparse(path))


def rig(folder: Path) -> None:
    """Kill at each statement, look, do it again; prints how many there were."""
    path, crawled = folder / "books.db", folder / "crawled.db"
    assert in_child(lambda: asyncio.run(crawl(crawled))) == 0
    old = tables(crawled)
    shutil.copy(crawled, path)
    assert in_child(lambda: asyncio.run(reparse(path))) == 0
    new = tables(path)
    names = {row[2] for row in new[1] if row[1] == "book"}
    assert names == {"A", "B", "D"}, names
    likes = sorted(str(json.loads(row[3])["like"]) for row in new[1] if row[1] == "mark")
    assert likes == ["4", "None", "None", "None"], likes
    statement, status, seen = 0, 9, set()
    while status == 9:
        statement += EACH
        for file in folder.glob("books.db*"):
            file.unlink()
        shutil.copy(crawled, path)
        status = in_child(lambda: killed_reparse(path, statement))  # noqa: B023  # run at once
        assert status in {0, 9}, f"statement {statement}: died of something else"
        found = tables(path)
        assert found in (old, new), f"statement {statement}: {found}"
        seen.add(found == new)
        if found == old:
            assert in_child(lambda: asyncio.run(reparse(path))) == 0, statement
            assert tables(path) == new, statement
    assert seen == {True, False}
    sys.stdout.write(f"{statement}\n")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_at_any_statement_all_items_are_old_or_all_are_new() -> None:
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        rig_ = subprocess.run(
            [sys.executable, "-m", "tests.faults.test_reparse_killed", folder],
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[2],
        )
    assert rig_.returncode == 0, rig_.stderr
    assert int(rig_.stdout) > 20


if __name__ == "__main__":
    rig(Path(sys.argv[1]))
