"""Which items are written, and how they are read while a crawl may be running.

The table is read in short steps by key, so that neither memory nor the log of a running crawl
grows with it. What is stored after the export began is left for the next one.
"""

from __future__ import annotations

import difflib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from scraper.core.columns import OWN, Column, Kind, Table
from scraper.core.errors import UsageError
from scraper.core.model import Json
from scraper.core.url import without_login
from scraper.store.reader import live
from scraper.store.views import stored_kinds

STEP_ROWS = 1000
STEP_CHARACTERS = 4_000_000
OWN_COLUMNS = tuple(column.name for column in OWN)


class Row(NamedTuple):
    """One item as it is stored."""

    id: int
    type: str
    data: str  # JSON object
    url: str | None  # without a login: who is given the items is not given that
    fetched_at: str  # ISO 8601
    run: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Which items are written."""

    connection: sqlite3.Connection
    types: tuple[str, ...]
    type: str | None  # None: all
    after_run: int  # new or changed in a later one
    last_id: int  # the last item that was there when the export began
    live: str = "1"  # SQL: an item is not gone

    def rows(self) -> Iterator[Row]:
        """The items in the order in which they were first seen."""
        last = 0
        while step := self._step(last):
            last = step[-1].id
            yield from step

    def _step(self, last: int) -> list[Row]:
        """The next items: a thousand, or fewer where they are long."""
        cursor = self.connection.execute(  # the condition is ours
            "SELECT item.id, item.type, item.data, request.url, "  # noqa: S608
            "strftime('%Y-%m-%dT%H:%M:%SZ', item.fetched_at, 'unixepoch'), item.last_run "
            "FROM item LEFT JOIN request ON request.id = item.request_id "
            f"WHERE {self.live} AND item.id > ? AND item.id <= ? AND (? IS NULL OR item.type = ?) "
            "AND item.changed_run > ? ORDER BY item.id LIMIT ?",
            (last, self.last_id, self.type, self.type, self.after_run, STEP_ROWS),
        )
        step: list[Row] = []
        characters = 0
        for row in map(Row._make, cursor):
            has_login = row.url is not None and "@" in row.url
            step.append(row._replace(url=without_login(row.url or "")) if has_login else row)
            characters += len(row.data)
            if characters > STEP_CHARACTERS:
                break
        cursor.close()  # an open one would keep the log of a running crawl growing
        return step

    def each(self) -> Iterator[Choice]:
        """The same items, type by type."""
        types = self.types if self.type is None else (self.type,)
        return (replace(self, type=type_) for type_ in types)

    def table(self) -> Table:
        """The items of the one type as rows of values, our own names at their end."""
        columns = self._columns()
        names = [column.name for column in columns]

        def rows() -> Iterator[tuple[Json, ...]]:
            for row in self.rows():
                yield (*map(json.loads(row.data).get, names), *row[3:])

        return Table(self.type or "", (*columns, *OWN), rows)

    def _columns(self) -> list[Column]:
        """The fields in the order of the config, which the view has; else as the items are."""
        if self.type is None:
            return []
        kinds = stored_kinds(self.connection, self.type)
        view = self.connection.execute("SELECT name FROM pragma_table_info(?)", (self.type,))
        names = [name for (name,) in view.fetchall() if name not in OWN_COLUMNS]
        if not names:
            found: dict[str, None] = {}
            for row in self.rows():
                found |= dict.fromkeys(json.loads(row.data))
            names = list(found)
        return [Column(name, kinds.get(name, Kind.TEXT)) for name in names]


def choose(
    connection: sqlite3.Connection, *, item: str | None, changed_since: int | None
) -> Choice:
    """The items that are wanted.

    Args:
        item: the type; None: the only one, or all of them.
        changed_since: only items that were new or changed in runs after this one.

    Raises:
        UsageError: no such type or run.
    """
    types = _types(connection)
    wanted = _type(item, types)
    if wanted is None and len(types) == 1:
        wanted = types[0]
    (last_id,) = connection.execute("SELECT coalesce(max(id), 0) FROM item").fetchone()
    after_run = _after_run(connection, changed_since)
    return Choice(connection, tuple(types), wanted, after_run, last_id, live(connection))


def _types(connection: sqlite3.Connection) -> list[str]:
    """The item types: those of the config (each has a view), and those that are stored."""
    views = connection.execute("SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY rowid")
    stored = connection.execute(
        "WITH RECURSIVE found (type) AS (SELECT min(type) FROM item UNION ALL "
        "SELECT (SELECT min(type) FROM item WHERE type > found.type) FROM found "
        "WHERE found.type IS NOT NULL) SELECT type FROM found WHERE type IS NOT NULL"
    )
    return list(dict.fromkeys(row[0] for row in (*views.fetchall(), *stored.fetchall())))


def _type(wanted: str | None, types: list[str]) -> str | None:
    if wanted is None or wanted in types:
        return wanted
    if not types:
        raise UsageError(f"--items {wanted}: the database has no items yet")
    close = difflib.get_close_matches(wanted, types, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there is {listed(types)}"
    raise UsageError(f"--items {wanted}: no such item type: {hint}")


def _after_run(connection: sqlite3.Connection, run: int | None) -> int:
    if run is None:
        return -1
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM run").fetchone()
    if not 0 <= run <= last:
        raise UsageError(f"--changed-since {run}: no such run: the last is {last}")
    return run


def listed(types: Sequence[str]) -> str:
    """Names for a message."""
    return ", ".join(types)
