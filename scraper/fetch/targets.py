"""Who is asked for through a proxy: judged here, since the proxy connects in our stead.

The guard of the sockets sees the proxy's address only. So the target is judged before the proxy
hears of it: an address as it is, a name by what it resolves to here. A name that does not resolve
here is judged by itself: one that can be no public name is refused, any other is left to the
proxy, which alone may know it. What `fetch.private_addresses` names is not looked up at all.

A proxy that looks names up (all but socks5, which is given the address judged here) may come to
another answer than we did: what it can reach is then up to the proxy.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from aiohttp.abc import ResolveResult

from scraper.core.address import NO_ADDRESS, Allowed, is_local_name, refused
from scraper.core.errors import FetchError
from scraper.core.model import Reason
from scraper.core.plan import PrivatePlan
from scraper.fetch.guard import explain

LookUp = Callable[[str, int], Awaitable[Sequence[ResolveResult]]]


class Targets:
    """Judges hosts before a proxy is asked for them.

    Args:
        look_up: returns the addresses of a name and port; OSError or UnicodeError: there are none.
    """

    def __init__(self, plan: PrivatePlan, look_up: LookUp) -> None:
        self._allowed = Allowed(plan)
        self._look_up = look_up

    async def judge(self, name: str, port: int, *, resolve: bool) -> str:
        """Return an address of the host, or its name where there is none.

        Args:
            resolve: an address is wanted, even where everything is allowed.

        Raises:
            FetchError: it may not be asked for.
        """
        trusted = self._allowed.trusts(name, port)
        if trusted and not resolve:
            return name
        if refused(name) != NO_ADDRESS:
            return self._permitted(name, name.strip("[]"), port)
        try:
            found = await self._look_up(name, port)
        except (OSError, UnicodeError):
            found = ()
        # the proxy may take any of them, so all must be permitted
        addresses = [self._permitted(name, each["host"], port) for each in found]
        if addresses:
            return addresses[0]
        if not trusted and is_local_name(name):
            how = f'add "{name}:{port}" to fetch.private_addresses to allow it'
            raise FetchError(Reason.PRIVATE_ADDRESS, f"{name} is no public name: {how}", sent=False)
        return name

    def _permitted(self, name: str, ip: str, port: int) -> str:
        if not self._allowed.permits(name, ip, port):
            raise FetchError(Reason.PRIVATE_ADDRESS, explain(name, ip, port), sent=False)
        return ip
