"""What becomes of each foreign error."""

import errno
import socket
import ssl

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.http_exceptions import BadStatusLine, TransferEncodingError

from scraper.core.errors import FetchError
from scraper.core.model import Reason
from scraper.fetch.exchange import Exchange
from scraper.fetch.faults import FAULTS, fetch_error

KEY = ConnectionKey("shop.example", 80, False, True, None, None, None)
REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed")

BEFORE = [  # nothing can have reached the server
    (aiohttp.ConnectionTimeoutError(), Reason.TIMEOUT),
    (TimeoutError(), Reason.TIMEOUT),
    (aiohttp.ClientConnectorDNSError(KEY, socket.gaierror(-2, "unknown")), Reason.DNS),
    (UnicodeError("label too long"), Reason.DNS),
    (aiohttp.ClientConnectorError(KEY, REFUSED), Reason.CONNECT),
    (aiohttp.ClientConnectorError(KEY, TimeoutError(errno.ETIMEDOUT, "slow")), Reason.CONNECT),
    (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "wrong version")), Reason.TLS),
    (
        aiohttp.ClientConnectorCertificateError(KEY, ssl.CertificateError("self-signed")),
        Reason.TLS,
    ),
    (OSError(errno.EMFILE, "Too many open files"), Reason.CONNECT),
    (RuntimeError("unable to perform operation; the handler is closed"), Reason.CONNECT),
    (aiohttp.ClientConnectionError("Connector is closed"), Reason.CONNECT),
    (aiohttp.InvalidURL("http://"), Reason.PROTOCOL),
    (ValueError("Newline in headers"), Reason.PROTOCOL),
]
AFTER = [
    (TimeoutError(), Reason.TIMEOUT),
    (aiohttp.SocketTimeoutError(), Reason.TIMEOUT),
    (aiohttp.ServerDisconnectedError(), Reason.RESET),
    (aiohttp.ClientOSError(errno.ECONNRESET, "reset"), Reason.RESET),
    (aiohttp.ClientConnectionResetError("Cannot write"), Reason.RESET),
    (ConnectionResetError(errno.ECONNRESET, "reset"), Reason.RESET),
    (RuntimeError("Connection closed."), Reason.RESET),
    (aiohttp.ClientPayloadError("not completed: <ContentLengthError>"), Reason.TRUNCATED),
    (aiohttp.ClientPayloadError("not completed. ConnectionResetError(104)"), Reason.RESET),
    (TransferEncodingError("bad chunk"), Reason.PROTOCOL),
    (BadStatusLine("nonsense"), Reason.PROTOCOL),
    (UnicodeError("in a header"), Reason.PROTOCOL),
    (aiohttp.ClientError("anything else"), Reason.PROTOCOL),
]


@pytest.mark.parametrize(("error", "reason"), BEFORE)
def test_before_the_connection_nothing_was_sent(error, reason):
    mapped = fetch_error(error, Exchange())
    assert (mapped.reason, mapped.sent) == (reason, False)
    assert isinstance(error, FAULTS)


@pytest.mark.parametrize(("error", "reason"), AFTER)
def test_after_the_connection_the_request_may_have_arrived(error, reason):
    mapped = fetch_error(error, Exchange(connected_at=1.0))
    assert (mapped.reason, mapped.sent) == (reason, True)
    assert isinstance(error, FAULTS)


@pytest.mark.parametrize("error", [error for error, _ in BEFORE + AFTER])
def test_every_error_says_something_in_one_printable_line(error):
    detail = fetch_error(error, Exchange()).detail
    assert detail
    assert detail.isprintable()


def test_what_a_server_said_cannot_move_the_cursor_of_a_terminal():
    error = aiohttp.ClientError("bad\x1b[2J\r\nline " + "x" * 10_000)
    detail = fetch_error(error, Exchange()).detail
    assert detail.startswith("bad [2J line xxx")
    assert len(detail) <= 300


def test_an_error_of_ours_stays_as_it_is():
    error = FetchError(Reason.TOO_LARGE, "by far")
    assert fetch_error(error, Exchange()) is error


def test_a_dropped_connection_tells_why():
    mapped = fetch_error(aiohttp.ServerDisconnectedError(), Exchange(connected_at=1.0))
    assert mapped.reason == Reason.RESET
    assert "closed the connection" in mapped.detail


def test_only_refused_addresses_are_a_private_address():
    error = aiohttp.ClientConnectorError(KEY, OSError("Multiple exceptions"))
    mapped = fetch_error(error, Exchange(refused=["10.0.0.1:80 is private"]))
    assert (mapped.reason, mapped.sent) == (Reason.PRIVATE_ADDRESS, False)
    assert mapped.detail == "10.0.0.1:80 is private"


def test_a_public_address_that_failed_too_is_a_failed_connection():
    error = aiohttp.ClientConnectorError(KEY, REFUSED)
    exchange = Exchange(refused=["10.0.0.1:80 is private"], dialled=True)
    assert fetch_error(error, exchange).reason == Reason.CONNECT


def test_a_certificate_that_is_not_accepted_says_what_to_do():
    why = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] failed (_ssl.c:1006)")
    why.verify_message = "certificate has expired"
    detail = fetch_error(aiohttp.ClientConnectorCertificateError(KEY, why), Exchange()).detail
    assert detail == (
        "the certificate is not accepted: certificate has expired (fetch.ca_file, fetch.verify_tls)"
    )
