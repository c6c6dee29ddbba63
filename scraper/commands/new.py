"""The command that writes a config to start from; `cli` has the others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scraper.core.errors import FetchError, UsageError
from scraper.output import complain

MISSED = 1


def add(app: typer.Typer) -> None:
    """Add this command."""

    @app.command()
    def new(
        target: Annotated[
            str | None,
            typer.Argument(help="A page to look at: a URL, a file, or -.", metavar="[URL_OR_FILE]"),
        ] = None,
        *,
        url: Annotated[str | None, typer.Option(help="For a file: the URL it came from.")] = None,
        output: Annotated[str, typer.Option("-o", "--output", help="A file; - prints.")] = "-",
        force: Annotated[
            bool, typer.Option("--force", help="Write over a file that is there.")
        ] = False,
    ) -> None:
        """Write a config to start from: a template, or what was found on a page."""
        from scraper.app.single import new_config, write_new

        if output != "-" and not force and Path(output).exists():
            raise UsageError(f"{output} is there already: give another name, or --force")
        try:
            text = new_config(target, url=url)
        except FetchError as error:
            complain(f"{target}: {error}")
            raise SystemExit(MISSED) from error
        write_new(text, output, force=force)
