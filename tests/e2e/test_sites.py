"""The configs that we give away, on sites of the layouts that they are for: every row is true.

`SHOP_BOOKS=1000` makes the book shop as large as the practice site is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command import ROOT, rows, scraper
from tests.site import SiteThread
from tests.sites import books, feeds, quotes, tables

BOOKS = int(os.environ.get("SHOP_BOOKS", "200"))


@pytest.fixture(scope="module")
def site() -> Iterator[SiteThread]:
    with SiteThread() as site:
        for part in (quotes.routes(), books.routes(BOOKS), tables.routes(), feeds.routes()):
            for path, handler in part.items():
                site.route(path, handler)
        yield site


class Crawled:
    """What `config/NAME.yaml` made of the site."""

    def __init__(self, name: str, site: SiteThread, folder: Path, *args: str) -> None:
        self.url = site.url("")
        self.db = folder / "data" / f"{name}.db"
        options = ("fetch.private_addresses=true", "politeness.delay=0s", "politeness.per_host=8")
        settings = [word for option in options for word in ("--set", option)]
        config = ROOT / "config" / f"{name}.yaml"
        ended = scraper("run", config, *settings, *args, cwd=folder, SITE=self.url)
        assert ended.status == 0, ended
        assert rows(self.db, "SELECT url, reason FROM request WHERE state != 'done'") == []
        assert rows(self.db, "SELECT data FROM rejected") == []

    def items(self, kind: str) -> list[dict[str, Any]]:
        sql = "SELECT data FROM item WHERE type = ? ORDER BY key"
        return [json.loads(data) for (data,) in rows(self.db, sql, kind)]


def same(found: list[dict[str, Any]], truth: list[dict[str, Any]], key: str) -> None:
    """All rows, none more, whatever their order."""
    found, truth = (sorted(rows, key=lambda row: str(row[key])) for rows in (found, truth))
    for row, true in zip(found, truth, strict=False):
        assert row == true
    assert len(found) == len(truth)


def test_quotes_and_their_authors(site: SiteThread, tmp_path: Path):
    crawled = Crawled("quotes", site, tmp_path)
    truth = [
        {
            "text": row["text"],
            "author": row["author"],
            "author_page": f"{crawled.url}/author/{quotes.slug(row['author'])}",
            "tags": row["tags"],
        }
        for row in quotes.quotes()
    ]
    same(crawled.items("quote"), truth, "text")
    same(crawled.items("author"), quotes.authors(), "name")


def test_quotes_in_a_table_without_classes(site: SiteThread, tmp_path: Path):
    same(Crawled("quotes-table", site, tmp_path).items("quote"), quotes.quotes(), "text")


def test_quotes_in_a_script(site: SiteThread, tmp_path: Path):
    truth = [
        {
            "text": row["text"],
            "author": row["author"],
            "author_page": f"/author/show/{quotes.slug(row['author'])}",
            "tags": row["tags"],
        }
        for row in quotes.quotes()
    ]
    same(Crawled("quotes-script", site, tmp_path).items("quote"), truth, "text")


def test_quotes_of_an_api(site: SiteThread, tmp_path: Path):
    truth = [
        {
            "text": row["text"],
            "author": row["author"],
            "first_tag": next(iter(row["tags"]), "none"),
            "tags": row["tags"],
        }
        for row in quotes.quotes()
    ]
    same(Crawled("quotes-api", site, tmp_path).items("quote"), truth, "text")


def test_books(site: SiteThread, tmp_path: Path):
    crawled = Crawled("books", site, tmp_path)
    truth = books.books(BOOKS)
    for row in truth:
        row["image"] = crawled.url + row["image"]
        del row["path"]
    same(crawled.items("book"), truth, "upc")


def test_teams_by_the_header_of_their_table(site: SiteThread, tmp_path: Path):
    found = Crawled("hockey", site, tmp_path, "--seeds", str(seeds(site, tmp_path))).items("teams")
    key = "Team Name"
    same([row for page in found for row in page["rows"]], list(tables.teams()), key)
    assert [page["pages"] for page in found] == [4] * tables.PAGES


def seeds(site: SiteThread, folder: Path) -> Path:
    path = folder / "seeds.txt"
    urls = (site.url(f"/pages/forms/?page_num={n}") for n in range(1, tables.PAGES + 1))
    path.write_text("\n".join(urls))
    return path


def test_feeds_of_both_kinds(site: SiteThread, tmp_path: Path):
    truth = feeds.entries("rss") + feeds.entries("atom")
    same(Crawled("feed", site, tmp_path).items("entry"), truth, "id")
