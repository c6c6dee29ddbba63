"""Schedules from seeds keep the laws, come out the same each time, and notice what is broken."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.mutants import mutated
from tests.simulation.schedule import simulate

ROOT = Path(__file__).parents[2]
CHUNK = 25
FEW = 60  # seeds, within which each of these is noticed
NOTICED = (
    "no cap per host",
    "no delay",
    "no rest after Retry-After",
    "no cap in all",
    "robots.txt is not obeyed",
    "a commit wakes nobody",
    "the end of a turn wakes nobody",
    "a hop keeps its turn",
    "settled rows stay held",
    "the end does not wait for retries",
    "a stop drops no window",
    "no drain",
    "no fence",
    "the last link is lost",
    "nothing is due again",
    "the mark is not written",
    "the last item wins",
    "no second try",
    "max_pages is ignored",
)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 300, CHUNK))
def test_every_schedule_keeps_the_laws(first: int):
    """Replay one with `python -m tests.simulation --seed N -v`."""
    tales = {seed: simulate(seed) for seed in range(first, first + CHUNK)}
    assert {seed: tale.broken for seed, tale in tales.items() if tale.broken} == {}


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "hosts"), [(1, 1_200), (2, 2_000), (3, 3_000)])
def test_thousands_of_hosts_keep_the_laws(seed: int, hosts: int):
    assert simulate(seed, hosts=hosts).broken is None


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTICED)
def test_a_rule_that_is_taken_out_is_noticed(name: str):
    """A law that cannot fail is no law."""
    with mutated(name):
        assert any(simulate(seed).broken for seed in range(FEW))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [4, 10])
def test_a_seed_tells_the_same_tale_each_time(seed: int):
    """Whatever the order of sets and the addresses of objects are."""

    def told(hash_seed: str) -> str:
        command = [sys.executable, "-m", "tests.simulation", "--seed", str(seed), "-v"]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd=ROOT
        ).stdout

    once = told("1")
    assert "all laws hold" in once
    assert told("2") == once
