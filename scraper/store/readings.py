"""What pages said when they were read last, and since when they say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from scraper.core.model import PageResult, Reading
from scraper.store.books import Change
from scraper.store.many import read_many, write_many
from scraper.store.rows import Row

BEFORE = (
    "SELECT request_id, content, basis, since, changes FROM (VALUES (?, ...)) AS wanted "
    "CROSS JOIN page_reading WHERE request_id = wanted.column1"
)
READ = (
    "INSERT OR REPLACE INTO page_reading (request_id, content, basis, at, since, changes) "
    "VALUES (?, ...)"
)


def record_readings(change: Change, results: Sequence[PageResult]) -> Counter[str]:
    """Keep what pages say; returns how many are new, changed and unchanged.

    A page that was read on another basis is none of these.
    """
    told = Counter[str]()
    read = {result.request.id: result.reading for result in results if result.reading is not None}
    before = read_many(change.db, BEFORE, [(id_,) for id_ in read])
    known = {row[0]: row[1:] for row in before}
    rows = []
    for id_, reading in read.items():
        row, what = _row(change, id_, reading, known.get(id_))
        rows.append(row)
        told[what] += 1
    write_many(change.db, READ, rows)
    return told


def _row(change: Change, id_: int, reading: Reading, before: Row | None) -> tuple[Row, str]:
    now, said = change.now, (reading.content, reading.basis)
    if before is None:
        return (id_, *said, now, now, 0), "pages_new"
    content, basis, since, changes = before
    if content == reading.content:
        return (id_, *said, now, since, changes), "pages_unchanged"
    if basis != reading.basis:
        return (id_, *said, now, now, changes), "pages_read_otherwise"
    return (id_, *said, now, now, changes + 1), "pages_changed"
