import csv
import io
import json
import os
import sqlite3
import stat
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import ScraperError, UsageError
from scraper.export import Order, cell, export, format_of
from scraper.extras.parquet import write_parquet
from scraper.extras.xlsx import write_xlsx
from tests.unit.report.database import Database

OWN = {"_url": "https://a.example/1", "_fetched_at": "2026-11-23T20:05:34Z", "_run": 1}


@pytest.fixture
def database():
    with Database() as made:
        made.run()
        made.request()
        yield made


EXTRAS = {"parquet": lambda: write_parquet, "xlsx": lambda: write_xlsx}


def ordered(database, order, stdout, told=None):
    tell = [].append if told is None else told.append
    return export(database.connection, order, stdout=stdout, tell=tell, extras=EXTRAS)


def exported(database, written="jsonl", item=None, changed_since=None, **more):
    stream = io.StringIO()
    order = Order(written, item=item, changed_since=changed_since, **more)
    return ordered(database, order, stream), stream.getvalue()


def to_file(database, path, written="csv", **more):
    return ordered(database, Order(written, str(path), **more), io.StringIO())


def names_in(folder):
    return [path.name for path in folder.iterdir()]


def test_json_lines_hold_the_fields_and_our_own_names(database):
    database.item({"title": "Tea", "price": "1.50", "tags": ["a"]})
    count, text = exported(database)
    assert count == 1
    assert text.endswith("\n")
    assert list(json.loads(text).items()) == [
        ("title", "Tea"),
        ("price", "1.50"),
        ("tags", ["a"]),
        *OWN.items(),
    ]


def test_no_login_of_a_url_is_written(database):
    database.item({"title": "Tea"})
    database.connection.execute("UPDATE request SET url = 'https://me:sesame@a.example/1?a=b@c'")
    (_, text) = exported(database)
    assert json.loads(text)["_url"] == "https://a.example/1?a=b@c"


def test_an_item_without_fields_is_still_an_object(database):
    database.item("{ }")
    assert json.loads(exported(database)[1]) == OWN


def test_several_types_are_told_apart_in_json_lines_only_when_all_are_written(database):
    database.item({"title": "Tea"})
    database.item({"name": "Ann"}, kind="author")
    lines = [json.loads(line) for line in exported(database)[1].splitlines()]
    assert [line["_type"] for line in lines] == ["book", "author"]
    (author,) = exported(database, item="author")[1].splitlines()
    assert json.loads(author) == {"name": "Ann"} | OWN


def test_csv_has_the_columns_of_the_config_in_its_order(database):
    database.view(book=["upc", "title", "tags"])
    database.item({"title": "Tea, “green”", "tags": ["a", {"b": None}], "upc": 7, "old": 1})
    count, text = exported(database, "csv")
    assert count == 1
    assert text == (
        "upc,title,tags,_url,_fetched_at,_run\r\n"
        '7,"Tea, “green”","[""a"", {""b"": null}]",'
        "https://a.example/1,2026-11-23T20:05:34Z,1\r\n"
    )


def test_without_a_view_the_columns_are_those_of_the_items(database):
    database.item({"a": 1})
    database.item({"b": True, "a": None})
    assert list(csv.reader(io.StringIO(exported(database, "csv")[1])))[:3] == [
        ["a", "b", *OWN],
        ["1", "", *map(str, OWN.values())],
        ["", "true", *map(str, OWN.values())],
    ]


def test_one_csv_holds_one_type(database):
    database.view(book=["title"], author=["name"])
    with pytest.raises(UsageError, match="give --items with one of book, author"):
        exported(database, "csv")
    assert exported(database, "csv", "author") == (0, "name,_url,_fetched_at,_run\r\n")


def test_nothing_to_write_is_no_error(database):
    assert exported(database, "csv") == (0, "")
    assert exported(database, "jsonl") == (0, "")
    database.view(book=["title"])
    assert exported(database, "csv") == (0, "title,_url,_fetched_at,_run\r\n")


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@SUM(A1)", "\tx", "\rx", "\n=1", "\uff1d1"])
def test_no_cell_is_a_formula(text):
    assert cell(text) == "'" + text
    assert cell(text + '"x').startswith("'")


@pytest.mark.parametrize("text", ["-1", "+1", "-1.5", "-1e5", "1", "", "a=b", "x-1"])
def test_numbers_and_plain_text_stay_as_they_are(text):
    assert cell(text) == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), json_values, min_size=1), max_size=5))
def test_what_a_csv_reader_reads_is_what_was_stored(items):
    with Database() as database:
        database.run()
        database.request()
        database.view(book=["a", "b", "c"])
        for item in items:
            database.item(item)
        rows = list(csv.reader(io.StringIO(exported(database, "csv")[1], newline="")))
    assert [row[:3] for row in rows[1:]] == [
        [cell(item.get(name)) for name in "abc"] for item in items
    ]
    for row, item in zip(rows[1:], items, strict=True):
        for text, name in zip(row, "abc", strict=False):
            stored = item.get(name)
            if isinstance(stored, str):
                assert text.removeprefix("'") == stored.removeprefix("'")
            elif stored is not None:
                assert json.loads(text) == stored


@given(st.lists(st.dictionaries(st.text(st.characters(codec="utf-8")), json_values), max_size=5))
def test_each_json_line_is_one_item(items):
    with Database() as database:
        database.run()
        database.request()
        for item in items:
            database.item(json.dumps(item, ensure_ascii=False))
        lines = exported(database)[1].split("\n")[:-1]
    assert [json.loads(line) for line in lines] == [item | OWN for item in items]


def test_changed_since_leaves_out_what_stayed_the_same(database):
    database.run(cycle=2)
    database.item({"n": "old"}, run=1)
    database.item({"n": "seen again"}, run=1, last_run=2)
    database.item({"n": "changed"}, run=1, changed_run=2, last_run=2)
    database.item({"n": "new"}, run=2)

    def names(since):
        return [
            json.loads(line)["n"]
            for line in exported(database, changed_since=since)[1].split("\n")[:-1]
        ]

    assert names(0) == ["old", "seen again", "changed", "new"]
    assert names(1) == ["changed", "new"]
    assert names(2) == []


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"item": "bock"}, "--items bock: no such item type: did you mean book?"),
        ({"item": "zzz"}, "--items zzz: no such item type: there is book"),
        (
            {"written": "jsonl", "raw_cells": True},
            "--raw-cells means nothing for jsonl: take it out",
        ),
        ({"changed_since": 2}, "--changed-since 2: no such run: the last is 1"),
        ({"changed_since": -1}, "--changed-since -1: no such run: the last is 1"),
    ],
)
def test_what_cannot_be_done_is_said(database, asked, message):
    database.item({"title": "Tea"})
    with pytest.raises(UsageError) as caught:
        exported(database, **asked)
    assert str(caught.value) == message


def test_the_format_is_the_one_asked_for_else_that_of_the_name():
    assert format_of(None, "-") == format_of(None, "x.txt") == format_of(None, "out/") == "jsonl"
    assert format_of(None, "x.CSV") == format_of("csv", "x.jsonl") == "csv"
    assert format_of(None, "{type}.parquet") == "parquet"
    with pytest.raises(UsageError, match="no such format: use csv, jsonl, parquet, xlsx"):
        format_of("xml", "-")


def test_a_type_cannot_be_asked_for_before_there_is_any(database):
    with pytest.raises(UsageError, match="no items yet"):
        exported(database, item="book")


def test_a_file_is_replaced_whole(database, tmp_path):
    path = tmp_path / "books.csv"
    path.write_text("old")
    database.item({"title": "Tée"})
    assert to_file(database, path) == 1
    assert path.read_bytes().startswith("title,_url,_fetched_at,_run\r\nTée,".encode())
    assert names_in(tmp_path) == ["books.csv"]


def test_a_new_file_has_the_rights_that_files_here_have(database, tmp_path):
    plain = tmp_path / "plain"
    plain.touch()
    to_file(database, tmp_path / "books.csv")
    mode = stat.S_IMODE((tmp_path / "books.csv").stat().st_mode)
    assert mode == stat.S_IMODE(plain.stat().st_mode)


def test_a_link_is_followed(database, tmp_path):
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "real.csv")
    to_file(database, link)
    assert link.is_symlink()
    assert (tmp_path / "real.csv").is_file()


def test_an_error_half_way_leaves_the_old_file_and_nothing_else(database, tmp_path):
    path = tmp_path / "books.jsonl"
    path.write_text("old")
    database.item({"title": "Tea"})
    database.item("not json")
    with pytest.raises(json.JSONDecodeError):
        to_file(database, path)
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["books.jsonl"]


def test_a_full_disk_is_said(database):
    database.item({"title": "Tea"})
    with pytest.raises(ScraperError, match="/dev/full: cannot be written: No space left"):
        to_file(database, "/dev/full")


def test_a_device_is_written_to_and_never_replaced(database, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        database.item({"title": "Tea"})
        assert to_file(database, pipe, "jsonl") == 1
        assert json.loads(os.read(reading, 1000)) == {"title": "Tea"} | OWN
    finally:
        os.close(reading)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_database_is_never_replaced_by_its_export(database, tmp_path):
    path = tmp_path / "books.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (id)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"books\.db: is a database"):
        to_file(database, path)
    assert path.read_bytes() == before
    assert names_in(tmp_path) == ["books.db"]


def test_a_folder_that_is_missing_or_in_the_way_is_said(database, tmp_path):
    (tmp_path / "book.csv").mkdir()
    database.view(book=["title"])
    with pytest.raises(UsageError, match="is a folder"):
        to_file(database, tmp_path)
    with pytest.raises(UsageError, match="there is no folder"):
        to_file(database, tmp_path / "none" / "books.csv")


@pytest.mark.parametrize("output", ["new/", "new/all-{type}.csv"])
def test_a_folder_or_a_pattern_gets_a_file_for_each_type(database, tmp_path, output):
    database.item({"title": "Tea"}, kind="book")
    database.item({"name": "Ann"}, kind="../author")
    database.item({"name": "Bob"}, kind="___author")
    if "{" in output:
        (tmp_path / "new").mkdir()
    assert to_file(database, f"{tmp_path}/{output}") == 3
    names = [name.removeprefix("all-") for name in names_in(tmp_path / "new")]
    assert sorted(names) == ["___author.csv", "___author_.csv", "book.csv"]
    assert names_in(tmp_path) == ["new"]


def test_of_several_files_none_is_there_before_all_are_written(database, tmp_path):
    database.item({"title": "Tea"}, kind="author")
    database.item("not json", kind="book")
    database.view(book=["title"])
    (tmp_path / "author.csv").write_text("old")
    with pytest.raises(json.JSONDecodeError):
        to_file(database, tmp_path)
    assert names_in(tmp_path) == ["author.csv"]
    assert (tmp_path / "author.csv").read_text() == "old"


def test_raw_cells_are_formulas_for_those_who_ask_for_them(database):
    database.item({"t": "=1+1"})
    assert exported(database, "csv")[1].splitlines()[1].startswith("'=1+1,")
    assert exported(database, "csv", raw_cells=True)[1].splitlines()[1].startswith("=1+1,")


@pytest.mark.parametrize("written", ["parquet", "xlsx"])
def test_books_and_tables_are_not_for_terminals_and_need_a_type(database, written, tmp_path):
    with pytest.raises(UsageError, match="no item types yet"):
        to_file(database, tmp_path / "x", written)
    database.item({"title": "Tea"})
    leader, follower = os.openpty()
    with os.fdopen(follower, "w") as terminal, pytest.raises(UsageError, match="for a terminal"):
        ordered(database, Order(written), terminal)
    os.close(leader)
    stdout = io.TextIOWrapper(io.BytesIO(), "ascii")
    assert ordered(database, Order(written, "-"), stdout) == 1
    assert stdout.buffer.getvalue()[:2] in (b"PA", b"PK")


@pytest.mark.parametrize("written", ["parquet", "xlsx", "csv"])
def test_standard_output_keeps_what_its_file_had(database, written, tmp_path):
    database.item({"title": "Tea"})
    path = tmp_path / "all"
    path.write_text("before")
    with path.open("a") as stdout:
        assert ordered(database, Order(written), stdout) == 1
    assert path.read_bytes().startswith(b"before")
    assert path.stat().st_size > 20
    assert to_file(database, "/dev/null", written) == 1
    with pytest.raises(ScraperError, match="No space left"):
        to_file(database, "/dev/full", written)


def test_what_is_stored_after_the_export_began_is_not_in_it(database):
    for _ in range(1500):
        database.item({"n": 1})

    class Slow(io.StringIO):
        def write(self, text):
            database.item({"n": 2})
            return super().write(text)

    stream = Slow()
    assert ordered(database, Order("jsonl"), stream) == 1500
    assert '"n": 2' not in stream.getvalue()


def test_long_items_are_read_in_shorter_steps(database):
    for _ in range(6):
        database.item({"text": "x" * 3_000_000})
    tracemalloc.start()
    try:
        assert to_file(database, "/dev/null", "jsonl") == 6
        assert tracemalloc.get_traced_memory()[1] < 16_000_000
    finally:
        tracemalloc.stop()


def test_standard_output_is_utf8_whatever_the_terminal_thinks(database):
    database.item({"title": "Tée"})
    binary = io.BytesIO()
    stdout = io.TextIOWrapper(binary, "ascii")
    assert ordered(database, Order("csv", "-", "book"), stdout) == 1
    assert "Tée".encode() in binary.getvalue()
    assert not stdout.closed


def test_a_reader_that_has_enough_ends_it_quietly(database):
    for number in range(5000):
        database.item({"n": number})
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stdout:
        assert ordered(database, Order("jsonl"), stdout) == 0


def test_half_a_character_is_written_out(database):
    database.item('{"title": "\\ud800"}')
    binary = io.BytesIO()
    stdout = io.TextIOWrapper(binary, "utf-8")
    ordered(database, Order("csv", "-"), stdout)
    assert b"\\ud800" in binary.getvalue()


def test_memory_stays_small_and_no_cursor_stays_open(tmp_path):
    with Database(str(tmp_path / "x.db")) as database:
        database.run()
        database.request()
        database.view(book=["n"])
        database.connection.execute("BEGIN")
        for number in range(6000):
            database.item({"n": number, "text": "x" * 1000}, key=str(number))
        database.connection.execute("COMMIT")
        tracemalloc.start()
        try:
            to_file(database, tmp_path / "x.csv")
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak_bytes < 4_000_000
        with sqlite3.connect(tmp_path / "x.db", isolation_level=None) as other:
            other.execute("DELETE FROM item")
        other.close()
