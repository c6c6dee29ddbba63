# ruff: noqa: S608 - constant text
"""The statements by which staged items take the place of those that were; see `staging`.

`:run` is the reparse, `:now` the time of its transaction.
"""

from __future__ import annotations

_SAME = "item.type = new.type AND item.key = new.key"
_STAGED = f"EXISTS (SELECT 1 FROM staged_item AS new WHERE {_SAME})"
# shown by the version of its page that is kept, which shows it no more
_GONE = (
    "EXISTS (SELECT 1 FROM staged_page AS page WHERE page.request_id = item.request_id "
    f"AND page.cycle = item.last_cycle) AND NOT {_STAGED}"
)
# of a page that is not read anew; it wins
_OUTDONE = (
    "DELETE FROM staged_item WHERE rowid IN (SELECT new.rowid FROM staged_item AS new "
    f"JOIN item ON {_SAME} "
    "WHERE NOT EXISTS (SELECT 1 FROM staged_page AS page WHERE page.request_id = item.request_id) "
    "AND (item.last_cycle > new.cycle OR (item.last_cycle = new.cycle "
    "AND (item.request_key, item.position) < (new.request_key, new.position))))"
)
_REMEMBER = (
    "INSERT INTO item_history (type, key, run, at, data, hash) "
    "SELECT type, key, changed_run, changed_at, data, hash FROM item WHERE "
    f"EXISTS (SELECT 1 FROM staged_item AS new WHERE {_SAME} AND new.hash <> item.hash) OR {_GONE}"
)
_PLACE = (
    "request_id = new.request_id, request_key = new.request_key, position = new.position, "
    "first_cycle = min(item.first_cycle, new.cycle), last_cycle = new.cycle, "
    "fetched_at = new.at, carry = ''"
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
    "(item.request_id, item.position, item.last_cycle) <> "
    "(new.request_id, new.position, new.cycle)"
)
_ADD = (
    "INSERT INTO item (type, key, data, hash, before_hash, request_id, request_key, position, "
    "first_run, last_run, changed_run, changed_at, first_cycle, last_cycle, fetched_at) "
    "SELECT type, key, data, hash, NULL, request_id, request_key, position, "
    ":run, :run, :run, :now, cycle, cycle, at FROM staged_item AS new "
    f"WHERE NOT EXISTS (SELECT 1 FROM item WHERE {_SAME}) ORDER BY request_id, position"
)
_REJECTED_BEFORE = (
    "DELETE FROM rejected WHERE EXISTS (SELECT 1 FROM staged_page AS page "
    "JOIN run ON run.cycle = page.cycle WHERE page.request_id = rejected.request_id "
    "AND run.id = rejected.run_id)"
)
_REJECT = (
    "INSERT INTO rejected (run_id, request_id, type, field, reason, position, data) "
    "SELECT run_id, request_id, type, field, reason, position, data FROM staged_rejected "
    "ORDER BY request_id, position"
)
# only what the kept page had decided: a later time-out, or a visit that is due, stays
_READ = (
    "({row}.state = 'done' OR ({row}.state = 'failed' AND {row}.reason IN "
    "('invalid_page', 'parse_timeout', 'parse_crash', 'parse_error', 'content_type')))"
)
_VISITS = (
    "UPDATE visit SET state = page.state, reason = page.reason, detail = page.detail, "
    "rule = page.rule, items = page.items, rejected = page.rejected, invalid = page.invalid "
    "FROM staged_page AS page "
    "WHERE visit.run_id = page.run_id AND visit.request_id = page.request_id "
    f"AND {_READ.format(row='visit')}"
)
_REQUESTS = (
    "UPDATE request SET state = page.state, reason = page.reason FROM staged_page AS page "
    "WHERE request.id = page.request_id AND request.cycle = page.cycle "
    f"AND {_READ.format(row='request')} "
    "AND (request.state <> page.state OR request.reason IS NOT page.reason)"
)

STEPS = (
    ("outdone", _OUTDONE),
    ("remembered", _REMEMBER),
    ("removed", f"DELETE FROM item WHERE {_GONE}"),
    ("changed", _CHANGE),
    ("moved", _MOVE),
    ("new", _ADD),
    ("", _REJECTED_BEFORE),
    ("", _REJECT),
    ("", _VISITS),
    ("", _REQUESTS),
)
"""What is done, in order: (what is counted, statement)."""

COUNTS = "SELECT count(*) FROM staged_item"
