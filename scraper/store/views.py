"""For each item type a view with typed columns: `SELECT title, price FROM book` just works.

A view holds no data; it is made anew when the fields of its type change. The names come from the
config: they are checked and quoted, never trusted.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from scraper.core.columns import KINDS, Kind, joined, kind_of
from scraper.core.errors import UsageError

if TYPE_CHECKING:  # it would bring the HTML parser to those who only read
    from scraper.core.extract.plan import FieldPlan, PageRule

CASTS = {"int": "INTEGER", "bool": "INTEGER", "float": "REAL", "decimal": "REAL"}
OWN_COLUMNS = ("_url", "_fetched_at", "_run")
_KINDS = re.compile(r"/\* kinds (\{.*?\}) \*/")


def view_columns(pages: Iterable[PageRule]) -> dict[str, dict[str, str | None]]:
    """Item type -> field -> what it is cast to; None: as the JSON has it.

    Two rules may yield one type: their fields are joined, in the order of the config.
    """
    types: dict[str, dict[str, str | None]] = {}
    for rule in pages:
        for item in rule.items:
            columns = types.setdefault(item.type, {})
            for field in item.fields:
                cast = _cast(field)
                known = columns.get(field.name, cast)
                columns[field.name] = cast if known == cast else None
    return types


def view_kinds(pages: Iterable[PageRule]) -> dict[str, dict[str, Kind]]:
    """Item type -> field -> what kind of value it holds, for exports."""
    types: dict[str, dict[str, Kind]] = {}
    for rule in pages:
        for item in rule.items:
            kinds = types.setdefault(item.type, {})
            for field in item.fields:
                kind = kind_of(field)
                kinds[field.name] = joined((kind, kinds.get(field.name, kind)))
    return types


def stored_kinds(db: sqlite3.Connection, type_: str) -> dict[str, Kind]:
    """What the view of an item type says of its fields; empty: there is none, or an older one."""
    row = db.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'view' AND name = ?", (type_,)
    ).fetchone()
    said = row and _KINDS.search(row[0])
    if not said:
        return {}
    return {name: Kind(kind) for name, kind in json.loads(said[1]).items() if kind in KINDS}


def view_sql(
    type_: str, columns: dict[str, str | None], kinds: Mapping[str, Kind] | None = None
) -> str:
    """The statement that makes the view of an item type; a comment in it keeps the kinds."""
    shown = [f"{_value(name, cast)} AS {identifier(name)}" for name, cast in columns.items()]
    shown += [
        'request.url AS "_url"',
        "strftime('%Y-%m-%dT%H:%M:%SZ', item.fetched_at, 'unixepoch') AS \"_fetched_at\"",
        'item.last_run AS "_run"',
    ]
    comment = _comment(kinds or {})
    return (
        f"CREATE VIEW {identifier(type_)} AS SELECT {comment}{', '.join(shown)} "  # noqa: S608  # quoted
        "FROM item LEFT JOIN request ON request.id = item.request_id "
        f"WHERE item.type = {_text(type_)} AND item.gone_run IS NULL"
    )


def create_views(db: sqlite3.Connection, pages: Iterable[PageRule]) -> None:
    """Make the views that are missing, and those whose fields changed anew."""
    pages = tuple(pages)
    kinds = view_kinds(pages)
    for type_, columns in view_columns(pages).items():
        _check(type_, columns)
        sql = view_sql(type_, columns, kinds[type_])
        row = db.execute(
            "SELECT type, sql FROM sqlite_master WHERE lower(name) = lower(?)",
            (type_,),
        ).fetchone()
        if row is not None and row[0] != "view":
            raise UsageError(f"items.{type_}: is the name of a table: choose another name")
        if row is not None and row[1] == sql:
            continue
        if row is not None:
            db.execute(f"DROP VIEW {identifier(type_)}")
        db.execute(sql)


def identifier(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _comment(kinds: Mapping[str, Kind]) -> str:
    """The kinds that are not plain text, as a comment that no name can end."""
    said = {name: kind for name, kind in kinds.items() if kind is not Kind.TEXT}
    return f"/* kinds {json.dumps(said).replace('/', chr(92) + '/')} */ " if said else ""


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _cast(field: FieldPlan) -> str | None:
    if field.all or field.fields or field.split is not None:
        return None
    casts = {_cast(one) for one in field.any}
    if field.type == "" and len(casts) == 1:  # each way to the value gives the same type
        return casts.pop()
    return CASTS.get(field.type)


def _value(name: str, cast: str | None) -> str:
    path = _text(f'$."{name}"')
    value = f"json_extract(item.data, {path})"
    return f"CAST({value} AS {cast})" if cast else value


def _check(type_: str, columns: Iterable[str]) -> None:
    """Refuse names that SQLite cannot carry."""
    if type_.lower().startswith("sqlite_"):
        raise UsageError(f"items.{type_}: names that begin with sqlite_ belong to SQLite")
    seen: set[str] = set(OWN_COLUMNS)
    for name in (type_, *columns):
        if not name or any(char in '"\\' or not char.isprintable() for char in name):
            raise UsageError(f"items.{type_}: {name!r} cannot be the name of a column or view")
    for name in columns:
        if name.lower() in seen:
            raise UsageError(
                f"items.{type_}.fields.{name}: another column has that name, "
                "capitals apart: choose another name",
            )
        seen.add(name.lower())
