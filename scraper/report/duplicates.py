"""Pages that say the same as others: copies under several addresses, errors that look like pages.

What a page says is what was taken of it when it was read the last time: items and links, or the
bytes where a rule takes nothing; see `core/reading.py`. Pages are counted however old their
reading is, but not if they have failed since. Those that say nearly the same share their sketch
(`core/sketch.py`); a group of them has at least two that differ.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from scraper.core.url import shown
from scraper.store.shape import has_column

GROUPS_TOLD = 5
_GROUPS = (
    "SELECT count(*) AS pages, min(request_id), max(request_id), sum(count(*)) OVER () "
    "FROM page_reading JOIN request ON request.id = request_id WHERE state = 'done' "
)
_LARGEST = "ORDER BY pages DESC, 2 LIMIT ?"
SAME = f"{_GROUPS} GROUP BY content HAVING pages > 1 {_LARGEST}"
NEAR = (
    f"{_GROUPS} AND near IS NOT NULL GROUP BY near "
    f"HAVING pages > 1 AND min(content) <> max(content) {_LARGEST}"
)


def duplicates(connection: sqlite3.Connection) -> dict[str, Any] | None:
    """How many pages say the same as another, or nearly, and the largest groups of them.

    None: the database is of an older version, which did not look.
    """
    if not has_column(connection, "page_reading", "near"):
        return None
    return {**_groups(connection, SAME), "near": _groups(connection, NEAR)}


def _groups(connection: sqlite3.Connection, sql: str) -> dict[str, Any]:
    found = connection.execute(sql, (GROUPS_TOLD,)).fetchall()
    return {
        "pages": found[0][3] if found else 0,
        "groups": [
            {"count": count, "examples": [_url(connection, id_) for id_ in ends]}
            for count, *ends, _ in found
        ],
    }


def _url(connection: sqlite3.Connection, id_: int) -> str:
    (url,) = connection.execute("SELECT url FROM request WHERE id = ?", (id_,)).fetchone()
    return shown(url)
