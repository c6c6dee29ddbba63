"""The words of the command line that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path, typer.Argument(help="The crawl: a YAML file.", show_default=False)]
Database = Annotated[Path, typer.Argument(help="The database of a crawl.", show_default=False)]
Db = Annotated[str | None, typer.Option("--db", help="The database, instead of the config's.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the config."),
]
Python = Annotated[
    list[str] | None,
    typer.Option("--python", metavar="MODULE", help="Let the config call functions of a module."),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing but warnings and errors.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Seeds = Annotated[
    str | None, typer.Option("--seeds", help="A list of URLs instead of the config's seeds.")
]
Limit = Annotated[int | None, typer.Option(min=1, help="Pages to fetch in this run.")]
MaxTime = Annotated[str | None, typer.Option(metavar="DURATION", help="Stop after, e.g. 30m.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Begin a new cycle now, whatever its age.")]
LogFormat = Annotated[str | None, typer.Option(help="json or console; by default as it fits.")]
Verbose = Annotated[int, typer.Option("-v", "--verbose", count=True, help="Tell of each visit.")]
RunId = Annotated[
    int | None, typer.Option("--run", metavar="RUN", help="Which run; default: the last.")
]
ChangedSince = Annotated[
    int | None,
    typer.Option(metavar="RUN", help="Only items that are new or changed since this run."),
]
