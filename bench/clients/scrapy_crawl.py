"""Scrapy, tuned as its documentation advises for broad crawls; `--lexbor` swaps its parser.

https://docs.scrapy.org/en/latest/topics/broad-crawls.html: higher concurrency, the queue that
looks at hosts, log level INFO, no cookies, no retries. The asyncio reactor runs on uvloop. With
`--lexbor` pages are parsed with selectolax and the allocator keeps memory, as ours does.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import scrapy
from scrapy.crawler import CrawlerProcess

from bench.clients.common import CONCURRENCY, INSERT, TABLE, arguments

ARGS = arguments()
BATCH = 100
STOCK = re.compile(r"\((\d+) available\)")
SETTINGS = {
    "CONCURRENT_REQUESTS": CONCURRENCY,
    "CONCURRENT_REQUESTS_PER_DOMAIN": ARGS.per_host,
    "SCHEDULER_PRIORITY_QUEUE": "scrapy.pqueues.DownloaderAwarePriorityQueue",
    "REACTOR_THREADPOOL_MAXSIZE": 20,
    "LOG_LEVEL": "ERROR",
    "COOKIES_ENABLED": False,
    "RETRY_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "DOWNLOAD_DELAY": ARGS.delay,
    "RANDOMIZE_DOWNLOAD_DELAY": False,
    "CLOSESPIDER_TIMEOUT": ARGS.max_time,
    "ROBOTSTXT_OBEY": True,
    "DEPTH_PRIORITY": 1,
    "SCHEDULER_DISK_QUEUE": "scrapy.squeues.PickleFifoDiskQueue",
    "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
    "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    "ASYNCIO_EVENT_LOOP": "uvloop.Loop",
    "ITEM_PIPELINES": {"__main__.Sqlite": 1},
    "CLOSESPIDER_PAGECOUNT": ARGS.follow or 0,
}


class Sqlite:
    """Rows in batches."""

    def open_spider(self) -> None:
        self.db = sqlite3.connect(ARGS.db)
        self.db.execute("PRAGMA journal_mode = wal")
        self.db.execute(TABLE)
        self.rows: list[tuple[Any, ...]] = []

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        self.rows.append((*item.values(),))
        if len(self.rows) >= BATCH:
            self.flush()
        return item

    def flush(self) -> None:
        self.db.executemany(INSERT, self.rows)
        self.db.commit()
        self.rows = []

    def close_spider(self) -> None:
        self.flush()
        self.db.close()


class Products(scrapy.Spider):
    name = "products"

    async def start(self) -> Any:
        for url in ARGS.seeds:
            yield scrapy.Request(url)

    def parse(self, response: Any) -> Iterator[Any]:
        if ARGS.lexbor:
            yield from self.parse_lexbor(response)
            return
        stock = STOCK.search(" ".join(response.css("p.stock::text").getall()))
        yield {
            "url": response.url,
            "name": response.css("h1.name::text").get("").strip(),
            "sku": response.css("span.sku::text").get("").strip(),
            "price": response.css("p.price::text").get("").strip().lstrip("£"),
            "stock": int(stock[1]) if stock else None,
            "rating": int(response.css("p.rating::attr(data-rating)").get(0)),
            "brand": response.css("span.brand::text").get("").strip(),
            "cover": response.urljoin(response.css("img.cover::attr(src)").get("")),
            "links": len(response.css("a[href]")),
            "offers": json.dumps(
                [
                    {
                        "seller": row.css("td.seller::text").get("").strip(),
                        "price": row.css("td.offer-price::text").get("").strip().lstrip("£"),
                    }
                    for row in response.css("tr.offer")
                ]
            ),
        }
        if ARGS.follow:
            yield from response.follow_all(css="a[href]")

    def parse_lexbor(self, response: Any) -> Iterator[Any]:
        from selectolax.lexbor import LexborHTMLParser

        from bench.clients.script import extract

        tree = LexborHTMLParser(response.body)
        columns = TABLE.partition("(")[2].split(", ")
        names = [column.split()[0] for column in columns]
        yield dict(zip(names, extract(response.url, tree), strict=True))
        if ARGS.follow:
            for node in tree.css("a[href]"):
                yield scrapy.Request(urljoin(response.url, node.attributes["href"]))


if __name__ == "__main__":
    if ARGS.lexbor:
        from scraper.allocator import keep_memory

        keep_memory()
    process = CrawlerProcess(SETTINGS)
    process.crawl(Products)
    process.start()
