"""Wiring of the commands that read what a crawl has stored: `export` and `report`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scraper.core.errors import UsageError
from scraper.report import build, text
from scraper.store import open_reader

if TYPE_CHECKING:  # a report is made without it
    from scraper.export import Order, WriteTables


def export_items(database: Path, order: Order, *, tell: Callable[[str], None]) -> int:
    """Export items; returns how many."""
    from scraper.export import export

    extras = {"parquet": _parquet, "xlsx": _xlsx}
    with open_reader(database) as reader:
        return export(reader.connection, order, stdout=sys.stdout, tell=tell, extras=extras)


def _parquet() -> WriteTables:
    try:
        from scraper.extras.parquet import write_parquet
    except ImportError as error:
        raise _missing("parquet", "pyarrow") from error
    return write_parquet


def _xlsx() -> WriteTables:
    try:
        from scraper.extras.xlsx import write_xlsx
    except ImportError as error:
        raise _missing("xlsx", "xlsxwriter") from error
    return write_xlsx


def _missing(extra: str, library: str) -> UsageError:
    return UsageError(
        f"--format {extra}: needs {library}: install it with pip install 'scraper[{extra}]'"
    )


def make_report(database: Path, run_id: int | None) -> dict[str, Any]:
    """The report of a run, None: the last."""
    with open_reader(database) as reader:
        return build(reader.connection, run_id)


def report_text(report: dict[str, Any]) -> str:
    """The report for a person."""
    return text(report)
