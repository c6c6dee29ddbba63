"""Whether the process of a run that calls itself running is gone."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import sqlite3
from pathlib import Path


def is_dead(connection: sqlite3.Connection, pid: int | None) -> bool:
    """Nobody holds the lock of the database, and the process is not known to be alive.

    On this machine the lock alone tells. A run of another machine or container (its host name
    differs) may hold a lock that does not reach us: then its process id must be free here too,
    which says little, but a run that is cut off is told from one that is not.
    """
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    if not path or _is_held(Path(path + ".lock")):
        return False
    row = connection.execute("SELECT host_name FROM lock").fetchone()
    ours = row is not None and row[0] == socket.gethostname()
    return ours or not _is_alive(pid)


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:  # not ours to look at: believe the row
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_alive(pid: int | None) -> bool:
    if not pid:
        return False
    try:
        with contextlib.suppress(PermissionError):  # alive, and not ours
            os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
