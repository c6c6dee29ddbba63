"""The SQLite file: one writer, a queue of waiting rows, runs and cycles, and reading beside it.

The door of this package; others import from here. A command that only reads loads what reads.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scraper.store import ahead
    from scraper.store.counts import Balance
    from scraper.store.kept import KeptPage, find
    from scraper.store.lock import Lock, hold
    from scraper.store.names import Names
    from scraper.store.opening import Store, open_store
    from scraper.store.queue import Queue
    from scraper.store.reader import Reader, open_reader
    from scraper.store.runs import RunInfo, Runs, RunStart
    from scraper.store.staged import Staged
    from scraper.store.staging import Staging, StopError, Swapped
    from scraper.store.writer import Writer

__all__ = [
    "Balance",
    "KeptPage",
    "Lock",
    "Names",
    "Queue",
    "Reader",
    "RunInfo",
    "RunStart",
    "Runs",
    "Staged",
    "Staging",
    "StopError",
    "Store",
    "Swapped",
    "Writer",
    "ahead",
    "find",
    "hold",
    "open_reader",
    "open_store",
]

_FILES = {
    "Balance": "counts",
    "KeptPage": "kept",
    "find": "kept",
    "Lock": "lock",
    "hold": "lock",
    "Names": "names",
    "Store": "opening",
    "open_store": "opening",
    "Queue": "queue",
    "Reader": "reader",
    "open_reader": "reader",
    "RunInfo": "runs",
    "RunStart": "runs",
    "Runs": "runs",
    "Staged": "staged",
    "Staging": "staging",
    "StopError": "staging",
    "Swapped": "staging",
    "Writer": "writer",
}


def __getattr__(name: str) -> object:
    if name not in _FILES:
        raise AttributeError(name)
    return getattr(import_module(f"scraper.store.{_FILES[name]}"), name)
