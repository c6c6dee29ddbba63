# ruff: noqa: S608 - constant text
"""The statements by which staged items take the place of those that were; see `staging`.

`:run` is the reparse, `:now` the time of its transaction.
"""

from __future__ import annotations

from scraper.store.meetings import READ

_SAME = "item.type = new.type AND item.key = new.key"
_STAGED = f"EXISTS (SELECT 1 FROM staged_item AS new WHERE {_SAME})"
# shown by the version of its page that is kept, which shows it no more
_GONE = (
    "(item.id IN (SELECT id FROM staged_gone) OR (item.carry = '' "
    "AND EXISTS (SELECT 1 FROM staged_page AS page WHERE page.request_id = item.request_id "
    f"AND page.cycle = item.last_cycle) AND NOT {_STAGED}))"
)
# of a page that is not read anew; it wins
_OUTDONE = (
    "DELETE FROM staged_item WHERE rowid IN (SELECT new.rowid FROM staged_item AS new "
    f"JOIN item ON {_SAME} "
    "WHERE NOT EXISTS (SELECT 1 FROM staged_page AS page WHERE page.request_id = item.request_id) "
    "AND (item.last_cycle > new.cycle OR (item.last_cycle = new.cycle "
    "AND (item.request_key, item.position, item.carry) "
    "< (new.request_key, new.position, new.carry))))"
)
_REMEMBER = (
    "INSERT INTO item_history (type, key, run, at, data, hash) "
    "SELECT type, key, changed_run, changed_at, data, hash FROM item WHERE "
    f"EXISTS (SELECT 1 FROM staged_item AS new WHERE {_SAME} AND new.hash <> item.hash) OR {_GONE}"
)
_PLACE = (
    "request_id = new.request_id, request_key = new.request_key, position = new.position, "
    "first_cycle = min(item.first_cycle, new.cycle), last_cycle = new.cycle, "
    "fetched_at = new.at, carry = new.carry"
)
_CHANGE = (
    "UPDATE item SET data = new.data, hash = new.hash, "
    "before_hash = CASE WHEN item.last_cycle < new.cycle THEN item.hash "
    "WHEN item.before_hash IS NULL OR item.first_cycle >= new.cycle THEN NULL "
    "WHEN item.before_hash = item.hash THEN new.hash ELSE item.before_hash END, "
    f"changed_run = :run, changed_at = :now, last_run = :run, {_PLACE} "
    f"FROM staged_item AS new WHERE {_SAME} AND item.hash <> new.hash"
)
_MOVE = (  # the same item, found elsewhere
    "UPDATE item SET before_hash = CASE WHEN item.last_cycle < new.cycle THEN item.hash "
    f"ELSE item.before_hash END, last_run = max(item.last_run, new.run_id), {_PLACE} "
    f"FROM staged_item AS new WHERE {_SAME} AND item.hash = new.hash AND "
    "(item.request_id, item.position, item.carry, item.last_cycle) <> "
    "(new.request_id, new.position, new.carry, new.cycle)"
)
_ADD = (
    "INSERT INTO item (type, key, data, hash, before_hash, request_id, request_key, position, "
    "carry, first_run, last_run, changed_run, changed_at, first_cycle, last_cycle, fetched_at) "
    "SELECT type, key, data, hash, NULL, request_id, request_key, position, carry, "
    ":run, :run, :run, :now, cycle, cycle, at FROM staged_item AS new "
    f"WHERE NOT EXISTS (SELECT 1 FROM item WHERE {_SAME}) ORDER BY request_id, position"
)
_LOST = (
    "FROM item_page AS shown WHERE EXISTS (SELECT 1 FROM staged_page AS page "
    "WHERE page.request_id = shown.request_id) AND NOT EXISTS (SELECT 1 FROM item "
    "JOIN staged_shown AS new ON new.request_id = shown.request_id AND new.type = item.type "
    "AND new.key = item.key WHERE item.id = shown.item_id) "
    "AND NOT EXISTS (SELECT 1 FROM staged_rejected AS none JOIN item ON item.type = none.type "
    "WHERE none.request_id = shown.request_id AND none.carry IS NULL AND item.id = shown.item_id)"
)
_BESIDE = "DELETE FROM page_rejected WHERE request_id IN (SELECT request_id FROM staged_page)"
_SHOWN = (
    "INSERT OR IGNORE INTO item_page (request_id, item_id) SELECT new.request_id, item.id "
    "FROM staged_shown AS new CROSS JOIN item ON item.type = new.type AND item.key = new.key"
)
_PAIRS = (
    "INSERT OR IGNORE INTO item_pair (request_id, carry, item_id) "
    "SELECT new.request_id, new.carry, item.id "
    "FROM staged_pair AS new CROSS JOIN item ON item.type = new.type AND item.key = new.key "
    "WHERE NOT renews OR EXISTS (SELECT 1 FROM item_page AS shown "
    "WHERE shown.request_id = new.request_id AND shown.item_id = item.id)"
)
_MADE = (
    "EXISTS (SELECT 1 FROM item JOIN staged_pair AS new ON new.type = item.type "
    "WHERE item.id = pair.item_id AND new.request_id = pair.request_id "
    "AND new.carry = pair.carry AND {})"
)
_LOST_PAIRS = (  # of which another item is made now
    f"FROM item_pair AS pair WHERE {_MADE.format('NOT new.renews')} "
    f"AND NOT {_MADE.format('new.key = item.key')} "
    "AND NOT EXISTS (SELECT 1 FROM staged_rejected AS none WHERE none.carry IS NOT NULL "
    "AND none.request_id = pair.request_id)"
)
_DOUBT = "INSERT OR IGNORE INTO item_doubt (item_id) SELECT item_id"  # see `evidence`
_NO_ITEM = "DELETE FROM {} WHERE NOT EXISTS (SELECT 1 FROM item WHERE item.id = item_id)"
_REJECTED_BEFORE = (
    "DELETE FROM rejected WHERE EXISTS (SELECT 1 FROM staged_page AS page "
    "JOIN run ON run.cycle = page.cycle WHERE page.request_id = rejected.request_id "
    "AND run.id = rejected.run_id) AND carry IS NULL"
)
_REJECT = (
    "INSERT INTO rejected (run_id, request_id, type, field, reason, position, data, carry) "
    "SELECT run_id, request_id, type, field, reason, position, data, carry FROM staged_rejected "
    "WHERE carry IS NULL ORDER BY request_id, position"
)
_VISITS = (
    "UPDATE visit SET state = page.state, reason = page.reason, detail = page.detail, "
    "rule = page.rule, items = page.items, rejected = page.rejected, invalid = page.invalid "
    "FROM staged_page AS page "
    "WHERE visit.run_id = page.run_id AND visit.request_id = page.request_id "
    f"AND {READ.format(row='visit')}"
)
_REQUESTS = (
    "UPDATE request SET state = page.state, reason = page.reason FROM staged_page AS page "
    "WHERE request.id = page.request_id AND request.cycle = page.cycle "
    f"AND {READ.format(row='request')} "
    "AND (request.state <> page.state OR request.reason IS NOT page.reason)"
)
# what another config has made of a page is not confirmed by its server
_VALIDATORS = (
    "UPDATE page_reading SET etag = NULL, last_modified = NULL "
    "WHERE coalesce(etag, last_modified) IS NOT NULL "
    "AND request_id IN (SELECT request_id FROM staged_page)"
)

# a pair of a page whose latest visit says nothing: it was known, or it is left to the crawl
_UNKNOWN = (
    "DELETE FROM staged_item WHERE renews AND NOT EXISTS (SELECT 1 FROM item "
    "WHERE item.type = staged_item.type AND item.key = staged_item.key "
    "AND item.request_id = staged_item.request_id AND item.last_cycle >= staged_item.cycle)"
)
_NEVER_OLDER = (  # another page had shown its carry, and does not any more
    "UPDATE staged_item SET cycle = item.last_cycle FROM item "
    "WHERE item.type = staged_item.type AND item.key = staged_item.key "
    "AND item.carry <> '' AND item.carry = staged_item.carry "
    "AND item.request_id = staged_item.request_id AND item.last_cycle > staged_item.cycle"
)
_REJECT_PAIRS = (
    "INSERT INTO rejected (run_id, request_id, type, field, reason, position, data, carry) "
    "SELECT new.run_id, new.request_id, type, field, reason, position, data, carry "
    "FROM staged_rejected AS new JOIN staged_place AS place "
    "ON place.request_id = new.request_id AND place.known "
    "WHERE carry IS NOT NULL AND NOT EXISTS (SELECT 1 FROM rejected AS old "
    "JOIN run ON run.id = old.run_id WHERE run.cycle >= place.cycle "
    "AND new.request_id = old.request_id AND new.carry = old.carry AND new.type = old.type "
    "AND new.field = old.field AND new.reason = old.reason AND new.position = old.position "
    "AND new.data = old.data) ORDER BY new.request_id, position, carry"
)
_HALF = "request_id, position, rule, type, key, data, rejected, leads, cycle, paired"
_HALVES_BEFORE = (
    "DELETE FROM item_half WHERE (request_id, position) IN (SELECT request_id, position FROM "
    f"(SELECT {_HALF} FROM item_half WHERE request_id IN (SELECT request_id FROM staged_page) "
    f"EXCEPT SELECT {_HALF} FROM staged_half))"
)
_HALVES = (
    f"INSERT INTO item_half ({_HALF}) SELECT {_HALF} FROM staged_half "
    f"EXCEPT SELECT {_HALF} FROM item_half"
)
_CARRIES_BEFORE = (
    "DELETE FROM item_carry WHERE parent_id IN (SELECT request_id FROM staged_page) "
    "AND NOT EXISTS (SELECT 1 FROM staged_carry AS new WHERE new.request_id = "
    "item_carry.request_id AND new.hash = item_carry.hash "
    "AND new.parent_id = item_carry.parent_id)"
)
_CARRIES = (
    "INSERT INTO item_carry (request_id, hash, parent_id, data, cycle) "
    "SELECT request_id, hash, parent_id, data, cycle FROM staged_carry WHERE true "
    "ON CONFLICT (request_id, hash, parent_id) DO UPDATE SET cycle = excluded.cycle "
    "WHERE cycle < excluded.cycle"
)
_INVALID_BEFORE = (
    "DELETE FROM item_invalid WHERE request_id IN "
    "(SELECT request_id FROM staged_place WHERE known) "
    "AND NOT EXISTS (SELECT 1 FROM staged_invalid AS new WHERE new.request_id = "
    "item_invalid.request_id AND new.position = item_invalid.position "
    "AND new.carry = item_invalid.carry AND new.field = item_invalid.field)"
)
_INVALID = (
    "INSERT INTO item_invalid (request_id, position, carry, field, type, count, cycle) "
    "SELECT request_id, position, carry, field, type, count, cycle FROM staged_invalid WHERE true "
    "ON CONFLICT DO UPDATE SET count = excluded.count, cycle = max(cycle, excluded.cycle) "
    "WHERE (count, cycle) <> (excluded.count, max(cycle, excluded.cycle))"
)

FIRST = (_UNKNOWN, _NEVER_OLDER, _OUTDONE)
"""What is done with what is staged, before it is compared."""

STEPS = (
    _REMEMBER,
    f"DELETE FROM item WHERE {_GONE}",
    *map(_NO_ITEM.format, ("item_page", "item_pair", "item_doubt")),
    _CHANGE,
    _MOVE,
    _ADD,
    _PAIRS,
    f"{_DOUBT} {_LOST_PAIRS}",
    f"DELETE {_LOST_PAIRS}",
    f"{_DOUBT} {_LOST}",
    f"DELETE {_LOST}",
    _SHOWN,
    _BESIDE,
    _REJECTED_BEFORE,
    _REJECT,
    "DELETE FROM rejected WHERE id IN (SELECT id FROM staged_accepted)",
    _REJECT_PAIRS,
    _HALVES_BEFORE,
    _HALVES,
    _CARRIES_BEFORE,
    _CARRIES,
    _INVALID_BEFORE,
    _INVALID,
    _VISITS,
    _REQUESTS,
    _VALIDATORS,
)
"""What is done, in order."""

REMOVED = f"SELECT type, count(*) FROM item WHERE {_GONE} GROUP BY type"
"""What will be removed, by type."""

BY_TYPE = (
    "SELECT new.type, count(*), sum(item.first_run = :run), "
    "sum(item.changed_run = :run AND item.first_run <> :run) "
    f"FROM staged_item AS new JOIN item ON {_SAME} GROUP BY new.type"
)
"""Afterwards, by type: how many items there are of what is staged, those that are new, changed."""
