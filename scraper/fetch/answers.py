"""The protocol of a connection, with a bound that aiohttp's own lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import BadHttpMessage

if TYPE_CHECKING:
    from aiohttp import StreamReader
    from aiohttp.http import RawResponseMessage

MAX_INTERIM = 20  # answers such as 103 Early Hints, before the final one


class Answers(ResponseHandler):
    """Gives up on a server that sends interim answers without end.

    aiohttp passes over them one by one, never letting the loop go while there are more: they
    would take a core and a megabyte of memory for every few thousand until the time-out.
    """

    _interim = 0

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Take one parsed head."""
        self._interim = self._interim + 1 if data[0].code < 200 else 0
        if self._interim <= MAX_INTERIM:
            super().feed_data(data, size)
        elif self.exception() is None:
            self.set_exception(BadHttpMessage("interim answers without end"))
            if self.transport is not None:
                self.transport.abort()
