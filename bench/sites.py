"""Plain pages on all of 127.0.0.0/8: `python -m bench.sites PORT LATENCY_S KB VALIDATORS`.

`/p/N` is a page of so many KB with five fields, `/list/N` leads to twenty of them and to the next
list; `/robots.txt` there is none. With VALIDATORS 1 a page has an ETag, and 304 is said of it.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast
from zlib import crc32

import uvloop

LISTED = 20
_ITEM = (
    "<h1 class=name>Page {n}</h1><p class=price>{n}.50</p><p class=sku>S{n}</p><p class=brand>"
    "Maker {few}</p><ul><li>one</li><li>two</li></ul>"
)
_TEXT = "<p>Some words that a page has beside its figures, and that nobody asks for at all.</p>\n"


def page(path: str, size_bytes: int) -> bytes:
    """The page of a path; none: there is no such page."""
    folder, _, number = path.rpartition("/")
    if folder == "/p":
        text = _ITEM.format(n=number, few=int(number) % 7)
    elif folder == "/list":
        first = int(number) * LISTED
        links = "".join(f"<a class=page href=/p/{first + n}>x</a>" for n in range(LISTED))
        text = f"{links}<a class=next href=/list/{int(number) + 1}>next</a>"
    else:
        return b""
    text += _TEXT * max((size_bytes - len(text)) // len(_TEXT), 0)
    return f"<!doctype html><html><body>{text}</body></html>".encode()


class Site(asyncio.Protocol):
    """One connection."""

    latency_s = 0.0
    size_bytes = 4096
    validators = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._head = b""

    def data_received(self, data: bytes) -> None:
        self._head += data
        if self._head.endswith(b"\r\n\r\n"):
            head, self._head = self._head, b""
            answer = self._answer(head)
            if self.latency_s:
                asyncio.get_running_loop().call_later(self.latency_s, self._send, answer)
            else:
                self._send(answer)

    def _answer(self, head: bytes) -> bytes:
        body = page(head.split(b" ", 2)[1].decode(), self.size_bytes)
        status, etag = (b"200 OK", b"") if body else (b"404 Not Found", b"")
        if body and self.validators:
            tag = b'"%08x"' % crc32(body)
            etag = b"ETag: %s\r\n" % tag
            if tag in head:
                status, body = b"304 Not Modified", b""
        length = b"" if status[:3] == b"304" else b"Content-Length: %d\r\n" % len(body)
        return (
            b"HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\n%s%s\r\n"
            % (status, length, etag)
        ) + body

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Site, "0.0.0.0", port, backlog=4096)  # noqa: S104 - loopback's many addresses
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    Site.latency_s, Site.size_bytes = float(sys.argv[2]), int(float(sys.argv[3]) * 1024)
    Site.validators = sys.argv[4] == "1"
    uvloop.run(main(int(sys.argv[1])))
