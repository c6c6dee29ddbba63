"""A late server, with so many answers a second at most: `python -m bench.late PORT S RATE`."""

from __future__ import annotations

import asyncio
import sys

import uvloop

_PAGE = b"<!doctype html><html><body><h1 class=name>A page</h1>" + b"<p>text</p>" * 100 + b"</body>"
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
    b"Content-Length: %d\r\n\r\n" % len(_PAGE)
) + _PAGE
_NO_ROBOTS = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Server:
    """Answers after `late_s`, and after those that came before."""

    def __init__(self, late_s: float, rate: float) -> None:
        self._late_s = late_s
        self._each_s = 1 / rate
        self._free_at = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        now = asyncio.get_running_loop().time
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if head.startswith(b"GET /robots.txt "):
                    writer.write(_NO_ROBOTS)
                    continue
                self._free_at = max(self._free_at, now()) + self._each_s
                await asyncio.sleep(self._free_at - now() + self._late_s)
                writer.write(_ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def main(port: int, late_s: float, rate: float) -> None:
    serve = Server(late_s, rate).serve
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=4096)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
