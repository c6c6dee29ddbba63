# ruff: noqa: S608 - constant text
"""The statements by which staged halves and carries are found for each other; see `rejoining`."""

from __future__ import annotations

from scraper.store.joining import LONE, MET
from scraper.store.staged import BY_LINK, MEET_AGAIN

# only what the kept page had decided: a later time-out, or a visit that is due, stays
READ = (
    "({row}.state = 'done' OR ({row}.state = 'failed' AND {row}.reason IN "
    "('invalid_page', 'parse_timeout', 'parse_crash', 'parse_error', 'content_type')))"
)
OPEN = "(SELECT id FROM cycle WHERE ended_at IS NULL AND id = (SELECT max(id) FROM cycle))"
_SAME_HALF = (
    "old.request_id = staged_half.request_id AND old.position = staged_half.position "
    "AND old.type = staged_half.type"
)
_SAME_CARRY = (
    "old.request_id = staged_carry.request_id AND old.hash = staged_carry.hash "
    "AND old.parent_id = staged_carry.parent_id"
)
# what was shown, or held good, in a newer cycle than that in which its page was kept
NEWER = (
    (
        "UPDATE staged_half SET cycle = old.cycle FROM item_half AS old "
        f"WHERE {_SAME_HALF} AND old.cycle > staged_half.cycle"
    ),
    (
        "UPDATE staged_carry SET cycle = old.cycle FROM item_carry AS old "
        f"WHERE {_SAME_CARRY} AND old.cycle > staged_carry.cycle"
    ),
)
PLACES = (
    # each page that is read anew, whether it gives halves or not
    (
        "INSERT INTO staged_place SELECT newest.request_id, newest.request_id, key, newest.cycle, "
        f"request.cycle = newest.cycle AND {READ.format(row='request')} "
        "FROM (SELECT page.request_id, max(page.cycle, coalesce("
        "(SELECT max(cycle) FROM item_half AS half WHERE half.request_id = page.request_id), 0"
        ")) AS cycle FROM staged_page AS page) AS newest "
        "JOIN request ON request.id = newest.request_id"
    ),
    # where redirects led elsewhere, what is carried to that other page
    (
        "INSERT OR IGNORE INTO staged_place SELECT led.id, place.page_id, led.key, place.cycle, 1 "
        "FROM staged_place AS place JOIN request ON request.id = place.page_id "
        "JOIN request AS led ON led.key = request.final_key "
        "WHERE place.known AND led.state = 'done' AND led.cycle = place.cycle AND NOT EXISTS "
        "(SELECT 1 FROM staged_half AS half WHERE half.request_id = led.id)"
    ),
)
# what it met may be dropped since: it has no item of its own; or it has one, whatever it met since
PAIRED = (
    f"UPDATE staged_half SET paired = old.paired FROM item_half AS old WHERE {_SAME_HALF} AND "
    f"(old.paired = {LONE} OR (old.paired = {MET} "
    "AND NOT EXISTS (SELECT 1 FROM item_carry WHERE item_carry.request_id = old.request_id)))"
)
BORROWED = (
    "INSERT OR IGNORE INTO staged_carry SELECT request_id, hash, parent_id, data, cycle "
    "FROM item_carry AS old WHERE "
    "NOT EXISTS (SELECT 1 FROM staged_page WHERE staged_page.request_id = old.parent_id) "
    "OR EXISTS (SELECT 1 FROM staged_half AS half JOIN staged_place AS place "
    "ON place.request_id = half.request_id AND place.page_id = half.request_id "
    "WHERE half.request_id = old.parent_id AND half.leads IS NOT NULL "
    f"AND (NOT place.known OR half.cycle = {OPEN}))"
)
MEETINGS = (
    f"INSERT INTO staged_meeting SELECT request_id, hash, data, max(cycle), {BY_LINK}, 0 "
    f"FROM staged_carry WHERE true GROUP BY request_id, hash {MEET_AGAIN}"
)
FIRST = (*NEWER, *PLACES, PAIRED, BORROWED, MEETINGS)
"""What is done once, when all pages are staged."""

OPEN_CYCLE = f"SELECT {OPEN}"
RUNS = "SELECT cycle, max(id) FROM run WHERE kind = 'crawl' GROUP BY cycle"
NEXT = "SELECT request_id, hash, data, cycle, ways FROM staged_meeting WHERE NOT joined LIMIT ?"
JOINED = (
    "UPDATE staged_meeting SET joined = 1 FROM (VALUES (?, ...)) AS new "
    "WHERE request_id = new.column1 AND hash = new.column2"
)
_HALVES = (
    "SELECT place.request_id, place.request_key, place.known, page.at, half.cycle, "
    "half.request_id, position, half.rule, type, half.key, data, half.rejected, leads, paired, "
    "request.url FROM {found} CROSS JOIN staged_page AS page ON page.request_id = place.page_id "
    "CROSS JOIN request ON request.id = place.page_id"
)
OF_PAGES = _HALVES.format(
    found="(VALUES (?, ...)) AS wanted CROSS JOIN staged_place AS place "
    "ON place.request_id = wanted.column1 "
    "CROSS JOIN staged_half AS half ON half.request_id = place.page_id"
)
_ALONE = (  # of the open cycle its end tells
    _HALVES.format(
        found="staged_half AS half CROSS JOIN staged_place AS place "
        "ON place.request_id = half.request_id AND place.page_id = half.request_id"
    )
    + f" WHERE (half.request_id, position) > (?, ?) AND paired <> {MET} "
    f"AND half.cycle IS NOT {OPEN} {{more}} ORDER BY half.request_id, position LIMIT ?"
)
ALONE = (_ALONE.replace("{more}", "AND leads IS NOT NULL"), _ALONE.replace("{more}", ""))
SET_PAIRED = (
    "UPDATE staged_half SET paired = new.column3 FROM (VALUES (?, ...)) AS new "
    "WHERE staged_half.request_id = new.column1 AND position = new.column2 AND paired = 0"
)
_KNOWN_PLACE = (
    "EXISTS (SELECT 1 FROM staged_place AS place WHERE place.request_id = {row}.request_id "
    "AND place.known AND {cycle} >= place.cycle)"
)
_GONE = (  # items of pairs that are not made any more, as far as their page can tell
    "SELECT id, request_id, carry FROM item WHERE id > ?1 AND carry <> '' "
    f"AND {_KNOWN_PLACE.format(row='item', cycle='item.last_cycle')} AND NOT EXISTS "
    "(SELECT 1 FROM staged_item AS new WHERE new.type = item.type AND new.key = item.key) "
    "ORDER BY id LIMIT ?2"
)
_ACCEPTED = (  # pairs that were no items and are not rejected, or otherwise
    "SELECT old.id, old.request_id, old.carry FROM rejected AS old JOIN run ON run.id = old.run_id "
    "WHERE old.id > ?1 AND old.carry IS NOT NULL "
    f"AND {_KNOWN_PLACE.format(row='old', cycle='run.cycle')} AND NOT EXISTS "
    "(SELECT 1 FROM staged_rejected AS new WHERE new.request_id = old.request_id "
    "AND new.carry = old.carry AND new.type = old.type AND new.field = old.field "
    "AND new.reason = old.reason AND new.position = old.position AND new.data = old.data) "
    "ORDER BY old.id LIMIT ?2"
)
GONE = (_GONE, "INSERT INTO staged_gone VALUES (?, ...)")
ACCEPTED = (_ACCEPTED, "INSERT INTO staged_accepted VALUES (?, ...)")
CARRIED = (
    "SELECT request_id, data FROM (VALUES (?, ...)) AS wanted CROSS JOIN item_carry "
    "WHERE request_id = wanted.column1"
)
SEEDED = (
    "SELECT id, carry FROM (VALUES (?, ...)) AS wanted CROSS JOIN request "
    "WHERE id = wanted.column1 AND carry IS NOT NULL"
)
