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
