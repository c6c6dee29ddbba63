"""What a signal does while no crawl is open: the command leaves at once, and nothing is lost.

Imported before anything else: it imports next to nothing.
"""

from __future__ import annotations

import signal

STOPPED = 4


def leave_on_signal(status: int = STOPPED) -> None:
    """End with this status at SIGINT or SIGTERM, from now until somebody else listens."""

    def leave(*_: object) -> None:
        raise SystemExit(status)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)


def ignore_signals() -> None:
    """Keep the status that is settled: the interpreter ends with every signal at its default."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
