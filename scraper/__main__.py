"""The command `scraper`, also as `python -m scraper`: listens to signals before it imports."""

from __future__ import annotations

from scraper.signals import ignore_signals, leave_on_signal


def main() -> None:
    """Run the command."""
    leave_on_signal()
    from scraper.cli import main as command

    try:
        command()
    finally:
        ignore_signals()


if __name__ == "__main__":
    main()
