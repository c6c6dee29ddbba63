"""The parser decides where a page is parsed, and what is no page."""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from scraper.core.errors import ParseError
from scraper.core.extract.plan import (
    FieldPlan,
    FillPlan,
    FollowPlan,
    ItemPlan,
    PageRule,
    PythonPlan,
    SubmitPlan,
)
from scraper.core.model import Link, Page, Parsed, Request, Response
from scraper.core.plan import ParsePlan
from scraper.parse.parser import Parser

TITLE = ItemPlan("page", (FieldPlan("title", css="h1"),))
RULE = PageRule("page", items=(TITLE,), follow=(FollowPlan("a"),))
LINKS = PageRule("links", follow=(FollowPlan("a"),))
NOTHING = PageRule("nothing")
FULL = PageRule(
    "full",
    items=(
        ItemPlan(
            "full",
            (
                FieldPlan("n", css="h1", type="int"),
                FieldPlan("type", source="header:Content-Type"),
                FieldPlan("asked", source="url"),
                FieldPlan("final", source="final_url"),
                FieldPlan("rank", source="rank"),
            ),
        ),
        ItemPlan("strict", (FieldPlan("x", css="h6", required=True),)),
    ),
    follow=(FollowPlan("a", page="page"),),
)
HANGING = PageRule(
    "hanging", items=(ItemPlan("x", (FieldPlan("x", css="h1", regex="^(a|a|aa)+$"),)),)
)
REQUEST = Request("http://a.example/asked", b"0" * 16, "a.example:80", carry={"rank": 7})
JSON = (("Content-Type", "application/json"),)
BODY = b"<h1>title</h1><a href=/next>"


def response(body: bytes = BODY, content_type: str | None = "text/html") -> Response:
    headers = {} if content_type is None else {"content-type": content_type}
    return Response("http://a.example/final", 200, headers, body)


def parser(rule: PageRule = RULE, offload: str | int = "never") -> Parser:
    return Parser(ParsePlan(processes=1, offload=offload), (rule,))


async def parse(answer: Response, rule: PageRule = RULE, offload: str | int = "never") -> Parsed:
    async with parser(rule, offload) as on:
        return await on.parse(answer, rule, REQUEST)


def titles(page: Page) -> list[str]:
    return [json.loads(item.data)["title"] for item in page.items]


async def test_a_small_page_is_parsed_here():
    parsed = await parse(response(), offload="auto")
    assert (parsed.placed, titles(parsed.page)) == ("inline", ["title"])
    assert parsed.page.links == (Link("http://a.example/next", None),)
    assert parsed.parse_s > 0 <= parsed.worker_s


async def test_both_places_find_the_same():
    answer = response("<h1>éè</h1><a href=/next>".encode("latin-1"), "text/html; charset=latin1")
    inline = await parse(answer, FULL)
    pooled = await parse(answer, FULL, "always")
    assert (inline.placed, pooled.placed) == ("inline", "pool")
    assert inline.page == pooled.page
    assert json.loads(inline.page.items[0].data) == {
        "n": None,
        "type": "text/html; charset=latin1",
        "asked": "http://a.example/asked",
        "final": "http://a.example/final",
        "rank": 7,
    }
    assert inline.page.rejected[0].reason == "missing"
    assert inline.page.invalid == {"full": {"n": 1}}


async def test_a_suspicious_page_goes_to_a_worker_even_with_never():
    nested = response(BODY + b"<div>" * 8000)
    async with parser() as on:
        parsed = await on.parse(nested, RULE, REQUEST)
        assert (parsed.placed, titles(parsed.page)) == ("pool", ["title"])
        assert (on.inline, on.pooled) == (0, 1)
        assert on.workers_cpu_s() > 0
        assert on.workers_peak_bytes() > 10_000_000


async def test_a_regex_that_hangs_is_tried_in_a_worker_and_fails_there():
    with pytest.raises(ParseError, match="took more than 1 s"):
        await parse(response(b"<h1>" + b"a" * 60 + b"!"), HANGING)


SLOW = "^(a|a|aa)+$"
SLOW_ROWS = PageRule(
    "rows",
    items=(
        ItemPlan(
            "row",
            (
                FieldPlan("x", css="i", regex=SLOW),
                FieldPlan("y", css="i", replace=((SLOW, ""),)),
                FieldPlan("z", any=(FieldPlan("z", css="i", regex=SLOW),)),
            ),
            each="p",
        ),
    ),
)


async def test_many_rows_with_a_regex_that_hangs_cost_one_limit():
    page = response(b"<p><i>" + b"a" * 60 + b"!</i></p>" * 1000)
    began = time.process_time()
    with pytest.raises(ParseError, match=r"parse_timeout: the regex of x took more than 1 s"):
        await parse(page, SLOW_ROWS)
    assert time.process_time() - began < 10  # not a thousand limits


async def test_searches_that_together_would_stall_the_loop_are_done_in_a_worker():
    row = b"<p><i>" + b"a" * 11 + b"!</i></p>"
    parsed = await parse(response(row * 40), SLOW_ROWS)
    assert (parsed.placed, len(parsed.page.items)) == ("pool", 1)


@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "application/xhtml+xml", "application/json", "application/ld+json"],
)
async def test_texts_and_nothing_said_are_parsed(content_type):
    parsed = await parse(response(content_type=content_type))
    assert titles(parsed.page) == ["title"]


async def test_what_is_no_text_is_an_error_where_a_rule_looks_inside():
    picture = response(content_type="image/png")
    with pytest.raises(ParseError) as error:
        await parse(picture)
    assert error.value.reason == "content_type"
    assert (await parse(picture, LINKS)).page == Page()
    about = PageRule("about", items=(ItemPlan("x", (FieldPlan("u", source="url"),)),))
    [item] = (await parse(picture, about)).page.items
    assert item.data == '{"u":"http://a.example/asked"}'


async def test_a_rule_that_wants_nothing_takes_any_type():
    assert (await parse(response(content_type="image/png"), NOTHING)).page == Page()


async def test_pages_beyond_the_workers_are_queued():
    async with parser(offload="always") as on:
        pages = [asyncio.create_task(on.parse(response(), RULE, REQUEST)) for _ in range(3)]
        await asyncio.sleep(0)
        assert (on.busy, on.queued, on.waiting) == (1, 2, 0)
        pages[2].cancel()
        await asyncio.gather(*pages[:2])
        assert (on.busy, on.queued) == (0, 0)


async def test_no_worker_is_started_for_pages_that_are_parsed_here():
    async with parser(offload="auto") as on:
        await on.parse(response(), RULE, REQUEST)
        assert (on.inline, on.workers_peak_bytes()) == (1, 0)


async def test_room_waits_while_too_many_bytes_wait_for_the_pool():
    big = response(BODY + b" " * 20 * 1024 * 1024)
    async with parser(offload="always") as on:
        await on.room()
        pages = [asyncio.create_task(on.parse(big, RULE, REQUEST)) for _ in range(2)]
        await asyncio.sleep(0)
        room = asyncio.create_task(on.room())
        await asyncio.sleep(0)
        assert not room.done()
        await room
        assert on.waiting_bytes < 32 * 1024 * 1024
        await asyncio.gather(*pages)


async def test_kill_ends_the_workers_and_the_end_is_clean():
    async with parser(offload="always") as on:
        await on.parse(response(), RULE, REQUEST)
        on.kill()
    assert on.busy == 0


def test_reprs_say_what_is_going_on():
    assert repr(parser()) == "<Parser 0 inline, 0 pooled, <Placement never {}, trip 400 us>>"


@pytest.mark.parametrize(
    "rest",
    [
        ["GET\r\nX: y", [], None],
        ["POST", [["X", "a\nB: c"]], None],
        ["POST", [["", "a"]], None],
        ["POST", [["X"]], None],
        ["POST", [], "\u20ac"],
        [7, [], None],
    ],
)
async def test_a_request_of_a_worker_is_not_trusted(rest, monkeypatch):
    async def ask(*_):
        link = ["http://a.example/", None, {}, *rest]
        return {"page": [[], [link], [], {}], "parse_s": 0.1}

    async with parser(offload="always") as on:
        monkeypatch.setattr(on._pool, "ask", ask)
        with pytest.raises(ParseError, match="makes no sense"):
            await on.parse(response(), RULE, REQUEST)


async def test_the_request_again_is_the_same_from_both_places():
    plan = FollowPlan(set=(FieldPlan("n", css="h1"), FieldPlan("header:X", source="header:e")))
    rule = PageRule("p", follow=(replace(plan, page="p"),))
    asked = replace(REQUEST, method="POST", headers=JSON, body='{"ä":1}'.encode())
    answer = replace(response(), headers={"content-type": "text/html", "e": "a\tb"})
    pages = []
    for offload in ("never", "always"):
        async with parser(rule, offload) as on:
            pages.append((await on.parse(answer, rule, asked)).page)
    assert pages[0] == pages[1]
    [link] = pages[0].links
    assert (link.method, link.body) == ("POST", '{"ä":1,"n":"title"}'.encode())
    assert link.headers == (*JSON, ("X", "a\tb"), (":again", "1"))


async def test_a_page_that_asks_so_in_a_header_has_no_links():
    rule = PageRule("p", follow=(FollowPlan("a"),), nofollow="page", robot="bot")
    for said, found in [("noindex", 1), ("none", 0), ("bot: none", 0), ("cat: none", 1)]:
        answer = replace(response(), headers={"content-type": "text/html", "x-robots-tag": said})
        assert len((await parse(answer, rule)).page.links) == found


async def test_a_function_runs_in_a_worker_and_sees_every_type_of_page(tmp_path: Path):
    (tmp_path / "parse_test_site.py").write_text(
        "def f(page):\n    size = len(page.body)\n"
        "    return {'t': [{'title': page.headers['content-type'], 'size': size}]}, []\n"
    )
    python = PythonPlan("parse_test_site:f", (str(tmp_path),))
    made = ItemPlan("t", (FieldPlan("title", source="python"),))
    rule = PageRule("p", items=(made,), python=python)
    picture = response(b"\x89PNG\xff\0", "image/png")
    parsed = await parse(picture, rule)
    assert parsed.placed == "pool"
    assert json.loads(parsed.page.items[0].data) == {"title": "image/png", "size": 6}


@pytest.mark.parametrize("href", ["", "/next", "javascript:1", "http://a.example/\r\nX: y", 7])
async def test_a_link_of_a_worker_is_not_trusted(href, monkeypatch):
    async def ask(*_):
        return {
            "page": [[], [[href, None, None, None, *form]], [], {}, [], [], False, []],
            "parse_s": 0.1,
        }

    form: tuple[object, ...] = ()
    async with parser(offload="always") as on:
        monkeypatch.setattr(on._pool, "ask", ask)
        with pytest.raises(ParseError, match="makes no sense"):
            await on.parse(response(), RULE, REQUEST)
        href = "http://a.example/"
        assert (await on.parse(response(), RULE, REQUEST)).page.links == (Link(href, None),)
        kind = ["Content-Type", "text/plain"]
        for form in [  # noqa: B007 - see `ask`
            ("POST", [["Content-Type", "a\r\nX: y"]], ""),
            ("POST", [["", "a"]], ""),
            ("POST", [kind], "\u20ac"),
            ("POST", 7, ""),
            ("POST", [["Origin", 7]], ""),
            ("POST", [kind], 7),
            ("A B", [kind], ""),
        ]:
            with pytest.raises(ParseError, match="makes no sense"):
                await on.parse(response(), RULE, REQUEST)


async def test_links_that_carry_and_forms_are_the_same_from_both_places():
    """What goes with a link, what a form sends and what is told of it, beside each other."""
    quote = ItemPlan("quote", (FieldPlan("text", css="b"),), each="li")
    author = ItemPlan("author", (FieldPlan("of", source="of"),), reads=("of",))
    rule = PageRule(
        "p",
        items=(quote, author),
        follow=(FollowPlan("a", carry=("text",), item="quote"),),
        submit=(SubmitPlan("form", (FillPlan("q", ("1",)),)),),
    )
    answer = response(b"<li><b>x</b><a href=/1></a></li><form method=post><input name=t value=7>")
    inline, pooled = await parse(answer, rule), await parse(answer, rule, "always")
    assert inline.page == pooled.page
    link, form = inline.page.links
    assert (link.carry, link.body) == ({"text": "x"}, None)
    assert (form.method, form.carry, form.body) == ("POST", {}, b"t=7&q=1")
    assert len(inline.page.halves) == 1
    assert inline.page.notes == ("form form: has no q, which is added",)


@pytest.mark.parametrize("body", [b"<form method=post>", b"<form>"])
async def test_forms_are_the_same_from_both_places(body: bytes):
    """In the encoding of the page, whatever the body was made on the way."""
    fill = (FillPlan("a", ("\u00e9\u20ac\u0416",)), FillPlan("b", ("1",)))
    rule = PageRule("p", submit=(SubmitPlan("form", fill),), expired="h6")
    answer = response(body, "text/html; charset=windows-1252")
    inline, pooled = await parse(answer, rule), await parse(answer, rule, "always")
    assert inline.page == pooled.page
    (link,) = inline.page.links
    assert b"a=%E9%80%26%231046%3B&b=1" in (link.body or link.url.encode())
    assert inline.page.notes == (
        "form form: has no a, which is added",
        "form form: has no b, which is added",
    )
    gone = [await parse(response(b"<h6>"), rule, offload) for offload in ("never", "always")]
    assert [each.page for each in gone] == [Page(expired=True)] * 2


async def test_only_a_form_makes_a_picture_an_error():
    picture = response(content_type="image/png")
    assert (await parse(picture, PageRule("p", expired="a"))).page == Page()
    with pytest.raises(ParseError, match="content_type"):
        await parse(picture, PageRule("p", submit=(SubmitPlan("form"),)))


@pytest.mark.parametrize("offload", ["never", "always"])
async def test_the_rule_may_know_the_encoding_better_than_the_page(offload: str):
    rule = PageRule("p", items=(TITLE,), charset="windows-1251")
    answer = response("<h1>Привет</h1>".encode("cp1251"), "text/html; charset=utf-8")
    assert titles((await parse(answer, rule, offload)).page) == ["Привет"]


@pytest.mark.parametrize("offload", ["never", "always"])
async def test_a_page_that_is_not_what_it_should_be_is_an_error(offload: str):
    rule = PageRule("p", valid="h6")
    for kind in ("text/html", "image/png"):
        with pytest.raises(ParseError) as error:
            await parse(response(content_type=kind), rule, offload)
        assert error.value.reason == ("invalid_page" if kind == "text/html" else "content_type")


@pytest.mark.parametrize("offload", ["never", "always"])
async def test_xml_is_known_by_its_media_type_in_both_places(offload: str):
    rule = PageRule("p", items=(ItemPlan("page", (FieldPlan("title", css="link"),)),))
    answer = response(b"<catalog><link>x</link></catalog>", "Application/XML; charset=utf-8")
    assert titles((await parse(answer, rule, offload)).page) == ["x"]
