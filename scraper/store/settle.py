"""The pairs that only the end of a cycle tells: see `pairs`."""

from __future__ import annotations

from functools import partial

from scraper.store.books import Books, Change
from scraper.store.evidence import record_pairs
from scraper.store.items import record_items, record_pairs_rejected
from scraper.store.pairs import Pairs
from scraper.store.requests import Requests

SLICE = 200  # pages settled in a transaction
DROP_OLD = (
    "DELETE FROM item_carry WHERE cycle < ?1 "
    "AND parent_id IN (SELECT id FROM request WHERE state = 'done' AND cycle = ?1)"
)
_OPEN = "SELECT DISTINCT request_id FROM item_half WHERE cycle = ?1 AND request_id > ?2 AND "
_LAST = " ORDER BY request_id LIMIT ?3"
HAS_OLD = (
    "EXISTS (SELECT 1 FROM item_carry AS c WHERE c.request_id = item_half.request_id "
    "AND c.cycle < ?1)"
)
STEPS = (  # what `settle` looks for, one after the other; what carries on comes first
    _OPEN + HAS_OLD + _LAST,
    _OPEN + "paired = 0 AND leads IS NOT NULL" + _LAST,
    _OPEN + "paired = 0" + _LAST,
)


async def settle(books: Books, pairs: Pairs) -> None:
    """Write them, slice by slice; twice changes nothing."""
    if not pairs.active:
        return
    await books.change(drop_old)
    for step in range(len(STEPS)):
        last: int | None = 0
        while last is not None:
            last, _ = await books.change(partial(settle_some, pairs, step, last))


def drop_old(change: Change) -> None:
    """Drop the carries that pages read in this cycle no longer show."""
    change.db.execute(DROP_OLD, (change.tenure.cycle,))


def settle_some(pairs: Pairs, step: int, after: int, change: Change) -> int | None:
    """Settle the pages behind `after` for a step; returns the last one, None at the end."""
    found = change.db.execute(STEPS[step], (change.tenure.cycle, after, SLICE)).fetchall()
    rows = Requests(change)
    work = pairs.work(rows)
    if not found or work is None:
        return None
    ids: list[int] = [id_ for (id_,) in found]
    rows.read_ids(ids)
    for id_ in ids:
        if step == 0:
            work.hold_good(id_)
        else:
            work.without_carry(id_)
    made = work.finish()
    written = record_items(change, (), made.items)
    record_pairs(change, made.items, written, made.rejected)
    record_pairs_rejected(change, made.items, made.rejected)
    return ids[-1]
