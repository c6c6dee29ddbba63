"""What the version that wrote a database had: those who only read take older ones as they are."""

from __future__ import annotations

import sqlite3

_TABLE = "SELECT 1 FROM sqlite_master WHERE name = ?"
_COLUMN = "SELECT 1 FROM pragma_table_info(?) WHERE name = ?"


def has_table(db: sqlite3.Connection, table: str) -> bool:
    """Whether there is a table of this name."""
    return db.execute(_TABLE, (table,)).fetchone() is not None


def has_column(db: sqlite3.Connection, table: str, column: str) -> bool:
    """Whether there is a table with this column."""
    return db.execute(_COLUMN, (table, column)).fetchone() is not None
