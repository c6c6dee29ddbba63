"""`python -m scraper.demo`: serve the demonstration site, or print its seed list."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence

from scraper.demo import pages
from scraper.demo.process import HOST, PORT, READY
from scraper.demo.server import serve


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit status."""
    options = _parser().parse_args(argv)
    if options.seeds is not None:
        base = f"http://{options.host}:{options.port}"
        sys.stdout.writelines(f"{base}/product/{n}\n" for n in range(1, options.seeds + 1))
        return 0
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(options))
    except OSError as error:
        sys.stderr.write(f"demo site: {options.host}:{options.port}: {error.strerror}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scraper.demo", description=__doc__)
    parser.add_argument("--host", default=HOST)
    parser.add_argument("--port", type=int, default=PORT, help="0 for any free one")
    parser.add_argument("--or-free", action="store_true", help="a free port if that one is taken")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input ends")
    parser.add_argument(
        "--seeds", type=int, metavar="N", help=f"print N product URLs (at most {pages.PRODUCTS})"
    )
    return parser


async def _serve(options: argparse.Namespace) -> None:
    """Serve until SIGINT, SIGTERM or the end of standard input."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with serve(options.host, options.port, or_free=options.or_free) as url:
        sys.stdout.write(f"{READY}{url}\n")
        sys.stdout.flush()
        if options.until_eof:
            threading.Thread(target=_wait_for_eof, args=(loop, stop), daemon=True).start()
        await stop.wait()


def _wait_for_eof(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(0, 4096):  # not sys.stdin: its lock would crash the exit while this waits
        pass
    try:
        loop.call_soon_threadsafe(stop.set)
    except RuntimeError:  # the loop is closed: the site has ended already
        return


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


if __name__ == "__main__":
    sys.exit(main())
