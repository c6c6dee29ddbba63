"""A page that is as it was, its server says: what it gave is taken from the tables again.

So it counts as if it had been read whole. That it can is promised by its validators: a page keeps
them as long as all that it showed is stored as it showed it. Where another page's version of an
item took the place of its own they are dropped, even while it is asked; then it is asked once more.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection

from scraper.core.model import Item, Page, PageResult, Rejected
from scraper.store.books import Change
from scraper.store.many import read_many

HELD = (
    "SELECT request_id, run_id, cycle FROM (VALUES (?, ...)) AS wanted CROSS JOIN page_reading "
    "WHERE request_id = wanted.column1 AND (etag IS NOT NULL OR last_modified IS NOT NULL)"
)
ITEMS = (  # items that read carries are joined anew: see `pairs`
    "SELECT request_id, type, key, data, position FROM (VALUES (?, ...)) AS wanted CROSS JOIN item "
    "WHERE request_id = wanted.column1 AND last_cycle = wanted.column3 AND carry = '' "
    "AND NOT EXISTS (SELECT 1 FROM item_half WHERE item_half.request_id = item.request_id "
    "AND item_half.position = item.position)"
)
REJECTED = (
    "SELECT request_id, type, field, reason, position, data FROM (VALUES (?, ...)) AS wanted "
    "CROSS JOIN rejected WHERE request_id = wanted.column1 AND run_id = wanted.column2 "
    "AND carry IS NULL"
)
INVALID = (
    "SELECT request_id, coalesce(invalid, '{}'), noindex FROM (VALUES (?, ...)) AS wanted "
    "CROSS JOIN visit WHERE run_id = wanted.column2 AND request_id = wanted.column1 "
    "AND (invalid IS NOT NULL OR noindex)"
)


def restored(change: Change, results: Collection[PageResult]) -> dict[int, Page]:
    """The pages of results that are unmodified, by request; those to be read are not among them."""
    ids = [(result.request.id,) for result in results if result.is_unmodified]
    if not ids:
        return {}
    db = change.db
    last = list(read_many(db, HELD, ids))  # what it showed the last time
    items: defaultdict[int, list[Item]] = defaultdict(list)
    for id_, *item in read_many(db, ITEMS, last):
        items[id_].append(Item(*item))
    rejected: defaultdict[int, list[Rejected]] = defaultdict(list)
    for id_, *each in read_many(db, REJECTED, last):
        rejected[id_].append(Rejected(*each))
    invalid: dict[int, dict[str, dict[str, int]]] = {}
    noindex: set[int] = set()
    for id_, text, asks in read_many(db, INVALID, last):
        invalid[id_] = json.loads(text)
        noindex |= {id_} if asks else set()
    return {
        id_: Page(
            tuple(sorted(items[id_], key=lambda item: item.position)),
            rejected=tuple(rejected[id_]),
            invalid=invalid.get(id_, {}),
            noindex=id_ in noindex,
        )
        for id_, *_ in last
    }
