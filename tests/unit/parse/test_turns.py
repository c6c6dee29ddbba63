"""Work on the loop is done in order, and never for longer in a turn than its time and one piece."""

import asyncio
from time import perf_counter

import pytest

from scraper.parse.turns import Turns

PIECE_S = 0.001


def work() -> float:
    """Takes its time; returns when it began."""
    began = perf_counter()
    while perf_counter() - began < PIECE_S:
        pass
    return began


async def count_turns(tasks: list[asyncio.Task[object]]) -> list[int]:
    """How many pieces were done in each turn of the loop."""
    per_turn = []
    done = 0
    while done < len(tasks):
        await asyncio.sleep(0)
        now_done = sum(task.done() for task in tasks)
        per_turn.append(now_done - done)
        done = now_done
    return per_turn


async def test_a_turn_ends_when_its_time_is_used_up():
    turns = Turns(turn_s=2.5 * PIECE_S)
    tasks = [asyncio.create_task(turns.do(work)) for _ in range(12)]
    assert max(await count_turns(tasks)) <= 3
    assert turns.waiting == 0


async def test_the_first_come_is_served_first():
    turns = Turns(turn_s=PIECE_S)
    began = await asyncio.gather(*(turns.do(work) for _ in range(5)))
    assert began == sorted(began)


async def test_who_comes_in_a_fresh_turn_is_served_at_once():
    turns = Turns()
    task = asyncio.create_task(turns.do(lambda: 7))
    await asyncio.sleep(0)
    assert task.done()
    assert await task == 7


async def test_an_error_is_for_the_one_who_asked():
    turns = Turns(turn_s=PIECE_S / 2)
    first, second, third = (asyncio.create_task(turns.do(f)) for f in (work, lambda: 1 / 0, work))
    await asyncio.wait((first, second, third))
    with pytest.raises(ZeroDivisionError):
        await second
    assert await third > await first


async def test_what_waits_may_be_cancelled():
    turns = Turns(turn_s=PIECE_S / 2)
    tasks = [asyncio.create_task(turns.do(work)) for _ in range(3)]
    await asyncio.sleep(0)
    assert turns.waiting == 2
    assert repr(turns) == "<Turns 2 waiting>"
    tasks[1].cancel()
    await asyncio.wait(tasks)
    assert tasks[1].cancelled()
    assert await tasks[2] > await tasks[0]
