"""The command `scraper`, also as `python -m scraper`: listens to signals before it imports."""

from __future__ import annotations

import gc

from scraper.signals import ignore_signals, leave_on_signal

GENERATION = 10_000  # new objects that the garbage collector looks through at a time


def main() -> None:
    """Run the command."""
    leave_on_signal()
    gc.set_threshold(GENERATION)  # 700 by default: it took a thirtieth of our time
    from scraper.cli import main as command

    try:
        command()
    finally:
        ignore_signals()


if __name__ == "__main__":
    main()
