"""`scraper run` and `scraper demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from scraper.commands.ending import USAGE, fail, leave
from scraper.commands.loading import load
from scraper.commands.options import (
    Config,
    Db,
    Fresh,
    Limit,
    LogFormat,
    MaxTime,
    Python,
    Quiet,
    Seeds,
    Set,
    Verbose,
)
from scraper.core.errors import UsageError

if TYPE_CHECKING:
    from scraper.app.run import Options
    from scraper.config import Loaded


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
    loaded = load(config, set_=set_, seeds=seeds, db=db, python=python)
    leave(_crawl(loaded, options))


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
            loaded = load(config, set_=set_, db=db, environment=environment)
            status = _crawl(loaded, options)
    except site.DemoError as error:
        fail(str(error), USAGE)
    leave(status)


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
