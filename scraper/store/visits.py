"""One visit: state and reason, items, links, wholly or not at all; twice changes nothing."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

from scraper.core.model import PageResult, Reason, Request, State
from scraper.core.outcome import PHASES
from scraper.core.request import request_key
from scraper.core.url import key as url_key
from scraper.store.books import Change
from scraper.store.items import record_items, record_rejected
from scraper.store.links import Limits, Links
from scraper.store.rows import storable


@dataclass(frozen=True, slots=True)
class Entry:
    """A result on its way to the table."""

    result: PageResult
    writer_from: float | None  # monotonic seconds since when it waits; None: not measured


class Visits:
    """Writes results into the open transaction."""

    def __init__(self, links: Links, limits: Limits) -> None:
        self._links = links
        self._limits = limits

    def record(self, change: Change, entry: Entry, *, monotonic: float) -> Counter[str]:
        """Write one result; returns what it adds to the figures of the run."""
        result = entry.result
        if result.again is not None:
            return Counter()
        if result.pause_until is not None:
            _pause(change, result.request.host, result.pause_until)
        row = change.db.execute(
            "SELECT state, depth, cycle, reason, page FROM request WHERE id = ?",
            (result.request.id,),
        ).fetchone()
        if row is None:  # not ours: nothing to settle
            return Counter()
        if result.state == State.WAITING != row[0]:  # settled: another page was redirected to it
            return Counter()
        change.admitted += row[2] != change.tenure.cycle or row[3] == Reason.MAX_PAGES
        if result.state == State.WAITING:
            return _retry(change, result)
        request = result.request
        cut = self._limits.max_depth is not None and row[1] < request.depth
        outdated = cut or (not request.seed and row[4] != request.page)
        return self._settle(change, entry, row[0], monotonic, outdated=outdated)

    def _settle(
        self,
        change: Change,
        entry: Entry,
        before: str,
        monotonic: float,
        *,
        outdated: bool,
    ) -> Counter[str]:
        result = entry.result
        final_key = _final_key(result)
        if outdated and result.state == State.DONE:  # a link told better while it was open
            _requeue(change, result.request, before)
        else:
            _finish(change, result, before, final_key)
        if final_key is not None:
            depth = 0 if self._limits.max_depth is None else result.request.depth
            _count_as_visited(change, final_key, depth)
        record_items(change, result.request, result.page.items)
        record_rejected(change, result.request, result.page.rejected)
        new = self._links.record(change, result.links)
        since = entry.writer_from or result.finished_at or None
        writer_s = None if since is None else max(monotonic - since, 0.0)
        _write_visit(change, result, new, writer_s)
        return _figures(result, new)


def _retry(change: Change, result: PageResult) -> Counter[str]:
    """The page waits for its next attempt; nothing else is kept of this one."""
    change.db.execute(
        "UPDATE request SET reason = ?, attempts = ?, due_at = ?, sent_at = NULL, cycle = ? "
        "WHERE id = ?",
        (
            result.reason,
            result.request.attempt,
            result.retry_at,
            change.tenure.cycle,
            result.request.id,
        ),
    )
    if result.retry_at is None:
        change.hosts.add(_own_host(change, result.request))
    return Counter(retries=1)


def _figures(result: PageResult, new: int) -> Counter[str]:
    figures = Counter[str]()
    figures[result.state.value] = 1
    figures["links_found"] = result.links_found
    figures["links_new"] = new
    figures["links_known"] = len(result.links) - new
    figures["links_out_of_scope"] = result.links_out_of_scope
    figures["items"] = len(result.page.items)
    figures["rejected"] = len(result.page.rejected)
    return figures


def _finish(change: Change, result: PageResult, before: str, final_key: bytes | None) -> None:
    change.db.execute(
        "UPDATE request SET state = ?, reason = ?, attempts = ?, due_at = NULL, sent_at = NULL, "
        "cycle = ?, final_key = ? WHERE id = ?",
        (
            result.state,
            result.reason,
            _attempts(result),
            change.tenure.cycle,
            final_key,
            result.request.id,
        ),
    )
    change.move(before, result.state)


def _requeue(change: Change, request: Request, before: str) -> None:
    change.db.execute(
        "UPDATE request SET state = 'waiting', reason = NULL, attempts = 0, due_at = NULL, "
        "sent_at = NULL, cycle = ?, final_key = NULL WHERE id = ?",
        (change.tenure.cycle, request.id),
    )
    change.move(before, State.WAITING)
    change.hosts.add(_own_host(change, request))


def _own_host(change: Change, request: Request) -> str:
    """The host of the row; that of the request may be a hop's."""
    row = change.db.execute("SELECT host FROM request WHERE id = ?", (request.id,)).fetchone()
    return str(row[0])


def _attempts(result: PageResult) -> int:
    """Attempts that were made; a page that is skipped was not asked for."""
    return result.request.attempt - (result.state == State.SKIPPED)


def _final_key(result: PageResult) -> bytes | None:
    """The identity of the page that answered, where redirects led to another one."""
    request = result.request
    if result.state != State.DONE or result.final_url in (None, request.url):
        return None
    try:
        body = request.body if request.verb == request.method else None
        key = request_key(request.verb, url_key(result.final_url or ""), body)
    except ValueError:
        return None
    return None if key == request.key else key


def _count_as_visited(change: Change, final_key: bytes, depth: int) -> None:
    """The page that answered counts as visited, if it was waiting for its first try.

    Args:
        depth: of the links that it led to now; a page that would lead to nearer ones waits on.
    """
    row = change.db.execute(
        "SELECT id FROM request WHERE key = ? AND state = 'waiting' "
        "AND due_at IS NULL AND sent_at IS NULL AND attempts = 0 AND cycle = ? AND depth >= ?",
        (final_key, change.tenure.cycle, depth),
    ).fetchone()
    if row is not None:
        change.db.execute("UPDATE request SET state = 'done' WHERE id = ?", row)
        change.move(State.WAITING, State.DONE)
        change.visited.append(row[0])


def _pause(change: Change, host: str, until: float) -> None:
    change.db.execute(
        "INSERT INTO host (host, paused_until) VALUES (?, ?) "
        "ON CONFLICT (host) DO UPDATE SET paused_until = "
        "max(coalesce(paused_until, 0), excluded.paused_until)",
        (host, until),
    )


def _write_visit(change: Change, result: PageResult, new: int, writer_s: float | None) -> None:
    invalid = {kind: dict(fields) for kind, fields in result.page.invalid.items()}
    change.db.execute(
        "INSERT OR REPLACE INTO visit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        # a page visited twice in a run has found the new links of both
        "? + coalesce((SELECT links_new FROM visit WHERE run_id = ? AND request_id = ?), 0), "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            change.tenure.run_id,
            result.request.id,
            result.state,
            result.status,
            result.reason,
            storable(result.detail) or None,
            result.final_url,
            result.rule,
            _attempts(result),
            result.body_bytes,
            result.wire_bytes,
            result.placed,
            result.links_found,
            new,
            change.tenure.run_id,
            result.request.id,
            result.links_out_of_scope,
            len(result.page.items),
            len(result.page.rejected),
            change.now,
            *PHASES(result.timing),
            writer_s,
            json.dumps(invalid) if invalid else None,
        ),
    )
