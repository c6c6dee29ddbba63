"""What became of a URL, as the database knows it: no config is asked, and no network."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from scraper.core.errors import UsageError
from scraper.core.request import make_request
from scraper.core.url import Url, parse
from scraper.logs import escape
from scraper.store.reader import live

SCHEMA = 1
KNOWS_NOINDEX = "SELECT 1 FROM pragma_table_info('visit') WHERE name = 'noindex'"
ITEMS_SHOWN = 10
JUDGED_ANEW = frozenset({"robots_disallowed", "max_pages"})  # by a new cycle
_REQUEST = (
    "SELECT id, url, method, host, page, depth, seed, carry, state, reason, cycle, due_at, "
    "attempts, final_key IS NOT NULL FROM request WHERE "
)
_WORDS = {
    "robots_disallowed": "the robots.txt of its host disallows it",
    "scope": "it is not in scope: hosts, allow and deny of the config decide",
    "depth": "it is deeper than scope.max_depth",
    "max_pages": "scope.max_pages of its cycle were admitted before it",
    "trap": "it looks like a trap of ever new pages",
    "invalid_page": "it has not what `valid` of its page rule asks for",
    "parse_timeout": "its extraction took longer than parse.timeout",
    "parse_crash": "its extraction killed two workers",
    "parse_error": "it could not be extracted",
    "content_type": "it is no text, and its rule looks for something in it",
    "private_address": "its host has a private address, which fetch.private_addresses must allow",
    "too_large": "its body is larger than fetch.max_body",
    "redirects": "it redirects too often, or in a circle",
    "unanswered": "it was sent by a run that died, and is never sent twice unasked",
    "host_unreachable": "its host could not be reached",
    "timeout": "it was not answered in time",
}


def why(connection: sqlite3.Connection, url: str) -> dict[str, Any]:
    """What is known of a URL, whatever its spelling.

    Raises:
        UsageError: it is no URL.
    """
    try:
        wanted = parse(url)
    except ValueError as error:
        raise UsageError(str(error)) from error
    rows = _rows(connection, wanted)
    return {
        "schema": SCHEMA,
        "url": wanted.href,
        "known": bool(rows),
        "requests": [_request(connection, row) for row in rows],
        "redirected_from": _leading_here(connection, wanted),
    }


def _rows(connection: sqlite3.Connection, url: Url) -> list[tuple[Any, ...]]:
    """The plain GET of the URL, and what else was asked of it."""
    key = make_request(url).key
    plain = connection.execute(_REQUEST + "key = ?", (key,)).fetchall()
    others = connection.execute(_REQUEST + "method <> 'GET' AND url = ? ORDER BY id", (url.href,))
    return plain + others.fetchall()


def _leading_here(connection: sqlite3.Connection, url: Url) -> list[str]:
    key = make_request(url).key
    sql = "SELECT url FROM request WHERE final_key = ? ORDER BY id LIMIT 10"
    return [row[0] for row in connection.execute(sql, (key,))]


def _request(connection: sqlite3.Connection, row: tuple[Any, ...]) -> dict[str, Any]:
    id_, url, method, host, page, depth, seed, carry, state, reason, cycle, due_at, attempts, _ = (
        row
    )
    visit = _visit(connection, id_)
    paused = connection.execute("SELECT paused_until FROM host WHERE host = ?", (host,)).fetchone()
    return {
        "url": url,
        "method": method,
        "state": state,
        "reason": reason,
        "because": _because(state, reason),
        "detail": visit.pop("detail", None),
        "attempts": attempts,
        "cycle": cycle,
        "due_at": _iso(due_at),
        "host_paused_until": _iso(paused[0]) if paused else None,
        "host": host,
        "seed": bool(seed),
        "depth": depth,
        "page": page,
        "carry": json.loads(carry) if carry else {},
        "gone": _gone(connection, id_) if state == "failed" else None,
        "visit": visit or None,
        "items": _items(connection, id_),
        "rejected": _rejected(connection, id_),
        "reading": _reading(connection, id_),
        "kept": _kept(connection, id_),
    }


def _because(state: str, reason: str | None) -> str | None:
    if reason is None:
        return None
    words = _WORDS.get(reason, f"the exchange failed ({reason})")
    if reason.startswith("http_"):
        words = f"the server answered {reason.removeprefix('http_')}"
    return f"{words}; it is tried again" if state == "waiting" else words


def _visit(connection: sqlite3.Connection, id_: int) -> dict[str, Any]:
    """Its last outcome; empty when there is none, or none that is kept."""
    knows = connection.execute(KNOWS_NOINDEX).fetchone() is not None
    noindex = "noindex" if knows else "NULL"
    row = connection.execute(
        "SELECT run_id, at, status, final_url, rule, detail, body_bytes, links_found, "  # noqa: S608
        f"links_out_of_scope, invalid, {noindex} FROM visit "
        "WHERE request_id = ? AND run_id IN "
        "(SELECT id FROM run) ORDER BY run_id DESC LIMIT 1",
        (id_,),
    ).fetchone()
    if row is None:
        return {}
    return {
        "run": row[0],
        "at": _iso(row[1]),
        "status": row[2],
        "final_url": row[3],
        "rule": row[4],
        "detail": row[5],
        "body_bytes": row[6],
        "links_found": row[7],
        "links_out_of_scope": row[8],
        "invalid": json.loads(row[9]) if row[9] else {},
        "noindex": bool(row[10]) if knows else None,
    }


def _gone(connection: sqlite3.Connection, id_: int) -> dict[str, Any] | None:
    """In how many cycles running it was not there, and the run that judged it gone."""
    table = "SELECT 1 FROM sqlite_master WHERE name = 'request_missing'"
    if connection.execute(table).fetchone() is None:
        return None
    sql = "SELECT times, gone_run FROM request_missing WHERE request_id = ?"
    row = connection.execute(sql, (id_,)).fetchone()
    return None if row is None else {"cycles": row[0], "run": row[1]}


def _items(connection: sqlite3.Connection, id_: int) -> list[dict[str, Any]]:
    gone_run = "NULL" if live(connection) == "1" else "gone_run"
    rows = connection.execute(
        f"SELECT type, key, first_run, changed_run, last_run, {gone_run} "  # noqa: S608
        "FROM item WHERE request_id = ? ORDER BY position",
        (id_,),
    )
    names = ("type", "key", "first_run", "changed_run", "last_run", "gone_run")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _rejected(connection: sqlite3.Connection, id_: int) -> list[dict[str, Any]]:
    """Those of its last visit."""
    rows = connection.execute(
        "SELECT type, field, reason FROM rejected WHERE request_id = ? AND run_id = "
        "(SELECT max(id) FROM run JOIN visit ON run_id = id WHERE request_id = ?) "
        "ORDER BY position",
        (id_, id_),
    )
    return [dict(zip(("type", "field", "reason"), row, strict=True)) for row in rows]


def _reading(connection: sqlite3.Connection, id_: int) -> dict[str, Any] | None:
    """Since when it says what it says; a database of an earlier version does not know."""
    if not _has(connection, "page_reading"):
        return None
    row = connection.execute(
        "SELECT at, since, changes, etag, last_modified FROM page_reading WHERE request_id = ?",
        (id_,),
    ).fetchone()
    names = ("at", "since", "changes", "etag", "last_modified")
    told = row and dict(zip(names, row, strict=True))
    return told and told | {"at": _iso(told["at"]), "since": _iso(told["since"])}


def _has(connection: sqlite3.Connection, table: str) -> bool:
    known = "SELECT 1 FROM sqlite_master WHERE name = ?"
    return connection.execute(known, (table,)).fetchone() is not None


def _kept(connection: sqlite3.Connection, id_: int) -> dict[str, Any] | None:
    """What is kept of its raw page; a database of an earlier version keeps none."""
    if not _has(connection, "kept_page"):
        return None
    row = connection.execute(
        "SELECT at, status, bytes, packed_bytes FROM kept_page WHERE request_id = ?", (id_,)
    ).fetchone()
    if row is None:
        return None
    return {"at": _iso(row[0]), "status": row[1], "bytes": row[2], "packed_bytes": row[3]}


def _iso(at: float | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_text(told: Mapping[str, Any]) -> str:
    """The same for a person; what a page contains cannot move a terminal's cursor."""
    return "\n".join(escape(line) for line in _lines(told))


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    if not told["known"]:
        yield (
            f"{told['url']}: never seen: no seed and no followed link led to it so far; "
            "`scraper try CONFIG URL` reads it as a crawl would"
        )
    for request in told["requests"]:
        yield from _of_request(request)
    for url in told["redirected_from"]:
        yield f"  {url} redirects to it"


def _of_request(request: Mapping[str, Any]) -> Iterator[str]:
    method = "" if request["method"] == "GET" else f"{request['method']} "
    reason = f": {request['reason']}" if request["reason"] else ""
    yield f"{method}{request['url']}: {request['state']}{reason}"
    if request["because"]:
        said = request["detail"]
        detail = f" ({said})" if said and said != request["because"] else ""
        yield f"  because   {request['because']}{detail}"
    if request["gone"] is not None:
        yield f"  missing   {_of_gone(request['gone'])}"
    yield from _of_visit(request)
    yield from _of_place(request)
    if request["reading"]:
        yield f"  says so   {_of_reading(request['reading'])}"
    yield from _of_items(request)
    kept = request["kept"]
    yield f"  kept      {_of_kept(kept) if kept else 'no raw page'}"


def _of_gone(gone: Mapping[str, Any]) -> str:
    many = "1 cycle" if gone["cycles"] == 1 else f"{gone['cycles']} cycles running"
    judged = "not judged gone yet" if gone["run"] is None else f"gone since run {gone['run']}"
    return f"not there in {many}: {judged}"


def _of_visit(request: Mapping[str, Any]) -> Iterator[str]:
    visit, url = request["visit"], request["url"]
    if visit is None:
        return
    status = "no answer" if visit["status"] is None else f"status {visit['status']}"
    size = f"{visit['body_bytes']:,} bytes"
    if visit["status"] == 304 and not request["because"]:
        size = "it has not changed since it was read, its server says"
    yield f"  visited   {visit['at']} in run {visit['run']}: {status}, {size}"
    if visit["final_url"] not in (None, url):
        yield f"  answered  by {visit['final_url']}"
    yield f"  page rule {visit['rule'] or 'none'}"
    if visit["noindex"]:
        yield "  noindex   it asks robots not to list it; its items are kept all the same"
    if visit["links_found"]:
        outside = f"{visit['links_out_of_scope']:,} of them not in scope"
        yield f"  links     {visit['links_found']:,} found, {outside}"


def _of_place(request: Mapping[str, Any]) -> Iterator[str]:
    origin = "a seed" if request["seed"] else f"a link, {request['depth']} deep"
    named = f", for the page rule {request['page']}" if request["page"] else ""
    yield f"  known as  {origin}{named}; attempts {request['attempts']}, cycle {request['cycle']}"
    yield f"  next      {_next(request)}"
    if request["state"] == "waiting" and request["host_paused_until"]:
        yield f"  host      {request['host']} rests until {request['host_paused_until']}"


def _next(request: Mapping[str, Any]) -> str:
    """When it is visited, as far as the database knows."""
    if request["state"] == "waiting":
        due_at = request["due_at"]
        return f"not before {due_at}" if due_at else "as soon as a run comes to it"
    if request["state"] == "skipped" and request["reason"] not in JUDGED_ANEW:
        return "not unless the config lets it in and a link or seed leads to it again"
    if (request["gone"] or {}).get("run") is not None and not request["seed"]:
        return "not unless a seed or a page that is read leads to it again: it is gone"
    return "in a cycle that begins after `refresh`, or with --fresh"


def _of_items(request: Mapping[str, Any]) -> Iterator[str]:
    items = request["items"]
    for item in items[:ITEMS_SHOWN]:
        name = f"{item['type']} {json.dumps(item['key'], ensure_ascii=False)}"
        changed = item["changed_run"] != item["first_run"]
        later = f", changed in run {item['changed_run']}" if changed else ""
        later += f", gone since run {item['gone_run']}" if item["gone_run"] else ""
        yield f"  item      {name}: new in run {item['first_run']}{later}"
    if len(items) > ITEMS_SHOWN:
        yield f"  item      and {len(items) - ITEMS_SHOWN:,} more"
    for each in request["rejected"]:
        yield f"  rejected  {each['type']}: {each['field']} is {each['reason']}"


def _of_reading(reading: Mapping[str, Any]) -> str:
    times = reading["changes"]
    changed = f", after {times:,} change{'' if times == 1 else 's'}" if times else ""
    asked = " or ".join(filter(None, (reading["etag"], reading["last_modified"])))
    then = f"; the next time it is asked whether it is still {asked}" if asked else ""
    return f"since {reading['since']}{changed}; seen last {reading['at']}{then}"


def _of_kept(kept: Mapping[str, Any]) -> str:
    sizes = f"{kept['bytes']:,} bytes, {kept['packed_bytes']:,} packed"
    return f"the raw page of {kept['at']}, status {kept['status']}: {sizes}"
