"""How a command ends: the exit statuses, and what it says last."""

from __future__ import annotations

import json
import sys
from typing import NoReturn

from scraper.output import complain

DONE, MISSED, USAGE, BROKE, STOPPED, HELD = 0, 1, 2, 3, 4, 75


def leave(status: int) -> None:
    """End with this status; 0 goes on."""
    if status:
        raise SystemExit(status)


def fail(message: str, status: int) -> NoReturn:
    """Say what is wrong, and end."""
    complain(message)
    sys.exit(status)


def as_json_text(value: object) -> str:
    """JSON for people and programs."""
    return json.dumps(value, indent=2, ensure_ascii=False)
