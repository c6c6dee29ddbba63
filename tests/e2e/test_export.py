"""`scraper export` and the views: what a person takes home."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.command import environment
from tests.e2e.conftest import SHOP, Crawl, product
from tests.site import html

TWO_TYPES = """
seeds: {urls: ["$SITE/page"]}
pages:
  page:
    items:
      thing:
        key: name
        fields: {name: h1, tags: {css: li, all: true}, price: {css: i, type: decimal}, none: b}
      select: {each: li, fields: {text: ""}}
"""
PAGE = '<h1>=1+1 "quoted", é</h1><ul><li>a<li>b,c</ul><i>1.10</i>'


@pytest.fixture
def two(crawl: Crawl) -> Crawl:
    crawl.site.route("/page", html(PAGE))
    crawl.run(TWO_TYPES)
    return crawl


def test_jsonl_is_one_object_a_line_fields_first(two: Crawl):
    ended = two("export", "crawl.db", "--items", "thing", "--format", "jsonl")
    (item,) = map(json.loads, ended.out.splitlines())
    assert list(item) == ["name", "tags", "price", "none", "_url", "_fetched_at", "_run"]
    assert item["name"] == '=1+1 "quoted", é'
    assert (item["tags"], item["price"], item["none"]) == (["a", "b,c"], "1.10", None)
    assert (item["_url"], item["_run"]) == (two.site.url("/page"), 1)
    everything = two("export", "crawl.db").out.splitlines()
    assert [json.loads(line)["_type"] for line in everything] == ["thing", "select", "select"]


def test_csv_cells_are_no_formulas_and_lists_are_json(two: Crawl):
    ended = two("export", "crawl.db", "--items", "thing", "--format", "csv", "--output", "-")
    (row,) = csv.DictReader(io.StringIO(ended.out))
    assert row["name"] == '\'=1+1 "quoted", é'
    assert (json.loads(row["tags"]), row["price"], row["none"]) == (["a", "b,c"], "1.10", "")
    assert row["_url"] == two.site.url("/page")


def texts(path: Path) -> list[str]:
    return [row["text"] for row in csv.DictReader(path.read_text().splitlines())]


def test_file_is_replaced_when_all_is_written(two: Crawl):
    path = two.folder / "out.csv"
    path.write_text("old")
    ended = two("export", "crawl.db", "--items", "select", "--format", "csv", "--output", "out.csv")
    assert (ended.status, ended.out) == (0, "")
    assert texts(path) == ["a", "b,c"]
    for args in (["--items", "nothing"], ["--items", "thing", "--format", "xml"], []):
        ended = two("export", "crawl.db", "--format", "csv", "--output", "out.csv", *args)
        assert ended.status == 2, ended
    assert texts(path) == ["a", "b,c"]
    assert two("export", "crawl.db", "--output", "no/such/folder.jsonl").status == 2
    assert {each.name for each in two.folder.iterdir()} <= {
        "crawl.yaml", "crawl.db", "crawl.db-wal", "crawl.db-shm", "crawl.db.lock", "out.csv",
    }  # fmt: skip


def test_typed_files_in_a_folder_and_one_workbook(two: Crawl):
    ended = two("export", "crawl.db", "--format", "parquet", "-o", "out/")
    assert (ended.status, ended.out) == (0, ""), ended
    assert {path.name for path in (two.folder / "out").iterdir()} == {
        "thing.parquet",
        "select.parquet",
    }
    table = parquet.read_table(two.folder / "out" / "thing.parquet")
    (thing,) = table.to_pylist()
    assert (thing["price"], thing["tags"], thing["_run"]) == (Decimal("1.10"), '["a", "b,c"]', 1)
    assert str(table.schema.field("price").type) == "decimal128(38, 9)"
    assert thing["_fetched_at"].tzinfo is not None
    ended = two("export", "crawl.db", "-o", "all.xlsx")
    assert ended.status == 0, ended
    with zipfile.ZipFile(two.folder / "all.xlsx") as book:
        assert b'name="thing"' in book.read("xl/workbook.xml")
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
    ended = two("export", "crawl.db", "--format", "parquet", "-o", "x.parquet")
    assert (ended.status, "--items with one of thing, select" in ended.err) == (2, True)
    code = "import sys; sys.modules['pyarrow'] = None; from scraper.cli import main; main()"
    missing = subprocess.run(
        [sys.executable, "-c", code, "export", "crawl.db", "-o", "y.parquet"],
        cwd=two.folder, capture_output=True, text=True, env=environment(),
    )  # fmt: skip
    assert missing.returncode == 2
    assert "pip install 'scraper[parquet]'" in missing.stderr
    assert not (two.folder / "y.parquet").exists()


def test_reader_that_has_enough_ends_it_quietly(shop: Crawl):
    shop.run()
    with subprocess.Popen(
        [sys.executable, "-m", "scraper", "export", "crawl.db", "-o", "-"], cwd=shop.folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0


def test_changed_since_a_run(shop: Crawl):
    shop.run()
    shop.site.route("/p/3", html(product("/p/3").replace("3.50", "4.00")))
    shop.run(SHOP.replace("{1..20}", "{1..21}"), "--fresh")
    changed = shop("export", "crawl.db", "--changed-since", "1").out.splitlines()
    assert [json.loads(line)["name"] for line in changed] == ["Thing 3", "Thing 21"]
    assert shop("export", "crawl.db", "--changed-since", "2").out == ""
    assert len(shop("export", "crawl.db", "--changed-since", "0").out.splitlines()) == 21
    assert shop("export", "crawl.db", "--changed-since", "9").status == 2


def test_views_have_typed_columns_and_odd_names(two: Crawl):
    assert two.rows('SELECT text FROM "select" ORDER BY text') == [("a",), ("b,c",)]
    assert two.rows("SELECT price, price * 2, name FROM thing") == [(1.1, 2.2, '=1+1 "quoted", é')]
    columns = [name for (name,) in two.rows("SELECT name FROM pragma_table_info('thing')")]
    assert columns[:4] == ["name", "tags", "price", "none"]


def test_views_follow_the_config(two: Crawl):
    two.run(TWO_TYPES.replace("none: b", "extra: u"))
    columns = [name for (name,) in two.rows("SELECT name FROM pragma_table_info('thing')")]
    assert "extra" in columns


def test_output_may_be_a_device(two: Crawl):
    ended = two("export", "crawl.db", "--items", "thing", "--output", "/dev/stdout")
    assert json.loads(ended.out)["price"] == "1.10"
