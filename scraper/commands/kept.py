"""Pages that were kept or recorded, extracted again: `reparse`, `record` and `test`."""

from __future__ import annotations

from typing import Annotated

import typer

from scraper.commands.ending import DONE, MISSED, leave
from scraper.commands.loading import load
from scraper.commands.options import Config, Db, Python, Quiet, Set
from scraper.core.errors import FetchError
from scraper.logs import escape
from scraper.output import complain, say


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
    leave(status)


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
        leave(MISSED)


def replay(
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
    leave(MISSED if differing and not update else DONE)
