"""The demonstration site over real sockets, here and as a process of its own."""

import asyncio
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from urllib.request import urlopen

import pytest

from scraper.demo import pages, start
from scraper.demo.server import serve

WAIT_S = 20.0


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which something else listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def get(url: str) -> bytes:
    with urlopen(url, timeout=WAIT_S) as response:
        return response.read()


async def ask(url: str, *requests: bytes) -> bytes:
    """Send all requests at once, the last one asking to close, and read to the end."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"".join(requests))
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_requests_sent_together_are_answered_in_order():
    async with serve("127.0.0.1", 0) as url:
        answer = await ask(
            url,
            b"GET /product/1 HTTP/1.1\r\n\r\nGET /none HTTP/1.1\r\n\r\n",
            b"GET /product/2 HTTP/1.1\r\nConnection: close\r\n\r\n",
        )
    first, second = pages.product(1), pages.product(2)
    assert answer.count(b"HTTP/1.1 ") == 3
    assert answer.index(first) < answer.index(b"404 Not Found") < answer.index(second)


async def test_request_that_arrives_in_pieces_is_answered():
    async with serve("127.0.0.1", 0) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        for byte in b"GET / HTTP/1.0\r\n\r\n":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        assert (await reader.read()).endswith(pages.front())
        writer.close()
        await writer.wait_closed()


async def test_head_without_end_is_cut_off():
    async with serve("127.0.0.1", 0) as url:
        with suppress(ConnectionError):  # as good as an end
            assert await ask(url, b"GET / HTTP/1.1\r\nX: " + b"x" * 200_000) == b""


async def test_leaving_does_not_wait_for_idle_clients():
    async with asyncio.timeout(WAIT_S):
        async with serve("127.0.0.1", 0) as url:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await reader.readuntil(b"</html>\n")
        with suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()


def test_process_serves_and_ends():
    said: list[str] = []
    with start(port=0, say=said.append) as url:
        assert get(f"{url}/product/7") == pages.product(7)
        port = int(url.rpartition(":")[2])
    assert said == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()


def test_taken_port_is_said_and_another_used(taken: int):
    said: list[str] = []
    with start(port=taken, say=said.append) as url:
        assert get(f"{url}/robots.txt") == pages.ROBOTS
    assert said == [f"port {taken} is taken: the demo site is on {url}"]


def test_taken_port_is_an_error_without_another(taken: int):
    done = subprocess.run(
        [sys.executable, "-m", "scraper.demo", "--port", str(taken)], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert f"127.0.0.1:{taken}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_well(number: signal.Signals):
    with subprocess.Popen(
        [sys.executable, "-m", "scraper.demo", "--port", "0"], stdout=subprocess.PIPE
    ) as site:
        assert site.stdout is not None
        assert site.stdout.readline().startswith(b"demo site on http://127.0.0.1:")
        site.send_signal(number)
        assert site.wait(WAIT_S) == 0


def test_site_ends_when_its_parent_is_killed():
    code = (
        "import sys, time\nfrom scraper.demo import start\n"
        "with start(port=0) as url:\n    print(url, flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().decode().strip()
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        with socket.create_connection(address, timeout=WAIT_S) as client:
            parent.kill()
            assert select.select([client], [], [], WAIT_S)[0], "the site lives on"
            with suppress(ConnectionError):
                assert client.recv(1) == b""


def test_ctrl_c_does_not_reach_the_site():
    code = (
        "import os, signal\nfrom urllib.request import urlopen\nfrom scraper.demo import start\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background job ignores it
        "with start(port=0) as url:\n"
        "    try:\n        os.killpg(0, signal.SIGINT)\n        signal.pause()\n"
        "    except KeyboardInterrupt:\n        print(urlopen(url).status)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], start_new_session=True, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "200\n", "")


def test_seed_list_names_products():
    done = subprocess.run(
        [sys.executable, "-m", "scraper.demo", "--seeds", "3"], capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [f"http://127.0.0.1:8799/product/{n}" for n in (1, 2, 3)]
