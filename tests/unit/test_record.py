from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import ScraperError, UsageError
from scraper.core.extract.plan import FieldPlan, FollowPlan, ItemPlan, PageRule
from scraper.core.model import Request, Response
from scraper.core.plan import FetchPlan, ParsePlan, Plan, SeedPlan, StorePlan
from scraper.core.request import make_request
from scraper.core.url import parse
from scraper.parse.parser import Parser
from scraper.record import Recording, compare, folder_of, record, recordings, replay, save

FIELDS = (FieldPlan("name", css="h1"), FieldPlan("date", source="header:date"))
BOOK = PageRule("book", ("/b*",), (ItemPlan("book", FIELDS),), (FollowPlan("a"),), "h1")


def plan(*rules: PageRule) -> Plan:
    return Plan("books", SeedPlan(), FetchPlan(""), StorePlan("books.db"), pages=rules or (BOOK,))


def parser(of: Plan) -> Parser:
    return Parser(ParsePlan(processes=1, offload="never"), of.pages)


def request(path: str, **more: Any) -> Request:
    return make_request(parse(f"https://user:geheim@shop.example/{path}"), **more)


def response(path: str, body: bytes, content_type: str = "text/html") -> Response:
    headers = {"set-cookie": "geheim", "x-key": "geheim", "date": "today"}
    return Response(request(path).url, 200, {**headers, "content-type": content_type}, body)


async def recorded(path: str, body: bytes, content_type: str = "text/html") -> Recording:
    asked = request(path)
    return await record(plan(), asked, response(path, body, content_type), parser(plan()))


def suffixes(folder: Path) -> list[str]:
    return [file.suffix for file in folder.iterdir()]


paths = st.one_of(
    st.text(max_size=20), st.sampled_from(["b/../../etc", "b?q=.body.json", "b" * 300, "b%00", "é"])
)
bodies = st.binary(max_size=30) | st.sampled_from([b"<h1>A</h1><a href=/b>x", b"{}"])
types = st.sampled_from(["text/html", "application/json", "text/plain", "image/png", "a/b+xml", ""])


@given(paths, bodies, types)
async def test_what_is_recorded_is_replayed_the_same(path: str, body: bytes, content_type: str):
    with TemporaryDirectory() as name:
        folder = Path(name) / "x.recorded"
        made = await recorded(path, body, content_type)
        saved = save(folder, made)
        assert save(folder, made) == saved
        (found,) = recordings(folder)
        assert found == made
        assert await replay(plan(), found, parser(plan())) == made.gives
        assert len(list(folder.iterdir())) == 2
        assert all(len(file.name) < 130 and file.name.isascii() for file in folder.iterdir())
        said = saved.read_text()
        assert "geheim" not in said
        assert '"today"' in said or made.gives["rule"] is None
        assert await compare(plan(), folder, parser(plan()), update=False) == (
            0,
            ["1 recorded page: all agree"],
        )


async def test_a_page_of_another_type_takes_the_place_of_its_earlier_recording(tmp_path: Path):
    save(tmp_path, await recorded("b", b"<h1>A</h1>"))
    save(tmp_path, await recorded("b", b"{}", "application/json"))
    (found,) = recordings(tmp_path)
    assert found.body == b"{}"
    assert found.gives["error"] == "invalid_page: nothing fits h1"
    assert suffixes(tmp_path) == [".json", ".json"]


async def test_differences_are_shown_page_by_page_and_accepted_by_update(tmp_path: Path):
    for path in ("b1", "b2"):
        save(tmp_path, await recorded(path, b"<h1>A</h1><h2>B</h2>"))
    fields = (FieldPlan("name", css="h2"), FIELDS[1])
    today = plan(PageRule("book", ("/b1",), (ItemPlan("book", fields),), valid="h1"))
    differing, lines = await compare(today, tmp_path, parser(today), update=False)
    assert (differing, lines[-1]) == (2, "2 recorded pages: 2 differ")
    assert [line for line in lines if line.startswith("  ")] == [
        '  book "https://shop.example/b1": name: expected "A", found "B"',
        '  page rule: expected "book", found null',
        '  book "https://shop.example/b2": missing',
    ]
    differing, lines = await compare(today, tmp_path, parser(today), update=True)
    assert (differing, lines[-1]) == (2, "2 recorded pages: 2 updated")
    assert (await compare(today, tmp_path, parser(today), update=False))[0] == 0


def test_the_folder_stands_beside_the_config():
    assert folder_of(Path("config/books.yaml"), None) == Path("config/books.recorded")
    assert folder_of(Path("config/books.yaml"), "tests") == Path("tests")


def test_nothing_recorded_says_what_to_do(tmp_path: Path):
    with pytest.raises(UsageError) as caught:
        list(recordings(tmp_path / "none"))
    assert str(caught.value) == (
        f"{tmp_path}/none: no page is recorded: record one with `scraper record CONFIG URL`"
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"body": "../secret"}, "body must name a file beside it"),
        ({"items": {}}, "items must be a list of objects"),
        ({"items": [1]}, "items must be a list of objects"),
        ({"items": [{"type": "book", "data": {}}]}, "'key' is missing"),
        ({"links": None}, "links must be a list of objects"),
        ({"status": "x"}, "invalid literal for int() with base 10: 'x'"),
        ({"url": "nonsense"}, "not a URL: 'nonsense'"),
        ({"headers": 7}, "'int' object has no attribute 'items'"),
    ],
)
async def test_a_file_that_is_no_recording_is_named(tmp_path: Path, change: Any, why: str):
    path = save(tmp_path, await recorded("b", b"<h1>A"))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UsageError) as caught:
        list(recordings(tmp_path))
    assert str(caught.value) == f"{path}: is no recording ({why}): record the page anew"


async def test_a_body_that_is_gone_is_named(tmp_path: Path):
    path = save(tmp_path, await recorded("b", b"<h1>A"))
    body = path.with_suffix(".body.html")
    body.unlink()
    with pytest.raises(UsageError) as caught:
        list(recordings(tmp_path))
    assert str(caught.value) == f"{body}: No such file or directory: record the page anew"
    path.write_text("[" * 100_000)
    with pytest.raises(UsageError, match="is no recording"):
        list(recordings(tmp_path))


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ScraperError, match="file: cannot be written"):
        save(tmp_path / "file", await recorded("b", b""))


async def test_what_links_carry_is_null_in_a_recorded_page():
    fields = (FieldPlan("name", css="h1"), FieldPlan("genre", source="carried"))
    half = PageRule("book", ("/b*",), (ItemPlan("book", fields, reads=("genre",)),))
    carrying = plan(half)
    made = await record(carrying, request("b"), response("b", b"<h1>A</h1>"), parser(carrying))
    assert [item["data"] for item in made.gives["items"]] == [{"name": "A", "genre": None}]
    assert await replay(carrying, made, parser(carrying)) == made.gives
