"""The command `scraper`, also as `python -m scraper`: listens to signals before it imports."""

from __future__ import annotations

import gc

from scraper.signals import ignore_signals, leave_on_signal

_STARTING = 200_000  # new objects until the garbage collector looks: what is imported stays


def main() -> None:
    """Run the command."""
    leave_on_signal()
    gc.set_threshold(_STARTING)  # `allocator.settle` makes it fewer
    from scraper.cli import main as command

    try:
        command()
    finally:
        ignore_signals()


if __name__ == "__main__":
    main()
