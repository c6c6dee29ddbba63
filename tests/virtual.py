"""Virtual time: an event loop whose clock jumps to the next timer, so that an hour costs nothing.

Not for code that waits on threads or sockets: with no timer and nothing ready the loop would
wait for ever, so it raises instead.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class DeadlockError(Exception):
    """Everything waits for something that cannot happen."""


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.loop: VirtualLoop | None = None

    def select(self, timeout: float | None = None) -> list[Any]:
        """Jump, and ask the system nothing: that would be most of what a turn costs."""
        if self.loop is not None:
            if timeout is None:
                raise DeadlockError("no timer is set and nothing is ready")
            self.loop.jump(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop on its own time, starting at 0."""

    def __init__(self) -> None:
        selector = _JumpingSelector()
        self._virtual_s = 0.0
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        return self._virtual_s

    def jump(self, seconds: float) -> None:
        # A timer may ring a nanosecond early: a step smaller than that would never get past it.
        self._virtual_s += max(seconds, 1e-7) if seconds > 0 else 0.0


class VirtualClock:
    """A `Clock` that follows the running virtual loop."""

    def __init__(self, epoch: float = 1_800_000_000.0) -> None:
        self.epoch = epoch

    def now(self) -> float:
        return self.epoch + asyncio.get_running_loop().time()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on a virtual loop."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
