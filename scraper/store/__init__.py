"""The SQLite file: one writer, a queue of waiting rows, runs and cycles, and reading beside it.

The door of this package; others import from here.
"""

from scraper.store import ahead
from scraper.store.counts import Balance
from scraper.store.kept import KeptPage, find
from scraper.store.lock import Lock, hold
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
