"""What pages said when they were read last, since when they say so, and how to ask whether they do.

A page has validators as long as a 304 is as good as reading it: see `unmodified`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from scraper.core.model import PageResult, Reading, State
from scraper.store.books import Change
from scraper.store.many import read_many, write_many
from scraper.store.rows import Row

ALWAYS = -1  # no cycle
BEFORE = (
    "SELECT request_id, content, basis, at, since, changes, moved_s, still_s "
    "FROM (VALUES (?, ...)) AS wanted "
    "CROSS JOIN page_reading WHERE request_id = wanted.column1"
)
READ = (
    "INSERT OR REPLACE INTO page_reading (request_id, content, basis, since, changes, moved_s, "
    "still_s, at, cycle, run_id, etag, last_modified, answered_by, near) VALUES (?, ...)"
)
SAME = (
    "UPDATE page_reading SET still_s = still_s + max(new.column2 - at, 0), "
    "at = new.column2, cycle = new.column3, run_id = new.column4, "
    "etag = new.column5, last_modified = new.column6 "
    "FROM (VALUES (?, ...)) AS new WHERE request_id = new.column1"
)
DROP = (
    "UPDATE page_reading SET etag = NULL, last_modified = NULL FROM (VALUES (?, ...)) AS lost "
    "WHERE request_id = lost.column1 AND cycle <> lost.column2"
)


def record_readings(change: Change, results: Sequence[PageResult]) -> Counter[str]:
    """Keep what pages say; returns how many are new, changed and unchanged.

    A page that was read on another basis is none of these.
    """
    read = {result.request.id: result for result in results if result.reading is not None}
    ids = [(id_,) for id_, result in read.items() if not result.is_unmodified]
    before = {row[0]: row[1:] for row in read_many(change.db, BEFORE, ids)}
    told, rows, same = Counter[str](), list[Row](), list[Row]()
    for id_, result in read.items():
        reading = result.reading
        assert reading is not None  # noqa: S101 - they were chosen so
        visit = (change.now, change.tenure.cycle, change.tenure.run_id)
        validators = (reading.etag, reading.last_modified)
        if reading.content is None:
            same.append((id_, *visit, *validators))
            told["pages_unchanged"] += 1
            continue
        said, what = _compared(reading, before.get(id_), change.now)
        elsewhere = None if result.final_url == result.request.url else result.final_url
        place = (*visit, *validators, elsewhere, reading.near)
        rows.append((id_, reading.content, reading.basis, *said, *place))
        told[what] += 1
    write_many(change.db, READ, rows)
    write_many(change.db, SAME, same)
    failed = {(each.request.id, ALWAYS) for each in results if each.state == State.FAILED}
    drop_validators(change, failed)
    return told


def drop_validators(change: Change, lost: Collection[tuple[int, int]]) -> None:
    """Let pages be read whole the next time.

    Args:
        lost: requests, each with the cycle in which it may have been visited last to be spared.
    """
    write_many(change.db, DROP, sorted(lost))


def _compared(reading: Reading, before: Row | None, now: float) -> tuple[Row, str]:
    """Since when the page says so, its changes and the times without them; what is told of it."""
    if before is None:
        return (now, 0, 0.0, 0.0), "pages_new"
    content, basis, at, since, changes, moved_s, still_s = before
    passed_s = max(now - at, 0.0)
    if content == reading.content:
        return (since, changes, moved_s, still_s + passed_s), "pages_unchanged"
    if basis != reading.basis:
        return (now, changes, moved_s, still_s), "pages_read_otherwise"
    return (now, changes + 1, moved_s + passed_s, still_s), "pages_changed"
