"""A workbook holds what is stored; what Excel would round, run or refuse is text."""

import errno
import io
import re
import zipfile
from xml.etree import ElementTree

import pytest
from hypothesis import given

from scraper.core.columns import OWN, Column, Kind, Table
from scraper.core.errors import ScraperError, UsageError
from scraper.extras.xlsx import write_xlsx
from tests.unit.core.test_columns import json_values

NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def table(name, kinds, rows):
    columns = tuple(Column(f"c{at}", kind) for at, kind in enumerate(kinds))
    return Table(name, columns, lambda: iter(rows))


def written(*tables, told=None, most_rows=1_048_576):
    """The sheets by name, each a list of rows of cells."""
    binary = io.BytesIO()
    count = write_xlsx(
        binary, tables, [].append if told is None else told.append, most_rows=most_rows
    )
    with zipfile.ZipFile(binary) as book:
        names = [
            sheet.get("name")
            for sheet in ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{NS}sheet")
        ]
        made = [rows(book.read(f"xl/worksheets/sheet{at}.xml")) for at in range(1, len(names) + 1)]
    assert sum(len(sheet) - 1 for sheet in made) == count
    return dict(zip(names, made, strict=True))


def rows(xml):
    return [[cell(c) for c in row] for row in ElementTree.fromstring(xml).iter(f"{NS}row")]


def cell(c):
    assert c.find(f"{NS}f") is None  # no formula, whatever a page said
    if c.get("t") == "inlineStr":
        text = "".join(t.text or "" for t in c.iter(f"{NS}t"))
        return re.sub("_x([0-9A-F]{4})_", lambda m: chr(int(m[1], 16)), text)
    value = c.find(f"{NS}v")
    if value is None:
        return None
    return value.text == "1" if c.get("t") == "b" else float(value.text)


def one(kind, value):
    cells = written(table("x", [kind, Kind.BOOL], [(value, True)]))["x"][1]
    assert cells[-1] is True
    return cells[0] if len(cells) == 2 else None


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        (Kind.TEXT, "=1+1", "=1+1"),
        (Kind.TEXT, "https://a.example/", "https://a.example/"),
        (Kind.TEXT, "12", "12"),
        (Kind.TEXT, 13, 13),
        (Kind.TEXT, True, True),
        (Kind.TEXT, {"a": [1]}, '{"a": [1]}'),
        (Kind.TEXT, "a\x01b", "a\x01b"),
        (Kind.INT, 123456789012345, 123456789012345),
        (Kind.INT, 1234567890123456, "1234567890123456"),
        (Kind.INT, "n/a", "n/a"),
        (Kind.DECIMAL, "1.50", 1.5),
        (Kind.DECIMAL, "1234567890123.456", "1234567890123.456"),
        (Kind.DECIMAL, "1e999", "1e999"),
        (Kind.FLOAT, 0.1, 0.1),
        (Kind.BOOL, False, False),
        (Kind.DATE, "2026-11-23", 46349),
        (Kind.DATE, "1899-12-31", "1899-12-31"),
        (Kind.DATETIME, "2026-11-23T12:00:00", 46349.5),
        (Kind.DATETIME, "2026-11-23T13:00:00+01:00", 46349.5),
        (Kind.DATETIME, "0001-01-01T00:00:00+05:00", "0001-01-01T00:00:00+05:00"),
        (Kind.JSON, ["a", None], '["a", null]'),
        (Kind.JSON, "a", "a"),
        (Kind.INT, None, None),
        (Kind.TEXT, "", None),
    ],
)
def test_cells(kind, value, read):
    assert one(kind, value) == read


@given(json_values)
def test_any_value_of_any_kind_is_a_cell(value):
    kinds = [*Kind, Kind.BOOL]
    sheet = written(table("x", kinds, [(*(value for _ in Kind), True)]))["x"]
    assert sheet[1][-1] is True


def test_a_long_text_is_cut_and_counted():
    told = []
    sheet = written(table("x", [Kind.TEXT] * 3, [("é" * 40_000, "😀" * 20_000, "x" * 32_767)]),
                    told=told)["x"]  # fmt: skip
    assert [len(text) for text in sheet[1]] == [32_767, 16_383, 32_767]
    assert told == ["2 cells were cut: Excel holds 32,767 characters in a cell"]


def test_a_full_sheet_goes_on_in_another():
    sheets = written(table("x", [Kind.INT], [(n,) for n in range(5)]), most_rows=3)
    assert list(sheets) == ["x", "x 2", "x 3"]
    assert [row[0] for sheet in sheets.values() for row in sheet[1:]] == [0, 1, 2, 3, 4]
    assert all(sheet[0] == ["c0"] for sheet in sheets.values())


def test_each_type_has_a_sheet_and_names_are_those_that_excel_takes():
    names = ["book", "BOOK", "a[b]:*?/\\'", "n" * 40, "n" * 35, "History", ""]
    sheets = written(*(table(name, [Kind.INT], [(1,)]) for name in names))
    assert list(sheets) == [
        "book", "BOOK 2", "a_b_______", "n" * 31, "n" * 23 + " 2", "History_", "items",
    ]  # fmt: skip


def test_too_many_columns_are_refused_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    wide = table("x", [Kind.INT] * 16_385, [])
    with pytest.raises(UsageError, match="16,384 columns"):
        write_xlsx(io.BytesIO(), [table("y", [Kind.INT], [(1,)]), wide], print)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said():
    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(ScraperError, match="No space left"):
        write_xlsx(Full(), [Table("x", OWN, lambda: iter(()))], print)
