"""Export of a million items in every format: seconds, items per second, peak memory.

    python -m bench.export [ITEMS]

The database is made once for a number of items and kept in the folder for temporary files. Every
format is written by the real command, in a process of its own.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from pathlib import Path

from bench import machine
from bench.measure import ENV, run
from scraper.core.extract.plan import FieldPlan, ItemPlan, PageRule
from scraper.store.migrate import migrate
from scraper.store.views import create_views

FORMATS = ("jsonl", "csv", "parquet", "xlsx")
BATCH = 10_000
WORDS = "amber river garden window winter harbour cotton maple silver lantern".split()
ITEM = ItemPlan(
    "product",
    (
        FieldPlan("name", css="h1"),
        FieldPlan("price", css="p", type="decimal"),
        FieldPlan("stock", css="p", type="int"),
        FieldPlan("weight", css="p", type="float"),
        FieldPlan("new", css="p", type="bool"),
        FieldPlan("since", css="p", type="date"),
        FieldPlan("tags", css="a", all=True),
        FieldPlan("text", css="div"),
    ),
)


def item(number: int) -> str:
    """The stored JSON of an item, some 300 bytes."""
    word = WORDS[number % 10]
    return json.dumps(
        {
            "name": f"{word} {number}",
            "price": f"{number % 9973}.{number % 100:02}",
            "stock": number % 500,
            "weight": number / 7,
            "new": number % 2 == 0,
            "since": f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}",
            "tags": [word, WORDS[number % 7]],
            "text": " ".join((*WORDS, word, str(number))),
        }
    )


def make(path: Path, items: int) -> None:
    """A database as a crawl leaves it."""
    if path.exists():
        return
    beside = path.with_suffix(".partial")
    beside.unlink(missing_ok=True)
    db = sqlite3.connect(beside, isolation_level=None)
    migrate(db, beside, now=0.0)
    create_views(db, [PageRule("page", items=(ITEM,))])
    db.execute("PRAGMA synchronous = off")
    db.execute("INSERT INTO cycle (id, began_at) VALUES (1, 0)")
    db.execute(
        "INSERT INTO run (name, cycle, state, started_at, version) "
        "VALUES ('bench', 1, 'done', 0, '')"
    )
    for start in range(0, items, BATCH):
        numbers = range(start + 1, min(start + BATCH, items) + 1)
        db.execute("BEGIN")
        db.executemany(
            "INSERT INTO request (id, key, url, host, state, cycle) "
            "VALUES (?, ?, ?, 'shop.example:443', 'done', 1)",
            ((n, b"%016d" % n, f"https://shop.example/p/{n}") for n in numbers),
        )
        db.executemany(
            "INSERT INTO item (id, type, key, data, hash, request_id, request_key, position, "
            "first_run, last_run, changed_run, changed_at, first_cycle, last_cycle, fetched_at) "
            "VALUES (?, 'product', ?, ?, x'00', ?, ?, 0, 1, 1, 1, 0, 1, 1, 1795464334)",
            ((n, str(n), item(n), n, b"%016d" % n) for n in numbers),
        )
        db.execute("COMMIT")
    db.close()
    beside.rename(path)


def main(items: int) -> None:
    folder = Path(tempfile.gettempdir()) / "scraper-bench-export"
    folder.mkdir(exist_ok=True)
    db = folder / f"{items}.db"
    make(db, items)
    print(", ".join(f"{name}: {value}" for name, value in machine.about().items()))
    print(f"{items:,} items, {db.stat().st_size / 1e6:.0f} MB\n")
    print("| format | s | items/s | peak MB | file MB |\n|---|---|---|---|---|")
    scraper = str(Path(sys.executable).with_name("scraper"))
    for name in FORMATS:
        output, log = folder / f"items.{name}", folder / f"{name}.log"
        figures = run([scraper, "export", str(db), "-o", str(output)], log=log, env=ENV)
        if figures.exit_status:
            raise SystemExit(log.read_text())
        size, peak = output.stat().st_size / 1e6, figures.peak_bytes / 1e6
        speed = items / figures.wall_s
        print(f"| {name} | {figures.wall_s:.1f} | {speed:,.0f} | {peak:.0f} | {size:.0f} |")
        output.unlink()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
