"""What kind of file system carries a file: WAL needs shared memory and locks that hold."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

MOUNTS = Path("/proc/self/mountinfo")
SHARED = frozenset(
    {"nfs", "nfs4", "9p", "virtiofs", "cifs", "smb3", "smbfs", "fuse", "afs", "ceph", "glusterfs"},
)


def kind(mountinfo: str, path: PurePosixPath) -> str | None:
    """The type of the file system that holds the absolute `path`; None when not listed.

    Source: proc(5), /proc/pid/mountinfo: the mount point is field 5, the type follows " - ".
    """
    best: tuple[int, str] | None = None
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split(" ")
        if len(fields) < 5 or not right:
            continue
        point = PurePosixPath(_unescape(fields[4]))
        depth = len(point.parts)
        # of two mounts on one point the later one is on top
        if path.is_relative_to(point) and (best is None or depth >= best[0]):
            best = (depth, right.split(" ")[0])
    return best[1] if best else None


def _unescape(field: str) -> str:
    """Undo the octal escapes of blanks."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def shared(path: Path, *, mounts: Path = MOUNTS) -> str | None:
    """The kind of network or shared mount under `path`, or None where WAL is safe."""
    try:
        found = kind(mounts.read_text("utf-8", "surrogateescape"), PurePosixPath(path.resolve()))
    except OSError:  # no /proc: not Linux
        return None
    if found is not None and (found in SHARED or found.startswith("fuse.")):
        return found
    return None
