"""Names to addresses, by the operating system.

Each lookup runs in a daemon thread of its own, up to a bound. Lookups of dead names take many
seconds: in the loop's own pool (four threads under uvloop) a few of them would hold up every
other host, and they would hold up the end of the program, which waits for that pool.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading

from aiohttp.abc import AbstractResolver, ResolveResult

MAX_LOOKUPS = 32  # at a time; a name is looked up once for all who ask meanwhile


class Resolver(AbstractResolver):
    """Asks `getaddrinfo`; aiohttp keeps the answers."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(MAX_LOOKUPS)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name; OSError or UnicodeError when there are none."""
        async with self._turns:
            answer: asyncio.Future[list[ResolveResult]] = asyncio.get_running_loop().create_future()
            threading.Thread(
                target=_look_up, args=(host, port, family, answer), name="dns", daemon=True
            ).start()
            return await answer

    async def close(self) -> None:
        """Nothing to close: what is under way ends in its thread."""


def _look_up(
    host: str,
    port: int,
    family: socket.AddressFamily,
    answer: asyncio.Future[list[ResolveResult]],
) -> None:
    try:
        infos = socket.getaddrinfo(
            host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
    except (OSError, UnicodeError) as error:
        _settle(answer, error)
    else:
        found = [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=kind, proto=proto, flags=0
            )
            for kind, _, proto, _, address in infos
        ]
        _settle(answer, found or OSError(f"no address for {host}"))


def _settle(
    answer: asyncio.Future[list[ResolveResult]], outcome: list[ResolveResult] | Exception
) -> None:
    def settle() -> None:
        if answer.done():
            return
        if isinstance(outcome, Exception):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)

    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        answer.get_loop().call_soon_threadsafe(settle)
