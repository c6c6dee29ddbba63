"""The servers that are scraped, each in a process of its own on loopback.

`nginx` serves the files where it is installed, else Python's asyncio does (the report says which).
`hosts.py` is many hosts that answer late, `late.py` one that answers so many a second.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_NGINX = """
worker_processes 1;
daemon off;
pid {work}/nginx.pid;
error_log {work}/nginx.log crit;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  sendfile on;
  tcp_nodelay on;
  keepalive_requests 10000000;
  open_file_cache max=4000;
  types {{ text/html html; }}
  default_type text/html;
  charset utf-8;
  client_body_temp_path {work}/tmp; proxy_temp_path {work}/tmp; fastcgi_temp_path {work}/tmp;
  uwsgi_temp_path {work}/tmp; scgi_temp_path {work}/tmp;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location ~ ^/p/\\d+/(\\d+\\.html)$ {{ alias {root}/$1; }}
  }}
}}
"""


def name() -> str:
    """Which server serves the files."""
    binary = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if binary is None:
        return "asyncio (nginx is not installed)"
    told = subprocess.run([binary, "-v"], capture_output=True, text=True, check=False)
    return told.stderr.strip().removeprefix("nginx version: ")


@contextlib.contextmanager
def files(root: Path, work: Path) -> Iterator[str]:
    """Serve the pages; yields the origin."""
    port = _free_port()
    binary = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if binary is None:
        command = [sys.executable, "-m", "bench.files", str(root), str(port)]
    else:
        config = work / "nginx.conf"
        (work / "tmp").mkdir(exist_ok=True)
        config.write_text(_NGINX.format(work=work, root=root, port=port))
        command = [binary, "-c", str(config), "-p", str(work)]
    with _running(command, port):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def hosts(latency_s: float) -> Iterator[int]:
    """Serve small pages late on all of 127.0.0.0/8; yields the port."""
    port = _free_port()
    with _running([sys.executable, "-m", "bench.hosts", str(port), str(latency_s)], port):
        yield port


@contextlib.contextmanager
def late(late_s: float, rate: float) -> Iterator[int]:
    """Serve a page after that long, so many a second at most; yields the port."""
    port = _free_port()
    with _running([sys.executable, "-m", "bench.late", str(port), str(late_s), str(rate)], port):
        yield port


@contextlib.contextmanager
def sites(late_s: float, kilobytes: float, *, validators: bool) -> Iterator[int]:
    """Serve plain pages of that size after that long on all of 127.0.0.0/8; yields the port."""
    port, more = _free_port(), (str(late_s), str(kilobytes), str(int(validators)))
    with _running([sys.executable, "-m", "bench.sites", str(port), *more], port):
        yield port


@contextlib.contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command)
    try:
        _wait_for(port, process)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"the server on port {port} does not answer")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
