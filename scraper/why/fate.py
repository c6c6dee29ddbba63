"""What became of a URL, as the database knows it: no config is asked, and no network."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

from scraper.core.errors import UsageError
from scraper.core.request import make_request
from scraper.core.url import Url, parse
from scraper.store.expected import expected
from scraper.store.reader import live
from scraper.store.rows import hop_of
from scraper.store.shape import has_column, has_table

SCHEMA = 1
_HOST = "SELECT paused_until, {} FROM host WHERE host = ?"
_REQUEST = (
    "SELECT id, url, method, host, page, depth, seed, carry, state, reason, cycle, due_at, "
    "attempts, sent_at, {} FROM request WHERE "
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
    "content_type": "its type is not in scope.types, or it is no text and its rule reads text",
    "private_address": "its host has a private address, which fetch.private_addresses must allow",
    "too_large": "its body is larger than fetch.max_body",
    "redirects": "it redirects too often, or in a circle",
    "unanswered": "it was sent by a run that died, and is never sent twice unasked",
    "host_unreachable": "its host could not be reached",
    "timeout": "it was not answered in time",
    "connect": "there was no connection to its host",
    "dns": "the name of its host leads to no address",
    "tls": "there was no safe connection to its host",
    "reset": "its server broke off",
    "truncated": "its answer ended too soon",
    "protocol": "its answer is not HTTP as it should be",
    "encoding": "its body cannot be decompressed",
    "login": "it is for those who are logged in, and the login did not help",
}


def why(connection: sqlite3.Connection, url: str, *, now: float) -> dict[str, Any]:
    """What is known of a URL, whatever its spelling.

    Args:
        now: seconds since the epoch: what lies before it is not waited for any more.

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
        "requests": [_request(connection, row, now) for row in rows],
        "redirected_from": _leading_here(connection, wanted),
    }


def _rows(connection: sqlite3.Connection, url: Url) -> list[tuple[Any, ...]]:
    """The plain GET of the URL, and what else was asked of it."""
    key = make_request(url).key
    request = _REQUEST.format("hop" if has_column(connection, "request", "hop") else "NULL")
    plain = connection.execute(request + "key = ?", (key,)).fetchall()
    others = connection.execute(request + "method <> 'GET' AND url = ? ORDER BY id", (url.href,))
    return plain + others.fetchall()


def _leading_here(connection: sqlite3.Connection, url: Url) -> list[str]:
    key = make_request(url).key
    sql = "SELECT url FROM request WHERE final_key = ? ORDER BY id LIMIT 10"
    return [row[0] for row in connection.execute(sql, (key,))]


def _request(connection: sqlite3.Connection, row: tuple[Any, ...], now: float) -> dict[str, Any]:
    id_, url, method, host, page, depth, seed, carry, state, reason, cycle, *others = row
    due_at, attempts, sent_at, hop = others
    visit = _visit(connection, id_)
    sql = _HOST.format("slow_s" if has_column(connection, "host", "slow_s") else "NULL")
    paused_until, slow_s = connection.execute(sql, (host,)).fetchone() or (None, None)
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
        "is_due": due_at is None or due_at <= now,
        "hop": _hop(hop),
        "sent_at": _iso(sent_at),
        "host_paused_until": _iso(paused_until) if (paused_until or 0) > now else None,
        "host_slow_s": slow_s,
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
        "learnt": _learnt(connection, id_, visit.get("rule")),
        "kept": _kept(connection, id_),
    }


def _hop(text: str | None) -> dict[str, Any] | None:
    """Where redirects have led it so far; it is asked for there next."""
    hop = hop_of(text)
    if hop is None:
        return None
    return {"url": hop.url, "method": hop.method, "redirects": len(hop.seen)}


def _because(state: str, reason: str | None) -> str | None:
    if reason is None:
        return None
    words = _WORDS.get(reason, f"the exchange failed ({reason})")
    if reason.startswith("http_"):
        words = f"the server answered {reason.removeprefix('http_')}"
    return f"{words}; it is tried again" if state == "waiting" else words


def _visit(connection: sqlite3.Connection, id_: int) -> dict[str, Any]:
    """Its last outcome; empty when there is none, or none that is kept."""
    knows = has_column(connection, "visit", "noindex")
    noindex = "noindex" if knows else "NULL"
    row = connection.execute(
        "SELECT run_id, at, status, final_url, rule, detail, body_bytes, links_found, "  # noqa: S608
        f"links_out_of_scope, invalid, state, reason, {noindex} FROM visit "
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
        "state": row[10],
        "reason": row[11],
        "noindex": bool(row[12]) if knows else None,
    }


def _gone(connection: sqlite3.Connection, id_: int) -> dict[str, Any] | None:
    """In how many cycles running it was not there, and the run that judged it gone."""
    if not has_table(connection, "request_missing"):
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


def _learnt(connection: sqlite3.Connection, id_: int, rule: str | None) -> dict[str, Any] | None:
    """How often `refresh: auto` takes it to change, and when it is due."""
    told = expected(connection, id_, rule)
    return told and told | {"at": _iso(told["at"])}


def _reading(connection: sqlite3.Connection, id_: int) -> dict[str, Any] | None:
    """Since when it says what it says; a database of an earlier version does not know."""
    if not has_column(connection, "page_reading", "etag"):
        return None
    row = connection.execute(
        "SELECT at, since, changes, etag, last_modified FROM page_reading WHERE request_id = ?",
        (id_,),
    ).fetchone()
    names = ("at", "since", "changes", "etag", "last_modified")
    told = row and dict(zip(names, row, strict=True))
    return told and told | {"at": _iso(told["at"]), "since": _iso(told["since"])}


def _kept(connection: sqlite3.Connection, id_: int) -> dict[str, Any] | None:
    """What is kept of its raw page; a database of an earlier version keeps none."""
    if not has_table(connection, "kept_page"):
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
