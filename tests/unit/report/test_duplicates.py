"""Pages that say the same, and nearly the same, are told with examples."""

import pytest

from scraper.report.duplicates import duplicates
from scraper.report.text import _duplicates
from tests.unit.report.database import Database

NONE = {"pages": 0, "groups": []}


@pytest.fixture
def database():
    with Database() as made:
        yield made


def read(database, content, near=None, *, state="done"):
    id_ = database.request(state)
    database.insert(
        "page_reading", request_id=id_, content=content, basis=b"", at=0, since=0, near=near
    )


def test_pages_that_say_the_same_are_grouped_the_largest_first(database):
    for content in (b"a", b"b", b"b", b"c", b"d", b"d", b"d"):
        read(database, content)
    read(database, b"a", state="failed")
    told = duplicates(database.connection)
    assert told["near"] == NONE
    assert told["pages"] == 5
    assert told["groups"] == [
        {"count": 3, "examples": ["https://a.example/5", "https://a.example/7"]},
        {"count": 2, "examples": ["https://a.example/2", "https://a.example/3"]},
    ]
    (line,) = _duplicates(told)
    assert "5 pages say the same as another; 3 such as https://a.example/5" in line


def test_an_example_tells_no_login(database):
    for _ in range(2):
        read(database, b"a")
    database.connection.execute("UPDATE request SET url = 'https://me:sesame@a.example/'")
    assert "sesame" not in repr(duplicates(database.connection))


def test_pages_say_nearly_the_same_where_they_differ_and_share_a_sketch(database):
    for content, near in ((b"a", b"1"), (b"b", b"1"), (b"c", b"2"), (b"c", b"2"), (b"d", None)):
        read(database, content, near)
    told = duplicates(database.connection)
    assert (told["pages"], told["near"]["pages"]) == (2, 2)
    same, near = _duplicates(told)
    assert same.startswith("  same ")
    assert "2 pages say nearly the same as another" in near


def test_nothing_is_said_where_nobody_looked_or_nothing_was_found(database):
    assert duplicates(database.connection) == {**NONE, "near": NONE}
    assert list(_duplicates({**NONE, "near": NONE})) == list(_duplicates(None)) == []
    database.connection.execute("DROP TABLE page_reading")
    assert duplicates(database.connection) is None
