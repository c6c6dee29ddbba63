"""New rows: links of pages and seeds, counted against max_pages, each known only once.

Most links of a page are known. An LRU of keys answers for nine in ten of them without touching
the table. Of two paths to a page the smaller depth counts; with a limit on depth a page that was
visited at a greater depth is visited again, since links of it may have been cut.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from scraper.core.model import Reason, Request, State
from scraper.store.books import Change
from scraper.store.cycles import JUDGED_ANEW
from scraper.store.rows import carry_text, headers_text

KNOWN_KEYS = 50_000
REVIVED = frozenset({Reason.SCOPE, Reason.DEPTH})  # by a seed or by a link of a later cycle


@dataclass(slots=True)
class Limits:
    """What of the plan rows are judged by; None: no limit."""

    max_pages: int | None = None
    max_depth: int | None = None
    followed: frozenset[str | None] | None = None  # the pages that rules give to links


@dataclass(frozen=True, slots=True)
class Known:
    """What a row says about a request met again."""

    id: int
    host: str
    state: str
    reason: str | None
    depth: int
    cycle: int
    seed: bool
    page: str | None


class Links:
    """Puts requests into the table."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._depths: OrderedDict[bytes, int] = OrderedDict()  # key -> depth in the table

    def record(self, change: Change, links: Sequence[Request]) -> int:
        """Store the links of a page; returns how many were new."""
        new = 0
        for link in links:
            depth = self._depths.get(link.key)
            if depth is not None and depth <= link.depth:
                self._depths.move_to_end(link.key)
                continue
            if self._insert(change, link):
                new += 1
            else:
                self._meet(change, link)
            self._learn(link)
        return new

    def record_seeds(self, change: Change, seeds: Sequence[Request]) -> int:
        """Store seeds; returns how many were new."""
        new = 0
        for seed in seeds:
            if self._insert(change, seed):
                new += 1
            else:
                self._meet_seed(change, seed)
        return new

    def _learn(self, link: Request) -> None:
        self._depths[link.key] = link.depth
        self._depths.move_to_end(link.key)
        if len(self._depths) > KNOWN_KEYS:
            self._depths.popitem(last=False)

    def _insert(self, change: Change, request: Request) -> bool:
        state, reason = self._admission(change)
        cursor = change.db.execute(
            "INSERT INTO request (key, url, method, headers, body, host, page, depth, "
            "seed, carry, state, reason, cycle) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (key) DO NOTHING",
            (
                request.key,
                request.url,
                request.method,
                headers_text(request.headers),
                request.body,
                request.host,
                request.page,
                request.depth,
                int(request.seed),
                carry_text(request.carry),
                state,
                reason,
                change.tenure.cycle,
            ),
        )
        if cursor.rowcount != 1:
            return False
        if state == State.WAITING and self._answered(change, request.key, request.depth):
            change.db.execute("UPDATE request SET state = 'done' WHERE key = ?", (request.key,))
            state = State.DONE
        self._enter(change, None, state, request.host, admits=state != State.SKIPPED)
        return True

    def _admission(self, change: Change) -> tuple[State, Reason | None]:
        bound = self._limits.max_pages
        if bound is not None and change.admitted >= bound:
            return State.SKIPPED, Reason.MAX_PAGES
        return State.WAITING, None

    def _enter(
        self,
        change: Change,
        before: str | None,
        after: State,
        host: str,
        *,
        admits: bool,
    ) -> None:
        change.move(before, after)
        change.admitted += int(admits)
        if after == State.WAITING:
            change.hosts.add(host)

    def _meet(self, change: Change, link: Request) -> None:
        """A link to a known row: a smaller depth matters, and that it is in today's scope."""
        known = find(change, link.key)
        if known is None:
            return
        nearer = link.depth < known.depth
        if nearer:
            change.db.execute("UPDATE request SET depth = ? WHERE id = ?", (link.depth, known.id))
        renamed = self._has_old_page(known)
        if renamed:
            change.db.execute("UPDATE request SET page = ? WHERE id = ?", (link.page, known.id))
        if (
            _is_in_scope_again(change, known)
            or (nearer and self._wants_depth(change, known))
            or (renamed and known.state == State.DONE and known.cycle == change.tenure.cycle)
        ):
            self._wake(change, known)

    def _has_old_page(self, known: Known) -> bool:
        """Whether the row has a page that today's config gives to no link.

        Of two pages that the config gives to one URL, the first that was met stays.
        """
        followed = self._limits.followed
        return not known.seed and followed is not None and known.page not in followed

    def _wants_depth(self, change: Change, known: Known) -> bool:
        """Whether a row whose depth got smaller must be visited (again)."""
        if self._limits.max_depth is None:
            return False
        if known.state == State.SKIPPED:
            return known.reason == Reason.DEPTH
        return known.state == State.DONE and known.cycle == change.tenure.cycle

    def _meet_seed(self, change: Change, seed: Request) -> None:
        """A seed that is known: it is in scope now, its columns may be new, it may be due."""
        known = find(change, seed.key)
        if known is None:
            return
        current = known.cycle == change.tenure.cycle
        if not (known.seed and current):  # of two lines with one URL the first counts
            change.db.execute(
                "UPDATE request SET seed = 1, depth = 0, page = ?, headers = ?, carry = ? "
                "WHERE id = ?",
                (seed.page, headers_text(seed.headers), carry_text(seed.carry), known.id),
            )
        lowered = known.depth > 0 and self._wants_depth(change, known)
        revived = known.state == State.SKIPPED and known.reason in REVIVED
        if lowered or revived or (not current and is_due(change, known)):
            self._wake(change, known)

    def _wake(self, change: Change, known: Known) -> None:
        """Let a known row wait for a visit in this cycle."""
        cycle = change.tenure.cycle
        counted = known.cycle == cycle and known.reason != Reason.MAX_PAGES
        state, reason = (State.WAITING, None) if counted else self._admission(change)
        change.db.execute(
            "UPDATE request SET state = ?, reason = ?, cycle = ?, due_at = NULL, attempts = 0, "
            "final_key = NULL WHERE id = ?",
            (state, reason, cycle, known.id),
        )
        admits = not counted and state != State.SKIPPED
        self._enter(change, known.state, state, known.host, admits=admits)

    def make_due(self, change: Change, limit: int) -> bool:
        """Let the next slice of rows wait for this cycle; True while there may be more."""
        tenure, db = change.tenure, change.db
        (start,) = db.execute("SELECT due_id FROM cycle WHERE id = ?", (tenure.cycle,)).fetchone()
        if start is None:
            return False
        (last,) = db.execute("SELECT coalesce(max(id), 0) FROM request").fetchone()
        rows = db.execute(
            "SELECT id, host, state, reason, depth, cycle, seed, page, key FROM request "
            "WHERE id > ? AND id <= ? AND cycle <> ?",
            (start, start + limit, tenure.cycle),
        ).fetchall()
        for *columns, key in rows:
            known = Known(*columns)
            if not is_due(change, known):
                continue
            if known.seed:  # no more: the seeds of today that are due are of this cycle already
                db.execute("UPDATE request SET seed = 0 WHERE id = ?", (known.id,))
            if self._answered(change, key, known.depth):
                self._count_as_visited(change, known)
            else:
                self._wake(change, known)
        more: bool = start + limit < last
        db.execute(
            "UPDATE cycle SET due_id = ? WHERE id = ?",
            (start + limit if more else None, tenure.cycle),
        )
        return more

    def _answered(self, change: Change, key: bytes, depth: int) -> bool:
        return answered(change, key, None if self._limits.max_depth is None else depth)

    def _count_as_visited(self, change: Change, known: Known) -> None:
        """A page of this cycle was redirected to this one."""
        change.db.execute(
            "UPDATE request SET state = 'done', reason = NULL, due_at = NULL, cycle = ? "
            "WHERE id = ?",
            (change.tenure.cycle, known.id),
        )
        self._enter(change, known.state, State.DONE, known.host, admits=True)
        change.visited.append(known.id)


def find(change: Change, key: bytes) -> Known | None:
    """The row of a request."""
    row = change.db.execute(
        "SELECT id, host, state, reason, depth, cycle, seed, page FROM request WHERE key = ?",
        (key,),
    ).fetchone()
    return None if row is None else Known(*row)


def _is_in_scope_again(change: Change, known: Known) -> bool:
    """Whether a row out of scope in an older cycle may be in scope now that a link leads to it.

    Only links in scope are stored: the config lets it in today, or it was a redirect that led out.
    """
    skipped = known.state == State.SKIPPED and known.reason in REVIVED
    return skipped and known.cycle != change.tenure.cycle


def is_due(change: Change, known: Known) -> bool:
    """Whether a row of an older cycle is visited in this one."""
    tenure = change.tenure
    if known.state == State.WAITING:
        return True
    if known.state == State.SKIPPED and known.reason not in JUDGED_ANEW:
        return False
    if known.state == State.FAILED and known.reason in tenure.transient:
        return True
    return known.cycle <= tenure.due_cycle


def answered(change: Change, key: bytes, depth: int | None) -> bool:
    """Whether a page of this cycle was redirected to this request and is done.

    Args:
        depth: of the request: what a deeper page led to may have been cut; None: no limit on it.
    """
    row = change.db.execute(
        "SELECT 1 FROM request WHERE final_key = ? AND cycle = ? AND state = 'done' "
        "AND depth <= coalesce(?, depth)",
        (key, change.tenure.cycle, depth),
    ).fetchone()
    return row is not None
