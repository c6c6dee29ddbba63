"""The script that one writes for oneself: gather, a semaphore, selectolax, aiosqlite.

Written with care: one session, bytes parsed without a detour, rows in batches, three tries. It
keeps nothing of what the scraper promises beyond that.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any
from urllib.parse import urldefrag, urljoin

import aiohttp
import aiosqlite
import uvloop
from selectolax.lexbor import LexborHTMLParser

from bench.clients.common import CONCURRENCY, INSERT, TABLE, Lag, arguments

BATCH = 100
TRIES = 3
STOCK = re.compile(r"\((\d+) available\)")


def extract(url: str, tree: LexborHTMLParser) -> tuple[Any, ...]:
    def text(selector: str) -> str:
        node = tree.css_first(selector)
        return node.text(strip=True) if node else ""

    offers = [
        {
            "seller": row.css_first("td.seller").text(strip=True),
            "price": row.css_first("td.offer-price").text(strip=True).lstrip("£"),
        }
        for row in tree.css("tr.offer")
    ]
    stock = STOCK.search(text("p.stock"))
    return (
        url,
        text("h1.name"),
        text("span.sku"),
        text("p.price").lstrip("£"),
        int(stock[1]) if stock else None,
        int(tree.css_first("p.rating").attributes["data-rating"] or 0),
        text("span.brand"),
        urljoin(url, tree.css_first("img.cover").attributes["src"] or ""),
        len(tree.css("a[href]")),
        json.dumps(offers),
    )


class Crawl:
    def __init__(self, args: Any, session: aiohttp.ClientSession, db: aiosqlite.Connection) -> None:
        self.args = args
        self.session = session
        self.db = db
        self.slots = asyncio.Semaphore(CONCURRENCY)
        self.writing = asyncio.Lock()
        self.rows: list[tuple[Any, ...]] = []
        self.seen = set(args.seeds)
        self.started = 0

    async def visit(self, url: str) -> list[str]:
        """Fetch and store one page; returns the links that are new."""
        async with self.slots:
            body = await self.fetch(url)
        tree = LexborHTMLParser(body)
        self.rows.append(extract(url, tree))
        if len(self.rows) >= BATCH:
            await self.flush()
        return self.new_links(url, tree) if self.args.follow else []

    async def fetch(self, url: str) -> str | bytes:
        for left in reversed(range(TRIES)):
            try:
                async with self.session.get(url) as response:
                    response.raise_for_status()
                    return await (response.text() if self.args.text else response.read())
            except (aiohttp.ClientError, TimeoutError):
                if not left:
                    raise
                await asyncio.sleep(1)
        raise AssertionError

    def new_links(self, url: str, tree: LexborHTMLParser) -> list[str]:
        new = []
        for node in tree.css("a[href]"):
            link = urldefrag(urljoin(url, node.attributes["href"] or ""))[0]
            if link not in self.seen:
                self.seen.add(link)
                new.append(link)
        return new

    async def flush(self) -> None:
        rows, self.rows = self.rows, []
        async with self.writing:  # one batch at a time: cursors of two would share a statement
            cursor = await self.db.executemany(INSERT, rows)
            await cursor.close()
            await self.db.commit()

    async def seeds(self) -> None:
        await asyncio.gather(*(self.visit(url) for url in self.args.seeds))

    async def links(self) -> None:
        """Breadth first, until enough pages were fetched."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        for url in self.args.seeds:
            queue.put_nowait(url)

        async def work() -> None:
            while self.started < self.args.follow:
                self.started += 1
                for link in await self.visit(await queue.get()):
                    queue.put_nowait(link)

        await asyncio.gather(*(work() for _ in range(CONCURRENCY)))


async def main() -> None:
    args = arguments()
    lag = Lag()
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        aiosqlite.connect(args.db) as db,
    ):
        await db.execute("PRAGMA journal_mode = wal")
        await db.execute(TABLE)
        crawl = Crawl(args, session, db)
        await (crawl.links() if args.follow else crawl.seeds())
        await crawl.flush()
    lag.tell()


if __name__ == "__main__":
    uvloop.run(main())
