"""Bodies together are bounded, and one of them always comes to its end."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from scraper.fetch.budget import ELSEWHERE, LOOK_S, Budget
from tests.virtual import run_virtual

MOST = 100
steps = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60)), max_size=40)


@given(steps, st.integers(0, 150))
def test_within_the_budget_all_may_read_and_beyond_it_the_first_alone(steps, elsewhere):
    budget, held = Budget(MOST), {}
    budget.elsewhere = lambda: elsewhere
    for reader, size in steps:
        if size:
            budget.hold(reader, size)
            held[reader] = size
        else:
            budget.release(reader)
            held.pop(reader, None)
        assert budget.held_bytes == sum(held.values())
        may = {reader for reader in held if budget.may_read(reader)}
        if sum(held.values()) + elsewhere <= MOST:
            assert may == set(held)
        elif elsewhere * ELSEWHERE > MOST:
            assert may == set()  # until some of it is parsed
        else:
            assert may == set(list(held)[:1])


def test_readers_of_bodies_come_to_their_ends_one_after_another():
    async def main():
        budget, most, ended = Budget(MOST), 0, []

        async def read(name: int) -> None:
            nonlocal most
            async with asyncio.timeout(1.0) as timeout:
                for size in range(10, 60, 10):
                    await asyncio.sleep(0.1)
                    budget.hold(name, size)
                    most = max(most, budget.held_bytes)
                    await budget.room(name, timeout)
            ended.append(name)
            budget.release(name)

        async with asyncio.TaskGroup() as group:
            for name in range(20):
                group.create_task(read(name))
        assert sorted(ended) == list(range(20))
        assert most < 20 * 50 / 2  # of what all together would hold
        assert budget.held_bytes == 0

    run_virtual(main())


def test_the_time_out_stands_still_while_there_is_no_room():
    async def main():
        budget, loop = Budget(MOST), asyncio.get_running_loop()
        budget.hold("other", MOST)
        budget.hold("reader", 1)
        loop.call_later(50.0, budget.release, "other")
        began = loop.time()
        try:
            async with asyncio.timeout(3.0) as timeout:
                await asyncio.sleep(1.0)
                await budget.room("reader", timeout)
                await asyncio.sleep(10.0)
        except TimeoutError:
            assert 52.0 <= loop.time() - began <= 52.0 + 2 * LOOK_S
        else:
            raise AssertionError("the time-out did not run on")

    run_virtual(main())
