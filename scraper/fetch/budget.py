"""How many bytes of bodies are in memory, over all exchanges.

`fetch.max_body` bounds one body; a hundred of them together would be a gigabyte. Where more is
held than the budget, an exchange that has read much already waits before it reads on: the server
is held back by its connection. The exchange that holds bytes for the longest goes on, so that one
comes to its end and no two wait for each other; but not while many bytes wait to be parsed, which
become fewer by themselves. Some bodies beyond the budget are possible, all of them are not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

MOST_BYTES = 256 * 1024 * 1024
FREE_BYTES = 64 * 1024  # of one body: what most pages have, and never wait for
ELSEWHERE = 8  # at most an eighth of the budget waits to be parsed, or nobody reads on
LOOK_S = 0.02  # it is seldom, and the end of a body or of a parse tells nobody


class Budget:
    """What each reader holds, in the order in which they began to hold something.

    Attributes:
        most_bytes: that may be held while anybody may read on.
        elsewhere: bytes of bodies that were read and wait to be parsed.
        held_bytes: of bodies that are being read.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.elsewhere: Callable[[], int] = lambda: 0
        self.held_bytes = 0
        self._readers: dict[object, int] = {}

    def __repr__(self) -> str:
        return f"<Budget {self.held_bytes} of {self.most_bytes}, {len(self._readers)} readers>"

    def hold(self, reader: object, size_bytes: int) -> None:
        """Note that a reader holds so many bytes now."""
        self.held_bytes += size_bytes - self._readers.get(reader, 0)
        self._readers[reader] = size_bytes

    def release(self, reader: object) -> None:
        """Note that a reader is at its end."""
        self.held_bytes -= self._readers.pop(reader, 0)

    def may_read(self, reader: object) -> bool:
        """Whether a reader that holds something may read on."""
        elsewhere = self.elsewhere()
        if self.held_bytes + elsewhere <= self.most_bytes:
            return True
        return next(iter(self._readers), None) is reader and (
            elsewhere * ELSEWHERE <= self.most_bytes
        )

    async def room(self, reader: object, timeout: asyncio.Timeout) -> None:  # noqa: ASYNC109 - it stands still
        """Wait until a reader may read on; its time-out stands still meanwhile."""
        if self.may_read(reader):
            return
        loop = asyncio.get_running_loop()
        ends_at, began_at = timeout.when(), loop.time()
        timeout.reschedule(None)
        while not self.may_read(reader):  # noqa: ASYNC110 - see LOOK_S
            await asyncio.sleep(LOOK_S)
        if ends_at is not None:
            timeout.reschedule(ends_at + loop.time() - began_at)
