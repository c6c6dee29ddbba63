"""Where a worker process finds its code."""

from __future__ import annotations

from importlib.machinery import PathFinder

from scraper.parse import pool


def test_a_worker_finds_the_package_by_its_name_and_none_of_its_files_as_another():
    """Also where it is not installed; nor may a file of ours stand for a module of a user."""
    found = PathFinder.find_spec("scraper", [pool.ROOT])
    assert found is not None
    assert found.submodule_search_locations is not None
    assert PathFinder.find_spec("logs", [pool.ROOT]) is None
