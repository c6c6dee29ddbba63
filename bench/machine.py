"""What was measured, and where."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from bench import server

_LIBRARIES = ("aiohttp", "selectolax", "uvloop", "aiosqlite", "scrapy")


def about() -> dict[str, str]:
    """Date, commit, processor and versions, for the head of a result."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": _commit(),
        "machine": f"{_processor()}, {len(os.sched_getaffinity(0))} cores, {platform.machine()}",
        "python": platform.python_version(),
        "libraries": ", ".join(map(_version, _LIBRARIES)),
        "server": server.name(),
    }


def _commit() -> str:
    def git(*words: str) -> str:
        told = subprocess.run(["git", *words], capture_output=True, text=True, check=False)  # noqa: S607
        return told.stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "scraper", "bench")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("-changed" if changed else "")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _version(name: str) -> str:
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return f"no {name}"
