from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scraper.core.errors import StoreError, UsageError
from scraper.store import open_reader
from scraper.store.migrate import APPLICATION_ID, migrate


def made(path: Path) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, path, now=1.0)
    return path


def test_it_reads_and_never_writes(tmp_path: Path) -> None:
    with open_reader(made(tmp_path / "a?b #1.db")) as reader:
        assert reader.connection.execute("SELECT count(*) FROM run").fetchone() == (0,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.connection.execute("INSERT INTO lock (token) VALUES (1)")


def test_a_missing_file_is_named_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"x\.db: no such database"):
        open_reader(tmp_path / "x.db")
    with pytest.raises(UsageError, match="no such database"):
        open_reader(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"name,price\n" * 500, b"SQLite format 3\x00" * 500])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="is not a database of scraper"):
        open_reader(file)


def test_another_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE theirs (id)")
    with pytest.raises(UsageError, match="is not a database of scraper"):
        open_reader(file)


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    file = made(tmp_path / "x.db")
    with closing(sqlite3.connect(file)) as db, db:
        assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        db.execute("INSERT INTO migration VALUES (999, '0999_future', 1.0)")
    with pytest.raises(StoreError, match="newer version"):
        open_reader(file)
