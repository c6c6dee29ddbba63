"""The command that looks ahead; `cli` has the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import typer

from scraper.commands.options import AsJson, Config, Db, Fresh, Limit, Python, Seeds, Set
from scraper.output import say

if TYPE_CHECKING:
    from scraper.config import Loaded


class Load(Protocol):
    """Reads a config, with what the options say."""

    def __call__(
        self,
        config: Path,
        *,
        set_: list[str] | None = None,
        seeds: str | None = None,
        db: str | None = None,
        python: list[str] | None = None,
    ) -> Loaded:
        """The config."""


def add(app: typer.Typer, *, load: Load) -> None:
    """Add this command."""

    @app.command()
    def plan(
        config: Config,
        *,
        seeds: Seeds = None,
        db: Db = None,
        set_: Set = None,
        python: Python = None,
        limit: Limit = None,
        fresh: Fresh = False,
        as_json: AsJson = False,
    ) -> None:
        """Say what a run would do: hosts, pages, robots.txt, and how long it takes at least."""
        from scraper.app.plan import plan_crawl
        from scraper.logs import setup
        from scraper.planning.text import as_text

        loaded = load(config, set_=set_, seeds=seeds, db=db, python=python)
        setup(format=None, verbosity=-1).hide(loaded.secrets)
        told = plan_crawl(loaded.plan, limit=limit, fresh=fresh)
        say(json.dumps(told, indent=2, ensure_ascii=True) if as_json else as_text(told))
