"""Reading kept pages back: batch by batch, or that of one URL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from scraper.core.model import Request, Response
from scraper.core.request import make_request
from scraper.core.url import parse
from scraper.packing import unpack
from scraper.store.rows import COLUMNS, Row, request_of

BATCH_PAGES = 128
BATCH_BYTES = 2 * 1024 * 1024  # of unpacked bodies, unless one page alone has more
_REQUEST = ", ".join(f"request.{name}" for name in COLUMNS.split(", "))
_VISIT = "run_id, kept_page.cycle, at, final_url, status, kept_page.headers, bytes"
_PAGES = f"SELECT {_VISIT}, {_REQUEST} FROM kept_page JOIN request ON id = request_id "  # noqa: S608
_SUCCESS = "status BETWEEN 200 AND 299"
_NEXT = f"{_PAGES} WHERE request_id > ? AND {_SUCCESS} ORDER BY request_id LIMIT ?"
_COUNT = f"SELECT count(*) FROM kept_page WHERE {_SUCCESS}"  # noqa: S608  # constant text
_BODIES = "SELECT request_id, zstd FROM kept_body WHERE request_id BETWEEN ? AND ?"


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page as a visit has read it, its body still packed."""

    request: Request
    run_id: int  # that read it last
    cycle: int
    at: float  # seconds since the epoch
    final_url: str
    status: int
    headers: Mapping[str, str]
    body_bytes: int
    packed: bytes

    def response(self, *, body: bytes = b"") -> Response:
        """The answer; its body is another matter."""
        return Response(self.final_url, self.status, self.headers, body)

    def whole(self) -> Response:
        """The answer with its body.

        Raises:
            ValueError: the body is damaged.
        """
        return self.response(body=unpack(self.packed, self.body_bytes))


def count(db: sqlite3.Connection) -> int:
    """How many kept pages there are; HTTP errors are none."""
    return int(db.execute(_COUNT).fetchone()[0])


def batch(db: sqlite3.Connection, after: int) -> list[KeptPage]:
    """The next pages, of requests with a greater id; empty at the end."""
    rows: list[Row] = []
    size = 0
    for row in db.execute(_NEXT, (after, BATCH_PAGES)).fetchall():
        size += row[6]
        if rows and size > BATCH_BYTES:
            break
        rows.append(row)
    if not rows:
        return []
    bodies = dict(db.execute(_BODIES, (rows[0][7], rows[-1][7])).fetchall())
    return [_page(row, bodies[row[7]]) for row in rows]


def find(db: sqlite3.Connection, url: str) -> KeptPage | None:
    """The kept page of a URL, HTTP errors among them; None: none is kept.

    Raises:
        ValueError: it is no URL.
    """
    key = make_request(parse(url)).key
    row = db.execute(f"{_PAGES} WHERE request.key = ?", (key,)).fetchone()
    if row is None:
        return None
    (packed,) = db.execute("SELECT zstd FROM kept_body WHERE request_id = ?", (row[7],)).fetchone()
    return _page(row, packed)


def _page(row: Row, packed: bytes) -> KeptPage:
    run_id, cycle, at, final_url, status, headers, size, *request = row
    return KeptPage(
        request=request_of(tuple(request)),
        run_id=run_id,
        cycle=cycle,
        at=at,
        final_url=final_url,
        status=status,
        headers=json.loads(headers),
        body_bytes=size,
        packed=packed,
    )
