"""The store as a whole: a real file, a real writer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from scraper.core.errors import StoreError
from scraper.core.model import Hop, Item, Page, PageResult, Reason, Rejected, Request, State
from scraper.core.request import make_request
from scraper.core.url import parse
from scraper.store import RunInfo, RunStart, Store, open_reader, open_store

DAY_S = 86_400.0


@dataclass
class Clock:
    """A clock that is told the time."""

    epoch: float = 1_800_000_000.0

    def now(self) -> float:
        return self.epoch

    def monotonic(self) -> float:
        return self.epoch


def request(path: str, *, host: str = "shop.example", **more: object) -> Request:
    return make_request(parse(f"https://{host}/{path}"), **more)  # type: ignore[arg-type]


def item(key: str, data: str = "{}", *, position: int = 0) -> Item:
    return Item("book", key, data, position)


@dataclass
class Crawl:
    """A store with a run under way."""

    store: Store
    info: RunInfo
    clock: Clock
    settled: list[int] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)

    def committed(
        self, settled: Sequence[int], hosts: Sequence[str], visited: Sequence[int]
    ) -> None:
        self.settled += [*settled, *visited]
        self.hosts += hosts

    async def waiting(self, host: str = "shop.example:443") -> list[Request]:
        return await self.store.queue.of_hosts({host: 1000}, ())

    async def get(self, path: str) -> Request:
        return next(r for r in await self.waiting() if r.url == f"https://shop.example/{path}")

    async def put(self, *results: PageResult) -> None:
        for result in results:
            await self.store.writer.put(result)
        await self.store.writer.flush()

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with open_reader(self.store.path) as reader:
            return reader.connection.execute(sql).fetchall()

    async def end(self, *, state: str = "done") -> None:
        """End the run, and the cycle with it when done."""
        if state == "done":
            await self.store.runs.end_cycle()
        await self.store.runs.finish(state=state, exit_status=0 if state == "done" else 4)


@asynccontextmanager
async def crawl(
    path: Path, clock: Clock | None = None, *, start: RunStart | None = None
) -> AsyncIterator[Crawl]:
    clock = clock or Clock()
    async with await open_store(path, clock=clock) as store:
        info = await store.runs.begin(start or RunStart("books"))
        under_way = Crawl(store, info, clock)
        store.writer.committed = under_way.committed
        async with asyncio.TaskGroup() as group:
            group.create_task(store.writer.run())
            try:
                yield under_way
            finally:
                await store.writer.close()
        assert (await store.runs.balance()).balanced


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "data" / "books.db"


async def test_seeds_are_known_once(db: Path) -> None:
    async with crawl(db) as c:
        assert (
            await c.store.writer.add_seeds([request("a", seed=True), request("b", seed=True)]) == 2
        )
        assert (
            await c.store.writer.add_seeds([request("a", seed=True), request("c", seed=True)]) == 1
        )
        assert [r.url for r in await c.waiting()] == [
            f"https://shop.example/{path}" for path in "abc"
        ]
        assert c.hosts == ["shop.example:443"] * 2
        assert c.store.queue.counts() == {
            "waiting": 3,
            "done": 0,
            "failed": 0,
            "skipped": 0,
            "known": 3,
        }


async def test_a_request_comes_back_as_it_was_stored(db: Path) -> None:
    wanted = make_request(
        parse("https://shop.example/api?q=tea"),
        method="POST",
        headers=(("Accept", "text/html"), ("X-A", "ü")),
        body=b"\x00\xff",
        page="api",
        depth=3,
        seed=True,
        carry={"name": "ü", "n": [1, None]},
    )
    async with crawl(db) as c:
        await c.store.writer.add_seeds([wanted])
        (found,) = await c.waiting()
        assert found == replace(wanted, id=found.id)


async def test_one_visit_is_one_transaction_and_twice_changes_nothing(db: Path) -> None:
    async with crawl(db) as c:
        await c.store.writer.add_seeds([request("a", seed=True)])
        (page,) = await c.waiting()
        result = PageResult(
            page,
            status=200,
            final_url=page.url,
            rule="book",
            page=Page(
                items=(item("1", '{"t": 1}'),),
                rejected=(Rejected("book", "price", "missing", 1, "{}"),),
                invalid={"book": {"price": 2}},
            ),
            links=(request("b", depth=1), request("a", depth=1)),
            links_found=5,
            links_out_of_scope=3,
            finished_at=c.clock.now() - 0.5,
        )
        await c.put(result)
        tables = ("request", "visit", "item", "item_history", "rejected")
        once = [c.rows(f"SELECT * FROM {table}") for table in tables]
        await c.put(result)
        again = [c.rows(f"SELECT * FROM {table}") for table in tables]
        assert once == again
        assert c.settled == [page.id, page.id]
        assert c.rows("SELECT state, links_new, invalid, writer_s FROM visit") == [
            ("done", 1, '{"book": {"price": 2}}', 0.5)
        ]
        assert c.rows("SELECT type, key, data FROM item") == [("book", "1", '{"t": 1}')]
        assert [r.url for r in await c.waiting()] == ["https://shop.example/b"]


async def test_a_retry_waits_in_the_table_and_has_no_visit(db: Path) -> None:
    async with crawl(db) as c:
        await c.store.writer.add_seeds([request("a", seed=True)])
        (page,) = await c.waiting()
        due = c.clock.now() + 60
        await c.put(PageResult(page, State.WAITING, "timeout", retry_at=due, pause_until=due + 1))
        queue = c.store.queue
        assert await c.waiting() == []
        assert await queue.due(due - 1, 10, ()) == []
        (again,) = await queue.due(due, 10, ())
        assert again == replace(page, attempt=2)
        assert await queue.due(due, 10, {page.id}) == []
        assert await queue.next_due() == due
        assert await queue.next_due(due) is None
        assert await queue.paused() == {"shop.example:443": due + 1}
        assert c.rows("SELECT * FROM visit") == []
        assert await queue.waiting() == 1


async def test_a_killed_run_is_continued_and_a_finished_one_refreshed(db: Path) -> None:
    clock = Clock()
    async with crawl(db, clock) as c:
        assert (c.info.id, c.info.cycle, c.info.new_cycle, c.info.resumed) == (1, 1, True, False)
        assert c.info.asked_until is None
        await c.store.writer.add_seeds([request("a", seed=True), request("b", seed=True)])
        await c.store.writer.seeded()
        await c.put(PageResult(await c.get("a")))
    clock.epoch += 60
    async with crawl(db, clock) as c:
        assert (c.info.cycle, c.info.new_cycle, c.info.resumed) == (1, False, True)
        assert c.info.seeded
        assert c.info.asked_until == clock.epoch  # nobody knows when it died
        assert c.rows("SELECT state, ended_at FROM run WHERE id = 1") == [
            ("dead", clock.epoch - 60)
        ]
        await c.put(PageResult(await c.get("b"), State.FAILED, "http_404"))
        await c.end()
    clock.epoch += 3600
    async with crawl(db, clock) as c:
        assert (c.info.cycle, c.info.new_cycle, c.info.resumed) == (1, False, False)
        assert c.info.asked_until == clock.epoch - 3600
        assert c.info.nothing_due_before == pytest.approx(1_800_000_000.0 + 0.9 * DAY_S)
        assert not await c.store.writer.make_due()
        await c.end()
    clock.epoch = 1_800_000_000.0 + 0.9 * DAY_S + 1
    async with crawl(db, clock) as c:
        assert (c.info.cycle, c.info.new_cycle, c.info.nothing_due_before) == (2, True, None)
        assert await c.store.writer.make_due(limit=1)
        assert not await c.store.writer.make_due(limit=1)
        assert len(await c.waiting()) == 2


async def test_a_lost_token_commits_nothing(db: Path) -> None:
    async with crawl(db) as c, await open_store(db, clock=c.clock) as other:
        await other.runs.begin(RunStart("books"))
        with pytest.raises(StoreError, match="another run has taken over"):
            await c.store.writer.add_seeds([request("a", seed=True)])
        assert c.rows("SELECT * FROM request") == []


async def test_a_post_that_was_sent_is_never_sent_again(db: Path) -> None:
    async with crawl(db) as c:
        await c.store.writer.add_seeds([request("a", method="POST", seed=True)])
        (page,) = await c.waiting()
        await c.store.writer.mark_sent(page.id)
        assert c.rows("SELECT sent_at FROM request") == [(c.clock.now(),)]
    async with crawl(db) as c:
        assert await c.waiting() == []
        balance = await c.store.runs.balance()
        assert balance.by_reason["failed"] == {Reason.UNANSWERED: 1}


LED = Hop("https://away.example/thanks", "GET", ("https://shop.example/a",))


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("cookies", [False, True])
async def test_where_redirects_have_led_is_gone_on_from_unless_cookies_are_gone(
    db: Path, method: str, cookies: bool
) -> None:
    async with crawl(db) as c:
        await c.store.writer.add_seeds([request("a", method=method, seed=True)])
        (page,) = await c.waiting()
        await c.store.writer.mark_sent(page.id)
        again = replace(page, hop=LED, host="away.example:443")
        await c.put(PageResult(page, again=again))
        assert c.settled == []
        assert await c.waiting() == [again], "among the rows of its home"
    async with crawl(db, start=RunStart("books", cookies=cookies)) as c:
        if not cookies:
            assert await c.waiting() == [again]
            await c.put(PageResult(again))
        elif method == "GET":
            assert await c.waiting() == [page]
        else:
            assert c.rows("SELECT state, reason FROM request") == [("failed", "unanswered")]
        assert cookies or c.rows("SELECT state, hop FROM request") == [("done", None)]


@pytest.mark.parametrize(("first", "state"), [("redirect", "done"), ("mark", "waiting")])
async def test_marks_and_results_of_one_commit_are_written_in_their_order(
    db: Path, first: str, state: str
) -> None:
    async with crawl(db) as c:
        await c.store.writer.add_seeds([request("a", seed=True), request("b", seed=True)])
        commits: list[int] = []
        c.store.writer.committed = lambda rows, _hosts, _visited: commits.append(len(rows))
        page, target = await c.get("a"), await c.get("b")
        redirect = PageResult(page, final_url=target.url)
        if first == "redirect":
            await c.store.writer.put(redirect)
        marked = asyncio.create_task(c.store.writer.mark_sent(target.id))
        await asyncio.sleep(0)  # it is queued then, and not committed
        if first == "mark":
            await c.store.writer.put(redirect)
        await marked
        await c.store.writer.flush()
        assert len(commits) == 1
        assert c.rows("SELECT state, sent_at FROM request WHERE id = 2") == [(state, c.clock.now())]


async def test_max_pages_counts_seeds_too(db: Path) -> None:
    async with crawl(db) as c:
        c.store.writer.max_pages = 2
        await c.store.writer.add_seeds([request("a", seed=True)])
        (page,) = await c.waiting()
        await c.put(PageResult(page, links=(request("b"), request("c"), request("d"))))
        balance = await c.store.runs.balance()
        assert balance.by_state == {"waiting": 1, "done": 1, "failed": 0, "skipped": 2}
        assert balance.by_reason["skipped"] == {"max_pages": 2}
    async with crawl(db) as c:
        c.store.writer.max_pages = 2
        await c.store.writer.add_seeds([request("e", seed=True)])
        assert (await c.store.runs.balance()).by_state["skipped"] == 3


async def test_a_host_that_joined_the_scope_stays_in_it(db: Path) -> None:
    async with crawl(db) as c:
        await c.store.writer.join_scope("other.example")
        await c.store.writer.join_scope("other.example")
        await c.store.writer.flush()
        await c.store.writer.put(
            PageResult(request("x"), State.WAITING, pause_until=c.clock.now() + 5)
        )
    async with crawl(db) as c:
        assert await c.store.queue.scope_hosts("", 9) == ["other.example"]
        assert await c.store.queue.paused() == {"shop.example:443": c.clock.now() + 5}
        await c.store.writer.leave_scope("other.example")
        await c.store.writer.flush()
        assert await c.store.queue.scope_hosts("", 9) == []
        c.clock.epoch += 6
        assert await c.store.queue.paused() == {}


async def test_hosts_are_walked_in_order_whatever_waits_on_them(db: Path) -> None:
    async with crawl(db) as c:
        hosts = ["b.example", "a.example", "c.example"]
        seeds = [request(str(n), host=host) for host in hosts for n in range(5)]
        await c.store.writer.add_seeds(seeds)
        queue = c.store.queue
        assert await queue.next_hosts("", 2) == ["a.example:443", "b.example:443"]
        assert await queue.next_hosts("b.example:443", 2) == ["c.example:443"]
        assert await queue.next_hosts("c.example:443", 2) == []
        rows = await c.waiting("a.example:443")
        held = {row.id for row in rows[1:3]}
        assert await queue.of_hosts({"a.example:443": 2}, held) == [rows[0], rows[3]]
        assert await queue.of_hosts({"a.example:443": 0}, ()) == []


async def test_the_smaller_depth_is_handed_out_first(db: Path) -> None:
    async with crawl(db) as c:
        await c.store.writer.add_seeds([request("a", seed=True)])
        links = tuple(request(f"d{depth}", depth=depth) for depth in (3, 1, 2))
        await c.put(PageResult(await c.get("a"), links=links))
        assert [row.depth for row in await c.waiting()] == [1, 2, 3]


async def test_fresh_begins_a_new_cycle_now_and_keeps_history(db: Path) -> None:
    clock = Clock()
    async with crawl(db, clock) as c:
        await c.store.writer.add_seeds([request("a", seed=True)])
        page = await c.get("a")
        await c.put(PageResult(page, page=Page((item("K", "1"),))))
        await c.end()
    for _ in range(2):  # the second continues the first
        async with crawl(db, clock, start=RunStart("books", fresh=True)) as c:
            assert c.info.cycle == 2
            assert not await c.store.writer.make_due()
    async with crawl(db, clock, start=RunStart("books", fresh=True)) as c:
        await c.put(PageResult(await c.get("a"), page=Page((item("K", "2"),))))
        assert c.rows("SELECT data FROM item_history") == [("1",)]


async def test_a_transient_failure_is_due_at_once_and_alone(db: Path) -> None:
    async with crawl(db) as c:
        await c.store.writer.add_seeds([request("a", seed=True), request("b", seed=True)])
        await c.put(PageResult(await c.get("a"), State.FAILED, Reason.TIMEOUT))
        await c.put(PageResult(await c.get("b")))
        await c.end()
    async with crawl(db) as c:
        assert (c.info.cycle, c.info.new_cycle) == (2, True)
        await c.store.writer.make_due()
        assert [row.url for row in await c.waiting()] == ["https://shop.example/a"]


async def test_a_run_ends_with_what_it_says(db: Path) -> None:
    async with crawl(db) as c:
        await c.store.runs.save_stats({"a": 1})
        assert c.rows("SELECT state, stats FROM run") == [("running", '{"a": 1}')]
        await c.store.runs.finish(state="stopped", exit_status=4, stopped_by="SIGTERM")
        assert c.rows("SELECT state, exit_status, stopped_by, stats, cycle_ended FROM run") == [
            ("stopped", 4, "SIGTERM", '{"a": 1}', 0)
        ]
        with pytest.raises(StoreError, match="no end of a run"):
            await c.store.runs.finish(state="running", exit_status=0)


async def test_what_was_found_of_the_concurrency_is_remembered(db: Path) -> None:
    """By the last run that looked for it, also where it died."""
    for found, remembered in (
        (None, None),
        ({"auto": True, "reached": 64}, 64),
        ({"auto": False, "reached": 100}, 64),
        (None, 64),
        ({"auto": True, "reached": 256}, 256),
        ({"auto": True, "reached": 32, "next_start": 256}, 256),
    ):
        async with crawl(db) as c:
            await c.store.runs.save_stats({} if found is None else {"concurrency": found})
            assert await c.store.runs.concurrency() == remembered


async def test_what_was_counted_of_traps_is_known_to_later_runs_of_the_cycle(db: Path) -> None:
    """By the same config: another one may find items there."""
    for config, fresh, kept, known in (
        ("one", False, 1, None),
        ("one", False, None, 1),
        ("other", False, 2, None),
        ("one", False, None, 1),
        ("one", True, 3, None),
    ):
        start = RunStart("books", config_hash=config, fresh=fresh)
        async with crawl(db, start=start) as c:
            assert await c.store.runs.traps() == (known and {"n": known})
            await c.store.runs.save_stats({} if kept is None else {"traps": {"n": kept}})


async def test_visits_of_old_runs_are_dropped_and_idle_runs_take_no_place(db: Path) -> None:
    for cycle in range(1, 4):
        async with crawl(db, start=RunStart("books", fresh=True)) as c:
            await c.store.writer.add_seeds([request("a", seed=True)])
            await c.store.writer.make_due()
            rejected = (Rejected("book", "price", "missing", 0, "{}"),)
            await c.put(PageResult(await c.get("a"), page=Page(rejected=rejected)))
            await c.end()
        async with crawl(db) as c:
            assert c.info.nothing_due_before is not None
            assert await c.store.runs.prune(2) == (2 if cycle == 3 else 0)
            await c.end()
    assert c.info.id == 6


async def test_nothing_is_written_before_a_run_has_begun(db: Path) -> None:
    async with await open_store(db, clock=Clock()) as store:
        with pytest.raises(StoreError, match="no run has begun"):
            await store.writer.add_seeds([])


async def test_lone_results_are_committed_at_once_and_many_together(db: Path) -> None:
    async with crawl(db) as c:
        await c.store.writer.add_seeds([request(str(n), seed=True) for n in range(100)])
        pages = await c.waiting()
        commits: list[int] = []
        settled = asyncio.Event()

        def committed(rows: Sequence[int], _hosts: object, _visited: object) -> None:
            commits.append(len(rows))
            settled.set()

        c.store.writer.committed = committed
        await asyncio.sleep(0.06)
        await c.store.writer.put(PageResult(pages[0]))
        async with asyncio.timeout(5):
            await settled.wait()
        for page in pages[1:]:
            await c.store.writer.put(PageResult(page))
        await c.store.writer.flush()
        assert commits == [1, 99]
        assert c.store.writer.stats["done"] == 100
        assert not c.store.writer.full


async def test_a_reader_sees_whole_commits_while_the_crawl_writes(db: Path) -> None:
    async with crawl(db) as c:
        await c.store.writer.add_seeds([request("a", seed=True)])
        with open_reader(db) as reader:
            await c.put(PageResult(await c.get("a"), page=Page((item("K"),))))
            query = "SELECT (SELECT count(*) FROM visit), (SELECT count(*) FROM item)"
            assert reader.connection.execute(query).fetchall() == [(1, 1)]


async def test_max_pages_holds_while_seeds_and_results_come_together(db: Path) -> None:
    async with crawl(db) as c:
        c.store.writer.max_pages = 10
        await c.store.writer.add_seeds([request("a", seed=True)])
        page = await c.get("a")
        links = tuple(request(f"l{n}") for n in range(50))
        async with asyncio.TaskGroup() as group:
            group.create_task(c.put(PageResult(page, links=links)))
            for n in range(5):
                seeds = [request(f"s{n}-{m}", seed=True) for m in range(20)]
                group.create_task(c.store.writer.add_seeds(seeds))
        counts = c.store.queue.counts()
        assert (counts["waiting"], counts["done"], counts["skipped"]) == (9, 1, 141)


async def test_on_a_shared_mount_there_is_no_wal_and_a_warning(
    db: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("scraper.store.opening.shared", lambda _path: "9p")
    async with crawl(db) as c:
        assert c.rows("PRAGMA journal_mode") == [("delete",)]
        await c.store.writer.add_seeds([request("a", seed=True)])
        await c.put(PageResult(await c.get("a")))
    assert "lies on a shared mount (9p)" in caplog.text


async def test_the_file_is_opened_safely(db: Path) -> None:
    async with crawl(db) as c:
        assert c.rows("PRAGMA journal_mode") == [("wal",)]
        pragmas = ("synchronous", "foreign_keys", "journal_size_limit", "busy_timeout")
        found = await c.store._writing.call(
            lambda connection: [
                connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas
            ]
        )
        assert found == [2, 1, 64 * 1024 * 1024, 30_000]


async def test_what_was_learnt_about_hosts_is_kept_for_the_next_run(db: Path) -> None:
    clock = Clock()
    async with crawl(db, clock) as c:
        await c.store.hosts.keep_robots("http://a.example", b"")
        await c.store.hosts.keep_robots("http://b.example", b"x")
        await c.store.hosts.keep_robots("http://b.example", b"y")
        await c.store.writer.flush()
        await c.store.hosts.learn({"a.example:80": 2.0, "b.example:80": 1.0})
        await c.store.hosts.learn({"a.example:80": 3.0, "b.example:80": 0.0})
        await c.end()
    async with crawl(db, clock) as c:
        assert await c.store.hosts.slow() == {"a.example:80": 3.0}
        kept = await c.store.hosts.robots(10, most_bytes=1)
        assert {origin: text for origin, (_, text) in kept.items()} == {
            "http://a.example": b"",
            "http://b.example": b"y",
        }
        assert await c.store.hosts.robots_of("http://b.example") == kept["http://b.example"]
        assert await c.store.hosts.robots_of("http://c.example") is None
        assert len(await c.store.hosts.robots(1, most_bytes=1)) == 1
        assert "http://b.example" not in await c.store.hosts.robots(10, most_bytes=0)
        await c.end()
