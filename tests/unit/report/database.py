"""A database as a run leaves it, made from the real schema and written with plain SQL."""

import json
import sqlite3
from contextlib import closing

from scraper.core.extract.plan import FieldPlan, ItemPlan, PageRule
from scraper.store.views import create_views
from tests.empty import empty_database

BEGAN_AT = 1_795_464_334.0  # 2026-11-23T20:05:34Z


class Database:
    """Rows by hand; `connection` is what is looked at."""

    def __init__(self, path=":memory:"):
        self.connection = sqlite3.connect(path, isolation_level=None)
        with closing(sqlite3.connect(":memory:")) as empty:
            empty.deserialize(empty_database())
            empty.backup(self.connection)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def insert(self, table, **values):
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        cursor = self.connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values())
        )
        return cursor.lastrowid

    def view(self, **fields):
        """The views of item types, each with its fields in the order of the config."""
        items = tuple(
            ItemPlan(name, tuple(FieldPlan(field) for field in names))
            for name, names in fields.items()
        )
        create_views(self.connection, [PageRule("page", items=items)])

    def run(self, *, cycle=1, state="done", stats=None, **more):
        self.connection.execute(
            "INSERT OR IGNORE INTO cycle (id, began_at) VALUES (?, ?)", (cycle, BEGAN_AT)
        )
        values = {
            "name": "books",
            "started_at": BEGAN_AT,
            "version": "0.3.0",
            "stats": json.dumps(stats or {}),
        }
        return self.insert("run", **values | {"cycle": cycle, "state": state} | more)

    def request(self, state="done", reason=None, **more):
        (number,) = self.connection.execute("SELECT count(*) + 1 FROM request").fetchone()
        values = {"key": b"%016d" % number, "url": f"https://a.example/{number}", "cycle": 1}
        return self.insert(
            "request", **values | {"host": "a.example:443", "state": state, "reason": reason} | more
        )

    def visit(self, run_id, request_id=None, *, state="done", **more):
        request_id = self.request(state) if request_id is None else request_id
        values = {"run_id": run_id, "request_id": request_id, "state": state, "at": BEGAN_AT}
        self.insert("visit", **values | more)

    def item(self, data, *, kind="book", cycle=1, first_cycle=None, run=1, before=None, **more):
        text = data if isinstance(data, str) else json.dumps(data)
        (number,) = self.connection.execute("SELECT count(*) + 1 FROM item").fetchone()
        values = {
            "key": str(number),
            "hash": text.encode(),
            "request_id": 1,
            "request_key": b"k" * 16,
            "position": 0,
            "first_run": run,
            "last_run": run,
            "changed_run": run,
            "changed_at": BEGAN_AT,
            "fetched_at": BEGAN_AT,
            "before_hash": None if before is None else json.dumps(before).encode(),
            "first_cycle": cycle if first_cycle is None else first_cycle,
            "last_cycle": cycle,
        }
        self.insert("item", type=kind, data=text, **values | more)

    def rejected(self, run_id, data, *, kind="book", field="upc"):
        self.insert(
            "rejected",
            run_id=run_id,
            request_id=1,
            type=kind,
            field=field,
            reason="missing",
            position=0,
            data=json.dumps(data),
        )
