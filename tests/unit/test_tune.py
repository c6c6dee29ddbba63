"""A crawl with a tuned limit, in virtual time."""

import asyncio
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.insight.attribution import Sample
from scraper.core.model import State
from scraper.core.plan import FetchPlan, HostRule, PolitenessPlan
from scraper.core.request import make_request
from scraper.core.schedule.news import News, Sign
from scraper.core.schedule.tuning import LEAST, MOST, START
from scraper.core.url import parse
from scraper.frontier.frontier import Frontier
from scraper.progress import Progress, Snapshot
from scraper.tune import Tune, most_open
from tests.fakes import FakeWriter
from tests.virtual import VirtualClock, run_virtual

AUTO = FetchPlan(user_agent="t", concurrency=300, auto=True)
SPARE = 4


class Tuned:
    """Visits many pages on some hosts, `at_a_time` in 0.2 s, from the first to the last."""

    def __init__(self, *, pages, hosts=1, at_a_time=1000, rule=None, start=None, plan=AUTO):
        clock = VirtualClock()
        self.table = table = FakeWriter()
        self.frontier = Frontier(
            queue=table,
            politeness=PolitenessPlan(robots=False, default=rule or HostRule(per_host=1000)),
            slots=plan.concurrency,
            clock=clock,
        )
        for page in range(pages):
            url = parse(f"http://h{page % hosts}.example/{page}")
            table.add(make_request(url, seed=True))
        self.tune = Tune(plan, self.frontier, start=start)
        self.progress = Progress(
            sample=Snapshot,
            observe=self.observe,
            heed=self.tune.heed,
            clock=clock,
            stream=io.StringIO(),
            live=False,
            cpu=lambda: 0.0,
        )
        self.workers = plan.concurrency + SPARE
        self.limits = []
        self.answered_at = []
        self._places = asyncio.Semaphore(at_a_time)

    def observe(self):
        schedule, crew = self.frontier.schedule, self.frontier.crew
        self.limits.append((crew.slots, schedule.open))
        full = schedule.open >= crew.slots
        blocked = bool(schedule.waiting) and not full and crew.idle > 0
        return Sample(
            slots_all_taken=full, hosts_with_work_none_allowed=blocked, open=schedule.open
        )

    async def run(self):
        self.frontier.seeded()
        async with self.progress, asyncio.timeout(10_000), asyncio.TaskGroup() as group:
            group.create_task(self.frontier.run())
            for _ in range(self.workers):
                group.create_task(self.work())

    async def work(self):
        while lease := await self.frontier.next():
            began = asyncio.get_running_loop().time()
            async with self._places:
                await asyncio.sleep(0.2)
            self.answered_at.append(asyncio.get_running_loop().time())
            news = News(Sign.WELL, latency_s=self.answered_at[-1] - began)
            self.frontier.leave(lease, news=news)
            await asyncio.sleep(0.001)  # parsing and the rest
            self.table.rows[lease.request.id].state = State.DONE
            self.frontier.committed([lease.request.id], [])

    def rate(self, since, until):
        return sum(since <= at < until for at in self.answered_at) / (until - since)


def crawled(**options):
    async def main():
        tuned = Tuned(**options)
        await tuned.run()
        return tuned

    return run_virtual(main())


@pytest.fixture(scope="module")
def climbed():
    return crawled(pages=4_000, at_a_time=70)


def test_a_crawl_finds_how_many_a_site_answers_at_a_time(climbed):
    assert climbed.rate(5.0, 12.0) >= 0.9 * 70 / 0.2
    found = climbed.tune.figures()
    assert found["auto"]
    assert found["started_at_level"] == START
    assert found["changes"] >= 1
    assert 63 <= found["reached"] <= 140
    assert found["why"] == "it was still climbing" or "open did" in found["why"]


def test_no_more_are_open_than_were_ever_allowed(climbed):
    allowed = 0
    for limit, open_ in climbed.limits:
        allowed = max(allowed, limit)
        assert open_ <= allowed
    assert allowed < AUTO.concurrency


def test_what_was_remembered_is_where_it_climbs_to_from_an_eighth():
    tuned = crawled(pages=800, at_a_time=70, start=280)
    assert tuned.tune.figures()["started_at_level"] == 280
    assert tuned.limits[0][0] == 35


def test_politeness_keeps_it_where_it_is():
    tuned = crawled(pages=600, hosts=20, rule=HostRule(per_host=1, delay_s=1.0))
    found = tuned.tune.figures()
    assert (found["reached"], found["changes"]) == (START, 0)
    assert found["why"] == "politeness was the limit, not the open requests"


def test_a_fixed_number_stays_fixed():
    tuned = crawled(pages=600, plan=FetchPlan(user_agent="t", concurrency=10))
    assert {limit for limit, _ in tuned.limits} == {10}
    assert tuned.tune.slots is None
    assert tuned.tune.figures() == {
        "auto": False,
        "reached": 10,
        "started_at_level": 10,
        "next_start": 10,
        "most": 10,
        "changes": 0,
        "why": None,
    }


@given(st.integers(-1, 2**20))
def test_files_are_left_for_others_than_open_requests(files):
    most = most_open(files)
    assert LEAST <= most <= MOST
    assert most <= max(LEAST, files // 4) or files < 0
