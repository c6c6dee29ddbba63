"""The commands that work on kept and recorded pages; `cli` has the others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from scraper.commands.options import AsJson, Config, Database, Db, Python, Quiet, Set
from scraper.core.errors import FetchError
from scraper.logs import escape
from scraper.output import complain, say

if TYPE_CHECKING:
    from scraper.config import Loaded

MISSED = 1


class Load(Protocol):
    """Reads a config, with what `--set`, `--db` and `--python` say."""

    def __call__(
        self,
        config: Path,
        *,
        set_: list[str] | None = None,
        db: str | None = None,
        python: list[str] | None = None,
    ) -> Loaded:
        """The config."""


def add(app: typer.Typer, *, load: Load) -> None:
    """Add these commands."""
    _add_reparse(app, load)
    _add_record(app, load)
    _add_test(app, load)
    _add_why(app)


def _add_reparse(app: typer.Typer, load: Load) -> None:
    @app.command()
    def reparse(
        config: Config,
        *,
        db: Db = None,
        set_: Set = None,
        python: Python = None,
        quiet: Quiet = False,
    ) -> None:
        """Extract again from the pages that were kept: all cores, no network, all or nothing."""
        from scraper.app.reparse import reparse_pages

        status, text = reparse_pages(load(config, set_=set_, db=db, python=python), quiet=quiet)
        if text and not quiet:
            say(text)
        _leave(status)


def _add_record(app: typer.Typer, load: Load) -> None:
    @app.command()
    def record(
        config: Config,
        url: Annotated[str, typer.Argument(help="A URL, or DATABASE:URL for a kept page.")],
        *,
        page: Annotated[str | None, typer.Option(help="The page rule to use.")] = None,
        output: Annotated[
            str | None,
            typer.Option("-o", "--output", metavar="DIR", help="Default: CONFIG.recorded."),
        ] = None,
        set_: Set = None,
        python: Python = None,
    ) -> None:
        """Save a page and what it gives, for `scraper test`."""
        from scraper.app.kept import record_page

        plan = load(config, set_=set_, python=python).plan
        try:
            say(escape(record_page(plan, config, url, page=page, output=output)))
        except FetchError as error:
            complain(escape(f"{url}: {error}: nothing is recorded"))
            _leave(MISSED)


def _add_test(app: typer.Typer, load: Load) -> None:
    @app.command()
    def test(
        config: Config,
        *,
        recorded: Annotated[
            str | None, typer.Option(metavar="DIR", help="Default: CONFIG.recorded.")
        ] = None,
        update: Annotated[bool, typer.Option("--update", help="Accept what is found.")] = False,
        set_: Set = None,
        python: Python = None,
    ) -> None:
        """Extract the recorded pages again, offline, and show every difference."""
        from scraper.app.kept import replay_pages

        plan = load(config, set_=set_, python=python).plan
        differing, lines = replay_pages(plan, config, recorded=recorded, update=update)
        say("\n".join(map(escape, lines)))
        _leave(MISSED if differing and not update else 0)


def _add_why(app: typer.Typer) -> None:
    @app.command()
    def why(
        database: Database,
        url: Annotated[str, typer.Argument(help="In any spelling.")],
        *,
        as_json: AsJson = False,
    ) -> None:
        """Say what became of a URL, and which rule decided."""
        import json

        from scraper.app.kept import find_out
        from scraper.why.text import as_text

        found = find_out(database, url)
        say(json.dumps(found, indent=2, ensure_ascii=False) if as_json else as_text(found))


def _leave(status: int) -> None:
    if status:
        raise SystemExit(status)
