"""Which hosts have rows in the table that are not in the window: bounded, and none is forgotten.

A host is *hungry* when it may have rows to read: a commit brought some, or its window ran low. Only
so many hungry hosts are noted; when one is not, a scan over all hosts of the table finds it, and
begins again if it may have passed it already.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence


class Stock:
    """Hosts to be read from the table, the longest hungry first.

    Args:
        most: hungry hosts that are noted.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._hungry: OrderedDict[str, None] = OrderedDict()
        self._low: dict[str, int] = {}  # hosts with more rows -> when to read on
        self._again = False  # a host was not noted: it may lie behind the scan
        self.scan_from: str | None = ""  # where the scan stands; None: none is needed

    def __repr__(self) -> str:
        return f"<Stock {len(self._hungry)} hungry, {len(self._low)} with more>"

    def __len__(self) -> int:
        return len(self._hungry)

    def __iter__(self) -> Iterator[str]:
        return iter(self._hungry)

    @property
    def has_more(self) -> bool:
        """Whether hosts are known that have rows beyond those in the window."""
        return bool(self._hungry or self._low)

    @property
    def is_empty(self) -> bool:
        """Whether no host is known to have unread rows, and none is overlooked."""
        return not self._hungry and self.scan_from is None

    def note(self, host: str) -> None:
        """A host may have rows to read."""
        if len(self._hungry) < self._most:
            self._hungry[host] = None
        elif host not in self._hungry:
            self._again = True
            self.scan_from = self.scan_from or ""

    def prefer(self, hosts: Sequence[str]) -> None:
        """Read these before all others, in this order."""
        for host in reversed(hosts):
            self._hungry[host] = None
            self._hungry.move_to_end(host, last=False)

    def pop(self) -> str:
        """Take the host that is hungry for longest, to read its rows now."""
        host, _ = self._hungry.popitem(last=False)
        self._low.pop(host, None)
        return host

    def read_on(self, host: str, *, below: int) -> None:
        """A host has more rows: it is hungry when fewer than `below` are in the window."""
        self._low[host] = below

    def is_low(self, host: str, waiting: int) -> bool:
        """Whether a host has become hungry, with so many requests in the window."""
        below = self._low.get(host)
        if below is None or waiting >= below:
            return False
        del self._low[host]
        self.note(host)
        return True

    def all_are_low(self) -> None:
        """Nothing is in the window: every host with more rows is hungry."""
        low, self._low = self._low, {}
        for host in low:
            self.note(host)

    def rescan(self) -> None:
        """Rows were given back to the table: look at all hosts again."""
        self._again = self.scan_from is not None
        self.scan_from = self.scan_from or ""

    def scanned(self, hosts: Sequence[str]) -> None:
        """The scan came by these hosts, and stops where no more can be noted; none: its end."""
        for host in hosts:
            if len(self._hungry) >= self._most:
                return
            self._hungry[host] = None
            self.scan_from = host
        if not hosts:
            self.scan_from = "" if self._again else None
            self._again = False
