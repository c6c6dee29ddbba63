"""The names and values of a form as bytes, in the three ways that HTML knows.

Source: URL standard, section 5.2 (urlencoded); HTML standard, sections 4.10.21.7 (multipart) and
4.10.21.8 (plain text). What an encoding does not have is written as `&#1234;`. The boundary of a
multipart body is made from what it divides, so that equal forms are equal requests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import quote_from_bytes

from scraper.core.charsets import encode_as

_LINE_END = re.compile(r"\r\n|\r|\n")
_IN_NAME = {ord('"'): "%22", ord("\r"): "%0D", ord("\n"): "%0A"}


class Entry(NamedTuple):
    """A name and a value; of a file that nobody chose the value is empty."""

    name: str
    value: str
    is_file: bool = False


class FormEncoder:
    """Writes the entries of one form; each pair is made once however many bodies hold it.

    Args:
        enctype: one of the three; urlencoded if it is none.
        charset: WHATWG name.
    """

    def __init__(self, enctype: str, charset: str) -> None:
        self._charset = charset
        self._pairs: dict[Entry, bytes] = {}
        kinds = {"multipart/form-data": self._multipart, "text/plain": self._plain}
        self._write = kinds.get(enctype, self._urlencoded)

    def body(self, entries: Iterable[Entry]) -> tuple[str, bytes]:
        """The content type and the body."""
        return self._write(entries)

    def query(self, entries: Iterable[Entry]) -> str:
        """What stands behind the `?`, whatever the enctype."""
        return self._urlencoded(entries)[1].decode("ascii")

    def _urlencoded(self, entries: Iterable[Entry]) -> tuple[str, bytes]:
        return "application/x-www-form-urlencoded", b"&".join(self._each(entries, self._pair))

    def _pair(self, entry: Entry) -> bytes:
        return f"{self._escaped(entry.name)}={self._escaped(entry.value)}".encode()

    def _escaped(self, text: str) -> str:
        quoted = quote_from_bytes(self._bytes(text), safe=" *")
        return quoted.replace("~", "%7E").replace(" ", "+")

    def _multipart(self, entries: Iterable[Entry]) -> tuple[str, bytes]:
        parts = list(self._each(entries, self._part))
        digest = blake2b(digest_size=16)
        for part in parts:
            digest.update(part)
        mark = f"----form{digest.hexdigest()}"
        line = f"--{mark}".encode()
        body = b"".join(line + b"\r\n" + part for part in parts) + line + b"--\r\n"
        return f"multipart/form-data; boundary={mark}", body

    def _part(self, entry: Entry) -> bytes:
        name = _lines(entry.name).translate(_IN_NAME)
        head = f'Content-Disposition: form-data; name="{name}"'
        if entry.is_file:
            head += '; filename=""\r\nContent-Type: application/octet-stream'
        return encode_as(f"{head}\r\n\r\n", self._charset) + self._bytes(entry.value) + b"\r\n"

    def _plain(self, entries: Iterable[Entry]) -> tuple[str, bytes]:
        return "text/plain", b"".join(self._each(entries, self._line))

    def _line(self, entry: Entry) -> bytes:
        return self._bytes(f"{entry.name}={entry.value}") + b"\r\n"

    def _bytes(self, text: str) -> bytes:
        return encode_as(_lines(text), self._charset)

    def _each(self, entries: Iterable[Entry], make: Callable[[Entry], bytes]) -> Iterator[bytes]:
        for entry in entries:
            made = self._pairs.get(entry)
            if made is None:
                made = self._pairs[entry] = make(entry)
            yield made


def _lines(text: str) -> str:
    """Every line end as a network wants it."""
    return _LINE_END.sub("\r\n", text)
