"""The scraper's own runs: a config as a user would write it, with every guarantee switched on."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

_CONFIG = """version: 1
name: bench
seeds: {{file: {seeds}}}
politeness: {{per_host: {per_host}, delay: {delay}}}
fetch:
  concurrency: {concurrency}
  user_agent: "bench (+https://example.org/bot)"
  private_addresses: ["127.0.0.0/8"]
pages:
  product:
{follow}    items:
      product:
        fields:
          name: h1.name
          sku: span.sku
          price: {{css: p.price, type: decimal}}
          stock: {{css: p.stock, regex: "\\\\((\\\\d+) available\\\\)", type: int}}
          rating: {{css: "p.rating @data-rating", type: int}}
          brand: span.brand
          cover: "img.cover @src"
          links: {{css: "a[href]", count: true}}
          offers:
            css: tr.offer
            all: true
            fields: {{seller: td.seller, price: {{css: td.offer-price, type: decimal}}}}
store: {{path: {db}}}
"""


def config(  # each is one place in the file
    folder: Path,
    *,
    seeds: Path,
    db: Path,
    follow: bool,
    concurrency: int = 100,
    per_host: int = 100,
    delay: str = "0s",
) -> Path:
    """Write the config; returns where."""
    path = folder / f"{db.stem}.yaml"
    text = _CONFIG.format(
        seeds=seeds,
        db=db,
        concurrency=concurrency,
        per_host=per_host,
        delay=delay,
        follow='    follow: [{css: "a[href]", page: product}]\n' if follow else "",
    )
    path.write_text(text)
    return path


def command(config: Path, *options: str) -> list[str]:
    return [str(Path(sys.executable).with_name("scraper")), "run", str(config), *options]


def report(db: Path) -> dict[str, Any]:
    """The report of the run."""
    from scraper.app.read import make_report

    return make_report(db, None)


def rows(db: Path) -> dict[str, dict[str, Any]]:
    """The stored rows by URL."""
    with sqlite3.connect(db) as connection:
        found = connection.execute(
            "SELECT url, data FROM item JOIN request ON request.id = item.request_id"
        )
        return {url: json.loads(data) for url, data in found}
