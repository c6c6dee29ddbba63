"""Which addresses are not public, and which of those a plan may reach all the same.

The tables are written out from the IANA special-purpose address registries (RFC 6890): what
`ipaddress` calls private differs between Python versions. In IPv6 only 2000::/3 is given out, so
everything else is refused unless it is a way to write an IPv4 address, which is then judged:
mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96), 6to4 (2002::/16) and Teredo (2001::/32, both its
server and its client).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from scraper.core.plan import PrivatePlan

NO_ADDRESS = "not an address"

_V4 = tuple(
    (int(network.network_address), int(network.netmask), why)
    for text, why in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared"),  # carrier-grade NAT, RFC 6598; some clouds' metadata
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("255.255.255.255/32", "broadcast"),
        ("240.0.0.0/4", "reserved"),
    )
    for network in (IPv4Network(text),)
)
_V6 = tuple(
    (int(network.network_address), int(network.netmask), why)
    for text, why in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "private"),  # NAT64 of the local network, RFC 8215
        ("2001::/23", "reserved"),  # IETF protocols; Teredo is judged before
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
    )
    for network in (IPv6Network(text),)
)
_LOCAL = frozenset(
    {"corp", "home", "internal", "intranet", "lan", "local"}
    | {"localdomain", "localhost", "mail", "private"}
)
_NAT64 = int(IPv6Address("64:ff9b::")) >> 32
_V4_MASK = 0xFFFFFFFF


def refused(ip: str) -> str | None:
    """Return why an address is not public, e.g. "loopback", or None if it is.

    Args:
        ip: as the resolver or the socket writes it; an IPv6 one may carry a scope id ("%eth0").
    """
    address = _read(ip)
    if address is None:
        return NO_ADDRESS
    return _why(address)


class Allowed:
    """What `fetch.private_addresses` lets through, precomputed."""

    __slots__ = ("_every", "_hosts", "_networks")

    def __init__(self, plan: PrivatePlan) -> None:
        self._every = plan.every
        self._hosts = frozenset(_entry(text) for text in plan.hosts)
        self._networks = tuple(ip_network(text, strict=False) for text in plan.networks)

    def __repr__(self) -> str:
        hosts = sorted(f"{name}:{port}" for name, port in self._hosts)
        shown = ["every"] if self._every else [*hosts, *map(str, self._networks)]
        return f"<Allowed {' '.join(shown) or 'nothing'}>"

    def trusts(self, name: str, port: int) -> bool:
        """Say whether a name may be connected to whatever it resolves to."""
        return self._every or (_host(name), port) in self._hosts

    def permits(self, name: str, ip: str, port: int) -> bool:
        """Say whether the address that a name resolved to may be connected to.

        Public addresses always may. What is no address never may, unless everything may.
        """
        if self._every:
            return True
        address = _read(ip)
        if address is None:
            return False
        if _why(address) is None:
            return True
        if (_host(name), port) in self._hosts or (str(address), port) in self._hosts:
            return True
        return any(address in network for network in self._networks)


def is_local_name(name: str) -> bool:
    """Say whether a host can be no public name: one label, a number at its end, a special suffix.

    Source: RFC 6761, RFC 6762, RFC 8375, and the suffixes that ICANN keeps out of the root.
    """
    labels = name.lower().removesuffix(".").split(".")
    if len(labels) < 2 or labels[-1] in _LOCAL or labels[-2:] == ["home", "arpa"]:
        return True
    return labels[-1][:1].isdigit()  # WHATWG: an address, or nothing


def _read(ip: str) -> IPv4Address | IPv6Address | None:
    """Return an address without its scope id; a mapped one as the IPv4 address it is."""
    try:
        address = ip_address(ip.strip("[]"))
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))
    return address


def _why(address: IPv4Address | IPv6Address) -> str | None:
    value = int(address)
    if isinstance(address, IPv4Address):
        return _looked_up(value, _V4)
    embedded = _embedded(value)
    if embedded:
        return next(filter(None, (_looked_up(part, _V4) for part in embedded)), None)
    why = _looked_up(value, _V6)
    if why is None and value >> 32 == 0:  # IPv4-compatible, given up by RFC 4291
        why = _looked_up(value, _V4)
    return why or (None if value >> 125 == 1 else "reserved")  # 2000::/3


def _embedded(value: int) -> tuple[int, ...]:
    """Return the IPv4 addresses that an IPv6 address stands for, if it stands for any."""
    if value >> 32 == _NAT64:
        return (value & _V4_MASK,)
    if value >> 112 == 0x2002:  # 6to4
        return (value >> 80 & _V4_MASK,)
    if value >> 96 == 0x20010000:  # Teredo: server, and client with its bits turned over
        return (value >> 64 & _V4_MASK, ~value & _V4_MASK)
    return ()


def _looked_up(value: int, table: tuple[tuple[int, int, str], ...]) -> str | None:
    for network, mask, why in table:
        if value & mask == network:
            return why
    return None


def _entry(text: str) -> tuple[str, int]:
    """Split "name-or-address:port"."""
    name, _, port = text.rpartition(":")
    return _host(name), int(port)


def _host(name: str) -> str:
    """Return a name in lower case, an address in its one spelling."""
    address = _read(name)
    return name.lower().removesuffix(".") if address is None else str(address)
