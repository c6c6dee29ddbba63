"""The rows that a frontier has in memory: read, and not yet settled by a commit.

A read of the table takes a while, and what it returns may be older than a commit that settled one
of its rows meanwhile. Such a row must not be taken in again, so the rows released during a read
are remembered until the next one begins.

A row may be settled while it waits for its turn: another page was redirected to it. Its place in
the window is void then, until the row is read again or its turn comes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator


class Held(Collection[int]):
    """Rows by their ids."""

    def __init__(self) -> None:
        self._rows: set[int] = set()
        self._released: set[int] = set()
        self._placed: set[int] = set()  # rows with a place in the window, void ones too
        self._again: set[int] = set()  # rows that had their turn and wait for another one

    def __repr__(self) -> str:
        return f"<Held {len(self._rows)} rows>"

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, row: object) -> bool:
        return row in self._rows

    def __iter__(self) -> Iterator[int]:
        return iter(self._rows)

    def at_work(self) -> int:
        """How many rows had their turn and wait for their commit; one look at each row."""
        return len(self._rows - self._placed - self._again)

    def begin_read(self) -> None:
        """A read of the table begins: what is released from now on may be in it."""
        self._released.clear()

    def hold(self, row: int) -> bool:
        """Take in a row that was read; returns whether it needs a place in the window.

        It does not when it is held already, was released meanwhile, or has a void place.
        """
        if row in self._rows or row in self._released:
            return False
        self._rows.add(row)
        placed = row in self._placed
        self._placed.add(row)
        return not placed

    def take(self, row: int) -> bool:
        """The row's turn has come; returns whether it is still held."""
        self._placed.discard(row)
        self._again.discard(row)
        return row in self._rows

    def wait_again(self, row: int) -> None:
        """The row has had its turn, and waits for another one before it has an outcome."""
        self._again.add(row)

    def drop(self, rows: Collection[int]) -> None:
        """Let go of rows that were taken out of the window: they are given back to the table."""
        self._placed.difference_update(rows)
        self.release(rows)

    def void(self, rows: Iterable[int]) -> None:
        """Let go of rows that another page has settled, but for those whose turn has come.

        These have an outcome of their own to come; were they let go, they could be read again,
        when a link makes them wait once more, and be visited twice at a time.
        """
        self.release([row for row in rows if row in self._placed or row not in self._rows])

    def release(self, rows: Collection[int]) -> None:
        """Let go of rows: settled, or given back to the table."""
        self._released.update(rows)
        self._rows.difference_update(rows)
        self._again.difference_update(rows)
