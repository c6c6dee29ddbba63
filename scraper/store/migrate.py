"""The schema and its versions: each migration is applied in one transaction with its record."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from scraper.core.errors import StoreError, UsageError
from scraper.store.connection import transaction

APPLICATION_ID = 1935897200  # "scrp"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    id: int
    name: str
    sql: str


def migrations() -> tuple[Migration, ...]:
    """All steps that this version knows, oldest first."""
    folder = files("scraper.store") / "migrations"
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(
        Migration(int(name[:4]), name[:-4], (folder / name).read_text("utf-8")) for name in found
    )


def statements(sql: str) -> Iterator[str]:
    """The statements of a script, one by one: `executescript` would commit on its own."""
    pending = ""
    for line in sql.splitlines():
        pending += line + "\n"
        if sqlite3.complete_statement(pending):
            yield pending.strip()
            pending = ""


def version(db: sqlite3.Connection) -> int | None:
    """The newest migration in the file, 0 for an empty file, None when it is not ours."""
    (application,) = db.execute("PRAGMA application_id").fetchone()
    if application == APPLICATION_ID:
        return int(db.execute("SELECT coalesce(max(id), 0) FROM migration").fetchone()[0])
    (things,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return None if things or application else 0


def check(db: sqlite3.Connection, path: Path, newest: int) -> None:
    """Refuse a file that is not ours or newer than us, before anything touches it."""
    found = version(db)
    if found is None:
        raise UsageError(f"{path}: is not a database of scraper: give --db another path")
    if found > newest:
        raise StoreError(
            f"{path}: was written by a newer version of scraper (schema {found}, "
            f"this one knows {newest}): install that version, or give --db another path",
        )


def migrate(
    db: sqlite3.Connection,
    path: Path,
    *,
    now: float,
    steps: Sequence[Migration] | None = None,
) -> None:
    """Bring the file to the newest schema."""
    steps = migrations() if steps is None else steps
    check(db, path, steps[-1].id)
    if version(db) == steps[-1].id:
        return
    for step in steps:
        with transaction(db):
            db.execute(
                "CREATE TABLE IF NOT EXISTS migration "
                "(id INTEGER PRIMARY KEY, name TEXT NOT NULL, at REAL NOT NULL)",
            )
            if db.execute("SELECT 1 FROM migration WHERE id = ?", (step.id,)).fetchone():
                continue
            for statement in statements(step.sql):
                db.execute(statement)
            db.execute("INSERT INTO migration VALUES (?, ?, ?)", (step.id, step.name, now))
