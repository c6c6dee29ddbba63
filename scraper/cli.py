"""Words in, exit status out.

Heavy imports stand inside the commands, so that `--help` and `--version` are quick.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from scraper import __version__
from scraper.commands import kept as cli_kept
from scraper.commands import new as cli_new
from scraper.commands import plan as cli_plan
from scraper.commands.options import (
    AsJson,
    ChangedSince,
    Config,
    Database,
    Db,
    Fresh,
    Limit,
    LogFormat,
    MaxTime,
    Python,
    Quiet,
    RunId,
    Seeds,
    Set,
    Verbose,
)
from scraper.core.errors import LockedError, ScraperError, StoreError, UsageError
from scraper.output import complain, say
from scraper.signals import unwind_on_signal

if TYPE_CHECKING:
    from scraper.app.run import Options
    from scraper.config import Loaded

DONE, MISSED, USAGE, BROKE, STOPPED, HELD = 0, 1, 2, 3, 4, 75

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


@app.command()
def run(  # the options of the design, one to one
    config: Config,
    *,
    seeds: Seeds = None,
    db: Db = None,
    set_: Set = None,
    python: Python = None,
    limit: Limit = None,
    max_time: MaxTime = None,
    fresh: Fresh = False,
    log_format: LogFormat = None,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Crawl: begin, continue or refresh, whichever is due."""
    from scraper.app.run import Options

    options = Options(
        limit=limit,
        max_time_s=_seconds(max_time),
        fresh=fresh,
        log_format=_log_format(log_format),
        quiet=quiet,
        verbosity=verbose,
    )
    loaded = _load(config, set_=set_, seeds=seeds, db=db, python=python)
    _leave(_crawl(loaded, options))


@app.command()
def demo(
    *,
    db: Db = None,
    set_: Set = None,
    limit: Limit = None,
    fresh: Fresh = False,
    log_format: LogFormat = None,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Crawl the built-in demonstration site: 10,000 pages over HTTP on this machine."""
    from scraper import demo as site
    from scraper.app.run import Options

    options = Options(
        limit=limit,
        fresh=fresh,
        log_format=_log_format(log_format),
        quiet=quiet,
        verbosity=verbose,
    )
    try:
        with site.start() as url:
            environment = {**os.environ, "DEMO_URL": url}
            config = _near(site.config_path())
            loaded = _load(config, set_=set_, db=db, environment=environment)
            status = _crawl(loaded, options)
    except site.DemoError as error:
        _fail(str(error), USAGE)
    _leave(status)


@app.command()
def check(
    config: Config,
    *,
    set_: Set = None,
    seeds: Seeds = None,
    db: Db = None,
    python: Python = None,
) -> None:
    """Find every mistake in a config, and say in words what the crawl will do."""
    from scraper.config import explain

    say(explain(_load(config, set_=set_, seeds=seeds, db=db, python=python)))


@app.command(name="try")
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

    loaded = _load(config, set_=set_, python=python)
    with hiding(loaded.secrets):
        trial = try_page(loaded.plan, target, url=url, page=page)
    trial_told(trial, as_json=as_json)
    _leave(DONE if trial["error"] is None else MISSED)


cli_new.add(app)


@app.command()
def export(
    database: Database,
    *,
    items: Annotated[str | None, typer.Option(help="The item type; default: all.")] = None,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format", help="csv, jsonl, parquet or xlsx; default: as FILE ends, else jsonl."
        ),
    ] = None,
    output: Annotated[
        str,
        typer.Option("-o", "--output", help="A file, or FOLDER/: one for each type; - streams."),
    ] = "-",
    changed_since: ChangedSince = None,
    raw_cells: Annotated[
        bool, typer.Option("--raw-cells", help="CSV: leave texts that are formulas as they are.")
    ] = False,
) -> None:
    """Write the items to a file, all of it or nothing, or to standard output."""
    from scraper.app.read import export_items
    from scraper.export import Order, format_of

    unwind_on_signal()  # no half a file stays behind
    order = Order(
        format=format_of(format_, output),
        output=output,
        item=items,
        changed_since=changed_since,
        raw_cells=raw_cells,
    )
    count = export_items(database, order, tell=complain)
    if output != "-":
        complain(f"{count} items written to {output}")


@app.command()
def report(
    database: Database,
    *,
    run_id: RunId = None,
    as_json: AsJson = False,
) -> None:
    """Say what a run came to, and what limited it."""
    from scraper.app.read import make_report, report_text

    made = make_report(database, run_id)
    say(_json(made) if as_json else report_text(made))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the config, for editors."""
    from scraper.config import schema as make_schema

    say(_json(make_schema()))


def main() -> NoReturn:
    """Run the command; errors of ours become a message and a status."""
    try:
        app()
    except LockedError as error:
        _fail(str(error), HELD)
    except UsageError as error:
        _fail(str(error), USAGE)
    except (StoreError, ScraperError) as error:
        _fail(str(error), BROKE)
    sys.exit(DONE)


def _crawl(loaded: Loaded, options: Options) -> int:
    from scraper.app.run import run_crawl
    from scraper.logs import hiding

    with hiding(loaded.secrets):
        return run_crawl(
            loaded.plan,
            options,
            config_hash=loaded.hash,
            warnings=loaded.warnings,
            secrets=loaded.secrets,
        )


def _load(
    config: Path,
    *,
    set_: list[str] | None = None,
    seeds: str | None = None,
    db: str | None = None,
    python: list[str] | None = None,
    environment: dict[str, str] | None = None,
) -> Loaded:
    from scraper.config import load

    env = os.environ if environment is None else environment
    return load(config, env=env, overrides=set_ or (), seeds=seeds, db=db, python=python or ())


cli_kept.add(app, load=_load)
cli_plan.add(app, load=_load)


def _near(path: Path) -> Path:
    """The path as a person would write it from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    from scraper.config import duration

    try:
        seconds = duration(text)
    except ValueError as error:
        raise UsageError(f"--max-time: {error}") from error
    if seconds <= 0:
        raise UsageError(f"--max-time: must be longer than 0, got {text}")
    return seconds


def _log_format(text: str | None) -> str | None:
    if text not in {None, "json", "console"}:
        raise UsageError(f"--log-format: json or console, got {text!r}")
    return text


def _json(value: object) -> str:
    import json

    return json.dumps(value, indent=2, ensure_ascii=False)


def _leave(status: int) -> None:
    if status:
        raise SystemExit(status)


def _fail(message: str, status: int) -> NoReturn:
    complain(message)
    sys.exit(status)


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
