"""A site, a folder, and the real command in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.command import Ended, one, rows, scraper, write
from tests.site import SiteThread, html

DEFAULTS = {
    "version": "version: 1",
    "name": "name: crawl",
    "fetch": "fetch: {user_agent: bot (+https://my.site), private_addresses: true, "
    "retry: {attempts: 2, first: 50ms, longest: 1s}}",
    "store": "store: {path: crawl.db}",
}


@dataclass
class Crawl:
    """A folder with a config, its database, and the site that it is about."""

    folder: Path
    site: SiteThread

    @property
    def db(self) -> Path:
        return self.folder / "crawl.db"

    def config(self, text: str, name: str = "crawl.yaml") -> Path:
        """Write a config: `$SITE` is the site, `$PORT` its port; what it needs is put in."""
        text = yaml(text).replace("$SITE", self.site.url("")).replace("$PORT", str(self.port))
        keys = {line.partition(":")[0] for line in text.splitlines() if line[:1].isalpha()}
        missing = [line for key, line in DEFAULTS.items() if key not in keys]
        return write(self.folder, "\n".join([text, *missing]), name)

    @property
    def port(self) -> int:
        return self.site.port

    def __call__(self, *args: object, stdin: str | None = None, **env: str) -> Ended:
        """Run `scraper ARGS`."""
        return scraper(*args, cwd=self.folder, stdin=stdin, **env)

    def run(self, config: str | None = None, *args: object, status: int | None = 0) -> Ended:
        """Run the crawl of `config`, or that of the last one again."""
        if config is not None:
            self.config(config)
        ended = self("run", "crawl.yaml", *args)
        assert status is None or ended.status == status, ended
        return ended

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return rows(self.db, sql, *values)

    def one(self, sql: str, *values: object) -> Any:
        return one(self.db, sql, *values)

    def items(self, item_type: str | None = None) -> list[dict[str, Any]]:
        """The stored items in the order of their keys."""
        sql = "SELECT data FROM item WHERE ? IS NULL OR type = ? ORDER BY type, key"
        return [json.loads(data) for (data,) in self.rows(sql, item_type, item_type)]

    def states(self) -> dict[str, str]:
        """What became of each URL, by its path and query: done, or state and reason."""
        found = self.rows("SELECT url, state, reason FROM request")
        return {
            url.removeprefix(self.site.url("")): state if reason is None else f"{state}: {reason}"
            for url, state, reason in found
        }

    def report(self, *args: object) -> dict[str, Any]:
        ended = self("report", "crawl.db", "--json", *args)
        assert ended.status == 0, ended
        made: dict[str, Any] = json.loads(ended.out)
        return made

    def asked(self) -> list[str]:
        """The pages that were asked for, robots.txt apart."""
        return [path for path in self.site.paths() if path != "/robots.txt"]


@pytest.fixture
def site() -> Iterator[SiteThread]:
    with SiteThread(hosts=("127.0.0.1", "127.0.0.2")) as site:
        yield site


@pytest.fixture
def crawl(tmp_path: Path, site: SiteThread) -> Crawl:
    return Crawl(tmp_path, site)


@pytest.fixture
def shop(crawl: Crawl) -> Crawl:
    """Twenty product pages, and a config that reads them."""
    crawl.site.route("/p/*", html(lambda visit: product(visit.path)))
    crawl.config(SHOP)
    return crawl


def product(path: str) -> str:
    number = path.rpartition("/")[2]
    return f"<h1>Thing {number}</h1><p class=price>£{number}.50</p><p class=stock>{number} left</p>"


def yaml(*parts: str) -> str:
    """Parts of a config, indented as each likes."""
    return "\n".join(map(dedent, parts))


SHOP = """
seeds: {urls: ["$SITE/p/{1..20}"]}
pages:
  product:
    match: "/p/*"
    items:
      product:
        key: name
        fields:
          name: {css: h1, required: true}
          price: {css: .price, type: decimal}
          stock: {css: .stock, regex: '(\\d+) left', type: int}
run: {refresh: 1d}
"""
