"""`python -m scraper.parse.worker`: a process that extracts its parent's pages, one by one.

Standard input is a socket to the parent. First comes one frame with the rules; the answer says
that the worker is ready. Then each frame is a page, or a batch of kept pages, and gets one answer,
as JSON: the parent trusts this process as little as the page it has parsed. The worker ends when
the socket does, and is killed by the kernel when the parent is; it may be killed at any moment.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import pickle
import resource
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, BinaryIO, TypeAlias

from scraper.allocator import GENERATION, keep_memory
from scraper.core.content import as_utf8, encoding
from scraper.core.errors import ParseError
from scraper.core.extract import Extractor, Source
from scraper.core.extract.custom import NO_FUNCTIONS, plans
from scraper.core.extract.plan import PageRule
from scraper.core.model import Link, Page
from scraper.usage import Peak, cpu_s

FRAME = struct.Struct(">II")  # bytes of the pickled head, bytes of the body
ANSWER = struct.Struct(">I")  # bytes of the JSON
DAMAGED = "damaged"  # the reason of a kept body that cannot be unpacked
Asked: TypeAlias = tuple[str, str, tuple[Any, ...]]  # rule, content type, source
Packed: TypeAlias = tuple[str, str, tuple[Any, ...], int, int]  # and bytes of the body, packed
MEMORY_BYTES = 1536 * 1024 * 1024
_PR_SET_PDEATHSIG = 1
_EXIT_MEMORY = 12


def main() -> int:
    """Serve the parent until it closes the socket."""
    _settle()
    gc.set_threshold(GENERATION)
    keep_memory()
    with socket.socket(fileno=_take_input()) as parent, parent.makefile("rb") as pages:
        rules: tuple[PageRule, ...] = pickle.loads(_read(pages)[0])  # noqa: S301 - of our parent
        extractors = {
            rule.name: Extractor(rule, clock=time.process_time, functions=_functions(rule))
            for rule in rules
        }
        gc.freeze()
        peak = Peak()
        _answer(parent, {}, peak)
        while True:
            try:
                head, body = _read(pages)
            except EOFError:
                return 0
            try:
                answer = _extract(extractors, head, body)
            except MemoryError as error:  # whatever is left in memory: a fresh process is the cure
                error.__traceback__ = None  # free what its frames hold: an answer takes some too
                _answer(parent, {"died": "out of memory"}, peak)
                return _EXIT_MEMORY
            peak.look_after(len(body))
            _answer(parent, answer, peak)


def _extract(extractors: dict[str, Extractor], head: bytes, body: bytes) -> dict[str, object]:
    """What to answer: the page's parts as plain values, or why there are none; or a batch's."""
    asked = pickle.loads(head)  # noqa: S301 - of our parent
    if isinstance(asked, list):
        return {"pages": _batch(extractors, asked, body)}
    return _one(extractors, asked, body)


def _batch(
    extractors: dict[str, Extractor], pages: list[Packed], bodies: bytes
) -> list[dict[str, object]]:
    """The answers to kept pages, whose packed bodies stand one after another."""
    from scraper.packing import unpack

    answers: list[dict[str, object]] = []
    at = 0
    for rule, content_type, source, size, packed_size in pages:
        packed, at = bodies[at : at + packed_size], at + packed_size
        try:
            body = unpack(packed, size) if packed or size else b""
        except ValueError as error:
            answers.append({"reason": DAMAGED, "detail": str(error)})
        else:
            answers.append(_one(extractors, (rule, content_type, source), body))
    return answers


def _one(extractors: dict[str, Extractor], asked: Asked, body: bytes) -> dict[str, object]:
    name, content_type, parts = asked
    extractor, source = extractors[name], Source(*parts)
    started = time.perf_counter()
    if plans(extractor.rule):
        source = replace(source, raw=body, raw_type=content_type)
    try:
        if extractor.rule.submit:
            source = replace(source, charset=encoding(body, content_type))
        page = extractor(as_utf8(body, content_type), source)
    except ParseError as error:
        return {"reason": error.reason, "detail": error.detail}
    return {"page": _plain(page), "parse_s": time.perf_counter() - started}


def _take_input() -> int:
    """The socket to the parent, out of the reach of code that reads standard input."""
    ours = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return ours


def _functions(rule: PageRule) -> Mapping[str, Callable[..., Any]]:
    """The functions of the user's own; they cannot read what is sent to this process."""
    named = plans(rule)
    if not named:
        return NO_FUNCTIONS
    from scraper.hatch import functions

    return functions(named)


def _plain(page: Page) -> list[object]:
    """The page's parts; what many links carry is there once."""
    carries = {id(link.carry): dict(link.carry) for link in page.links if link.carry}
    places = {carry: place for place, carry in enumerate(carries)}
    return [
        [(item.type, item.key, item.data, item.position) for item in page.items],
        [_of_link(link, places.get(id(link.carry))) for link in page.links],
        [(r.type, r.field, r.reason, r.position, r.data) for r in page.rejected],
        page.invalid,
        [(h.type, h.key, h.data, h.position, h.rejected) for h in page.halves],
        list(carries.values()),
        page.expired,
        page.notes,
    ]


def _of_link(link: Link, carried: int | None) -> tuple[object, ...]:
    plain = (link.url, link.page, carried, link.half)
    if link.method == "GET" and not link.headers and not link.body:
        return plain
    body = None if link.body is None else link.body.decode("latin-1")
    return (*plain, link.method, link.headers, body)


def _read(pages: BinaryIO) -> tuple[bytes, bytes]:
    head_bytes, body_bytes = FRAME.unpack(_exactly(pages, FRAME.size))
    return _exactly(pages, head_bytes), _exactly(pages, body_bytes)


def _exactly(pages: BinaryIO, size: int) -> bytes:
    data = pages.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _answer(parent: socket.socket, answer: dict[str, object], peak: Peak) -> None:
    answer |= {"cpu_s": cpu_s(), "peak_bytes": peak.bytes}
    data = json.dumps(answer).encode()
    parent.sendall(ANSWER.pack(len(data)) + data)


def _settle() -> None:
    """End with the parent and only with it; take no more memory than a page can need."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # sent to the whole group
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    _limit(resource.RLIMIT_CORE, 0)


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(what, (most, hard))


if __name__ == "__main__":
    sys.exit(main())
