"""A small crawl is killed at every one of its commits, among its SQL statements, and resumed.

`python -m tests.faults.test_store_killed FOLDER` is the rig: a process without threads that forks
for each, so that the whole takes seconds. Between two commits the file is the same for whoever
comes next, so that all that lie there tell little more than one; `make soak` tries each.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scraper.core.extract.join import Joiners
from scraper.core.extract.plan import FieldPlan, ItemPlan, PageRule
from scraper.core.model import Half, Item, Page, PageResult, Rejected, Request, State
from scraper.core.request import make_request
from scraper.core.schedule.refresh import Refresh
from scraper.core.url import parse
from scraper.store import RunStart, Store, open_store

STEP = 1 if "SOAK" in os.environ else 13  # each statement; else each commit and each 13th
DAY_S = 86_400.0
BEGAN_AT = 1_800_000_000.0
TABLES = {
    "request": "SELECT key, state, reason, cycle, depth, seed, attempts, due_at, sent_at, "
    "final_key FROM request ORDER BY key",
    "item": "SELECT type, key, data, hash, before_hash, request_key, position, first_cycle, "
    "last_cycle FROM item ORDER BY type, key",
    "half": "SELECT request.key, data, paired, item_half.cycle FROM item_half "
    "JOIN request ON id = request_id ORDER BY 1",
    "carry": "SELECT request.key, hash, parent.key, data, item_carry.cycle FROM item_carry "
    "JOIN request ON request.id = request_id JOIN request AS parent ON parent.id = parent_id "
    "ORDER BY 1, 2, 3",
    "history": "SELECT type, key, data FROM item_history ORDER BY type, key, id",
    "rejected": "SELECT request.key, field FROM rejected JOIN run ON run.id = run_id "
    "JOIN request ON request.id = request_id WHERE run.cycle = 2 ORDER BY 1, 2",
    # a run killed between two days ends its cycle on the second: times differ
    "cycle": "SELECT id, ended_at IS NULL, seeded, due_id FROM cycle",
}
REVIEW = (FieldPlan("title"), FieldPlan("text", source="text"))
PAGES = (
    PageRule("book", items=(ItemPlan("book", (FieldPlan("title"),)),)),
    PageRule("detail", items=(ItemPlan("review", REVIEW, reads=("text",)),)),
)


class Clock:
    def __init__(self, epoch: float) -> None:
        self.epoch = epoch

    def now(self) -> float:
        return self.epoch

    def monotonic(self) -> float:
        return 0.0


def request(path: str, **more: Any) -> Request:
    return make_request(parse(f"https://shop.example/{path}"), **more)


def answer(page: Request, cycle: int, log: Path) -> PageResult:
    """The web: what a page gives in a cycle."""
    name = page.url.rpartition("/")[2]
    if page.method == "POST":
        with log.open("a") as sent:
            sent.write(f"{cycle}\n")
        return PageResult(page)
    if name == "moved":
        return PageResult(page, final_url=request("c").url, page=books("moved", cycle))
    if name == "flaky" and page.attempt < 3:
        return PageResult(page, State.WAITING, "http_503", retry_at=BEGAN_AT)
    if name == "missing":
        return PageResult(page, State.FAILED, "http_404")
    links = ("b", "c", "flaky", "moved", "missing", "a") if name == "a" else ()
    depth = page.depth + 1
    found = [request(link, depth=depth) for link in links]
    if name == "a":  # what it carries is another thing each day, but for one
        found += [carrying("b", text=text) for text in ("always", f"day {cycle}")]
    if name == "b":
        found.append(carrying("c", half=5, text=None))
    return PageResult(page, rule="detail", page=books(name, cycle), links=tuple(found))


def carrying(path: str, half: int | None = None, **carry: Any) -> Request:
    return replace(request(path, depth=1), carry=carry, half=half)


def books(name: str, cycle: int) -> Page:
    own = Item("book", name, json.dumps({"title": name, "price": cycle}), 0)
    shared = Item("book", "shared", json.dumps({"title": name}), 1)
    review = Half("review", name, json.dumps({"title": f"{name} {cycle}"}), 5)
    lacking = Rejected("book", "price", "missing", 2, "{}")
    return Page((own, shared), rejected=(lacking,), halves=(review,))


async def run(path: Path, clock: Clock) -> None:
    """One run of the command: continue, begin or find nothing due."""
    async with await open_store(path, clock=clock) as store:
        await store.create_views(PAGES)
        info = await store.runs.begin(RunStart("books", refresh=Refresh(DAY_S)))
        async with asyncio.TaskGroup() as group:
            group.create_task(store.writer.run())
            await store.writer.add_seeds([request("a", seed=True), request("b", seed=True)])
            await store.writer.add_seeds([request("buy", seed=True, method="POST")])
            await store.writer.seeded()
            while await store.writer.make_due(limit=3):
                pass
            await visit_all(store, clock, info.cycle)
            await store.writer.close()
        await store.runs.prune(1)
        assert (await store.runs.balance()).balanced
        assert await store.queue.waiting() == 0
        if info.nothing_due_before is None:
            await store.runs.end_cycle()
        await store.runs.finish(state="done", exit_status=0, stats={"visits": 1})


async def visit_all(store: Store, clock: Clock, cycle: int) -> None:
    while True:
        waiting = [
            *await store.queue.due(clock.now(), 10, ()),
            *await store.queue.of_hosts({"shop.example:443": 2}, ()),
        ]
        if not waiting:
            return
        for page in waiting:
            if page.method == "POST":
                await store.writer.mark_sent(page.id)
            await store.writer.put(answer(page, cycle, store.path.with_name("sent")))
        await store.writer.flush()


def program(path: Path) -> None:
    """The same command on two days; no day comes twice."""
    for days in range(int(is_second_day(path)), 2):
        asyncio.run(run(path, Clock(BEGAN_AT + days * DAY_S)))


def is_second_day(path: Path) -> bool:
    """Whether the crawl has got so far before it was killed."""
    if not path.exists():
        return False
    with closing(sqlite3.connect(path)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        return "cycle" in tables and db.execute("SELECT max(id) = 2 FROM cycle").fetchone() == (1,)


def outcome(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    db = sqlite3.connect(path)
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {name: db.execute(sql).fetchall() for name, sql in TABLES.items()}
    finally:
        db.close()


def killed_at(moment: int, step: int = 1) -> Callable[..., sqlite3.Connection]:
    """A `sqlite3.connect` whose connections end the process at a moment.

    Moments are the commits, just before they are done, and each `step`th statement.
    """
    connect = sqlite3.connect
    seen = moments = 0

    def count(sql: str) -> None:
        nonlocal seen, moments
        seen += 1
        moments += sql == "COMMIT" or seen % step == 0
        if moments == moment:
            os._exit(9)

    def traced(*args: Any, **more: Any) -> sqlite3.Connection:
        db = connect(*args, **more)
        db.set_trace_callback(count)
        return db

    return traced


def in_child(work: Callable[[], None]) -> int:
    """Run `work` in a forked process; returns its exit status."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_program(path: Path, moment: int, step: int) -> None:
    sqlite3.connect = killed_at(moment, step)  # type: ignore[assignment]
    program(path)


def rig(folder: Path, step: int) -> None:
    """Kill at each moment, resume, compare; prints how many there were."""
    Joiners(PAGES)  # so that what it imports is there in each fork
    whole = folder / "whole" / "books.db"
    assert in_child(lambda: program(whole)) == 0
    wanted = outcome(whole)
    moment, status = 0, 9
    while status == 9:
        moment += 1
        path = folder / str(moment) / "books.db"
        status = in_child(lambda: killed_program(path, moment, step))  # noqa: B023  # run at once
        assert status in {0, 9}, f"moment {moment}: died of something else"
        assert in_child(lambda: program(path)) == 0, f"not resumed after {moment}"  # noqa: B023
        compare(path, wanted, moment)
        for file in path.parent.iterdir():
            file.unlink()
    sys.stdout.write(f"{moment}\n")


def compare(path: Path, wanted: dict[str, list[tuple[Any, ...]]], moment: int) -> None:
    found = outcome(path)
    sent = path.with_name("sent").read_text().split() if path.with_name("sent").exists() else []
    assert len(sent) == len(set(sent)), f"moment {moment}: sent twice"
    for table in (found, wanted):  # killed after sending: never again, so it stays unanswered
        table["request"] = [row for row in table["request"] if row[0] != BUY.key]
    for name, rows in wanted.items():
        assert found[name] == rows, f"moment {moment}: {name}: {found[name]} != {rows}"


BUY = request("buy", method="POST")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_at_any_moment_and_resumed_gives_the_same() -> None:
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # many thousand syncs
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        rig_ = subprocess.run(
            [sys.executable, "-m", "tests.faults.test_store_killed", folder, str(STEP)],
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[2],
        )
    assert rig_.returncode == 0, rig_.stderr
    assert int(rig_.stdout) > 80


if __name__ == "__main__":
    rig(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
