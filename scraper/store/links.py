"""New rows: links of pages and seeds, counted against max_pages, each known only once.

Most links of a page are known. An LRU of keys answers for nine in ten of them without touching
the table. Of two paths to a page the smaller depth counts; with a limit on depth a page that was
visited at a greater depth is visited again, since links of it may have been cut.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scraper.core.gone import MISSING, is_asked_again
from scraper.core.model import Reason, Request, State
from scraper.store.books import Change, Tenure
from scraper.store.cycles import JUDGED_ANEW
from scraper.store.requests import Known, Requests
from scraper.store.resting import Resting
from scraper.store.rows import carry_text, headers_text

if TYPE_CHECKING:  # it would bring the HTML parser to those who only read
    from scraper.core.route import Router

KNOWN_KEYS = 50_000
GONE = (  # and when the cycles began in which a page went, and was asked for the last time
    "SELECT request_id, went.began_at, asked.began_at FROM request_missing "
    "JOIN run ON run.id = gone_run JOIN cycle AS went ON went.id = run.cycle "
    "JOIN cycle AS asked ON asked.id = last_cycle "
    "WHERE request_id > ? AND request_id <= ? AND gone_run IS NOT NULL"
)
ASKS = (  # pages that may be unchanged, and are not read then
    "SELECT EXISTS (SELECT 1 FROM page_reading WHERE etag IS NOT NULL OR last_modified IS NOT NULL)"
)
REVIVED = frozenset(
    {Reason.SCOPE, Reason.DEPTH, Reason.TRAP}
)  # by a seed or by a link of a later cycle


@dataclass(slots=True)
class Limits:
    """What of the plan rows are judged by; None: no limit."""

    max_pages: int | None = None
    max_depth: int | None = None
    keeps_seeds: bool = False  # what was a seed is one, though no seed of today named it
    followed: frozenset[str | None] | None = None  # the pages that rules give to links
    router: Router | None = None

    def reads_alike(self, page: Request | Known, moved: Request | Known) -> bool:
        """Whether a page that was redirected to another one is read by the other's rule, if any."""
        if self.router is None:
            return True
        rule = self.router.choose(moved.page, moved.url)
        return rule is None or rule is self.router.choose(page.page, page.url)

    def answers_for(self, page: Request | Known, moved: Request | Known) -> bool:
        """Whether it gives all that the other one would: of a deeper page links may be cut."""
        is_cut = self.max_depth is not None and page.depth > moved.depth
        return not is_cut and self.reads_alike(page, moved)


class Links:
    """Puts requests into the table."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._depths: OrderedDict[bytes, int] = OrderedDict()  # key -> depth in the table
        self._resting = Resting()

    def unknown(self, links: Iterable[Request]) -> set[bytes]:
        """The keys of links for whose rows `record` will ask the table."""
        return {link.key for link in links if link.key not in self._depths}

    def record(self, rows: Requests, links: Sequence[Request]) -> int:
        """Store the links of a page; returns how many were new."""
        new, depths = 0, self._depths
        for link in links:
            key = link.key
            depth = depths.get(key)
            if depth is not None and depth <= link.depth:
                depths.move_to_end(key)
                continue
            known = rows.find(key)
            if known is None:
                self._add(rows, link)
                new += 1
            else:
                self._meet(rows, link, known)
            self._learn(link)
        return new

    def rest(
        self, change: Change, seeds: Sequence[Request], changed_by: Mapping[bytes, float]
    ) -> int:
        """Let known pages that were not changed since be not due; returns how many."""
        return self._resting.mark(change, seeds, changed_by)

    def record_seeds(self, change: Change, seeds: Sequence[Request]) -> int:
        """Store seeds; returns how many were new."""
        rows = Requests(change)
        keys = {seed.key for seed in seeds}
        rows.read_keys(keys)
        rows.read_seen(known for key in keys if (known := rows.find(key)) is not None)
        new = 0
        for seed in seeds:
            known = rows.find(seed.key)
            if known is None:
                self._add(rows, seed)
                new += 1
            else:
                self._meet_seed(rows, seed, known)
        rows.write()
        return new

    def _learn(self, link: Request) -> None:
        self._depths[link.key] = link.depth
        self._depths.move_to_end(link.key)
        if len(self._depths) > KNOWN_KEYS:
            self._depths.popitem(last=False)

    def _add(self, rows: Requests, request: Request) -> None:
        state, reason = self._admission(rows.change)
        if state == State.WAITING and self._is_answered(rows, request):
            state = State.DONE
        rows.add(request, state, reason)
        admits = state != State.SKIPPED
        _enter(rows.change, None, state, request.host, admits=admits)

    def _admission(self, change: Change) -> tuple[State, Reason | None]:
        bound = self._limits.max_pages
        if bound is not None and change.admitted >= bound:
            return State.SKIPPED, Reason.MAX_PAGES
        return State.WAITING, None

    def _meet(self, rows: Requests, link: Request, known: Known) -> None:
        """A link to a known row: a smaller depth matters, and that it is in today's scope."""
        tenure = rows.change.tenure
        nearer = link.depth < known.depth
        renamed = self._has_old_page(known)
        wakes = (
            _is_in_scope_again(tenure, known)
            or (nearer and self._wants_depth(tenure, known))
            or _is_missed(tenure, known)
            or (renamed and known.state == State.DONE and known.cycle == tenure.cycle)
        )
        if nearer:
            known.depth = link.depth
        if renamed:
            known.page = link.page
        if wakes:
            self._wake(rows, known)
        elif nearer or renamed:
            rows.changed(known)

    def _has_old_page(self, known: Known) -> bool:
        """Whether the row has a page that today's config gives to no link.

        Of two pages that the config gives to one URL, the first that was met stays.
        """
        followed = self._limits.followed
        return not known.seed and followed is not None and known.page not in followed

    def _wants_depth(self, tenure: Tenure, known: Known) -> bool:
        """Whether a row whose depth got smaller must be visited (again)."""
        if self._limits.max_depth is None:
            return False
        if known.state == State.SKIPPED:
            return known.reason == Reason.DEPTH
        return known.state == State.DONE and known.cycle == tenure.cycle

    def _meet_seed(self, rows: Requests, seed: Request, known: Known) -> None:
        """A seed that is known: it is in scope now, its columns may be new, it may be due."""
        tenure = rows.change.tenure
        current = known.cycle == tenure.cycle
        lowered = known.depth > 0 and self._wants_depth(tenure, known)
        revived = known.state == State.SKIPPED and known.reason in REVIVED
        if not (known.seed and current):  # of two lines with one URL the first counts
            known.seed, known.depth, known.page = 1, 0, seed.page
            known.headers, known.carry = headers_text(seed.headers), carry_text(seed.carry)
            rows.changed(known)
        if lowered or revived or (not current and self._is_due(tenure, known)):
            self._wake(rows, known)

    def _is_due(self, tenure: Tenure, known: Known) -> bool:
        return is_due(tenure, known) and known.id not in self._resting

    def _wake(self, rows: Requests, known: Known) -> None:
        """Let a known row wait for a visit in this cycle."""
        change, before = rows.change, known.state
        cycle = change.tenure.cycle
        counted = known.cycle == cycle and known.reason != Reason.MAX_PAGES
        state, reason = (State.WAITING, None) if counted else self._admission(change)
        known.state, known.reason, known.cycle = state.value, reason, cycle
        known.due_at, known.attempts, known.final_key, known.hop = None, 0, None, None
        rows.changed(known)
        admits = not counted and state != State.SKIPPED
        _enter(change, before, state, known.host, admits=admits)

    def make_due(self, change: Change, limit: int) -> bool:
        """Let the next slice of rows wait for this cycle; True while there may be more."""
        tenure, db = change.tenure, change.db
        (start,) = db.execute("SELECT due_id FROM cycle WHERE id = ?", (tenure.cycle,)).fetchone()
        if start is None:
            return False
        (last,) = db.execute("SELECT coalesce(max(id), 0) FROM request").fetchone()
        rows = Requests(change)
        gone = _gone(change, start, start + limit)
        older = rows.read_older(start, start + limit)
        rows.read_seen(older)
        due = [row for row in older if self._is_due(tenure, row)]
        rows.read_answered([row.key for row in due])
        for known in due:
            if known.id in gone and known.reason in MISSING:
                _let_go(rows, known)
            else:
                self._make_due(rows, known)
        rows.write()
        more: bool = start + limit < last
        db.execute(
            "UPDATE cycle SET due_id = ? WHERE id = ?",
            (start + limit if more else None, tenure.cycle),
        )
        return more

    def _is_answered(self, rows: Requests, page: Request | Known) -> bool:
        """Whether a page of this cycle was redirected to this one and is done."""
        return any(self._limits.answers_for(led, page) for led in rows.leading_to(page.key))

    def _make_due(self, rows: Requests, known: Known) -> None:
        if not self._limits.keeps_seeds:
            known.seed = 0  # no more: the seeds of today that are due are of this cycle already
        admits = self._admission(rows.change)[0] == State.WAITING
        if admits and self._is_answered(rows, known):
            _count_as_visited(rows, known)
        else:
            self._wake(rows, known)


def _gone(change: Change, after: int, last: int) -> set[int]:
    """The pages among these that are gone, and are not asked for again now."""
    found = change.db.execute(GONE, (after, last)).fetchall()
    if not found or not change.db.execute(ASKS).fetchone()[0]:
        return {row[0] for row in found}
    return {
        id_
        for id_, gone_at, asked_at in found
        if not is_asked_again(gone_at=gone_at, asked_at=asked_at, now=change.now)
    }


def _let_go(rows: Requests, known: Known) -> None:
    """A page that is gone is not due by itself; no seed of today leads to it."""
    if known.seed:
        known.seed = 0
        rows.changed(known)


def _count_as_visited(rows: Requests, known: Known) -> None:
    """A page of this cycle was redirected to this one."""
    change, before = rows.change, known.state
    known.state, known.reason, known.cycle = State.DONE.value, None, change.tenure.cycle
    known.due_at, known.attempts, known.final_key, known.hop = None, 0, None, None
    rows.changed(known)
    _enter(change, before, State.DONE, known.host, admits=True)
    change.visited.append(known.id)


def _enter(change: Change, before: str | None, after: State, host: str, *, admits: bool) -> None:
    change.move(before, after)
    change.admitted += int(admits)
    if after == State.WAITING:
        change.hosts.add(host)


def _is_in_scope_again(tenure: Tenure, known: Known) -> bool:
    """Whether a row out of scope in an older cycle may be in scope now that a link leads to it.

    Only links in scope are stored: the config lets it in today, or it was a redirect that led out.
    """
    skipped = known.state == State.SKIPPED and known.reason in REVIVED
    return skipped and known.cycle != tenure.cycle


def _is_missed(tenure: Tenure, known: Known) -> bool:
    """Whether a link leads to a page that was not there: even one that is gone is due again."""
    was_missing = known.state == State.FAILED and known.reason in MISSING
    return was_missing and known.cycle != tenure.cycle and not known.seed and is_due(tenure, known)


def is_due(tenure: Tenure, known: Known) -> bool:
    """Whether a row of an older cycle is visited in this one."""
    if known.state == State.WAITING:
        return True
    if known.state == State.SKIPPED and known.reason not in JUDGED_ANEW:
        return False
    if known.state == State.FAILED and known.reason in tenure.transient:
        return True
    return tenure.due.holds(known.page, known.url, known.cycle, known.seen)
