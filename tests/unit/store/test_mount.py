from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from scraper.store.mount import kind, shared

MOUNTS = r"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /proc rw,nosuid shared:12 - proc proc rw
40 22 0:40 / /home/me/my\040share rw - 9p host rw
41 22 0:41 / /data rw shared:2 master:1 - nfs4 nas:/x rw
42 41 0:42 / /data/local rw - tmpfs tmpfs rw
43 22 0:43 / /twice rw - nfs nas:/y rw
44 22 0:44 / /twice rw - xfs /dev/vdb rw
45 22 0:45 / /mnt rw - fuse.sshfs me@x: rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/home/me/books.db", "ext4"),
        ("/home/me/my share/books.db", "9p"),
        ("/data/books.db", "nfs4"),
        ("/database/books.db", "ext4"),
        ("/data/local/books.db", "tmpfs"),
        ("/twice/books.db", "xfs"),
        ("/mnt/a/b.db", "fuse.sshfs"),
    ],
)
def test_the_deepest_and_latest_mount_carries_the_file(path: str, wanted: str) -> None:
    assert kind(MOUNTS, PurePosixPath(path)) == wanted


def test_nothing_is_known_without_a_list_of_mounts(tmp_path: Path) -> None:
    assert kind("", PurePosixPath("/x")) is None
    assert shared(tmp_path, mounts=tmp_path / "missing") is None


@pytest.mark.parametrize(
    ("type_", "wanted"),
    [
        ("nfs", "nfs"),
        ("virtiofs", "virtiofs"),
        ("cifs", "cifs"),
        ("fuse.x", "fuse.x"),
        ("ext4", None),
        ("overlay", None),
        ("tmpfs", None),
        ("fuseblk", None),
    ],
)
def test_network_and_shared_mounts_are_told_from_local_ones(
    tmp_path: Path, type_: str, wanted: str | None
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / / rw - {type_} x rw\n")
    assert shared(tmp_path / "books.db", mounts=mounts) == wanted
