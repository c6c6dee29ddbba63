"""One visit: state and reason, items, links, wholly or not at all; twice changes nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from scraper.core.model import Page, PageResult, Reason, Request, State
from scraper.core.outcome import PHASES, is_spent
from scraper.core.request import request_key
from scraper.core.url import key as url_key
from scraper.store.bodies import Bodies
from scraper.store.books import Change
from scraper.store.evidence import Evidence, Shown, record_pairs
from scraper.store.items import record_items, record_pairs_rejected, record_rejected
from scraper.store.links import Limits, Links
from scraper.store.many import write_many
from scraper.store.pairs import Pairs
from scraper.store.readings import record_readings
from scraper.store.requests import Known, Requests
from scraper.store.rows import Row, hop_text, storable
from scraper.store.unmodified import restored

COLUMNS = (
    "state, status, reason, detail, final_url, rule, attempts, body_bytes, wire_bytes, placed, "
    "links_found, links_out_of_scope, items, rejected, at, turn_s, slot_s, dns_s, connect_s, "
    "first_byte_s, body_s, worker_s, parse_s, writer_s, invalid, noindex"
)
NOT_MODIFIED = 304
VISIT = (
    f"INSERT INTO visit (run_id, request_id, links_new, {COLUMNS}) VALUES (?, ...) "  # noqa: S608
    "ON CONFLICT (run_id, request_id) DO UPDATE SET "
    # a page visited twice in a run has found the new links of both
    "links_new = links_new + excluded.links_new, "
    + ", ".join(f"{column} = excluded.{column}" for column in COLUMNS.split(", "))
)


class Entry(NamedTuple):
    """A result on its way to the table."""

    result: PageResult
    writer_from: float | None  # monotonic seconds since when it waits; None: not measured


@dataclass(slots=True)
class Batch:
    """Results that are written together."""

    rows: Requests
    monotonic: float
    same: dict[int, Page]  # of the unmodified ones
    figures: Counter[str] = field(default_factory=Counter)  # what they add to those of the run
    pages: list[tuple[Request, Page]] = field(default_factory=list)
    moved: list[int | None] = field(default_factory=list)  # of each: the page that answered
    results: list[PageResult] = field(default_factory=list)
    visits: list[Row] = field(default_factory=list)
    settled: list[PageResult] = field(default_factory=list)  # when bodies are kept


class Visits:
    """Writes results into the open transaction."""

    def __init__(
        self,
        links: Links,
        limits: Limits,
        pairs: Pairs,
        evidence: Evidence,
        bodies: Bodies | None = None,
    ) -> None:
        self._links = links
        self._limits = limits
        self._pairs = pairs
        self._evidence = evidence
        self._bodies = bodies or Bodies()

    def record(self, change: Change, entries: Sequence[Entry], *, monotonic: float) -> Counter[str]:
        """Write results, in order; returns what they add to the figures of the run."""
        told = [(entry, _final_key(entry.result)) for entry in entries]
        same = restored(change, [entry.result for entry, _ in told])
        batch = Batch(self._read(change, told), monotonic, same)
        for entry, final_key in told:
            self._record(batch, entry, final_key)
        batch.rows.write()
        batch.figures.update(record_readings(change, batch.results))  # items may take from them
        made = self._pairs.record(batch.rows, batch.results)
        pages = [(request, page.items) for request, page in batch.pages]
        ids = record_items(change, pages, made.items)
        self._evidence.record(change, _shown(batch, ids))
        record_rejected(change, [(request, page.rejected) for request, page in batch.pages])
        if made.items or made.rejected:
            record_pairs(change, made.items, ids[len(ids) - len(made.items) :], made.rejected)
            record_pairs_rejected(change, made.items, made.rejected)
            batch.figures["items"] += len(made.items)
            batch.figures["rejected"] += len(made.rejected)
        write_many(change.db, VISIT, batch.visits)
        if batch.settled:
            self._bodies.record(change, batch.settled)
        return batch.figures

    def _read(self, change: Change, told: Sequence[tuple[Entry, bytes | None]]) -> Requests:
        """The rows that results are about and lead to, as they are before."""
        rows = Requests(change)
        rows.read_ids({entry.result.request.id for entry, _ in told})
        keys = {final_key for _, final_key in told if final_key is not None}
        for entry, _ in told:
            keys |= self._links.unknown(entry.result.links)
            if self._pairs.active:
                keys |= {link.key for link in entry.result.links if link.carry}
        rows.read_keys(keys)
        return rows

    def _record(self, batch: Batch, entry: Entry, final_key: bytes | None) -> None:
        result, change = entry.result, batch.rows.change
        if result.pause_until is not None:
            _pause(change, result.request.host, result.pause_until)
        known = batch.rows.get(result.request.id)
        if known is None:  # not ours: nothing to settle
            return
        if result.again is not None:
            _go_on(batch, result.again, known)
            return
        if result.state == State.WAITING != known.state:  # settled: another page led to it
            return
        change.admitted += known.cycle != change.tenure.cycle or known.reason == Reason.MAX_PAGES
        if result.state == State.WAITING:
            _retry(batch, result, known)
        else:
            self._settle(batch, entry, known, final_key)

    def _settle(self, batch: Batch, entry: Entry, known: Known, final_key: bytes | None) -> None:
        result, rows = entry.result, batch.rows
        if result.is_unmodified:
            page = batch.same.get(known.id)
            if page is None:  # another page took the place of its items meanwhile
                _requeue(rows, known)
                return
            result = replace(result, page=page)
        if result.state == State.DONE and self._is_outdated(result.request, known):
            _requeue(rows, known)
        else:
            _finish(rows, result, known, final_key)
        batch.moved.append(self._moved(rows, result.request, final_key))
        batch.pages.append((result.request, result.page))
        batch.results.append(result)
        if self._bodies.is_on:
            batch.settled.append(result)
        new = self._links.record(rows, result.links)
        _count(batch.figures, result, new)
        since = entry.writer_from or result.finished_at or None
        writer_s = None if since is None else max(batch.monotonic - since, 0.0)
        batch.visits.append(_visit(rows.change, result, new, writer_s))

    def _moved(self, rows: Requests, request: Request, final_key: bytes | None) -> int | None:
        """The page that answered in place of the request, if it is known and read alike."""
        moved = None if final_key is None else rows.find(final_key)
        if moved is None or not self._limits.reads_alike(request, moved):
            return None
        if self._limits.answers_for(request, moved):
            _count_as_visited(rows, moved)
        return moved.id

    def _is_outdated(self, request: Request, known: Known) -> bool:
        """Whether a link told better while the page was open."""
        cut = self._limits.max_depth is not None and known.depth < request.depth
        return cut or (not request.seed and known.page != request.page)


def _go_on(batch: Batch, again: Request, known: Known) -> None:
    """The request was redirected, and answered so far: a run that dies now goes on from here."""
    if known.state == State.WAITING:
        known.hop, known.sent_at = hop_text(again.hop), None
        batch.rows.changed(known)


def _shown(batch: Batch, ids: Sequence[int]) -> list[Shown]:
    """What the pages of a batch show, as far as they were read whole.

    Args:
        ids: the rows of their items, in order.
    """
    shown, at = [], 0
    for result, moved in zip(batch.results, batch.moved, strict=True):
        page, first = result.page, at
        at += len(page.items)
        if result.state == State.DONE and result.status != NOT_MODIFIED:
            items = frozenset(ids[first:at])
            told = (result.request.id, result.rule or "", items, page.rejected)
            shown.append(Shown(*told, moved))
    return shown


def _retry(batch: Batch, result: PageResult, known: Known) -> None:
    """The page waits for its next attempt; nothing else is kept of this one."""
    change = batch.rows.change
    known.reason, known.attempts = _text(result.reason), result.request.attempt
    known.due_at, known.sent_at, known.cycle = result.retry_at, None, change.tenure.cycle
    known.hop = hop_text(result.request.hop) if is_spent(result.request) else None
    batch.rows.changed(known)
    if result.retry_at is None:
        change.hosts.add(known.host)  # that of the request may be a hop's
    batch.figures["retries"] += 1


def _count(figures: Counter[str], result: PageResult, new: int) -> None:
    figures[str(result.state)] += 1
    figures["links_found"] += result.links_found
    figures["links_new"] += new
    figures["links_known"] += len(result.links) - new
    figures["links_out_of_scope"] += result.links_out_of_scope + result.links_trapped
    figures["items"] += len(result.page.items)
    figures["rejected"] += len(result.page.rejected)


def _finish(rows: Requests, result: PageResult, known: Known, final_key: bytes | None) -> None:
    rows.change.move(known.state, result.state)
    known.state, known.reason = str(result.state), _text(result.reason)
    known.attempts, known.final_key = _attempts(result), final_key
    known.due_at, known.sent_at, known.cycle = None, None, rows.change.tenure.cycle
    known.hop = None
    rows.changed(known)


def _requeue(rows: Requests, known: Known) -> None:
    rows.change.move(known.state, State.WAITING)
    known.state, known.reason = State.WAITING.value, None
    known.attempts, known.final_key = 0, None
    known.due_at, known.sent_at, known.cycle = None, None, rows.change.tenure.cycle
    known.hop = None
    rows.changed(known)
    rows.change.hosts.add(known.host)


def _text(reason: str | None) -> str | None:
    """The reason as plain text: an enum would be adapted at every use as a parameter."""
    return reason and str(reason)


def _attempts(result: PageResult) -> int:
    """Attempts that were made; a page that is skipped was not asked for."""
    return result.request.attempt - (result.state == State.SKIPPED)


def _final_key(result: PageResult) -> bytes | None:
    """The identity of the page that answered, where redirects led to another one."""
    request = result.request
    if result.state != State.DONE or result.again or result.final_url in (None, request.url):
        return None
    try:
        body = request.body if request.verb == request.method else None
        key = request_key(request.verb, url_key(result.final_url or ""), body)
    except ValueError:
        return None
    return None if key == request.key else key


def _count_as_visited(rows: Requests, known: Known) -> None:
    """The page that answered counts as visited, if it was waiting for its first try."""
    change = rows.change
    if known.state != State.WAITING or known.cycle != change.tenure.cycle:
        return
    if not (known.due_at or known.sent_at or known.attempts or known.hop):
        known.state = State.DONE.value
        rows.changed(known)
        change.move(State.WAITING, State.DONE)
        change.visited.append(known.id)


def _pause(change: Change, host: str, until: float) -> None:
    change.db.execute(
        "INSERT INTO host (host, paused_until) VALUES (?, ?) "
        "ON CONFLICT (host) DO UPDATE SET paused_until = "
        "max(coalesce(paused_until, 0), excluded.paused_until)",
        (host, until),
    )


def _visit(change: Change, result: PageResult, new: int, writer_s: float | None) -> Row:
    """The row of a visit, as VISIT wants it."""
    invalid = {kind: dict(fields) for kind, fields in result.page.invalid.items()}
    return (
        change.tenure.run_id,
        result.request.id,
        new,
        str(result.state),
        result.status,
        _text(result.reason),
        storable(result.detail) or None,
        result.final_url,
        result.rule,
        _attempts(result),
        result.body_bytes,
        result.wire_bytes,
        result.placed,
        result.links_found,
        result.links_out_of_scope + result.links_trapped,
        len(result.page.items) + len(result.page.halves),
        len(result.page.rejected),
        change.now,
        *PHASES(result.timing),
        writer_s,
        json.dumps(invalid) if invalid else None,
        1 if result.page.noindex else None,
    )
