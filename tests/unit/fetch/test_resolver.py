"""Names to addresses (no name server is asked: these are addresses already)."""

import asyncio
import socket

import pytest

from scraper.fetch.resolver import Resolver


async def test_an_address_resolves_to_itself():
    (found,) = await Resolver().resolve("127.0.0.1", 80, socket.AF_INET)
    assert (found["host"], found["port"], found["family"]) == ("127.0.0.1", 80, socket.AF_INET)


@pytest.mark.parametrize("name", ["a" * 70 + ".example", "a..example"])
async def test_a_name_that_cannot_be_asked_for_is_an_error(name):
    with pytest.raises((UnicodeError, OSError)):
        await Resolver().resolve(name, 80, socket.AF_INET)


async def test_a_lookup_that_nobody_waits_for_disturbs_nobody():
    resolver = Resolver()
    lookup = asyncio.ensure_future(resolver.resolve("127.0.0.1", 80, socket.AF_INET))
    await asyncio.sleep(0)
    lookup.cancel()
    with pytest.raises(asyncio.CancelledError):
        await lookup
    assert await resolver.resolve("127.0.0.1", 80, socket.AF_INET)


async def test_more_lookups_than_turns_all_get_an_answer():
    resolver = Resolver()
    found = await asyncio.gather(
        *(resolver.resolve("127.0.0.1", port, socket.AF_INET) for port in range(1, 100))
    )
    assert [address["port"] for (address,) in found] == list(range(1, 100))
