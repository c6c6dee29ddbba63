"""The demonstration site as a process of its own, as `scraper demo` uses it."""

from __future__ import annotations

import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PORT = 8799  # one port, so that the same command run again finds the same URLs
HOST = "127.0.0.1"
READY = "demo site on "
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0


class DemoError(RuntimeError):
    """The demonstration site did not start."""


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")


@contextmanager
def start(*, port: int = PORT, say: Callable[[str], None] = _to_stderr) -> Iterator[str]:
    """Run the site while the block runs; yields its address, e.g. http://127.0.0.1:8799.

    It leaves the terminal's process group, so that Ctrl-C stops the crawl and not the site under
    it; and it ends by itself when this process dies, since its standard input then ends.

    Args:
        say: told when `port` is taken and another is used.
    """
    site = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "scraper.demo", "--host", HOST, "--port", str(port),
         "--or-free", "--until-eof"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    with site:  # closes the pipes and reaps
        try:
            url = _ready(site)
            if port and not url.endswith(f":{port}"):
                say(f"port {port} is taken: the demo site is on {url}")
            yield url
        finally:
            _stop(site)


def _ready(site: subprocess.Popen[bytes]) -> str:
    """Wait for the line that says where the site is."""
    assert site.stdout is not None  # noqa: S101 - tells mypy
    if not select.select([site.stdout], [], [], START_TIMEOUT_S)[0]:
        raise DemoError(f"the demo site did not start within {START_TIMEOUT_S:.0f} s")
    line = site.stdout.readline().decode().strip()
    if not line.startswith(READY):
        raise DemoError(f"the demo site did not start: exit status {site.wait(STOP_TIMEOUT_S)}")
    return line.removeprefix(READY)


def _stop(site: subprocess.Popen[bytes]) -> None:
    site.terminate()
    try:
        site.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        site.kill()
