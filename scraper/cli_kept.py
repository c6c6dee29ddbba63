"""The commands that work on kept and recorded pages; `cli` has the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import typer

from scraper.options import Config, Db, Quiet, Set
from scraper.output import say

if TYPE_CHECKING:
    from scraper.config import Loaded

Load: TypeAlias = "Callable[[Path, list[str] | None, str | None], Loaded]"


def add(app: typer.Typer, *, load: Load) -> None:
    """Add these commands.

    Args:
        load: reads a config, with what `--set` and `--db` say.
    """

    @app.command()
    def reparse(config: Config, *, db: Db = None, set_: Set = None, quiet: Quiet = False) -> None:
        """Extract again from the pages that were kept: all cores, no network, all or nothing."""
        from scraper.app_kept import reparse_pages

        status, text = reparse_pages(load(config, set_, db), quiet=quiet)
        if text and not quiet:
            say(text)
        _leave(status)


def _leave(status: int) -> None:
    if status:
        raise SystemExit(status)
