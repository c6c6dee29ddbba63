"""What a signal does while no crawl is open: the command leaves at once, and nothing is lost.

Imported before anything else: it imports next to nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

STOPPED = 4


def leave_on_signal(status: int = STOPPED) -> None:
    """End with this status at SIGINT or SIGTERM, from now until somebody else listens.

    An exception would not do: raised in a callback of the import system it is printed and lost.
    """

    def leave(*_: object) -> None:
        os._exit(status)

    _listen(leave)


def unwind_on_signal() -> None:
    """From now on a signal lets what is open clean up behind itself."""

    def unwind(*_: object) -> None:
        raise SystemExit(STOPPED)

    _listen(unwind)


def ignore_signals() -> None:
    """Keep the status that is settled: the interpreter ends with every signal at its default."""
    _listen(signal.SIG_IGN)


def _listen(handler: Callable[..., None] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)
