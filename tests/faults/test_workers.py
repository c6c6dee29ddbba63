"""Workers that die, hang, run out of memory: each costs at most the page it had."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import uvloop

from scraper.core.errors import ParseError
from scraper.core.extract.plan import FieldPlan, ItemPlan, PageRule
from scraper.core.model import Parsed, Request, Response
from scraper.core.plan import ParsePlan
from scraper.parse import pool
from scraper.parse.parser import Parser

RULE = PageRule("page", items=(ItemPlan("page", (FieldPlan("title", css="h1"),)),))
SLOW = PageRule(
    "slow",
    items=(ItemPlan("slow", (FieldPlan("title", css="h1"), FieldPlan("x", css="div:has(p)"))),),
)
SLOW_BODY = b"<h1>slow</h1>" + b"<div>" * 12_000  # half a second
ENDLESS_BODY = b"<h1>slow</h1>" + b"<div>" * 40_000  # half a minute
STRIKES = int(os.environ.get("SOAK", "40"))  # each costs the start of a worker

PARENT = """
import asyncio
from tests.faults.test_workers import ENDLESS_BODY, parse_slow, parser

async def main():
    async with parser() as on:
        await parse_slow(on, ENDLESS_BODY)

asyncio.run(main())
"""


def response(name: str, body: bytes = b"") -> Response:
    body = body or f"<h1>{name}</h1>".encode() + b"<p>text</p>" * 200
    return Response(f"http://a.example/{name}", 200, {"content-type": "text/html"}, body)


def request(name: str) -> Request:
    return Request(f"http://a.example/{name}", name.encode().rjust(16, b"0"), "a.example:80")


def parser(*, processes: int = 2, timeout_s: float = 20.0) -> Parser:
    plan = ParsePlan(processes=processes, offload="always", timeout_s=timeout_s)
    return Parser(plan, (RULE, SLOW))


async def parse(on: Parser, name: str) -> Parsed:
    return await on.parse(response(name), RULE, request(name))


async def parse_slow(on: Parser, body: bytes = SLOW_BODY) -> Parsed:
    return await on.parse(response("slow", body), SLOW, request("slow"))


def pids(on: Parser) -> list[int]:
    """The workers of a parser that are ready or have a page."""
    return [w._process.pid for w in on._pool._workers if w._process and w.is_ready]


def strike(on: Parser, number: signal.Signals) -> None:
    for pid in pids(on):
        with suppress(ProcessLookupError):
            os.kill(pid, number)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - what processes do sets no event
            await asyncio.sleep(0.005)


async def is_fine(on: Parser, name: str = "after") -> bool:
    parsed = await parse(on, name)
    return parsed.placed == "pool" and f'"{name}"' in parsed.page.items[0].data


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_an_idle_worker_that_is_killed_or_stopped_costs_no_page(number):
    async with parser(processes=1, timeout_s=2.0) as on:
        assert await is_fine(on, "before")
        strike(on, number)
        assert await is_fine(on)
        assert on.deaths + on.timeouts == 1


async def test_one_more_worker_is_started_for_a_page_that_waits_for_long_alone(monkeypatch):
    for name in ("_FIRST_S", "_PATIENCE_S"):
        monkeypatch.setattr(pool, name, 60.0)
    async with parser() as on:
        await asyncio.gather(*(parse(on, name) for name in "abcd"))
        assert len(pids(on)) == 1
        monkeypatch.setattr(pool, "_PATIENCE_S", 0.0)
        slow = asyncio.create_task(parse_slow(on))
        await until(lambda: on.busy == 1)
        await parse(on, "e")
        assert len(pids(on)) == 2
        await slow


async def test_a_page_whose_worker_is_killed_is_parsed_in_a_fresh_one():
    async with parser(processes=1) as on:
        assert await is_fine(on, "before")
        slow = asyncio.create_task(parse_slow(on))
        await until(lambda: on.busy == 1)
        await asyncio.sleep(0.05)
        [first] = pids(on)
        os.kill(first, signal.SIGKILL)
        await until(lambda: bool(pids(on)) and pids(on) != [first])
        parsed = await slow
        assert (len(parsed.page.items), on.deaths) == (1, 1)


async def test_a_page_that_kills_twice_is_failed_and_its_neighbours_are_fine():
    async with parser() as on:
        assert await is_fine(on, "before")
        slow = asyncio.create_task(parse_slow(on, ENDLESS_BODY))
        await until(lambda: on.busy == 1)
        neighbours = [asyncio.create_task(parse(on, f"n{n}")) for n in range(20)]
        for _ in range(2):
            await asyncio.wait(neighbours)
            [busy] = [w for w in on._pool._workers if w not in on._pool._idle]
            await until(lambda b=busy: b.is_ready)
            deaths = on.deaths
            busy.strike()
            await until(lambda d=deaths: on.deaths > d)
        with pytest.raises(ParseError) as error:
            await slow
        assert error.value.reason == "parse_crash"
        assert all(n.result().page.items for n in neighbours)
        assert await is_fine(on)


async def test_a_page_that_hangs_twice_is_a_timeout():
    async with parser(processes=1, timeout_s=0.2) as on:
        assert await is_fine(on, "before")
        with pytest.raises(ParseError) as error:
            await parse_slow(on, ENDLESS_BODY)
        assert (error.value.reason, on.timeouts, on.deaths) == ("parse_timeout", 2, 0)
        assert await is_fine(on)


async def test_a_stopped_worker_is_a_hung_one():
    async with parser(processes=1, timeout_s=0.5) as on:
        assert await is_fine(on, "before")
        slow = asyncio.create_task(parse_slow(on, ENDLESS_BODY))
        await until(lambda: on.busy == 1)
        for timeouts in (1, 2):
            await until(lambda: on._pool._workers[0].is_ready)
            strike(on, signal.SIGSTOP)
            await until(lambda n=timeouts: on.timeouts == n)
        with pytest.raises(ParseError, match="parse_timeout"):
            await slow
        assert await is_fine(on)


async def test_a_worker_out_of_memory_costs_its_page_alone():
    """With every element a megabyte of text, all of them together exceed the limit."""
    fields = tuple(FieldPlan(f"f{n}", css="div", all=True, raw_text=True) for n in range(40))
    hungry = PageRule("hungry", items=(ItemPlan("hungry", fields),))
    body = b"<div>" * 60 + b"x" * 1024 * 1024
    plan = ParsePlan(processes=1, offload="always", timeout_s=30.0)
    async with Parser(plan, (RULE, hungry)) as on:
        assert await is_fine(on, "before")
        neighbour = asyncio.create_task(parse(on, "neighbour"))
        with pytest.raises(ParseError) as error:
            await on.parse(response("hungry", body), hungry, request("hungry"))
        assert error.value.reason == "parse_crash"
        assert "memory" in error.value.detail
        assert (await neighbour).page.items
        assert await is_fine(on)
        assert on.deaths == 2


async def test_all_workers_dead_at_once_lose_no_page():
    async with parser(processes=3) as on:
        assert await is_fine(on, "before")
        pages = [asyncio.create_task(parse_slow(on)) for _ in range(3)]
        await until(lambda: on.busy == 3 and all(w.is_ready for w in on._pool._workers))
        pages += [asyncio.create_task(parse(on, f"p{n}")) for n in range(20)]
        strike(on, signal.SIGKILL)
        parsed = await asyncio.gather(*pages)
        assert all(len(one.page.items) == 1 for one in parsed)
        assert on.deaths == 3
        assert await is_fine(on)


@pytest.mark.slow
async def test_kills_and_stops_lose_at_most_the_page_at_hand():
    await _trial(strikes=STRIKES)


def test_the_same_on_uvloop():
    uvloop.run(_trial(strikes=10))


async def _trial(*, strikes: int) -> None:
    """Only a page whose worker was struck twice may be lost."""
    chance = random.Random(7)
    left = strikes
    async with parser(processes=2, timeout_s=0.4) as on:
        assert await is_fine(on, "before")
        done: list[bool | str] = []

        async def feed() -> None:
            while left:
                try:
                    done.append(await is_fine(on, f"page{len(done)}"))
                except ParseError as error:
                    done.append(error.reason)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(4):
                tasks.create_task(feed())
            while left:
                await asyncio.sleep(chance.uniform(0.0, 0.03))
                if alive := pids(on):
                    left -= 1
                    number = signal.SIGKILL if left % 10 else signal.SIGSTOP
                    with suppress(ProcessLookupError):
                        os.kill(chance.choice(alive), number)
        lost = [reason for reason in done if reason is not True]
        assert set(lost) <= {"parse_crash", "parse_timeout"}
        assert len(lost) <= strikes / 2
        assert await is_fine(on)


@pytest.mark.parametrize("program", ["/bin/false", "/nowhere/python"])
async def test_workers_that_cannot_be_started_fail_the_page_and_say_so(program, monkeypatch):
    monkeypatch.setattr(sys, "executable", program)
    async with parser(processes=1) as on:
        with pytest.raises(ParseError, match="parse_crash: no worker can be started"):
            await parse(on, "page")
        monkeypatch.undo()
        assert await is_fine(on)


async def test_a_cancelled_page_does_not_answer_for_the_next_one():
    async with parser(processes=1) as on:
        assert await is_fine(on, "before")
        slow = asyncio.create_task(parse_slow(on))
        await until(lambda: on.busy == 1)
        await asyncio.sleep(0.05)
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        assert await is_fine(on)
        assert on.deaths == 0


async def test_the_end_is_quick_whatever_the_workers_do():
    on = parser()
    await on.__aenter__()
    assert await is_fine(on)
    strike(on, signal.SIGSTOP)
    started = asyncio.get_running_loop().time()
    await on.__aexit__(None, None, None)
    assert asyncio.get_running_loop().time() - started < 5.0  # a second, and a busy machine
    assert not pids(on)


async def test_workers_die_with_a_parent_that_is_killed():
    """Nobody closes the socket of a worker that computes: the kernel ends it with its parent."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT)
    await until(lambda: bool(_children(child.pid)))
    workers = _children(child.pid)
    child.kill()
    await child.wait()
    await until(lambda: not any(_is_alive(pid) for pid in workers))


def _children(pid: int) -> list[int]:
    try:
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(word) for word in words]


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
