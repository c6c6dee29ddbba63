"""Reads the config that a command names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from scraper.config import Loaded


def load(
    config: Path,
    *,
    set_: list[str] | None = None,
    seeds: str | None = None,
    db: str | None = None,
    python: list[str] | None = None,
    environment: dict[str, str] | None = None,
) -> Loaded:
    """Return the config, with what the options of the command line say.

    Raises:
        UsageError: all its mistakes, with their places.
    """
    from scraper.config import load as read

    env = os.environ if environment is None else environment
    return read(config, env=env, overrides=set_ or (), seeds=seeds, db=db, python=python or ())
