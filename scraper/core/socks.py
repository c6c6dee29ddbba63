"""The client's side of SOCKS5, without the socket: what to send, and how many bytes to read.

    steps = handshake(login, host="shop.example", port=443)
    step = next(steps)                            # Step(send, read)
    step = steps.send(the `step.read` bytes)      # until StopIteration: the connection stands

Never more is asked for than the proxy must send, so that not a byte of the server's is taken.
Source: RFC 1928, RFC 1929.
"""

from __future__ import annotations

from collections.abc import Generator
from ipaddress import ip_address
from typing import NamedTuple

LONGEST = 255  # bytes of a name, a user and a password
_VERSION = 5
_NO_LOGIN, _LOGIN, _NONE_FITS = 0, 2, 0xFF
_V4, _NAME, _V6 = 1, 3, 4
_REFUSALS = {
    1: "general failure",
    2: "its rules do not allow it",
    3: "the network is unreachable",
    4: "the host is unreachable",
    5: "the connection was refused",
    6: "the time to live is over",
    7: "it knows no CONNECT",
    8: "it knows no addresses of this kind",
}


class SocksError(Exception):
    """The proxy cannot be used: it speaks otherwise, or does not know us."""


class SocksRefusedError(Exception):
    """The proxy works and does not connect to this host."""


class Step(NamedTuple):
    """One exchange with the proxy."""

    send: bytes
    read: int  # bytes to read then, all of them


def handshake(
    login: tuple[str, str] | None, *, host: str, port: int
) -> Generator[Step, bytes, None]:
    """Ask a proxy for a connection to a host, a name or an address without brackets.

    Raises:
        SocksError: this proxy cannot be used.
        SocksRefusedError: it can, but not for this host.
    """
    wanted = _address(host) + port.to_bytes(2, "big")
    methods = bytes([_NO_LOGIN] if login is None else [_NO_LOGIN, _LOGIN])
    version, method = yield Step(bytes([_VERSION, len(methods)]) + methods, 2)
    if version != _VERSION:
        raise SocksError("it does not speak SOCKS5")
    if method == _LOGIN and login is not None:
        _, status = yield Step(b"\x01" + b"".join(_short(text.encode()) for text in login), 2)
        if status:
            raise SocksError("it does not accept the user and password")
    elif method != _NO_LOGIN:
        wants = "a user and password" if login is None else "another way to log in"
        raise SocksError(
            f"it wants {wants}" if method == _NONE_FITS else "its answer cannot be read"
        )
    version, reply, _, kind, length = yield Step(bytes([_VERSION, 1, 0]) + wanted, 5)
    if version != _VERSION:
        raise SocksError("it does not speak SOCKS5")
    if reply:
        raise SocksRefusedError(_REFUSALS.get(reply, f"reply {reply}"))
    rest = {_V4: 3, _V6: 15, _NAME: length}.get(kind)
    if rest is None:
        raise SocksError("its answer cannot be read")
    yield Step(b"", rest + 2)  # the address that it connects from, and the port: of no use


def _address(host: str) -> bytes:
    try:
        ip = ip_address(host)
    except ValueError:
        return bytes([_NAME]) + _short(host.encode())
    return bytes([_V4 if ip.version == 4 else _V6]) + ip.packed


def _short(text: bytes) -> bytes:
    if not 0 < len(text) <= LONGEST:
        raise SocksRefusedError(f"names and credentials have 1 to {LONGEST} bytes")
    return bytes([len(text)]) + text
