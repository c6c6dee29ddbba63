"""Laws of looking hosts up, in virtual time."""

import asyncio

from scraper.locate import AT_ONCE, Locator, locate
from tests.virtual import run_virtual

ANSWERS = {
    "a": [{"host": "10.0.0.1"}, {"host": "10.0.0.2"}],
    "gone": OSError("no such name"),
    "odd": UnicodeError("label too long"),
    "slow": 1e6,
}


def test_every_host_is_told_where_it_is_whatever_its_name_server_does():
    """Slow names hold up the others no longer than their time-out."""

    async def look_up(name, port):
        assert port == 80
        answer = ANSWERS[name.partition("-")[0]]
        await asyncio.sleep(answer if isinstance(answer, float) else 0.1)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def main():
        """All that a run looks up, and then what a plan does."""
        told = {}
        locator = Locator(look_up, timeout_s=10.0, located=told.__setitem__)
        hosts = [*(f"slow-{n}:80" for n in range(2 * AT_ONCE)), "a:80", "gone:80", "odd:80"]
        for host in hosts:
            locator.meet(host)
        assert str(len(hosts)) in repr(locator)
        task = asyncio.create_task(locator.run())
        await asyncio.sleep(20.5)
        task.cancel()
        await asyncio.wait((task,))
        assert await locate(look_up, hosts, timeout_s=10.0) == told
        return told

    told = run_virtual(main())
    assert told.pop("a:80") == ["10.0.0.1", "10.0.0.2"]
    assert len(told) == 2 * AT_ONCE + 2
    assert set(map(tuple, told.values())) == {()}
