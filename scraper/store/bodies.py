"""Raw pages, kept beside their items in the transaction of their visit.

They are compressed on the writer's thread, where the compressor lets go of Python's lock; a body
that is kept already is neither compressed nor written again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b

from scraper.core import keeping
from scraper.core.keeping import Fate
from scraper.core.model import PageResult, Response
from scraper.packing import pack
from scraper.store.books import Change
from scraper.store.many import read_many
from scraper.store.rows import Row, storable

BEFORE = (
    "SELECT request_id, status, hash FROM (VALUES (?, ...)) AS wanted "
    "CROSS JOIN kept_page WHERE request_id = wanted.column1"
)
PAGE = "INSERT INTO kept_page VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
RENEW = (
    "UPDATE kept_page SET run_id = ?, cycle = ?, at = ?, final_url = ?, status = ?, headers = ? "
    "WHERE request_id = ?"
)
SAME = "UPDATE kept_page SET run_id = ?, cycle = ?, at = ? WHERE request_id = ?"
BODY = "INSERT INTO kept_body VALUES (?, ?)"


class Bodies:
    """What of the visited pages is kept.

    Attributes:
        is_on: whether anything is to be kept, or what is kept may be outdated by a visit.
    """

    def __init__(self) -> None:
        self.is_on = False

    def record(self, change: Change, results: Sequence[PageResult]) -> None:
        """Keep the pages of these visits, or drop what they outdate; in order."""
        ids = {(result.request.id,) for result in results}
        rows = read_many(change.db, BEFORE, list(ids))
        before: dict[int, tuple[int, bytes]] = {row[0]: (row[1], row[2]) for row in rows}
        for result in results:
            id_ = result.request.id
            if result.is_unmodified:
                change.db.execute(SAME, (*_now(change), id_))
                continue
            known = before.get(id_)
            fate = keeping.fate(result, None if known is None else known[0])
            if fate is Fate.DROP:
                _drop(change, id_)
                del before[id_]
            elif fate is Fate.KEEP and result.answer is not None:
                before[id_] = _keep(change, id_, result.answer, known)


def _keep(
    change: Change, id_: int, answer: Response, known: tuple[int, bytes] | None
) -> tuple[int, bytes]:
    digest = blake2b(answer.body, digest_size=16).digest()
    visit = _visit(change, answer)
    if known is not None and known[1] == digest:
        change.db.execute(RENEW, (*visit, id_))
    else:
        packed = pack(answer.body)
        _drop(change, id_)
        sizes = (len(answer.body), len(packed))
        change.db.execute(PAGE, (id_, *visit, *sizes, digest))
        change.db.execute(BODY, (id_, packed))
    return answer.status, digest


def _now(change: Change) -> Row:
    return change.tenure.run_id, change.tenure.cycle, change.now


def _visit(change: Change, answer: Response) -> Row:
    headers = json.dumps(keeping.headers(answer))
    return *_now(change), storable(answer.url), answer.status, headers


def _drop(change: Change, id_: int) -> None:
    change.db.execute("DELETE FROM kept_body WHERE request_id = ?", (id_,))
    change.db.execute("DELETE FROM kept_page WHERE request_id = ?", (id_,))
