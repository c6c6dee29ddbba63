import asyncio

from scraper.core.request import make_request
from scraper.core.schedule.host import Lease
from scraper.core.url import parse
from scraper.frontier.crew import Crew

LEASE = Lease(make_request(parse("http://a.example/")), 0.0, 0.0)


async def test_no_more_turns_than_slots():
    crew = Crew(2)
    crew.wait()
    assert [crew.may_take(open_) for open_ in (0, 1, 2, 3)] == [True, True, False, False]


async def test_who_waits_longest_goes_first():
    crew = Crew(9)
    first, second = crew.wait(), crew.wait()
    crew.give(LEASE)
    assert await first == LEASE
    assert not second.done()
    assert crew.idle == 1


async def test_some_rest_while_there_are_fewer_slots():
    crew = Crew(9)
    workers = [crew.wait() for _ in range(9)]
    crew.allow(3, resting=6)
    assert crew.idle == 3
    given = 0
    while crew.may_take(0):
        crew.give(LEASE)
        given += 1
    assert given == 3
    crew.allow(9, resting=0)
    assert crew.idle == 6
    crew.dismiss()
    assert [await worker for worker in workers] == [LEASE] * 3 + [None] * 6


async def test_a_cancelled_worker_is_given_nothing():
    crew = Crew(9)
    worker = asyncio.ensure_future(crew.wait())
    worker.cancel()
    assert not crew.may_take(0)
    cancelled = crew.wait()
    cancelled.cancel()
    crew.dismiss()
    assert cancelled.cancelled()
