"""Laws of the frontier, in virtual time, over a table that is a dict."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.model import Hop, Request
from scraper.core.plan import HostRule, PolitenessPlan
from scraper.frontier.frontier import Frontier
from tests.virtual import VirtualClock, run_virtual


@dataclass
class Row:
    request: Request
    state: str = "waiting"
    due_at: float | None = None


@dataclass
class FakeTable:
    """The waiting rows; reads and commits take a while, as the real ones do."""

    clock: VirtualClock
    rows: dict[int, Row] = field(default_factory=dict)
    pause: dict[str, float] = field(default_factory=dict)
    read_s: float = 0.001
    reads: int = 0

    def add(self, host: str) -> None:
        id_ = len(self.rows) + 1
        self.rows[id_] = Row(Request(url=f"http://{host}/{id_}", key=b"", host=host, id=id_))

    def waiting(self):
        return [row for row in self.rows.values() if row.state == "waiting"]

    async def _answer(self, found):
        self.reads += 1
        await asyncio.sleep(self.read_s)
        return found

    async def of_hosts(self, shares, exclude):
        rows = [r.request for r in self.waiting() if r.due_at is None]
        left = [row for row in rows if row.id not in exclude]
        on = {host: [row for row in left if row.host == host] for host in shares}
        return await self._answer([r for host, most in shares.items() for r in on[host][:most]])

    async def next_hosts(self, after, limit):
        hosts = {r.request.host for r in self.waiting() if r.due_at is None}
        return await self._answer(sorted(h for h in hosts if h > after)[:limit])

    async def fullest(self, limit):
        hosts = Counter(r.request.host for r in self.waiting() if r.due_at is None)
        return await self._answer(dict(hosts.most_common(limit)))

    async def due(self, now, limit, exclude):
        rows = [r for r in self.waiting() if r.due_at is not None and r.due_at <= now]
        found = [r.request for r in rows if r.request.id not in exclude]
        return await self._answer(found[:limit])

    async def next_due(self, after):
        times = [r.due_at for r in self.waiting() if r.due_at is not None and r.due_at > after]
        return await self._answer(min(times, default=None))

    async def paused(self):
        return await self._answer(self.pause)


@dataclass
class Crawl:
    """Workers that take from a frontier, and a writer that settles in batches."""

    table: FakeTable
    frontier: Frontier
    visit_s: float = 0.05
    fail: float = 0.0  # share of visits that must be tried again
    hop: float = 0.0  # share of visits that go on to another URL
    seed: int = 0
    workers: int = 8
    handed: list[tuple[float, Request]] = field(default_factory=list)
    open: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    pending: list[tuple[int, float | None]] = field(default_factory=list)

    async def run(self):
        self.random = random.Random(self.seed)
        async with asyncio.TaskGroup() as group:
            feeder = group.create_task(self.frontier.run())
            writer = group.create_task(self._write())
            async with asyncio.TaskGroup() as pipeline:
                for _ in range(self.workers):
                    pipeline.create_task(self._work())
            await feeder
            writer.cancel()
        self._commit()

    async def _work(self):
        clock = self.table.clock
        while lease := await self.frontier.next():
            request = lease.request
            self.handed.append((clock.monotonic(), request))
            self.open[request.host] = self.open.get(request.host, 0) + 1
            self.most[request.host] = max(self.most.get(request.host, 0), self.open[request.host])
            await asyncio.sleep(self.visit_s * self.random.random())
            self.open[request.host] -= 1
            self.frontier.leave(lease)
            if request.hop is None and self.random.random() < self.hop:
                self.frontier.again(replace(request, hop=Hop(request.url, "GET", ())))
                continue
            again = self.random.random() < self.fail and request.attempt < 4
            due = clock.now() + 2 * self.random.random() if again else None
            self.pending.append((request.id, due))

    async def _write(self):
        while True:
            await asyncio.sleep(0.1)
            self._commit()

    def _commit(self):
        settled, self.pending = self.pending, []
        for id_, due in settled:
            row = self.table.rows[id_]
            row.due_at = due
            if due is None:
                row.state = "done"
            else:
                row.request = replace(row.request, attempt=row.request.attempt + 1)
        self.frontier.committed([id_ for id_, _ in settled], [])


RULE = HostRule(2, 0.0)


def build(clock, *, rows, slots=4, rule=RULE, limit=None, window=50, **options):
    table = FakeTable(clock)
    for host in rows:
        table.add(host)
    frontier = Frontier(
        queue=table,
        politeness=PolitenessPlan(robots=False, default=rule),
        slots=slots,
        clock=clock,
        limit=limit,
        window=window,
    )
    return Crawl(table, frontier, **options)


hosts = st.lists(st.sampled_from(["a:1", "b:1", "c:1", "d:1"]), max_size=80)


@given(
    rows=hosts,
    slots=st.integers(1, 6),
    per_host=st.integers(1, 3),
    delay=st.sampled_from([0.0, 0.2]),
    fail=st.sampled_from([0.0, 0.4]),
    hop=st.sampled_from([0.0, 0.4]),
    window=st.sampled_from([2, 10, 1000]),
    seed=st.integers(0, 99),
)
def test_every_row_is_settled_once_and_hosts_are_not_hurt(
    rows, slots, per_host, delay, fail, hop, window, seed
):
    async def main():
        crawl = build(
            VirtualClock(),
            rows=rows,
            slots=slots,
            rule=HostRule(per_host, delay),
            window=window,
            fail=fail,
            hop=hop,
            seed=seed,
        )
        crawl.frontier.seeded()
        async with asyncio.timeout(10_000):
            await crawl.run()
        return crawl

    crawl = run_virtual(main())
    assert not crawl.table.waiting()
    assert crawl.frontier.held == 0
    visits = [(r.id, r.attempt, r.hop) for _, r in crawl.handed]
    assert len(visits) == len(set(visits))  # nothing is handed out twice
    assert {id_ for id_, _, _ in visits} == set(crawl.table.rows)
    assert all(most <= per_host for most in crawl.most.values())
    for host in set(rows):
        starts = [at for at, request in crawl.handed if request.host == host]
        gaps = [b - a for a, b in pairwise(starts)]
        assert all(gap >= delay - 1e-9 for gap in gaps)


@given(rows=hosts, limit=st.integers(1, 90), fail=st.sampled_from([0.0, 0.4]))
def test_a_limit_counts_pages_not_retries_or_hops(rows, limit, fail):
    async def main():
        crawl = build(VirtualClock(), rows=rows, limit=limit, fail=fail, hop=0.3)
        crawl.frontier.seeded()
        await crawl.run()
        return crawl

    crawl = run_virtual(main())
    pages = {r.id for _, r in crawl.handed}
    assert len(pages) == min(limit, len(rows))
    if crawl.table.waiting():
        assert crawl.frontier.stopped_by == "limit"


def test_a_page_given_back_does_not_count_against_the_limit():
    async def main():
        crawl = build(VirtualClock(), rows=["a:1"] * 10, limit=3)
        given = []
        work = crawl.frontier.leave

        def leave(lease):
            work(lease)
            if len(given) < 2:
                given.append(lease)
                crawl.frontier.give_back(lease.request)

        crawl.frontier.leave = leave
        crawl.frontier.seeded()
        await crawl.run()
        return crawl

    assert len(run_virtual(main()).handed) == 5


@given(rows=hosts, after=st.floats(0, 1))
def test_stopping_hands_out_nothing_more_and_loses_nothing(rows, after):
    async def main():
        crawl = build(VirtualClock(), rows=rows, fail=0.3, hop=0.3)
        crawl.frontier.seeded()
        stopped = []

        def stop():
            crawl.frontier.stop("SIGTERM")
            stopped.append(crawl.table.clock.monotonic())

        asyncio.get_running_loop().call_later(after, stop)
        await crawl.run()
        return crawl, stopped

    crawl, stopped = run_virtual(main())
    if stopped:
        assert all(at <= stopped[0] for at, _ in crawl.handed)
    done = {r.request.id for r in crawl.table.rows.values() if r.state == "done"}
    assert done <= {r.id for _, r in crawl.handed}
    assert len(done) + len(crawl.table.waiting()) == len(rows)


def test_rows_that_come_while_it_waits_are_visited():
    async def main():
        crawl = build(VirtualClock(), rows=[])

        async def seeding():
            for number in range(5):
                await asyncio.sleep(1.0)
                crawl.table.add(f"{number}:1")
                crawl.frontier.committed([], [f"{number}:1"])
            crawl.frontier.seeded()

        async with asyncio.TaskGroup() as group:
            group.create_task(seeding())
            group.create_task(crawl.run())
        return crawl

    crawl = run_virtual(main())
    assert not crawl.table.waiting()
    assert [round(at) for at, _ in crawl.handed] == [1, 2, 3, 4, 5]


def test_a_large_host_ends_with_the_small_ones():
    """Though no more than a part of its rows is in memory, and it is the last by name.

    Of the window the hosts themselves take two thirds.
    """

    async def main():
        rows = [f"{n:03}:1" for n in range(100) for _ in range(8)] + ["large:1"] * 400
        crawl = build(VirtualClock(), rows=rows, slots=8, window=320, visit_s=0.2, workers=8)
        crawl.frontier.seeded()
        await crawl.run()
        return crawl

    crawl = run_virtual(main())
    (last, _) = crawl.handed[-1]
    assert last <= 1.1 * 400 * 0.1 / 2  # a visit takes 0.1 s, and two may be open


def test_a_slow_host_starves_nobody():
    async def main():
        crawl = build(VirtualClock(), rows=["slow:1"] * 40 + ["quick:1"] * 40, slots=4, visit_s=0.0)
        sleep = asyncio.sleep

        async def work():
            while lease := await crawl.frontier.next():
                crawl.handed.append((crawl.table.clock.monotonic(), lease.request))
                await sleep(10.0 if lease.request.host == "slow:1" else 0.01)
                crawl.frontier.leave(lease)
                crawl.pending.append((lease.request.id, None))

        crawl._work = work
        crawl.frontier.seeded()
        await crawl.run()
        return crawl

    crawl = run_virtual(main())
    quick = [at for at, request in crawl.handed if request.host == "quick:1"]
    assert max(quick) < 1.0


def test_a_host_that_rests_is_left_alone_also_across_a_restart():
    async def main():
        clock = VirtualClock()
        crawl = build(clock, rows=["a:1", "b:1"])
        crawl.table.pause = {"a:1": clock.now() + 30.0}
        crawl.frontier.seeded()
        await crawl.run()
        return crawl

    crawl = run_virtual(main())
    started = {request.host: at for at, request in crawl.handed}
    assert started["a:1"] >= 30.0
    assert started["b:1"] < 1.0


def test_the_window_is_bounded():
    async def main():
        crawl = build(VirtualClock(), rows=["a:1"] * 3_000, window=100, slots=2)
        most = []
        take = crawl.frontier.schedule.take

        def watched(now):
            most.append(crawl.frontier.schedule.waiting)
            return take(now)

        crawl.frontier.schedule.take = watched
        crawl.frontier.seeded()
        await crawl.run()
        return max(most)

    assert run_virtual(main()) <= 100


def test_more_hosts_than_are_noted_are_all_visited(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("scraper.frontier.window.HUNGRY", 3)

    async def main():
        crawl = build(VirtualClock(), rows=[f"{n}:1" for n in range(300)], window=20)
        crawl.frontier.seeded()
        await crawl.run()
        return crawl

    assert not run_virtual(main()).table.waiting()


def test_a_host_that_made_room_for_others_keeps_its_delay_when_it_returns():
    """Memory holds as many hosts as the window, and no law is broken by that."""
    names, most = [f"{n}:1" for n in range(100)], []

    async def main():
        crawl = build(VirtualClock(), rows=names, rule=HostRule(1, 60.0), window=20)
        asyncio.get_running_loop().call_later(30.0, come_again, crawl)
        count = crawl.frontier._hand_out

        def watched():
            most.append(len(crawl.frontier.schedule.hosts))
            count()

        crawl.frontier._window._filled = watched
        await crawl.run()
        return crawl

    def come_again(crawl):
        for name in names:
            crawl.table.add(name)
        crawl.frontier.committed([], names)
        crawl.frontier.seeded()

    crawl = run_virtual(main())
    for name in names:
        first, second = (at for at, request in crawl.handed if request.host == name)
        assert first < 30.0
        assert second >= first + 60.0
    assert max(most) <= 20 + crawl.workers


@pytest.mark.parametrize("turns", [0, 1])
def test_the_delay_counts_from_when_it_is_written(turns):
    """The loop writes at the end of its turn, a body with the next one: either may be long."""
    written = []

    async def main():
        loop = asyncio.get_running_loop()
        crawl = build(VirtualClock(), rows=["a:1", "a:1"], rule=HostRule(4, 1.0))
        crawl.frontier.seeding = False
        feeding = asyncio.create_task(crawl.frontier.run())
        while (lease := await crawl.frontier.next()) is not None:
            await crawl.frontier.sending(lease)()
            for _ in range(turns):
                await asyncio.sleep(0)
            if not written:
                loop.jump(0.3)  # others have their turn before it is written
            written.append(loop.time())
            await asyncio.sleep(0)
            crawl.frontier.leave(lease)
            crawl.pending.append((lease.request.id, None))
            crawl._commit()
        await feeding

    run_virtual(main())
    assert written[1] - written[0] >= 1.0


def test_hosts_that_rest_do_not_fill_the_window():
    """A window full of requests that may not start gives way to hosts that may."""

    async def main():
        clock = VirtualClock()
        crawl = build(clock, rows=["a:1"] * 500 + ["z:1"] * 5, window=100)
        crawl.table.pause = {"a:1": clock.now() + 500.0}
        crawl.frontier.seeded()
        await crawl.run()
        return crawl

    crawl = run_virtual(main())
    assert all(at < 10 for at, request in crawl.handed if request.host == "z:1")
    assert not crawl.table.waiting()


def test_a_retry_that_is_due_waits_for_no_window_full_of_others():
    async def main():
        clock = VirtualClock()
        slow = [f"slow{number % 4}:1" for number in range(400)]
        crawl = build(clock, rows=[*slow, "quick:1"], rule=HostRule(1, 9.0), window=50)
        crawl.table.rows[401].due_at = clock.now() + 20.0
        crawl.frontier.seeded()
        await crawl.run()
        return crawl

    crawl = run_virtual(main())
    (retried,) = [at for at, request in crawl.handed if request.host == "quick:1"]
    assert 20.0 <= retried < 21.0
    assert not crawl.table.waiting()


def test_a_host_that_fills_the_window_again_keeps_nobody_out():
    """Of two hungry hosts the first has more rows than the window, and all must wait."""

    async def main():
        crawl = build(VirtualClock(), rows=["a:1"] * 200, rule=HostRule(1, 60.0), window=20)
        frontier = crawl.frontier
        feeding = asyncio.create_task(frontier.run())
        assert (await frontier.next()).request.host == "a:1"
        crawl.table.add("b:1")
        frontier.committed([], ["a:1", "b:1"])
        async with asyncio.timeout(1.0):
            assert (await frontier.next()).request.host == "b:1"
        frontier.stop("test")
        await feeding

    run_virtual(main())


def test_a_host_with_enough_in_the_window_is_not_read_at_each_commit():
    """New rows of a crawl by links are read together, and each is visited once."""

    async def main():
        crawl = build(
            VirtualClock(),
            rows=["a:1"] * 1000,
            slots=50,
            rule=HostRule(50, 0.0),
            window=5000,
            workers=50,
        )
        crawl.frontier.seeded()
        commit, read = crawl._commit, crawl.table.of_hosts

        def found():
            if len(crawl.table.rows) < 3000:
                for _ in range(100):
                    crawl.table.add("a:1")
                crawl.frontier.committed([], ["a:1"])
            commit()

        async def counted(shares, exclude):
            reads.append(shares)
            return await read(shares, exclude)

        crawl._commit, crawl.table.of_hosts = found, counted
        await crawl.run()
        return crawl

    reads = []
    crawl = run_virtual(main())
    assert sorted(request.id for _, request in crawl.handed) == sorted(crawl.table.rows)
    assert len(crawl.table.rows) == 3000
    assert len(reads) <= 8  # of 20 commits with new rows


def test_hosts_are_found_while_retries_fill_the_window():
    async def main():
        clock = VirtualClock()
        crawl = build(clock, rows=["a:1"] * 100 + ["b:1"], rule=HostRule(1, 60.0), window=20)
        for id_ in range(1, 101):
            crawl.table.rows[id_].due_at = clock.now() - 1.0
        crawl.frontier.seeded()
        asyncio.get_running_loop().call_later(30.0, crawl.frontier.stop, "test")
        await crawl.run()
        return crawl

    assert [r.host for _, r in run_virtual(main()).handed] == ["a:1", "b:1"]


def test_the_table_is_not_read_for_nothing(monkeypatch: pytest.MonkeyPatch):
    """All that waits is in memory, on more hosts than are noted: the scan comes to its end."""
    monkeypatch.setattr("scraper.frontier.window.HUNGRY", 3)

    async def main():
        rows = [f"{n}:1" for n in range(20)] * 2
        crawl = build(VirtualClock(), rows=rows, rule=HostRule(1, 9.0), window=100)
        crawl.frontier.seeded()
        await crawl.run()
        return crawl.table.reads

    assert run_virtual(main()) < 300


def test_what_is_settled_while_it_waits_is_not_handed_out():
    """Another page was redirected to it; it takes neither a turn's time nor a part of the limit."""

    async def main():
        clock = VirtualClock()
        crawl = build(clock, rows=["a:1"] * 4, rule=HostRule(1, 2.0), limit=2)
        crawl.frontier.seeded()
        feeder = asyncio.create_task(crawl.frontier.run())
        first = await crawl.frontier.next()
        gone = next(id_ for id_ in crawl.table.rows if id_ != first.request.id)
        crawl.table.rows[gone].state = "done"
        crawl.frontier.committed([gone], [])
        crawl.frontier.leave(first)
        second = await crawl.frontier.next()
        assert second.request.id not in (gone, first.request.id)
        assert clock.monotonic() - first.started_at == pytest.approx(2.0, abs=0.1)
        crawl.frontier.leave(second)
        crawl.frontier.committed([first.request.id, second.request.id], [])
        assert await crawl.frontier.next() is None
        await feeder

    run_virtual(main())


def test_what_is_settled_while_it_is_open_and_waits_again_is_not_open_twice():
    """Another page was redirected to it, then a link from nearer wants another visit."""

    async def main():
        crawl = build(VirtualClock(), rows=["a:1"], rule=HostRule(4, 0.0))
        frontier, row = crawl.frontier, crawl.table.rows[1]
        frontier.seeded()
        feeding = asyncio.create_task(frontier.run())
        first = await frontier.next()
        frontier.committed([], [], [1])
        frontier.committed([], ["a:1"])  # made due
        second = asyncio.create_task(frontier.next())
        await asyncio.sleep(1.0)
        assert not second.done()
        frontier.leave(first)
        frontier.committed([1], ["a:1"])  # its own outcome was outdated
        frontier.leave(await second)
        row.state = "done"
        frontier.committed([1], [])
        assert await frontier.next() is None
        await feeding

    run_virtual(main())


def test_the_end_waits_for_rows_behind_one_that_is_settled_while_it_waits():
    """What is left in the window is void, and its host has more rows in the table."""

    async def main():
        crawl = build(VirtualClock(), rows=["a:1"] * 40, rule=HostRule(1, 2.0), window=20)
        frontier, rows = crawl.frontier, crawl.table.rows
        frontier.seeded()
        feeding = asyncio.create_task(frontier.run())
        first = await frontier.next()
        window = [id_ for id_ in frontier._window.held if id_ != first.request.id]
        frontier.leave(first)
        for id_ in (first.request.id, *window):
            rows[id_].state = "done"
        frontier.committed([first.request.id, *window], [])
        left = set()
        while crawl.table.waiting():
            lease = await frontier.next()
            assert lease is not None
            left.add(lease.request.id)
            frontier.leave(lease)
            rows[lease.request.id].state = "done"
            frontier.committed([lease.request.id], [])
        assert left == rows.keys() - {first.request.id, *window}
        assert await frontier.next() is None
        await feeding

    run_virtual(main())


def test_what_was_settled_and_waits_again_is_handed_out_once():
    async def main():
        crawl = build(VirtualClock(), rows=["a:1"] * 3, rule=HostRule(1, 2.0))
        crawl.frontier.seeded()
        feeder = asyncio.create_task(crawl.frontier.run())
        first = await crawl.frontier.next()
        again = next(id_ for id_ in crawl.table.rows if id_ != first.request.id)
        crawl.frontier.committed([again], ["a:1"])  # and made due: it is waiting
        await asyncio.sleep(0.1)
        crawl.frontier.leave(first)
        handed = [first]
        crawl.frontier.committed([first.request.id], [])
        crawl.table.rows[first.request.id].state = "done"
        for _ in range(2):
            handed.append(await crawl.frontier.next())
            crawl.frontier.leave(handed[-1])
            crawl.table.rows[handed[-1].request.id].state = "done"
            crawl.frontier.committed([handed[-1].request.id], [])
        assert await crawl.frontier.next() is None
        await feeder
        assert len({lease.request.id for lease in handed}) == 3

    run_virtual(main())
