"""Compares the rows that a client stored with what the pages say."""

from __future__ import annotations

import json
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

from bench import ours
from bench.clients.common import CONCURRENCY
from bench.pages import FILES


def check(db: Path, kind: str, origin: str, folder: Path, pages: int) -> int:
    """Return how many rows there are; raise unless they are enough and each is true.

    A client that follows links may end some pages late: those that were open.

    Args:
        kind: "ours" or "product", the table of the other clients.
    """
    stored = ours.rows(db) if kind == "ours" else _product(db)
    if not pages <= len(stored) <= pages + 2 * CONCURRENCY:
        raise AssertionError(f"{len(stored)} rows for {pages} pages")
    truth = _truth(folder)
    for url, row in stored.items():
        round_, _, number = url.removeprefix(f"{origin}/p/").removesuffix(".html").partition("/")
        wanted = truth[int(number)]
        wanted = {**wanted, "cover": origin + wanted["cover"]}
        if row != wanted:
            raise AssertionError(f"{url} (round {round_}, of {FILES}): {row} is not {wanted}")
    return len(stored)


@cache
def _truth(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / "truth.json").read_text())
    return rows


def _product(db: Path) -> dict[str, dict[str, Any]]:
    with sqlite3.connect(db) as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute("SELECT * FROM product")]
    return {row.pop("url"): {**row, "offers": json.loads(row["offers"])} for row in rows}
