"""A process tells of itself, not of the one that started it."""

from __future__ import annotations

import subprocess
import sys

from scraper.usage import LOOK_EVERY, Peak, cpu_s
from tests.command import environment

MIB = 1024 * 1024
BIG = 100 * MIB
BORN_OF_A_GIANT = f"""
import subprocess, sys
giant = b"x" * {BIG}
print(subprocess.check_output([sys.executable, "-c", sys.argv[1]], text=True))
"""
TELL = f"""
from scraper.usage import peak_bytes
print(peak_bytes())
giant = b"x" * {BIG}
del giant
print(peak_bytes())
"""


def test_the_peak_is_of_the_process_alone_and_stays_when_memory_is_given_back() -> None:
    words = [sys.executable, "-c", BORN_OF_A_GIANT, TELL]
    told = subprocess.run(words, capture_output=True, check=True, env=environment())
    small, big = map(int, told.stdout.split())
    assert MIB < small < BIG / 2
    assert small + BIG * 0.9 < big < small + BIG * 1.5


def test_the_processor_time_grows_with_work() -> None:
    before = cpu_s()
    while cpu_s() == before:
        sum(range(10_000))
    assert cpu_s() > before


def test_the_peak_is_looked_at_where_it_may_have_risen():
    looks = iter(range(9))
    peak = Peak(lambda: next(looks))
    pages = [(5, 1), (5, 1), (3, 1), (6, 2), *[(6, 2)] * (LOOK_EVERY - 5), (1, 3)]
    for body_bytes, looked in pages:
        peak.look_after(body_bytes)
        assert peak.bytes == looked
