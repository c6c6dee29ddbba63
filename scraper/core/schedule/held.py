"""The rows that a frontier has in memory: read, and not yet settled by a commit.

A read of the table takes a while, and what it returns may be older than a commit that settled one
of its rows meanwhile. Such a row must not be taken in again, so the rows released during a read
are remembered until the next one begins.

A row may be settled while it waits for its turn: another page was redirected to it. Its place in
the window is void then, until the row is read again or its turn comes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

_NONE: frozenset[int] = frozenset()


class Held(Collection[int]):
    """Rows by their id and host."""

    def __init__(self) -> None:
        self._host: dict[int, str] = {}
        self._on: dict[str, set[int]] = {}
        self._released: set[int] = set()
        self._placed: set[int] = set()  # rows with a place in the window, void ones too

    def __repr__(self) -> str:
        return f"<Held {len(self._host)} rows on {len(self._on)} hosts>"

    def __len__(self) -> int:
        return len(self._host)

    def __contains__(self, row: object) -> bool:
        return row in self._host

    def __iter__(self) -> Iterator[int]:
        return iter(self._host)

    def on(self, host: str) -> Collection[int]:
        """The rows of one host."""
        return self._on.get(host, _NONE)

    def at_work(self) -> int:
        """How many rows had their turn and wait for their commit; one look at each row."""
        return sum(row not in self._placed for row in self._host)

    def begin_read(self) -> None:
        """A read of the table begins: what is released from now on may be in it."""
        self._released.clear()

    def hold(self, row: int, host: str) -> bool:
        """Take in a row that was read; returns whether it needs a place in the window.

        It does not when it is held already, was released meanwhile, or has a void place.
        """
        if row in self._host or row in self._released:
            return False
        self._host[row] = host
        self._on.setdefault(host, set()).add(row)
        placed = row in self._placed
        self._placed.add(row)
        return not placed

    def take(self, row: int) -> bool:
        """The row's turn has come; returns whether it is still held."""
        self._placed.discard(row)
        return row in self._host

    def drop(self, rows: Collection[int]) -> None:
        """Let go of rows that were taken out of the window: they are given back to the table."""
        self._placed.difference_update(rows)
        self.release(rows)

    def void(self, rows: Iterable[int]) -> None:
        """Let go of rows that another page has settled, but for those whose turn has come.

        These have an outcome of their own to come; were they let go, they could be read again,
        when a link makes them wait once more, and be visited twice at a time.
        """
        self.release([row for row in rows if row in self._placed or row not in self._host])

    def release(self, rows: Iterable[int]) -> None:
        """Let go of rows: settled, or given back to the table."""
        for row in rows:
            self._released.add(row)
            host = self._host.pop(row, None)
            if host is not None:
                held = self._on[host]
                held.discard(row)
                if not held:
                    del self._on[host]
