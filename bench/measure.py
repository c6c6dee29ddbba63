"""One run of a client as a process of its own: processor seconds, wall time, peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_S = 0.2
_UNLIKE = "PYTHONDONTWRITEBYTECODE"  # an installed package is compiled, so is what is measured
ENV = {
    **{name: value for name, value in os.environ.items() if name != _UNLIKE},
    "PYTHONPATH": str(Path.cwd()),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run took.

    Attributes:
        cpu_s: user and system, of the process and of all that it waited for.
        peak_bytes: the greatest sum of the proportional set sizes of all its processes, seen
            every `SAMPLE_S`; the own peak of a process that ends within less.
    """

    cpu_s: float
    wall_s: float
    peak_bytes: int
    exit_status: int


def run(
    command: Sequence[str], *, log: Path, env: Mapping[str, str], timeout_s: float = 900
) -> Figures:
    """Run a command to its end; its output goes to `log`.

    Raises:
        TimeoutError: it took longer; it was killed.
    """
    with log.open("wb") as out:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=dict(env)
        )
        peak = _Peak(process.pid)
        killer = threading.Timer(timeout_s, process.kill)
        killer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
            wall_s = time.perf_counter() - began
        finally:
            killer.cancel()
            peak.stop()
        process.returncode = os.waitstatus_to_exitcode(status)
    if wall_s >= timeout_s:
        raise TimeoutError(f"{command[0]} took longer than {timeout_s:g} s; see {log}")
    return Figures(
        usage.ru_utime + usage.ru_stime,
        wall_s,
        peak.bytes,
        process.returncode,
    )


class _Peak:
    """Looks at the memory of a process and its children until told to stop."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._stopped.wait(SAMPLE_S):
            self.bytes = max(self.bytes, sum(map(_pss_bytes, tree(self._pid))))

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()


def shown(values: Sequence[float]) -> str:
    """The median, and from the least to the greatest."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def tree(pid: int) -> list[int]:
    """A process and what it has started, as far as it still runs."""
    found = [pid]
    for parent in found:
        try:
            tasks = list(Path(f"/proc/{parent}/task").iterdir())
            found += [int(c) for t in tasks for c in (t / "children").read_text().split()]
        except OSError:  # ended meanwhile
            continue
    return found


def _pss_bytes(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return 0
