"""Many hosts that answer soon, and one that takes its time: `python -m bench.slow PORT`.

It listens on all of 127.0.0.0/8, so that every address is a host of its own; `SLOW` is the slow
one.
"""

from __future__ import annotations

import asyncio
import sys

SLOW = "127.0.0.200"
FAST_S = 0.05
SLOW_S = 10.0
_PAGE = b'<!doctype html><html><body><h1 class="name">A page</h1></body></html>'
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
    b"Content-Length: %d\r\n\r\n" % len(_PAGE)
) + _PAGE
_NO_ROBOTS = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    late_s = SLOW_S if writer.get_extra_info("sockname")[0] == SLOW else FAST_S
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            if head.startswith(b"GET /robots.txt "):
                writer.write(_NO_ROBOTS)
                continue
            await asyncio.sleep(late_s)
            writer.write(_ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main(port: int) -> None:
    server = await asyncio.start_server(_serve, "0.0.0.0", port, backlog=4096)  # noqa: S104 - loopback's many addresses
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
