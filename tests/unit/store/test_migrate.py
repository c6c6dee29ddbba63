from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scraper.core.errors import StoreError, UsageError
from scraper.core.extract.naming import TAKEN
from scraper.store.migrate import Migration, migrate, migrations, statements, version

HERE = Path("data/books.db")
STEPS = (
    Migration(1, "0001_first", migrations()[0].sql),
    Migration(
        2, "0002_second", "CREATE TABLE more (id);\n-- one; more\nINSERT INTO more VALUES (1);"
    ),
)


def memory() -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(":memory:", isolation_level=None))


def test_migrations_are_numbered_without_gaps() -> None:
    assert [step.id for step in migrations()] == list(range(1, len(migrations()) + 1))


def test_each_step_is_applied_once() -> None:
    with memory() as db:
        migrate(db, HERE, now=1.0, steps=STEPS[:1])
        migrate(db, HERE, now=2.0, steps=STEPS)
        migrate(db, HERE, now=3.0, steps=STEPS)
        assert db.execute("SELECT id, name, at FROM migration").fetchall() == [
            (1, "0001_first", 1.0),
            (2, "0002_second", 2.0),
        ]
        assert db.execute("SELECT count(*) FROM more").fetchone() == (1,)


def test_a_step_that_fails_leaves_nothing_behind() -> None:
    broken = Migration(2, "0002_broken", "CREATE TABLE more (id);\nINSERT INTO missing VALUES (1);")
    with memory() as db:
        with pytest.raises(sqlite3.OperationalError):
            migrate(db, HERE, now=1.0, steps=(STEPS[0], broken))
        assert version(db) == 1
        assert not db.in_transaction
        migrate(db, HERE, now=2.0, steps=STEPS)
        assert version(db) == 2


def test_a_newer_database_is_refused_and_not_touched() -> None:
    with memory() as db:
        migrate(db, HERE, now=1.0, steps=STEPS)
        before = list(db.iterdump())
        with pytest.raises(StoreError, match=r"data/books\.db: was written by a newer version"):
            migrate(db, HERE, now=2.0, steps=STEPS[:1])
        assert list(db.iterdump()) == before


def test_a_database_of_somebody_else_is_refused() -> None:
    with memory() as db:
        db.execute("CREATE TABLE theirs (id)")
        with pytest.raises(UsageError, match="is not a database of scraper"):
            migrate(db, HERE, now=1.0)
        assert version(db) is None


def test_statements_end_at_semicolons_outside_of_text_and_comments() -> None:
    sql = "SELECT ';' -- a;b\n, 1;\n\nSELECT 2;\n-- the end"
    assert list(statements(sql)) == ["SELECT ';' -- a;b\n, 1;", "SELECT 2;"]


def test_no_item_type_may_be_named_like_a_table() -> None:
    with memory() as db:
        migrate(db, HERE, now=1.0)
        found = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert {name for (name,) in found if not name.startswith("sqlite_")} == TAKEN
