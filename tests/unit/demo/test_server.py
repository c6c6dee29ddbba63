"""What the demonstration site answers, without a socket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.demo import pages
from scraper.demo.server import respond, route


def split(answer: bytes) -> tuple[bytes, dict[bytes, bytes], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    return line, dict(h.split(b": ", 1) for h in headers), body


@pytest.mark.parametrize(
    "path", ["/", "/robots.txt", "/list/1", "/list/500", "/product/1", "/product/10000",
             "/product/5?ref=home", "/img/7.jpg", "/private/ledger"]
)  # fmt: skip
def test_pages_that_exist(path: str):
    status, body, content_type = route(path)
    assert (status, bool(body)) == (200, True)
    assert content_type.startswith(("text/", "image/"))


@pytest.mark.parametrize(
    "path", ["", "*", "/x", "/product", "/product/", "/product/0", "/product/01", "/product/10001",
             "/product/1/", "/product/1.jpg", "/product/-1", "/product/1e3", "/product/²",
             "/product/99999999999999999999999", "/list/501", "/img/.jpg", "//product/1",
             "/tag/oak", "/private/"]
)  # fmt: skip
def test_pages_that_do_not(path: str):
    assert route(path)[0] == 404


def test_keeps_the_connection_unless_asked_to_close():
    assert respond(b"GET / HTTP/1.1\r\nHost: x")[1]
    assert not respond(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Close")[1]
    assert not respond(b"GET / HTTP/1.0\r\nHost: x")[1]


def test_length_is_that_of_the_body():
    line, headers, body = split(respond(b"GET /product/9 HTTP/1.1\r\nHost: x")[0])
    assert line == b"HTTP/1.1 200 OK"
    assert int(headers[b"Content-Length"]) == len(body) == len(pages.product(9))


def test_head_has_the_headers_of_get_and_no_body():
    get, head = respond(b"GET /list/2 HTTP/1.1")[0], respond(b"HEAD /list/2 HTTP/1.1")[0]
    assert split(get)[:2] == split(head)[:2]
    assert split(head)[2] == b""


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"OPTIONS", b"get"])
def test_other_methods_are_refused_and_the_connection_closed(method: bytes):
    answer, keep = respond(method + b" / HTTP/1.1\r\nContent-Length: 3")
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert not keep


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(head: bytes):
    answer, keep = respond(head)
    line, headers, body = split(answer)
    assert line.split(b" ")[1] in {b"200", b"400", b"404", b"405"}
    assert int(headers[b"Content-Length"]) == len(body) or head.startswith(b"HEAD")
    assert headers[b"Connection"] == (b"keep-alive" if keep else b"close")


def test_private_ledger_is_what_robots_txt_forbids():
    assert b"Disallow: /private/" in route("/robots.txt")[1]


def test_a_page_that_the_client_has_is_not_sent_again():
    get = b"GET /list/2 HTTP/1.1\r\nHost: x"
    line, headers, body = split(respond(get)[0])
    etag = headers[b"ETag"]
    answer, keep = respond(get + b"\r\nIf-None-Match: " + etag + b"\r\nX: y")
    line, headers, body = split(answer)
    assert (line, headers[b"ETag"], body, keep) == (b"HTTP/1.1 304 Not Modified", etag, b"", True)
    assert b"Content-Length" not in headers
    other = b'\r\nIf-None-Match: "0"\r\nX: ' + etag
    assert respond(get + other)[0] == respond(get)[0]
    assert b"ETag" not in respond(b"GET /nothing HTTP/1.1")[0]
