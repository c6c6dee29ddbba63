"""The command in a process of its own without the half second in which it imports.

`python -m tests.warm` has imported what the commands import, and forks for each request: the child
is a process like any other, whose standard streams, directory, environment and arguments are those
that were asked for, and runs `python -m scraper` from its first line. What must be seen from the
very start of an interpreter (signals, kills, limits) is started without it: see `command`.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import resource
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MOST_BYTES = 1024 * 1024  # of a request
IMPORTED = (
    "scraper.cli",
    "scraper.app.run",
    "scraper.app.kept",
    "scraper.app.plan",
    "scraper.app.read",
    "scraper.app.single",
    "scraper.export",
    "scraper.demo",
)


class Warm:
    """Starts commands, one at a time; lives as long as the process that has made it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.warm"],
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                env=environment,
            )
        self._limits = _limits()
        self._turn = threading.Lock()

    def close(self) -> None:
        """End the process, which ends by itself when nobody asks any more."""
        self._line.close()
        self._process.wait()

    def is_fit(self) -> bool:
        """Whether a child would have the limits that a child of ours has."""
        return self._limits == _limits() and self._process.poll() is None

    def run(
        self,
        args: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        stdin: str | None,
        timeout_s: float,
    ) -> tuple[int, bytes, bytes]:
        """The exit status (negative: a signal) and both outputs."""
        words = {"args": list(args), "cwd": str(cwd), "environment": dict(environment)}
        pipes = [os.pipe() for _ in range(3)]
        (in_read, in_write), (out_read, out_write), (err_read, err_write) = pipes
        with self._turn:
            request = json.dumps(words).encode()
            socket.send_fds(self._line, [request], [in_read, out_write, err_write])
            for end in (in_read, out_write, err_write):
                os.close(end)
            pid = int(self._line.recv(100))
            killer = threading.Timer(timeout_s, os.kill, (pid, signal.SIGKILL))
            killer.start()
            found: dict[int, bytes] = {}
            readers = [
                threading.Thread(target=_read, args=(end, found)) for end in (out_read, err_read)
            ]
            for reader in readers:
                reader.start()
            with contextlib.suppress(BrokenPipeError), open(in_write, "wb") as file:  # noqa: PTH123
                file.write((stdin or "").encode())
            status = int(self._line.recv(100))
            for reader in readers:
                reader.join()
            if not killer.is_alive():
                raise subprocess.TimeoutExpired(list(args), timeout_s)
            killer.cancel()
            killer.join()
        return status, found[out_read], found[err_read]


def _read(end: int, found: dict[int, bytes]) -> None:
    with open(end, "rb") as file:
        found[end] = file.read()


def _limits() -> list[tuple[int, int]]:
    return [resource.getrlimit(getattr(resource, n)) for n in dir(resource) if "RLIMIT_" in n]


def _serve(line: socket.socket) -> None:
    """Fork for each request, and return in the child alone; end when nobody asks any more."""
    while True:
        request, streams, _, _ = socket.recv_fds(line, MOST_BYTES, 3)
        if not request:
            os._exit(0)
        pid = os.fork()
        if not pid:
            line.close()
            _become(json.loads(request), streams)
            return
        for stream in streams:
            os.close(stream)
        line.send(str(pid).encode())
        line.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())


def _become(words: dict[str, Any], streams: Sequence[int]) -> None:
    """Take on what a process is given by the one that starts it."""
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - open to the end
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.chdir(words["cwd"])
    os.environ.clear()
    os.environ.update(words["environment"])
    sys.path[0] = words["cwd"]  # as `python -m` has it
    sys.argv = ["scraper", *words["args"]]


def main() -> None:
    """Serve the process that has started this one; in each child, run the command."""
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()
    _serve(socket.socket(fileno=os.dup(0)))
    runpy.run_module("scraper", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
