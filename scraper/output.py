"""Standard output and standard error: who reads them may be gone, the disk behind them full.

What is lost then is the text, never the exit status.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO

from scraper.core.errors import ScraperError


def say(text: str) -> None:
    """Print a text; a reader that has enough ends it quietly.

    Raises:
        ScraperError: it cannot be written.
    """
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError as error:
        discard(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            raise lost(error) from error


def complain(text: str) -> None:
    """Print a text on standard error, if that can be written."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        discard(sys.stderr)


def lost(error: OSError) -> ScraperError:
    """What to tell when standard output fails."""
    return ScraperError(f"standard output cannot be written: {error.strerror or error}")


def discard(stream: TextIO) -> None:
    """Send what is still buffered nowhere, so that the exit does not fail over it."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
