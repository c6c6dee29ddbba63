"""Whose a host is: the domain that somebody has registered, by the public suffix list.

The list comes with its library and is never downloaded. All of it counts, the private section too:
a.github.io and b.github.io belong to two people, as a.co.uk and b.co.uk do.

Source: https://publicsuffix.org/list/
"""

from __future__ import annotations

import ipaddress
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


def registrable_domain(host: str) -> str | None:
    """The domain of a host name, in lower case; an address is its own.

    None: a public suffix itself, a name of one label, or no host name.
    """
    if is_address(host):
        return host.strip("[]")
    name = host.removesuffix(".").lower()
    return _suffixes().privatesuffix(name) if name and not name.startswith(".") else None


def owner(host: str) -> str:
    """What hosts have in common that belong together: "www.shop.example:443" -> "shop.example"."""
    name = name_of(host)
    return registrable_domain(name) or name


def name_of(host: str) -> str:
    """The name or the address in "name:port"."""
    return host.rpartition(":")[0]


def is_address(name: str) -> bool:
    """Whether a host is an address, IPv6 in brackets or not."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # 0.2 s that few crawls pay

    return PublicSuffixList()
