from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from scraper.core.errors import UsageError
from scraper.packing import pack
from scraper.store.migrate import migrate
from scraper.trial.keptpage import kept_page
from tests.unit.store.tables import link


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "a:b.db"
    with sqlite3.connect(path, isolation_level=None) as db:
        migrate(db, path, now=0.0)
        request = link("a")
        db.execute(
            "INSERT INTO request (key, url, host, state, cycle, page, carry) "
            "VALUES (?, ?, ?, 'done', 1, 'book', '{\"x\": 1}')",
            (request.key, request.url, request.host),
        )
        db.execute(
            "INSERT INTO kept_page VALUES (1, 1, 1, 5.0, 'https://shop.example/b', 200, "
            "'{\"a\": \"b\"}', 4, 0, x'')"
        )
        db.execute("INSERT INTO kept_body VALUES (1, ?)", (pack(b"body"),))
    return path


def test_a_kept_page_is_named_by_database_and_url(database: Path):
    found = kept_page(f"{database}:https://SHOP.example/a#part")
    assert found is not None
    request, response = found
    assert (request.page, dict(request.carry), request.id) == ("book", {"x": 1}, 1)
    assert (response.url, response.status, response.body) == (
        "https://shop.example/b",
        200,
        b"body",
    )
    assert response.headers == {"a": "b"}


@pytest.mark.parametrize("target", ["https://shop.example/?u=x:https://y", "page.html", "a:b", ""])
def test_a_url_or_a_file_is_something_else(target: str):
    assert kept_page(target) is None


def test_a_file_of_that_name_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    file = Path("x:http:/y")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")
    assert kept_page("x:http://y") is None


def test_what_cannot_be_had_says_why(database: Path):
    with pytest.raises(UsageError) as caught:
        kept_page(f"{database}:https://shop.example/zzz")
    assert str(caught.value) == (
        f"{database}: the page https://shop.example/zzz is not kept: `scraper why {database} URL` "
        "says what became of it; `store.bodies: zstd` in the config keeps every page"
    )
    with pytest.raises(UsageError, match="no such database"):
        kept_page("nothing.db:https://shop.example/a")
    with pytest.raises(UsageError, match="not a URL"):
        kept_page(f"{database}:https://[")
    with sqlite3.connect(database) as db:
        db.execute("UPDATE kept_body SET zstd = x'00'")
    with pytest.raises(UsageError, match=r"the kept body is damaged.*: fetch it again"):
        kept_page(f"{database}:https://shop.example/a")
