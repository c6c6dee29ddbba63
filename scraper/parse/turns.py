"""Short work on the loop: one page, or a few tiny ones, in a turn; the others wait in line.

The lag of a loop is not one heavy page, it is a hundred ready responses parsed in one turn of it.
So work is begun only while a turn has used less than `TURN_S`. Who comes first is served at once,
without a lock or a task switch; see ADR 7 for what longer turns cost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Any, TypeVar, cast

T = TypeVar("T")

TURN_S = 0.0001


class Turns:
    """Does work, one piece at a time; a piece is begun while the turn has time left."""

    def __init__(self, turn_s: float = TURN_S) -> None:
        self._turn_s = turn_s
        self._used_s = 0.0
        self._line: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
        self._is_counting = False  # until the turn ends

    def __repr__(self) -> str:
        return f"<Turns {len(self._line)} waiting>"

    @property
    def waiting(self) -> int:
        """Pieces of work in line."""
        return len(self._line)

    async def do(self, work: Callable[[], T]) -> T:
        """Return what `work` returns or raise what it raises, now or in a later turn."""
        if self._used_s < self._turn_s and not self._line:
            return self._run(work)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._line.append((work, future))
        return cast("T", await future)

    def _run(self, work: Callable[[], T]) -> T:
        if not self._is_counting:
            self._is_counting = True
            asyncio.get_running_loop().call_soon(self._next)
        began = perf_counter()
        try:
            return work()
        finally:
            self._used_s += perf_counter() - began

    def _next(self) -> None:
        """A turn has begun: serve the line."""
        self._used_s = 0.0
        self._is_counting = False
        while self._line and self._used_s < self._turn_s:
            work, future = self._line.popleft()
            if future.done():  # nobody waits for it any more
                continue
            try:
                future.set_result(self._run(work))
            except Exception as error:  # noqa: BLE001 - whoever waits gets it
                future.set_exception(error)
