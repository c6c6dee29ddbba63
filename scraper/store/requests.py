"""The rows of table `request` that one transaction meets: read together, written together.

What is decided in between is decided over objects, one result after the other, so that each sees
what those before it have done. There is one object for each row, whichever way it was found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from operator import attrgetter

from scraper.core.model import Request, State
from scraper.core.schedule.change import NOTHING, Seen, seen
from scraper.store.books import Change
from scraper.store.many import read_many, update_sql, write_many
from scraper.store.rows import Row, carry_text, headers_text

COLUMNS = (
    "request.id, key, host, seed, page, depth, headers, carry, state, reason, cycle, due_at, "
    "attempts, sent_at, final_key, hop, url"
)
READ = f"SELECT {COLUMNS} FROM (VALUES (?, ...)) AS wanted CROSS JOIN request "  # noqa: S608
BY_ID = READ + "WHERE request.id = wanted.column1"
BY_KEY = READ + "WHERE key = wanted.column1"
ANSWERING = READ + "WHERE final_key = wanted.column1 AND cycle = ? AND state = 'done'"
OLDER = f"SELECT {COLUMNS} FROM request WHERE id > ? AND id <= ? AND cycle <> ?"  # noqa: S608
SEEN = (
    "SELECT request_id, changes, moved_s, still_s FROM (VALUES (?, ...)) AS wanted "
    "CROSS JOIN page_reading WHERE request_id = wanted.column1"
)
INSERT = (
    "INSERT INTO request (id, key, url, method, headers, body, host, page, depth, seed, carry, "
    "state, reason, cycle) VALUES (?, ...)"
)
CHANGEABLE = (
    "id, seed, page, depth, headers, carry, state, reason, cycle, due_at, attempts, sent_at, "
    "final_key, hop"
)
UPDATE = update_sql("request", CHANGEABLE)


@dataclass(slots=True, eq=False)
class Known:
    """A row; who changes it tells `Requests.changed`."""

    id: int
    key: bytes
    host: str
    seed: int
    page: str | None
    depth: int
    headers: str | None
    carry: str | None
    state: str
    reason: str | None
    cycle: int
    due_at: float | None = None
    attempts: int = 0
    sent_at: float | None = None
    final_key: bytes | None = None
    hop: str | None = None
    url: str = ""  # for the page rule that its URL chooses
    seen: Seen = NOTHING  # read where it decides when the page is due: see `read_seen`


updated = attrgetter(*CHANGEABLE.split(", "))


class Requests:
    """The rows that a transaction meets."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self._by_id: dict[int, Known] = {}
        self._by_key: dict[bytes, Known | None] = {}  # None: there is no such row
        self._led: defaultdict[bytes, list[Known]] = defaultdict(list)  # final key -> rows
        self._asked: set[bytes] = set()  # keys whose rows that led there were read
        self._last_id = 0  # the largest in use; 0: not known yet
        self._new: list[Row] = []
        self._changed: dict[int, Known] = {}

    def read_ids(self, ids: Iterable[int]) -> None:
        """Read the rows that will be wanted by `get`."""
        self._take(read_many(self.change.db, BY_ID, [(id_,) for id_ in ids]))

    def read_keys(self, keys: Collection[bytes]) -> None:
        """Read the rows that will be wanted by `find`, and what of the new ones is answered."""
        self._take(read_many(self.change.db, BY_KEY, [(key,) for key in keys]))
        self.read_answered([key for key in keys if self._by_key.setdefault(key, None) is None])

    def read_older(self, after: int, last: int) -> list[Known]:
        """Read the rows of older cycles with these ids, in order."""
        cycle = self.change.tenure.cycle
        return self._take(self.change.db.execute(OLDER, (after, last, cycle)).fetchall())

    def read_answered(self, keys: Collection[bytes]) -> None:
        """Read the rows that led to these keys, for `leading_to`."""
        self._asked.update(keys)
        cycle = self.change.tenure.cycle
        rows = read_many(self.change.db, ANSWERING, [(key,) for key in keys], (cycle,))
        for row in self._take(rows):
            if row.final_key is not None:  # else it has changed since
                self._led[row.final_key].append(row)

    def read_seen(self, rows: Iterable[Known]) -> None:
        """Read what visits have told of these pages, if that decides when they are due."""
        if not self.change.tenure.due.refresh.learns:
            return
        ids = [(row.id,) for row in rows if row.state == State.DONE]
        for id_, *told in read_many(self.change.db, SEEN, ids):
            self._by_id[id_].seen = seen(*told)

    def get(self, id_: int) -> Known | None:
        """A row that was read by its id."""
        return self._by_id.get(id_)

    def find(self, key: bytes) -> Known | None:
        """The row of a request."""
        if key not in self._by_key:
            self.read_keys((key,))
        return self._by_key[key]

    def leading_to(self, key: bytes) -> list[Known]:
        """The pages of this cycle that were redirected to this request and are done."""
        if key not in self._asked:
            self.read_answered((key,))
        cycle = self.change.tenure.cycle
        return [
            row
            for row in self._led.get(key, ())
            if row.final_key == key and row.state == State.DONE and row.cycle == cycle
        ]

    def add(self, request: Request, state: State, reason: str | None) -> None:
        """A new row of this cycle; there is none with this key."""
        new = Known(
            self._next_id(),
            request.key,
            request.host,
            int(request.seed),
            request.page,
            request.depth,
            headers_text(request.headers),
            carry_text(request.carry) if request.seed else None,  # of links: see `pairs`
            state.value,
            reason,
            self.change.tenure.cycle,
            url=request.url,
        )
        self._by_id[new.id] = self._by_key[new.key] = new
        self._new.append(
            (
                new.id,
                new.key,
                request.url,
                request.method,
                new.headers,
                request.body,
                new.host,
                new.page,
                new.depth,
                new.seed,
                new.carry,
                new.state,
                new.reason,
                new.cycle,
            )
        )

    def changed(self, row: Known) -> None:
        """Note that `write` has something to write."""
        self._changed[row.id] = row
        if row.final_key is not None:
            self._led[row.final_key].append(row)

    def write(self) -> None:
        """Write what is new and what has changed."""
        write_many(self.change.db, INSERT, self._new)
        write_many(self.change.db, UPDATE, [updated(row) for row in self._changed.values()])
        self._new, self._changed = [], {}

    def _take(self, rows: Iterable[Row]) -> list[Known]:
        taken = []
        for columns in rows:
            row = self._by_id.get(columns[0])
            if row is None:
                row = self._by_id[columns[0]] = self._by_key[columns[1]] = Known(*columns)
            taken.append(row)
        return taken

    def _next_id(self) -> int:
        if not self._last_id:
            (last,) = self.change.db.execute("SELECT coalesce(max(id), 0) FROM request").fetchone()
            self._last_id = last
        self._last_id += 1
        return self._last_id
