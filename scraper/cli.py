"""Words in, exit status out.

The commands stand in `commands/`. Their heavy imports stand inside them, so that `--help` and
`--version` are quick.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from scraper import __version__
from scraper.commands.before import check, plan, schema
from scraper.commands.crawl import demo, run
from scraper.commands.ending import BROKE, DONE, HELD, USAGE, fail
from scraper.commands.kept import record, reparse, replay
from scraper.commands.page import new, try_
from scraper.commands.results import export, report, why
from scraper.core.errors import LockedError, ScraperError, StoreError, UsageError

_COMMANDS: dict[str, Callable[..., None]] = {
    "run": run,
    "demo": demo,
    "new": new,
    "check": check,
    "try": try_,
    "plan": plan,
    "report": report,
    "why": why,
    "export": export,
    "reparse": reparse,
    "record": record,
    "test": replay,
    "schema": schema,
}
_LATER = ("diff", "status")


class _Commands(TyperGroup):
    """Says of a command that is promised that it is not there yet."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - of no public type
        if args and args[0] in _LATER:
            raise UsageError(f"scraper {args[0]}: not supported yet")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="scraper",
    cls=_Commands,
    help="A web scraper driven by a YAML file: the same command, run again, finishes the job.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _name, _command in _COMMANDS.items():
    app.command(name=_name)(_command)


def main() -> NoReturn:
    """Run the command; errors of ours become a message and a status."""
    try:
        app()
    except LockedError as error:
        fail(str(error), HELD)
    except UsageError as error:
        fail(str(error), USAGE)
    except (StoreError, ScraperError) as error:
        fail(str(error), BROKE)
    sys.exit(DONE)


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"scraper {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda value: _version(wanted=value),
            is_eager=True,
            help="Print the version.",
        ),
    ] = False,
) -> None:
    pass


if __name__ == "__main__":
    main()
