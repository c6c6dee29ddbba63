"""What kept pages give today, as rows of temporary tables: see `staging`.

`main.` names the tables of the file, `staged_` those that stand beside them.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from scraper.core.carry import carry_hash
from scraper.core.model import Item, Page, Reason, Rejected, Request, State
from scraper.store.kept import KeptPage
from scraper.store.many import read_many, write_many
from scraper.store.rows import Row, storable

# a column without a type would not be looked up by its index
TABLES = (
    """CREATE TEMP TABLE staged_page (request_id INTEGER PRIMARY KEY, run_id, cycle, at, state,
    reason, detail, rule, items, rejected, invalid)""",
    """CREATE TEMP TABLE staged_item (type, key, data, hash, request_id, request_key, position,
    carry, run_id, cycle, at, renews, UNIQUE (type, key))""",
    """CREATE TEMP TABLE staged_rejected (run_id, request_id INTEGER, type, field, reason,
    position, data,
    carry)""",
    """CREATE UNIQUE INDEX temp.staged_rejected_pair
    ON staged_rejected (request_id, carry, position) WHERE carry IS NOT NULL""",
    # the three tables of `pairs`, and what is still to be joined of them
    """CREATE TEMP TABLE staged_half (request_id INTEGER, position, rule, type, key, data,
    rejected, leads,
    cycle, paired, PRIMARY KEY (request_id, position)) WITHOUT ROWID""",
    """CREATE TEMP TABLE staged_carry (request_id INTEGER, hash, parent_id INTEGER, data, cycle,
    PRIMARY KEY (request_id, hash, parent_id)) WITHOUT ROWID""",
    """CREATE TEMP TABLE staged_invalid (request_id INTEGER, position, carry, field, type, count,
    cycle,
    PRIMARY KEY (request_id, position, carry, field)) WITHOUT ROWID""",
    """CREATE TEMP TABLE staged_meeting (request_id INTEGER, hash, data, cycle, ways, joined,
    PRIMARY KEY (request_id, hash)) WITHOUT ROWID""",
    "CREATE INDEX temp.staged_meeting_open ON staged_meeting (request_id) WHERE NOT joined",
    # where the halves of a page are met: at its own request, or at the one that it led to
    """CREATE TEMP TABLE staged_place (request_id INTEGER, page_id INTEGER, request_key, cycle,
    known,
    PRIMARY KEY (request_id, page_id)) WITHOUT ROWID""",
    """CREATE TEMP TABLE staged_shown (request_id INTEGER, type, key, PRIMARY KEY (request_id,
    type, key))
    WITHOUT ROWID""",
    """CREATE TEMP TABLE staged_pair (request_id INTEGER, carry, type, key, renews,
    PRIMARY KEY (request_id, carry, type, key)) WITHOUT ROWID""",
    "CREATE TEMP TABLE staged_gone (id INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE staged_accepted (id INTEGER PRIMARY KEY)",
)
PAGE = "INSERT INTO staged_page VALUES (?, ...)"
ITEM = (
    "INSERT INTO staged_item VALUES (?, ...) "
    "ON CONFLICT (type, key) DO UPDATE SET data = excluded.data, hash = excluded.hash, "
    "request_id = excluded.request_id, request_key = excluded.request_key, "
    "position = excluded.position, carry = excluded.carry, run_id = excluded.run_id, "
    "cycle = excluded.cycle, at = excluded.at, renews = excluded.renews "
    "WHERE excluded.cycle > cycle OR (excluded.cycle = cycle "
    "AND (excluded.request_key, excluded.position, excluded.carry) "
    "< (request_key, position, carry))"
)
REJECTED = "INSERT OR REPLACE INTO staged_rejected VALUES (?, ...)"
PAIR = "INSERT OR REPLACE INTO staged_pair VALUES (?, ...)"
SHOWN = "INSERT OR IGNORE INTO staged_shown VALUES (?, ...)"
HALF = "INSERT INTO staged_half VALUES (?, ...)"
CARRY = (
    "INSERT INTO staged_carry VALUES (?, ...) ON CONFLICT DO UPDATE SET cycle = excluded.cycle "
    "WHERE excluded.cycle > cycle"
)
BY_LINK, BY_SEED = 1, 2  # the ways in which something is carried to a page
MEET_AGAIN = (
    "ON CONFLICT DO UPDATE SET cycle = max(cycle, excluded.cycle), ways = ways | excluded.ways, "
    "joined = 0 WHERE excluded.cycle > cycle OR excluded.ways & ~ways"
)
MEETING = f"INSERT INTO staged_meeting VALUES (?, ...) {MEET_AGAIN}"  # noqa: S608  # constant text
INVALID = (
    "INSERT INTO staged_invalid VALUES (?, ...) ON CONFLICT DO UPDATE SET "
    "count = excluded.count, cycle = excluded.cycle WHERE excluded.cycle >= cycle"
)
_TARGETS = (
    "SELECT key, id FROM (VALUES (?, ...)) AS wanted CROSS JOIN main.request "
    "WHERE key = wanted.column1"
)
NOTHING = Page()


@dataclass(frozen=True, slots=True)
class Staged:
    """What a kept page gives today."""

    kept: KeptPage
    rule: str | None
    page: Page = NOTHING
    reason: Reason | str | None = None  # why it gives nothing; None: it was read
    detail: str = ""
    links: tuple[Request, ...] = ()  # those that carry


def put(db: sqlite3.Connection, staged: Sequence[Staged]) -> None:
    """Write what pages give, in the open transaction."""
    write_many(db, PAGE, [_page(each) for each in staged])
    items = [row for each in staged for row in _items(each)]
    write_many(db, ITEM, items)
    write_many(db, SHOWN, [(page, type_, key) for type_, key, _, _, page, *_ in items])
    write_many(db, REJECTED, [row for each in staged for row in _rejected(each)])
    carrying = [each for each in staged if each.links or each.page.halves]
    if carrying:
        keys = {(link.key,) for each in carrying for link in each.links}
        targets: dict[bytes, int] = dict(read_many(db, _TARGETS, list(keys)))
        write_many(db, HALF, [row for each in carrying for row in _halves(each, targets)])
        write_many(db, CARRY, [row for each in carrying for row in _carries(each, targets)])
        write_many(db, MEETING, [row for each in carrying for row in _own_carry(each)])


def item_row(
    item: Item, place: tuple[int, bytes, str], visit: tuple[int, int, float], *, renews: bool
) -> Row:
    """An item.

    Args:
        place: of the request: its id and key, and the hash of what was read of a carry.
        visit: run, cycle and time.
        renews: it may only take the place of what it was.
    """
    data = storable(item.data)
    digest = blake2b(data.encode(), digest_size=16).digest()
    id_, key, carry = place
    here = (id_, key, item.position, carry)
    return (item.type, storable(item.key), data, digest, *here, *visit, renews)


def rejected_row(rejected: Rejected, run_id: int, request_id: int, carry: str | None) -> Row:
    """What was no item; `carry` is None where nothing is joined."""
    what = (rejected.type, rejected.field, rejected.reason, rejected.position)
    return (run_id, request_id, *what, storable(rejected.data), carry)


def _page(staged: Staged) -> Row:
    invalid = {kind: dict(fields) for kind, fields in staged.page.invalid.items()}
    return (
        staged.kept.request.id,
        staged.kept.run_id,
        staged.kept.cycle,
        staged.kept.at,
        str(State.DONE if staged.reason is None else State.FAILED),
        staged.reason and str(staged.reason),
        storable(staged.detail) or None,
        staged.rule,
        len(staged.page.items) + len(staged.page.halves),
        len(staged.page.rejected),
        json.dumps(invalid) if invalid else None,
    )


def _items(staged: Staged) -> Iterator[Row]:
    kept, request = staged.kept, staged.kept.request
    visit = (kept.run_id, kept.cycle, kept.at)
    for item in staged.page.items:
        yield item_row(item, (request.id, request.key, ""), visit, renews=False)


def _rejected(staged: Staged) -> Iterator[Row]:
    for each in staged.page.rejected:
        yield rejected_row(each, staged.kept.run_id, staged.kept.request.id, None)


def _halves(staged: Staged, targets: Mapping[bytes, int]) -> Iterator[Row]:
    leads: defaultdict[int, list[tuple[int, list[str]]]] = defaultdict(list)
    for link in staged.links:
        if link.half is not None and link.key in targets:
            leads[link.half].append((targets[link.key], list(link.carry)))
    for half in staged.page.halves:
        yield (
            staged.kept.request.id,
            half.position,
            staged.rule,
            half.type,
            storable(half.key),
            storable(half.data),
            int(half.rejected),
            json.dumps(leads[half.position]) if half.position in leads else None,
            staged.kept.cycle,
            0,
        )


def _carries(staged: Staged, targets: Mapping[bytes, int]) -> Iterator[Row]:
    kept = staged.kept
    for link in staged.links:
        if link.half is None and link.key in targets:
            data = json.dumps(dict(link.carry))
            yield (targets[link.key], carry_hash(link.carry), kept.request.id, data, kept.cycle)


def _own_carry(staged: Staged) -> Iterator[Row]:
    """What the page's own seed carries."""
    request = staged.kept.request
    if staged.page.halves and request.carry:
        data = json.dumps(dict(request.carry))
        yield (request.id, carry_hash(request.carry), data, staged.kept.cycle, BY_SEED, 0)
