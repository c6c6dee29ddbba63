"""Every way in which aiohttp and the operating system fail, mapped to the closed set of reasons."""

from __future__ import annotations

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from scraper.core.errors import FetchError
from scraper.core.model import Reason
from scraper.fetch.exchange import Exchange

# RuntimeError: uvloop raises it for an OSError, and a stream for a connection that is gone
FAULTS = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError, RuntimeError)

# Lost before an answer, or spoiled: a kept connection may be the reason.
DROPPED = (
    aiohttp.ClientOSError,
    aiohttp.ClientConnectionResetError,  # closed before a byte could be written
    aiohttp.ServerDisconnectedError,
    aiohttp.ClientResponseError,
)

MAX_DETAIL = 300  # characters


def fetch_error(error: BaseException, exchange: Exchange) -> FetchError:
    """Return the error to raise for this one, which may be of any library."""
    if isinstance(error, FetchError):
        return error
    connected = exchange.connected_at > 0
    if exchange.refused and not exchange.dialled:
        return FetchError(Reason.PRIVATE_ADDRESS, exchange.refused[0], sent=False)
    return FetchError(_reason(error, connected=connected), _detail(error), sent=connected)


def _reason(error: BaseException, *, connected: bool) -> Reason:
    if isinstance(error, aiohttp.ClientPayloadError):
        return _reason_of_payload(error)
    for kinds, reason in REASONS:
        if isinstance(error, kinds):
            return reason
    if isinstance(error, UnicodeError) and not connected:
        return Reason.DNS  # a label that is too long or empty
    if isinstance(error, (OSError, RuntimeError, aiohttp.ClientConnectionError)):
        return Reason.RESET if connected else Reason.CONNECT
    return Reason.PROTOCOL


# The first that fits.
REASONS: tuple[tuple[tuple[type[BaseException], ...], Reason], ...] = (
    ((TimeoutError,), Reason.TIMEOUT),
    ((aiohttp.ClientConnectorDNSError,), Reason.DNS),
    ((aiohttp.ClientSSLError, aiohttp.ServerFingerprintMismatch), Reason.TLS),
)


def _reason_of_payload(error: aiohttp.ClientPayloadError) -> Reason:
    """A body that ended too soon; aiohttp names a lost connection in its text only."""
    return Reason.RESET if "ConnectionResetError" in str(error) else Reason.TRUNCATED


def _detail(error: BaseException) -> str:
    """Say what happened, in the library's words unless there are better ones."""
    for kind, words in WORDS:
        if isinstance(error, kind):
            return words
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        inner = error.certificate_error
        why = str(getattr(inner, "verify_message", "") or inner).rstrip(".")
        return _shown(f"the certificate is not accepted: {why} (fetch.ca_file, fetch.verify_tls)")
    if isinstance(error, aiohttp.ClientConnectorError):
        error = error.os_error  # without "ssl:default" and the address once more
    words = str(error.message if isinstance(error, aiohttp.ClientResponseError) else error)
    return _shown(words) or type(error).__name__


def _shown(words: str) -> str:
    shown = "".join(char if char.isprintable() else " " for char in words[: 2 * MAX_DETAIL])
    return " ".join(shown.split())[:MAX_DETAIL]


# The first that fits.
WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ConnectionTimeoutError, "no connection within fetch.connect_timeout"),
    (aiohttp.SocketTimeoutError, "not a byte within fetch.stall"),
    (TimeoutError, "no whole answer within fetch.timeout"),
    (aiohttp.ServerDisconnectedError, "the server closed the connection without a whole answer"),
)
