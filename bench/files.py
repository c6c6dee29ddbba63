"""Serves the pages where nginx is not installed: `python -m bench.files FOLDER PORT`."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import cast

_PATH = re.compile(rb"GET /p/\d+/(\d+)\.html ")
_HEAD = b"HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n"


class _Connection(asyncio.Protocol):
    def __init__(self, pages: dict[bytes, bytes]) -> None:
        self._pages = pages
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        *heads, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for head in heads:
            match = _PATH.match(head)
            body = self._pages.get(match[1]) if match else None
            status = b"404 Not Found" if body is None else b"200 OK"
            body = body or b""
            self._transport.writelines((_HEAD % (status, len(body)), body))


async def main(pages: dict[bytes, bytes], port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(pages), "127.0.0.1", port, backlog=4096)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    files = {path.stem.encode(): path.read_bytes() for path in Path(sys.argv[1]).glob("*.html")}
    asyncio.run(main(files, int(sys.argv[2])))
