"""The allocator is told once, and only where it listens."""

import os
import subprocess
import sys

import pytest

from scraper import allocator

GLIBC = "CS_GNU_LIBC_VERSION" in os.confstr_names and os.confstr("CS_GNU_LIBC_VERSION")


@pytest.mark.skipif(not GLIBC, reason="the C library is not glibc")
def test_memory_is_kept_with_glibc():
    code = "from scraper.allocator import keep_memory; print(keep_memory())"  # not in this process
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@pytest.mark.parametrize("error", [AttributeError, ValueError, OSError])
def test_another_c_library_is_left_alone(monkeypatch, error):
    def confstr(name: str) -> str:
        raise error(name)

    monkeypatch.setattr(os, "confstr", confstr)
    assert not allocator.keep_memory()


def test_a_containers_limit_is_read_where_there_is_one(monkeypatch, tmp_path):
    file = tmp_path / "memory.max"
    monkeypatch.setattr(allocator, "_LIMITS", (tmp_path / "none", file))
    file.write_text("max\n")
    assert allocator._container_limit_bytes() == 1 << 62
    file.write_text("268435456\n")
    assert allocator._container_limit_bytes() == 256 * 1024 * 1024
