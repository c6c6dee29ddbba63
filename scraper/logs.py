"""Logs for people and for machines, over the standard library's logging; JSON by structlog.

Code logs with `logging.getLogger("scraper...")`, constant text and arguments; `extra` becomes
keys of the JSON. What a page, a header or a URL contains can be in any of these values, so no
control character reaches a terminal, no line end makes a second line, and nothing that was read
as a secret is written.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TextIO

from scraper.core.errors import LoginError
from scraper.core.url import shown

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0 and C1: terminals obey them
    "\u200e\u200f\u202a-\u202e\u2066-\u2069"  # text shown in another order than it is
    "\u2028\u2029\ud800-\udfff]"  # line ends of a kind, and what UTF-8 cannot write
)
_SHORTEST_SECRET = 4  # characters: shorter ones would hide half of every line
_HIDDEN = "***"


def escape(text: str) -> str:
    r"""The text with everything a terminal might obey written out, e.g. `\x1b`."""
    return _UNSAFE.sub(_written_out, text)


class Logs:
    """The one handler of a command, and what it must not write."""

    def __init__(self, handler: logging.Handler) -> None:
        self.handler = handler
        self._secrets: tuple[str, ...] = ()

    def hide(self, secrets: Iterable[str]) -> None:
        """Write `***` in place of each of these from now on."""
        known = {*self._secrets, *(each for each in secrets if len(each) >= _SHORTEST_SECRET)}
        self._secrets = tuple(sorted(known, key=len, reverse=True))

    def clean(self, text: str) -> str:
        """The text without secrets and without what a terminal might obey."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return escape(shown(text))

    def close(self) -> None:
        """Take the handler away again."""
        logging.getLogger().removeHandler(self.handler)


@contextmanager
def hiding(secrets: Iterable[str]) -> Iterator[None]:
    """Keep secrets out of what is said when a site refuses the login."""
    logs = Logs(logging.NullHandler())
    logs.hide(secrets)
    try:
        yield
    except LoginError as error:
        raise LoginError(logs.clean(str(error))) from None


class _Stream(logging.StreamHandler[TextIO]):
    """Writes to the stream given, or to what standard error is at that moment.

    The second lets a live bar stand below the lines: it takes standard error's place.
    """

    def __init__(self, stream: TextIO | None) -> None:
        logging.Handler.__init__(self)
        self._given = stream

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # looked up for each line
        return self._given or sys.stderr


def setup(*, format: str | None, verbosity: int, stream: TextIO | None = None) -> Logs:  # noqa: A002 - the option's own name
    """Send logs to one stream.

    Args:
        format: json, or console, which None is too: JSON is written only when asked for.
        verbosity: -1 warnings, 0 the phases of a run, 1 each visit.
        stream: None: standard error, looked up for each line.
    """
    handler = _Stream(stream)
    logs = Logs(handler)
    handler.setFormatter(_json_formatter(logs) if format == "json" else _Console(logs))
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if not isinstance(each, _Stream)]
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("scraper").setLevel(_level(verbosity))
    return logs


def _level(verbosity: int) -> int:
    if verbosity < 0:
        return logging.WARNING
    return logging.DEBUG if verbosity else logging.INFO


def _json_formatter(logs: Logs) -> logging.Formatter:
    from structlog.processors import JSONRenderer, TimeStamper, format_exc_info
    from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level

    return ProcessorFormatter(
        foreign_pre_chain=[add_log_level, ExtraAdder()],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            TimeStamper(fmt="iso", utc=True),
            format_exc_info,
            _Clean(logs),
            JSONRenderer(),
        ],
    )


class _Clean:
    """Cleans every text of an event."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs

    def __call__(
        self, _logger: object, _name: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        for key, value in event.items():
            if isinstance(value, str):
                event[key] = self._clean(key, value)
        return event

    def _clean(self, key: str, value: str) -> str:
        if key == "exception":  # the only text of several lines
            return "\n".join(self._logs.clean(line) for line in value.splitlines())
        return self._logs.clean(value)


class _Console(logging.Formatter):
    """One line for people; what went wrong in full below it.

    Not structlog's: to import that costs a tenth of a second at every start.
    """

    def __init__(self, logs: Logs) -> None:
        super().__init__()
        self._logs = logs

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        message = self._logs.clean(record.getMessage())
        lines = [f"{time} {record.levelname.lower():<7} {message}"]
        if record.exc_info:
            lines += map(self._logs.clean, self.formatException(record.exc_info).splitlines())
        return "\n".join(lines)


def _written_out(found: re.Match[str]) -> str:
    code = ord(found.group())
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code) or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    )
