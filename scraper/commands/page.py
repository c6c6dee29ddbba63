"""One page, without a crawl: `try` and `new`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scraper.commands.ending import DONE, MISSED, leave
from scraper.commands.loading import load
from scraper.commands.options import AsJson, Config, Python, Set
from scraper.core.errors import FetchError, UsageError
from scraper.output import complain


def try_(
    config: Config,
    target: Annotated[
        str,
        typer.Argument(
            help="A URL, a file, - for standard input, or DATABASE:URL for a kept page.",
            metavar="URL_OR_FILE",
        ),
    ],
    *,
    url: Annotated[str | None, typer.Option(help="For a file: the URL it came from.")] = None,
    page: Annotated[str | None, typer.Option(help="The page rule to use.")] = None,
    as_json: AsJson = False,
    set_: Set = None,
    python: Python = None,
) -> None:
    """Extract one page: items, why a field is empty, where links lead; touches no database."""
    from scraper.app.single import trial_told, try_page
    from scraper.logs import hiding

    loaded = load(config, set_=set_, python=python)
    with hiding(loaded.secrets):
        trial = try_page(loaded.plan, target, url=url, page=page)
    trial_told(trial, as_json=as_json)
    leave(DONE if trial["error"] is None else MISSED)


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
