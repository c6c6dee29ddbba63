"""Many hosts that answer after a while: `python -m bench.hosts PORT LATENCY_S`.

It listens on all of 127.0.0.0/8, so that every address is a host of its own; `SLOW` takes `SLOW_S`
for a page. Page `/N` is one of `PAGES` product pages under 32 KB, `/robots.txt` there is none, and
`/told` tells what each host has seen since it was last asked, in JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from functools import cache
from itertools import count, islice
from typing import cast

import uvloop

from bench import pages

SLOW = "127.0.0.200"
SLOW_S = 10.0
PAGES = 200
MOST_BYTES = 32 * 1024


@dataclass
class Seen:
    """What one host has seen; times are monotonic seconds, of all processes alike."""

    asked: int = 0  # robots.txt too
    answered: int = 0  # pages
    open: int = 0
    most_open: int = 0
    first_at: float = 0.0  # asked
    last_at: float = 0.0  # answered
    asked_at: float = float("-inf")
    least_gap_s: float = float("inf")  # between two that were asked


@cache
def numbers() -> list[int]:
    """Which of the product pages are served."""
    small = (n for n in count() if len(pages.page(n)[0].encode()) < MOST_BYTES)
    return list(islice(small, PAGES))


class Host(asyncio.Protocol):
    """One connection."""

    seen: dict[str, Seen] = {}  # noqa: RUF012 - of all connections
    bodies: list[bytes] = []  # noqa: RUF012
    latency_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._head, self._is_open = b"", False
        self._host = transport.get_extra_info("sockname")[0]

    def data_received(self, data: bytes) -> None:
        self._head += data
        if self._head.endswith(b"\r\n\r\n"):
            path, self._head = self._head.split(b" ", 2)[1].decode(), b""
            if path == "/told":
                told = {host: asdict(seen) for host, seen in self.seen.items()}
                self._send(200, json.dumps(told).encode())
                self.seen.clear()
            else:
                self._asked(path)

    def connection_lost(self, _exc: Exception | None) -> None:
        if self._is_open and self._host in self.seen:
            self.seen[self._host].open -= 1

    def _asked(self, path: str) -> None:
        now, seen = time.monotonic(), self.seen.setdefault(self._host, Seen())
        seen.asked += 1
        seen.open += 1
        self._is_open = True
        seen.most_open = max(seen.most_open, seen.open)
        seen.first_at = seen.first_at or now
        seen.least_gap_s = min(seen.least_gap_s, now - seen.asked_at)
        seen.asked_at = now
        loop = asyncio.get_running_loop()
        if path == "/robots.txt":
            self._answer(404, b"", seen)
        else:
            late_s = SLOW_S if self._host == SLOW else self.latency_s
            body = self.bodies[int(path.rpartition("/")[2]) % PAGES]
            loop.call_later(late_s, self._answer, 200, body, seen)

    def _answer(self, status: int, body: bytes, seen: Seen) -> None:
        if not self._transport.is_closing():
            self._is_open = False
            seen.open -= 1
            seen.last_at = time.monotonic()
            seen.answered += status == 200
            self._send(status, body)

    def _send(self, status: int, body: bytes) -> None:
        self._transport.write(
            b"HTTP/1.1 %d X\r\nContent-Type: text/html; charset=utf-8\r\n"
            b"Content-Length: %d\r\n\r\n" % (status, len(body)) + body
        )


async def main(port: int, latency_s: float) -> None:
    Host.latency_s = latency_s
    Host.bodies = [pages.page(number)[0].encode() for number in numbers()]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Host, "0.0.0.0", port, backlog=4096)  # noqa: S104 - loopback's many addresses
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2])))
