"""The last look at an address before the operating system connects to it.

aiohttp asks a resolver for names only, so an address written in the URL would pass by it. The
socket factory is called for every connection, after DNS, with the address itself.
"""

from __future__ import annotations

import socket
from typing import Any

from scraper.core.address import Allowed, refused
from scraper.core.plan import PrivatePlan
from scraper.fetch.exchange import CURRENT, now

# family, type, protocol, canonical name, (address, port, ...): as getaddrinfo gives it
AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]


class PrivateAddressError(OSError):
    """An address that is not public and not allowed; an OSError, so that the next one is tried."""


class Guard:
    """Makes sockets for permitted addresses only."""

    def __init__(self, plan: PrivatePlan) -> None:
        self._allowed = Allowed(plan)

    def __call__(self, info: AddressInfo) -> socket.socket:
        """Return a socket that may be connected to this address."""
        family, kind, protocol, _, (ip, port, *_) = info
        exchange = CURRENT.get()
        exchange.dialled_at = exchange.dialled_at or now()
        if not self._allowed.permits(exchange.name, ip, port):
            detail = explain(exchange.name, ip, port)
            exchange.refused.append(detail)
            raise PrivateAddressError(detail)
        exchange.dialled = True
        return socket.socket(family, kind, protocol)


def explain(name: str, ip: str, port: int) -> str:
    """Say why an address that a name resolved to is refused, and how to allow it."""
    address = f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
    named = f"{name} resolves to {address}, a" if name.strip("[]") != ip else f"{address} is a"
    return f'{named} {refused(ip)} address: add "{address}" to fetch.private_addresses to allow it'
