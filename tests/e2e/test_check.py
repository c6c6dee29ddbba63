"""`scraper check`, `scraper schema`, `scraper try` and `scraper demo`."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from scraper.demo.pages import truth
from tests.command import ROOT, rows, scraper
from tests.e2e.conftest import SHOP, Crawl, yaml
from tests.site import html, redirect, status, text

CONFIGS = sorted(ROOT.joinpath("config").glob("*.yaml"))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_configs_that_come_along_are_right(tmp_path: Path, config: Path):
    ended = scraper("check", config, cwd=tmp_path)
    assert (ended.status, ended.err) == (0, "")
    warnings = [line for line in ended.out.splitlines() if line.startswith("warning")]
    assert all("seeds.txt' is not there yet" in warning for warning in warnings)
    assert list(tmp_path.iterdir()) == []


def test_examples_that_must_exist_do():
    names = {config.stem for config in CONFIGS}
    assert {"demo", "seed-list", "quotes", "books"} <= names


def test_every_mistake_is_told_with_its_place(crawl: Crawl):
    crawl.config("""\
version: 1
name: broken
seeds:
  urls: ["$SITE/"]
fetsch: {}
fetch:
  timeout: soon
  concurrency: 100
  concurrency: 5
  proxies: ["htp://p"]
pages:
  a:
    items:
      thing:
        fields: {x: "h1 >"}
""")
    ended = crawl("check", "crawl.yaml")
    assert ended.status == 2
    told = {int(line.split(":")[1]): line for line in ended.err.splitlines()}
    assert set(told) == {5, 7, 9, 10, 15}, ended.err
    assert all(re.match(r"crawl\.yaml:\d+:\d+: ", line) for line in told.values())
    assert "did you mean" in told[5]
    assert "write http://host:port" in told[10]


@pytest.mark.parametrize(
    "key",
    [
        "expect: {failed: '<= 1%'}", "notify: []", "after: []",
        "run: {ping: http://x}", "run: {metrics: ':9'}",
    ],
)  # fmt: skip
def test_what_is_not_built_yet_is_refused(crawl: Crawl, key: str):
    crawl.config(yaml('seeds: {urls: ["$SITE/"]}', key))
    ended = crawl("check", "crawl.yaml")
    assert ended.status == 2
    assert "not supported yet" in ended.err
    assert "crawl.yaml:2:" in ended.err


def test_check_says_in_words_what_a_crawl_does(crawl: Crawl):
    crawl.config(SHOP)
    said = crawl("check", "crawl.yaml", "--set", "politeness.delay=3s").out
    for part in ("product", "/p/*", "3s", "robots.txt"):
        assert part in said, said


def test_environment_fills_in_and_what_is_missing_is_told(crawl: Crawl):
    crawl.config(
        'seeds: {urls: ["${BASE}/{1..2}"]}\npages: {any: {items: {hit: {fields: {t: h1}}}}}'
    )
    ended = crawl("check", "crawl.yaml")
    assert ended.status == 2
    assert "BASE" in ended.err
    assert "crawl.yaml:1:" in ended.err
    crawl.site.route("/*", html("<h1>x</h1>"))
    assert crawl("run", "crawl.yaml", BASE=crawl.site.url("")).status == 0
    assert {"/1", "/2"} <= set(crawl.asked())


def test_schema_is_json_schema(tmp_path: Path):
    ended = scraper("schema", cwd=tmp_path)
    schema = json.loads(ended.out)
    assert ended.status == 0
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert schema["type"] == "object"
    assert {"seeds", "scope", "politeness", "fetch", "pages", "store", "run"} <= set(
        schema["properties"]
    )
    for reference in re.findall(r'"\$ref": "#/\$defs/([^"]+)"', ended.out):
        assert reference in schema["$defs"]


# --- try

TWO_RULES = """
seeds: {urls: ["$SITE/p/1"]}
pages:
  product:
    match: "/p/*"
    items:
      product:
        key: name
        fields: {name: {css: h1, required: true}, price: {css: .price, type: decimal}, gone: b.x}
    follow: [{css: a.more, page: other}]
  other: {match: "/o/*", items: {other: {fields: {title: title}}}}
"""
TRIED = "<title>T</title><h1>Tea</h1><p class=price>£2.50</p><a class=more href=/o/1>more</a>"


def test_try_a_url(crawl: Crawl):
    crawl.site.route("/p/1", html(TRIED))
    crawl.site.route("/from", redirect("/p/1"))
    crawl.config(TWO_RULES)
    ended = crawl("try", "crawl.yaml", crawl.site.url("/p/1"))
    assert ended.status == 0
    for part in (
        'name: "Tea"',
        'price: "2.50"',
        "gone",
        crawl.site.url("/o/1"),
        "page rule: product",
    ):
        assert part in ended.out, ended.out
    made = json.loads(crawl("try", "crawl.yaml", crawl.site.url("/p/1"), "--json").out)
    assert made["items"] == [
        {"type": "product", "key": "Tea", "data": {"name": "Tea", "price": "2.50", "gone": None}}
    ]
    assert made["links"][0]["page"] == "other"
    assert made["status"] == 200
    made = json.loads(
        crawl("try", "crawl.yaml", crawl.site.url("/from"), "--json", "--page", "other").out
    )
    assert made["final_url"] == crawl.site.url("/p/1")
    assert made["items"][0]["data"] == {"title": "T"}
    assert not crawl.db.exists()


def test_try_says_why_a_page_cannot_be_had(crawl: Crawl):
    crawl.site.route("/robots.txt", text("User-agent: *\nDisallow: /p/\n"))
    crawl.site.route("/gone", status(410))
    crawl.config(TWO_RULES)
    for url, why in (("/p/1", "robots"), ("/gone", "410")):
        ended = crawl("try", "crawl.yaml", crawl.site.url(url))
        assert ended.status == 1
        assert why in ended.out
    ended = crawl(
        "try", "crawl.yaml", crawl.site.url("/x"), "--set", "fetch.private_addresses=false"
    )
    assert "fetch.private_addresses" in ended.out + ended.err


def test_try_says_why_a_field_is_empty(crawl: Crawl):
    crawl.site.route("/p/1", html("<h1>Tea</h1><p class=price>12 pieces, 100%</p>"))
    crawl.config(TWO_RULES.replace("b.x", "\"b:contains('x')\"").replace("decimal", "int"))
    out = crawl("try", "crawl.yaml", crawl.site.url("/p/1")).out
    assert 'product.gone: css b:contains("x") finds nothing' in out
    found = 'css .price finds "12 pieces, 100%", of which type int makes nothing'
    assert f"product.price: {found}" in out
    assert "product.price: 1 value does not convert" in out
    assert "empty product.name" not in out


def test_try_follows_on_the_host_that_a_seed_redirects_to(crawl: Crawl):
    other = crawl.site.url("/p/1").replace("127.0.0.1", "localhost")
    crawl.site.route("/from", redirect(other))
    crawl.site.route("/p/1", html(TRIED))
    crawl.config(TWO_RULES)
    made = crawl("try", "crawl.yaml", crawl.site.url("/from"), "--json", "--page", "product").out
    (link,) = json.loads(made)["links"]
    assert link["url"] == other.replace("/p/1", "/o/1")
    assert link["fate"] == "followed"


def test_try_a_file(crawl: Crawl):
    (crawl.folder / "page.html").write_text(TRIED)
    crawl.config(TWO_RULES)
    unsure = crawl("try", "crawl.yaml", "page.html")
    assert unsure.status == 2
    assert "--url or --page" in unsure.err
    by_page = json.loads(crawl("try", "crawl.yaml", "page.html", "--page", "other", "--json").out)
    assert by_page["items"][0]["data"] == {"title": "T"}
    by_url = json.loads(
        crawl("try", "crawl.yaml", "page.html", "--url", "https://shop.test/p/9", "--json").out
    )
    assert by_url["page"] == "product"
    assert by_url["links"][0]["url"] == "https://shop.test/o/1"
    assert crawl("try", "crawl.yaml", "page.html", "--page", "nothing").status == 2
    assert crawl("try", "crawl.yaml", "nothing.html").status == 2
    assert not crawl.site.visits


# --- demo


def test_demo_limit_finds_the_truth(tmp_path: Path):
    ended = scraper("demo", "--limit", 50, cwd=tmp_path)
    assert ended.status == 4
    database = tmp_path / "data/demo.db"
    found = [json.loads(data) for (data,) in rows(database, "SELECT data FROM item")]
    assert len(found) == 50
    for item in found:
        expected = truth(int(item["sku"].removeprefix("DM-")))
        assert item.pop("cover").endswith(str(expected.pop("cover")))
        assert item == expected
    assert rows(database, "SELECT typeof(price), typeof(stock) FROM product LIMIT 1") == [
        ("real", "integer")
    ]
    shutil.rmtree(tmp_path / "data")
