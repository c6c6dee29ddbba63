"""The floor: aiohttp fetches every page and drops it."""

from __future__ import annotations

import asyncio

import aiohttp
import uvloop

from bench.clients.common import CONCURRENCY, Lag, arguments


async def main() -> None:
    args = arguments()
    lag = Lag()
    urls = iter(args.seeds)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def work() -> None:
            for url in urls:
                async with session.get(url) as response:
                    await response.read()

        await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
    lag.tell()


if __name__ == "__main__":
    uvloop.run(main())
