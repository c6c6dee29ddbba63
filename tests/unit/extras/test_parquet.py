"""Parquet holds what is stored: typed where the values are of the type, as text where not."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from scraper.core.columns import Column, Kind, Table, as_text, fitted
from scraper.core.errors import UsageError
from scraper.extras import parquet as ours
from scraper.extras.parquet import write_parquet
from tests.unit.core.test_columns import json_values


def written(columns, rows, told=None):
    """The table that a reader reads."""
    binary = io.BytesIO(b"what was there before")
    table = Table("book", tuple(columns), lambda: iter(rows))
    assert write_parquet(binary, [table], [].append if told is None else told.append) == len(rows)
    return parquet.read_table(io.BytesIO(binary.getvalue()))


def one(kind, *values, told=None):
    table = written([Column("f", kind)], [(value,) for value in values], told)
    return str(table.schema.field("f").type), table.column("f").to_pylist()


MOMENT = datetime(2026, 11, 23, 10)  # noqa: DTZ001 - as it is written


@pytest.mark.parametrize(
    ("kind", "values", "type_", "read"),
    [
        (Kind.INT, [1, None, -5], "int64", [1, None, -5]),
        (Kind.FLOAT, [1, 0.1], "double", [1.0, 0.1]),
        (Kind.DECIMAL, ["1.50", 2], "decimal128(38, 9)", [Decimal("1.5"), Decimal(2)]),
        (Kind.DECIMAL, ["1e-18"], "decimal128(38, 18)", [Decimal("1e-18")]),
        (Kind.DECIMAL, ["1e-19"], "string", ["1e-19"]),
        (Kind.DATETIME, ["2026-11-23T10:00:00"], "timestamp[us]", [MOMENT]),
        (
            Kind.DATETIME,
            ["2026-11-23T11:00:00+01:00"],
            "timestamp[us, tz=UTC]",
            [MOMENT.replace(tzinfo=UTC)],
        ),
        (
            Kind.DATETIME,
            ["2026-11-23T10:00:00", "2026-11-23T10:00:00Z"],
            "string",
            ["2026-11-23T10:00:00", "2026-11-23T10:00:00Z"],
        ),
        (Kind.JSON, ["a", ["b"]], "string", ['"a"', '["b"]']),
        (Kind.TEXT, ["a", ["b"], 1], "string", ["a", '["b"]', "1"]),
        (Kind.BOOL, [], "bool", []),
    ],
)
def test_columns_have_the_type_that_holds_all_values(kind, values, type_, read):
    assert one(kind, *values) == (type_, read)


def test_a_column_that_became_text_is_told():
    told = []
    assert one(Kind.INT, 1, "n/a", told=told) == ("string", ["1", "n/a"])
    assert told == ["book.f: 'n/a' is no int: the column is text"]
    assert one(Kind.DECIMAL, "1e-10", told=told)[0] == "decimal128(38, 18)"
    assert len(told) == 1


def test_a_value_late_in_the_file_widens_the_whole_column(monkeypatch):
    monkeypatch.setattr(ours, "GROUP_ROWS", 500)
    values = [*range(2300), "x"]
    assert one(Kind.INT, *values) == ("string", list(map(str, values)))


def test_long_values_make_small_groups(monkeypatch):
    monkeypatch.setattr(ours, "GROUP_CHARACTERS", 1000)
    assert one(Kind.TEXT, *["x" * 10] * 1700)[1] == ["x" * 10] * 1700


kinds = st.lists(st.sampled_from(Kind), min_size=1, max_size=3)


@given(st.data(), kinds)
def test_nothing_is_lost_or_rounded(data, kinds):
    rows = data.draw(st.lists(st.tuples(*(json_values for _ in kinds)), max_size=4))
    columns = [Column(str(at), kind) for at, kind in enumerate(kinds)]
    table = written(columns, rows)
    for at, kind in enumerate(kinds):
        for row, read in zip(rows, table.column(at).to_pylist(), strict=True):
            value = row[at]
            if isinstance(read, str) and kind is not Kind.JSON:
                assert read == as_text(value)
            elif isinstance(read, datetime):
                assert read == fitted(value, kind)
            elif isinstance(read, str):
                assert read == json.dumps(value, ensure_ascii=False) or "\\" in read
            else:
                assert read == fitted(value, kind)


def test_a_file_holds_one_type():
    table = Table("x", (Column("a"),), lambda: iter(()))
    with pytest.raises(UsageError, match="one item type"):
        write_parquet(io.BytesIO(), [table, table], print)
