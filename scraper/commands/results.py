"""What a database holds: `report`, `export` and `why`."""

from __future__ import annotations

from typing import Annotated

import typer

from scraper.commands.ending import as_json_text
from scraper.commands.options import AsJson, ChangedSince, Database, RunId
from scraper.output import complain, say
from scraper.signals import unwind_on_signal


def report(
    database: Database,
    *,
    run_id: RunId = None,
    as_json: AsJson = False,
) -> None:
    """Say what a run came to, and what limited it."""
    from scraper.app.read import make_report, report_text

    made = make_report(database, run_id)
    say(as_json_text(made) if as_json else report_text(made))


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


def why(
    database: Database,
    url: Annotated[str, typer.Argument(help="In any spelling.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say what became of a URL, and which rule decided."""
    from scraper.app.kept import find_out
    from scraper.why.text import as_text

    found = find_out(database, url)
    say(as_json_text(found) if as_json else as_text(found))
