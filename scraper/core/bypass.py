"""NO_PROXY: the hosts that are asked directly.

There is no standard; what curl, Go and Python's requests agree on is done here: names are
suffixes, with or without a dot before them, addresses and networks fit addresses, a port narrows
an entry, and `*` is every host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeAlias

_Network: TypeAlias = IPv4Network | IPv6Network


class Bypass:
    """Which hosts go by the proxies.

    Args:
        entries: of NO_PROXY, e.g. `.corp.example`, `10.0.0.0/8`, `a.example:8080`.
    """

    __slots__ = ("_entries",)

    def __init__(self, entries: Iterable[str]) -> None:
        self._entries = tuple(_entry(text.strip().lower()) for text in entries if text.strip())

    def covers(self, host: str, port: int) -> bool:
        """Whether a host is asked directly; an IPv6 address may stand in brackets."""
        name = host.lower().strip("[]").removesuffix(".")
        return any(fits(name) for fits, only_port in self._entries if only_port in (None, port))


def _entry(text: str) -> tuple[Callable[[str], bool], int | None]:
    """Return who an entry fits, and on which port alone, if on one."""
    network = _network(text)
    if network is not None:
        return _within(network), None
    name, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal():
        return _named(text), None
    network = _network(name)
    return (_named(name) if network is None else _within(network)), int(port)


def _named(text: str) -> Callable[[str], bool]:
    if text == "*":
        return lambda _: True
    suffix = text.removeprefix("*").strip(".")
    return lambda name: name == suffix or name.endswith(f".{suffix}")


def _within(network: _Network) -> Callable[[str], bool]:
    def fits(name: str) -> bool:
        try:
            return ip_address(name) in network
        except ValueError:
            return False

    return fits


def _network(text: str) -> _Network | None:
    try:
        return ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None
