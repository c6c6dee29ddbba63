"""Which host is next of those that may start: in turn, and those with most left.

Hosts that may start now stand in two lines: one by the time since when they could, and one by how
long what is left of them will take, in classes of which each is twice as long as the one below;
within a class the one that could for longest is first. Starts are given to the head of the first
line and to the head of the longest class in turn.

- No host starves: while one could start, at most `2 n - 1` starts go to others, with n hosts in
  the lines: every second start goes to the one that could for longest, and who has started stands
  at the end again.
- The tail is short: a host that takes longer than all others gets a start whenever it may, as long
  as half of the starts are enough for all of its kind (longest processing time first: R. Graham,
  "Bounds on multiprocessing timing anomalies", 1969). By turns alone it would be slowed with the
  small ones and go on by itself after them, with most slots empty.

Hosts that may start only later wait in a heap by that time. An entry is void when its host's stamp
has moved on; nothing is ever searched for. Everything costs O(log hosts) at most.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sized
from heapq import heapify, heappop, heappush
from itertools import count
from typing import TypeAlias

from scraper.core.schedule.host import Host

CLASSES = 32
FINEST = 4.0  # classes of a second's work or less: this many times a second is the shortest

_Entry: TypeAlias = tuple[float, int, Host]  # since when or from when it may start, stamp


class Order:
    """Hosts with something to start."""

    __slots__ = (
        *("_classes", "_entries", "_filled", "_in_turn", "_later", "_line", "_new", "_stamps"),
    )

    def __init__(self) -> None:
        self._later: list[_Entry] = []  # a heap
        self._line: deque[_Entry] = deque()  # by the time since when they may
        self._new: list[_Entry] = []  # in the line, and in no class yet
        self._classes: list[deque[_Entry]] = [deque() for _ in range(CLASSES)]
        self._filled = 0  # bits of classes that may have an entry
        self._in_turn = True  # the next start goes to the head of the line
        self._entries = 0  # void ones too; those in the lines count twice
        self._stamps = count()

    def __repr__(self) -> str:
        return f"<Order {len(self._line)} may start, {len(self._later)} later>"

    def put(self, host: Host, now: float, *, hosts: int) -> None:
        """Let a host wait for its start; one that may start, and still may, keeps its place.

        Args:
            hosts: how many there are: void entries are dropped when they are many more.
        """
        at, later = host.next_at, self._later
        if host.stamp >= 0 and (host.offered_at == at or host.offered_at <= now >= at):
            return
        host.stamp = stamp = next(self._stamps)
        if at > now:
            host.offered_at = at
            heappush(later, (at, stamp, host))
            self._entries += 1
        else:
            if later and later[0][0] <= now:
                self._ripen(now)
            host.offered_at = now
            self._line.append(entry := (now, stamp, host))
            self._new.append(entry)
            self._entries += 2
        if self._entries > 64 + 4 * hosts:
            self._drop_void()

    def pop(self, now: float) -> Host | None:
        """Take out the host that is next, if one may start now."""
        line, later = self._line, self._later
        if later and later[0][0] <= now:
            self._ripen(now)
        if not line:
            return None
        host = self._valid(line) if self._in_turn or len(line) == 1 else self._fullest()
        if host is not None:
            self._in_turn = not self._in_turn
            host.stamp = -1
        if not line and self._new:  # what is left is void
            self._entries -= len(self._new)
            self._new.clear()
        return host

    def next_at(self) -> float | None:
        """From when `pop` finds a host; None: it finds none."""
        line, later = self._line, self._later
        while line and line[0][1] != line[0][2].stamp:
            line.popleft()
            self._entries -= 1
        if line:
            return line[0][0]
        while later and later[0][1] != later[0][2].stamp:
            heappop(later)
            self._entries -= 1
        return later[0][0] if later else None

    def _ripen(self, now: float) -> None:
        """Let those stand in the lines that may start by now."""
        later = self._later
        while later and later[0][0] <= now:
            entry = heappop(later)
            self._entries -= 1
            if entry[1] == entry[2].stamp:
                self._line.append(entry)
                self._new.append(entry)
                self._entries += 2

    def _rank(self) -> None:
        """Put those into their classes that stand in the line since the last time."""
        for entry in self._new:
            host = entry[2]
            if entry[1] == host.stamp:
                rank = min(int(host.left_s * FINEST).bit_length(), CLASSES - 1)
                self._classes[rank].append(entry)
                self._filled |= 1 << rank
            else:
                self._entries -= 1
        self._new.clear()

    def _fullest(self) -> Host | None:
        self._rank()
        while self._filled:
            rank = self._filled.bit_length() - 1
            host = self._valid(self._classes[rank])
            if host is not None:
                return host
            self._filled ^= 1 << rank
        return None

    def _valid(self, entries: deque[_Entry]) -> Host | None:
        while entries:
            _, stamp, host = entries.popleft()
            self._entries -= 1
            if stamp == host.stamp:
                return host
        return None

    def _drop_void(self) -> None:
        def valid(entries: Iterable[_Entry]) -> list[_Entry]:
            return [entry for entry in entries if entry[1] == entry[2].stamp]

        self._later = valid(self._later)
        heapify(self._later)
        self._line = deque(valid(self._line))
        self._new = valid(self._new)
        self._classes = [deque(valid(entries)) for entries in self._classes]
        parts: tuple[Sized, ...] = (self._later, self._line, self._new, *self._classes)
        self._entries = sum(map(len, parts))
