"""What is known about the exchange that a task is making now.

The client, the connector and the socket guard are called by aiohttp at different depths, some of
them from tasks that race for the first connection. A context variable carries one value to all
of them: it costs less than a TraceConfig and needs no private interface.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter as now  # uvloop's own time() counts whole milliseconds

__all__ = ["CURRENT", "Exchange", "now"]


@dataclass(slots=True)
class Exchange:
    """Mutable: filled in while the exchange goes on. Times are readings of `now()`."""

    alone: bool = False  # wants a connection of its own, never one that was kept
    slot_s: float = 0.0
    sent: Callable[[], Awaitable[None]] | None = None  # awaited when one stands
    name: str = ""  # of the host, as in the URL
    asked_at: float = 0.0  # the connector was asked for a connection
    dialled_at: float = 0.0  # the first socket was wanted: the name is resolved; 0: none was
    connected_at: float = 0.0  # 0: no connection yet, so that nothing can have been sent
    dialled: bool = False  # a socket was made
    judged: bool = False  # the target is permitted, and the proxy is the next one to be asked
    reached: bool = False  # a connection stood, maybe only to a proxy
    refused: list[str] = field(default_factory=list)  # addresses, each with what to do about it
    resent: bool = False  # the first time over a connection that was kept, and closed meanwhile
    status: int = 0  # of the answer; 0: there is none
    headers: dict[str, str] = field(default_factory=dict)  # of the answer, names in lower case
    head_at: float = 0.0

    @property
    def reused(self) -> bool:
        """The connection was there before, so the server may have closed it meanwhile."""
        return self.connected_at > 0 and not self.dialled

    def begin_again(self) -> None:
        """Forget the connection that turned out to be dead; the next one is fresh."""
        self.alone = self.resent = True
        self.asked_at = self.connected_at = 0.0

    @property
    def dns_s(self) -> float:
        return self.dialled_at - self.asked_at if self.dialled_at else 0.0

    @property
    def connect_s(self) -> float:
        return self.connected_at - (self.dialled_at or self.asked_at)


CURRENT: ContextVar[Exchange] = ContextVar("exchange")
