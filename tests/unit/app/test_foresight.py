from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scraper.app.foresight import Foresight
from scraper.core.insight.tally import Tally
from scraper.core.plan import FetchPlan, HostRule, Plan, PolitenessPlan, SeedPlan, StorePlan
from scraper.core.robotstxt import Rules
from scraper.core.schedule.politeness import HostSchedule
from scraper.robots import KEPT_S
from scraper.store import ahead, open_reader
from tests.unit.report.database import BEGAN_AT, Database


class Clock:
    """One that stands still, at the begin of the run."""

    def now(self) -> float:
        return BEGAN_AT

    def monotonic(self) -> float:
        return 0.0


class Robots:
    """One text for all hosts."""

    def __init__(self, text: str = "") -> None:
        self.rules = Rules.parse(text, "bot")

    def answer(self, _url: str) -> Rules:
        return self.rules


class FakeStages:
    """What is asked of the stages."""

    def __init__(self, robots: Robots) -> None:
        self.robots, self.tally, self.clock = robots, Tally(), Clock()
        self.frontier, self.schedule = self, HostSchedule(PolitenessPlan())
        self.seeded = asyncio.Event()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(str(tmp_path / "crawl.db")) as database:
        database.run(state="running")
        yield database


def waits(database: Database, host: str, pages: int, **more: Any) -> None:
    for _ in range(pages):
        database.request("waiting", host=f"{host}:443", **more)


def foresight(
    tmp_path: Path, stages: FakeStages, limit: int | None = None, **caps: int
) -> Foresight:
    rules = {"default": HostRule(4, 1.0), "hosts": {"fast": HostRule(4, 0.5)}}
    plan = Plan(
        "x", SeedPlan(), FetchPlan("bot", concurrency=5), StorePlan(str(tmp_path / "crawl.db")),
        politeness=PolitenessPlan(**rules, **caps),
    )  # fmt: skip
    return Foresight(plan, stages=stages, limit=limit)  # type: ignore[arg-type]


def tell(tmp_path: Path, *, robots: str = "", limit: int | None = None, **delays: float) -> str:
    """What a run says when all seeds are known; robots.txt and delays as the run met them."""
    stages = FakeStages(Robots(robots))
    for host, delay_s in delays.items():
        stages.tally.host(f"{host}:443").rule(per_host=4, delay_s=delay_s)
    telling = foresight(tmp_path, stages, limit)
    asyncio.run(telling._tell())
    return str(telling.bound)


def test_what_waits_and_what_is_done_already_count(database, tmp_path):
    waits(database, "slow", 8)
    waits(database, "fast", 12)
    waits(database, "slow", 1, due_at=BEGAN_AT + 3, reason="timeout")
    database.visit(1, database.request("done", host="slow:443"), status=200)
    database.visit(1, database.request("skipped", "robots_disallowed", host="slow:443"))
    assert tell(tmp_path) == "at least 10 s: slow, 10 pages, one each 1 s"  # and robots.txt
    assert tell(tmp_path, slow=5.0) == "at least 50 s: slow, 10 pages, one each 5 s"
    assert tell(tmp_path, limit=6).startswith("at least 2 s: 6 pages within the limit")
    database.insert("host", host="fast:443", in_scope=0, paused_until=BEGAN_AT + 60)
    assert tell(tmp_path) == "at least 1 min 6 s: fast, 12 pages, after a rest of 1 min"


def test_what_robots_txt_disallows_does_not_count(database, tmp_path):
    waits(database, "slow", 10)  # .../1 to .../10
    assert tell(tmp_path, robots="User-agent: *\nDisallow: /1") == (
        "at least 8 s: slow, 8 pages, one each 1 s"
    )


@pytest.mark.parametrize(
    ("asked_at", "text", "told"),
    [
        (BEGAN_AT + 1, "", "at least 10 s: slow, 10 pages, one each 1 s"),  # by this run
        (BEGAN_AT - 1, "", "at least 9 s: slow, 10 pages, one each 1 s"),
        (BEGAN_AT - 1, "Crawl-delay: 5", "at least 45 s: slow, 10 pages, one each 5 s"),
        (BEGAN_AT - 1, "Crawl-delay: 99", "at least 9 min: slow, 10 pages, one each 1 min"),
        (BEGAN_AT - KEPT_S, "Crawl-delay: 5", "at least 50 s: slow, 10 pages, one each 5 s"),
    ],
)
def test_a_robots_txt_that_was_kept_is_not_asked_for_and_its_delay_counts(
    database, tmp_path, asked_at, text, told
):
    waits(database, "slow", 10)
    body = f"User-agent: *\n{text}".encode()
    database.insert("robots", origin="https://a.example", fetched_at=asked_at, body=body)
    assert tell(tmp_path) == told


def test_latencies_of_an_earlier_run_count(database, tmp_path):
    host = {
        "host": "slow:443", "done": 9, "failed": 0, "retries": 0, "requests": 9, "busy_s": 90.0,
        "latency_s": {"p50": 10.0}, "per_host": 4, "delay_s": 1.0,
    }  # fmt: skip
    tally = {
        "ok": 9, "not_modified": 0, "failures": {}, "attempts": 9, "hops": 0, "time_s": {},
        "hosts": [], "slowest": [host],
    }  # fmt: skip
    settings = {"concurrency": 5, "per_host": 4, "delay_s": 1.0, "processes": 1}
    stats = {"tally": tally, "settings": settings, "wall": {"wall_ns": 9e9}}
    database.run(stats=stats, ended_at=BEGAN_AT + 9)
    database.run(state="running")
    waits(database, "slow", 20)
    assert tell(tmp_path) == "at least 50 s: slow, 20 pages, 4 at a time of 10 s each"

    telling = foresight(tmp_path, FakeStages(Robots()), per_domain=1)
    asyncio.run(telling._tell())
    wanted = "at least 3 min 20 s: slow, 20 pages, 1 at a time of 10 s each on all its hosts"
    assert str(telling.bound) == wanted

    stages = FakeStages(Robots())
    telling = foresight(tmp_path, stages, per_address=2)
    stages.schedule = HostSchedule(PolitenessPlan(per_address=2))
    stages.schedule.hosts.named("slow:443")
    asyncio.run(telling._tell())
    assert str(telling.bound).endswith("4 at a time of 10 s each")  # it is not looked up yet
    stages.schedule.located("slow:443", ["10.0.0.1"], 0.0)
    asyncio.run(telling._tell())
    wanted = "at least 1 min 40 s: 10.0.0.1, 20 pages, 2 at a time of 10 s each on all hosts there"
    assert str(telling.bound) == wanted


def test_it_is_said_again_when_the_seeds_have_grown(database, tmp_path, caplog):
    async def work() -> dict[str, Any] | None:
        stages = FakeStages(Robots())
        telling = foresight(tmp_path, stages)
        assert telling.as_json() is None
        await telling._tell()
        waits(database, "slow", 1)
        await telling._tell()  # by too little for another line
        waits(database, "slow", 7)
        await telling._tell()
        return telling.as_json()

    caplog.set_level("INFO", logger="scraper")
    waits(database, "slow", 4)
    told = asyncio.run(work())
    assert [record.message for record in caplog.records] == [
        "at least 4 s: slow, 4 pages, one each 1 s",
        "at least 12 s: slow, 12 pages, one each 1 s",
    ]
    assert told == json.loads(json.dumps(told))
    assert (told["bound_s"], told["host"], told["cause"]) == (12.0, "slow:443", "delay")


def test_a_table_that_takes_too_long_is_left_alone(database, tmp_path):
    waits(database, "slow", 2)
    with open_reader(tmp_path / "crawl.db") as reader:
        assert ahead.waiting(reader, BEGAN_AT, stop=lambda: False).pages == {"slow:443": 2}
        sql = "WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT count(*), 1 FROM n"
        reader.connection.execute("PRAGMA query_only = 0")
        many = ahead.PAGES
        try:
            ahead.PAGES = sql + " LIMIT ?"
            assert ahead.waiting(reader, BEGAN_AT, stop=lambda: True) is None
        finally:
            ahead.PAGES = many
