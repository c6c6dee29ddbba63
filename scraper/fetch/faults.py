"""Every way in which aiohttp and the operating system fail, mapped to the closed set of reasons."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from scraper.core.errors import FetchError
from scraper.core.model import Reason
from scraper.fetch.exchange import Exchange

# RuntimeError: uvloop raises it for an OSError, and a stream for a connection that is gone
FAULTS = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError, RuntimeError)


class DroppedError(aiohttp.ClientError):
    """The connection was lost before an answer; keeps aiohttp from sending again on its own."""


def fetch_error(error: BaseException, exchange: Exchange) -> FetchError:
    """Return the error to raise for a foreign one."""
    if isinstance(error, FetchError):
        return error
    while isinstance(error, DroppedError) and error.__cause__ is not None:
        error = error.__cause__
    connected = exchange.connected_at > 0
    if exchange.refused and not exchange.dialled:
        reason, detail = Reason.PRIVATE_ADDRESS, exchange.refused[0]
    else:
        reason, detail = _reason(error, connected=connected), describe(error)
    return FetchError(reason, detail, sent=connected)


def describe(error: BaseException) -> str:
    """The library's own words, or the name of the error when it has none."""
    words = " ".join(str(error).split())[:500]
    return words if words not in ("", "None") else type(error).__name__


def _reason(error: BaseException, *, connected: bool) -> Reason:
    for kinds, reason in KINDS:
        if isinstance(error, kinds):
            return reason(error) if callable(reason) else reason
    if isinstance(error, UnicodeError) and not connected:
        return Reason.DNS  # a label too long for IDNA
    if isinstance(error, OSError | RuntimeError | aiohttp.ClientConnectionError):
        return Reason.RESET if connected else Reason.CONNECT
    return Reason.PROTOCOL


def _payload(error: BaseException) -> Reason:
    """A body that failed: cut off, reset, or against the framing.

    aiohttp names the lost connection in the text only.
    """
    if "ConnectionResetError" in str(error) or "BrokenPipeError" in str(error):
        return Reason.RESET
    framing = (
        isinstance(error.__cause__, HttpProcessingError)
        and "not enough data" not in str(error).lower()
    )
    return Reason.PROTOCOL if framing else Reason.TRUNCATED


# The first that fits.
KINDS: tuple[
    tuple[
        type[BaseException] | tuple[type[BaseException], ...],
        Reason | Callable[[BaseException], Reason],
    ],
    ...,
] = (
    (TimeoutError, Reason.TIMEOUT),
    (aiohttp.ClientConnectorDNSError, Reason.DNS),
    ((aiohttp.ClientSSLError, aiohttp.ServerFingerprintMismatch, ssl.SSLError), Reason.TLS),
    (aiohttp.ClientPayloadError, _payload),
)
