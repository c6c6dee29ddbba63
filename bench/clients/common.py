"""The arguments of all clients, and the lag of a loop."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

CONCURRENCY = 100
TABLE = (
    "CREATE TABLE product (url TEXT PRIMARY KEY, name TEXT, sku TEXT, price TEXT, stock INTEGER, "
    "rating INTEGER, brand TEXT, cover TEXT, links INTEGER, offers TEXT)"
)
INSERT = "INSERT INTO product VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_TICK_S = 0.01


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("seeds", type=lambda name: Path(name).read_text().split())
    parser.add_argument("--db", required=True)
    parser.add_argument("--follow", type=int, metavar="PAGES")
    parser.add_argument("--lexbor", action="store_true", help="(scrapy) parse with selectolax")
    parser.add_argument("--per-host", type=int, default=CONCURRENCY, help="(scrapy)")
    parser.add_argument("--delay", type=float, default=0.0, metavar="SECONDS", help="(scrapy)")
    parser.add_argument("--max-time", type=float, default=0.0, metavar="SECONDS", help="(scrapy)")
    parser.add_argument("--text", action="store_true", help="(script) decode, then parse text")
    return parser.parse_args()


class Lag:
    """How late a timer of the loop rings, every hundredth of a second."""

    def __init__(self) -> None:
        self.late_s: list[float] = []
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            expected = loop.time() + _TICK_S
            await asyncio.sleep(_TICK_S)
            self.late_s.append(loop.time() - expected)

    def tell(self) -> None:
        self._task.cancel()
        late = sorted(self.late_s) or [0.0]
        print(json.dumps({"p99": late[len(late) * 99 // 100], "max": late[-1]}))
