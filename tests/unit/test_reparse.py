from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import ParseError, UsageError
from scraper.core.extract import Extractor
from scraper.core.extract.plan import FieldPlan, FollowPlan, ItemPlan, PageRule
from scraper.core.model import Page, Parsed, Reason, Response
from scraper.core.plan import FetchPlan, ParsePlan, Plan, ScopePlan, SeedPlan, StorePlan
from scraper.core.request import make_request
from scraper.core.url import parse
from scraper.packing import pack
from scraper.parse.parser import Parser
from scraper.parse.worker import _extract
from scraper.reparse import Reparse, rules_of
from scraper.store import KeptPage, RunStart, Staged, StopError, Swapped

FIELDS = (
    FieldPlan("name", css="h1", required=True),
    FieldPlan("price", css="p", type="decimal"),
    FieldPlan("date", source="header:date"),
)
BOOK = PageRule(
    "book",
    ("/b*",),
    (ItemPlan("book", FIELDS),),
    (FollowPlan("a"),),
    "h1, p",
)
API = PageRule("api", ("/a*",), BOOK.items, (FollowPlan(None, json="next"),))  # only of JSON
SAID = PageRule(
    "said", ("/s*",), (ItemPlan("said", (FieldPlan("url", source="url"),)),), charset="iso-8859-2"
)
PLAN = Plan(
    "books",
    SeedPlan(),
    FetchPlan(""),
    StorePlan("books.db"),
    pages=(BOOK, SAID, PageRule("no", ("/n*",)), API),
)


class Clock:
    def now(self) -> float:
        return 0.0

    def monotonic(self) -> float:
        return 0.0


class Shelf:
    """Kept pages in a list, and what is staged of them."""

    def __init__(self, *pages: KeptPage, size: int = 3) -> None:
        self.pages = pages
        self.size = size
        self.staged: dict[str, Staged] = {}
        self.swapped: dict[str, Any] | None = None
        self.stopped = asyncio.Event()
        self.swaps_at_once = True

    async def begin(self, pid: int) -> int:
        return len(self.pages)

    async def batch(self, after: int) -> list[KeptPage]:
        await asyncio.sleep(0)
        return [page for page in self.pages if page.request.id > after][: self.size]

    async def put(self, staged: Sequence[Staged]) -> None:
        for each in staged:
            assert each.kept.request.url not in self.staged
            self.staged[each.kept.request.url] = each

    async def swap(self, start: RunStart, rules: Any, *, exit_status: int, stats: Any) -> Swapped:
        if not self.swaps_at_once:
            await self.stopped.wait()
            raise StopError("stopped")
        self.swapped = {"rules": rules, "exit_status": exit_status, "stats": stats}
        return Swapped(2, 1, 2, 3, 4)

    async def stop(self) -> None:
        self.stopped.set()


class Pool:
    """One worker, here; it dies of pages that say so."""

    def __init__(self, *, answer: Any = None, plan: Plan = PLAN) -> None:
        self.extractors = {rule.name: Extractor(rule) for rule in rules_of(plan)}
        self.answer = answer
        self.asked = 0
        self.hangs = False

    async def ask(self, head: bytes, body: bytes) -> dict[str, Any]:
        self.asked += 1
        await asyncio.sleep(3600 if self.hangs else 0)
        if pack(b"deadly") in body:
            raise ParseError(Reason.PARSE_CRASH, "the worker died, twice")
        if self.answer is not None:
            answer: dict[str, Any] = self.answer
            return answer
        made: dict[str, Any] = json.loads(json.dumps(_extract(self.extractors, head, body)))
        return made


def kept(
    id_: int, path: str, body: bytes, content_type: str = "text/html", **more: Any
) -> KeptPage:
    request = make_request(parse(f"https://shop.example/{path}{id_}"))
    headers = {"content-type": content_type, "date": "today"}
    packed = more.get("packed", pack(body))
    stored = type(request)(**{**_parts(request), "id": id_})
    return KeptPage(stored, 1, 1, 5.0, request.url, 200, headers, len(body), packed)


def _parts(request: Any) -> dict[str, Any]:
    return {name: getattr(request, name) for name in type(request).__slots__}


def reparse(shelf: Shelf, pool: Pool, processes: int = 2) -> Reparse:
    return Reparse(
        plan=PLAN,
        start=RunStart("books"),
        staging=shelf,
        pool=pool,
        processes=processes,
        clock=Clock(),
        live=False,
    )


bodies = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b"<h1>A</h1><p>1.50", b"<p>x", b'{"next": "/a"}', "<h1>ž".encode("iso8859_2")]
    ),
)
types = st.sampled_from(
    ["text/html", "text/html; charset=latin-1", "application/json", "image/png", ""]
)


@given(st.lists(st.tuples(st.sampled_from("bsnax"), bodies, types), max_size=5))
async def test_a_kept_page_gives_what_it_gave_when_it_was_fetched(pages):
    shelf = Shelf(*(kept(n, *page) for n, page in enumerate(pages, 1)))
    if all(path == "x" for path, _, _ in pages):
        return
    assert await reparse(shelf, Pool()).live() is not None
    rules = {"b": BOOK, "s": SAID, "n": PLAN.pages[2], "a": API}
    parser = Parser(ParsePlan(processes=1, offload="never"), PLAN.pages)
    for page, (path, body, _) in zip(shelf.pages, pages, strict=True):
        staged = shelf.staged[page.request.url]
        if path == "x":
            assert (staged.rule, staged.page, staged.reason) == (None, Page(), None)
            continue
        response = Response(page.final_url, 200, page.headers, body)
        wanted = await outcome(parser.parse(response, rules[path], page.request))
        found = staged.page
        assert (staged.reason, found.items, found.rejected, found.invalid) == wanted


async def outcome(parsing: Awaitable[Parsed]) -> tuple[Any, ...]:
    try:
        page = (await parsing).page
    except ParseError as error:
        return error.reason, (), (), {}
    return None, page.items, page.rejected, page.invalid


async def test_a_page_that_kills_its_worker_costs_only_itself():
    good = b"<h1>A</h1>"
    shelf = Shelf(kept(1, "b", good), kept(2, "b", b"deadly"), kept(3, "b", good))
    pool = Pool()
    done = await reparse(shelf, pool).live()
    assert done is not None
    assert sorted(url[-1] for url in shelf.staged) == ["1", "3"]
    assert (done.pages, done.unread, done.exit_status) == (3, {"parse_crash": 1}, 1)
    assert shelf.swapped is not None
    assert shelf.swapped["exit_status"] == 1
    assert shelf.swapped["rules"] == PLAN.pages
    assert pool.asked == 4


async def test_a_damaged_body_leaves_its_page_as_it_is():
    rotten = [kept(n, "b", b"<h1>B</h1>", packed=packed) for n, packed in ((2, b"rot"), (3, b""))]
    shelf = Shelf(kept(1, "b", b"<h1>A</h1>"), *rotten)
    done = await reparse(shelf, Pool()).live()
    assert done is not None
    assert done.unread == {"damaged": 2}
    assert [url[-1] for url in shelf.staged] == ["1"]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"pages": []},
        {"pages": 7},
        {"pages": [{"page": [[["a"]], [], [], {}]}] * 2},
        {"pages": [{}, 7]},
    ],
)
async def test_an_answer_that_makes_no_sense_is_that_of_a_dead_worker(answer):
    shelf = Shelf(kept(1, "b", b"<h1>A</h1>"), kept(2, "b", b"<h1>B</h1>"))
    done = await reparse(shelf, Pool(answer=answer)).live()
    assert done is not None
    assert done.unread == {"parse_crash": 2}


async def test_no_kept_page_is_a_mistake_of_the_user():
    with pytest.raises(UsageError) as caught:
        await reparse(Shelf(), Pool()).live()
    assert str(caught.value) == (
        "books.db: no page is kept: set `store.bodies: zstd` in the config and crawl "
        "(`scraper run CONFIG --fresh` visits every page anew)"
    )


async def test_a_config_that_fits_no_kept_page_removes_nothing():
    shelf = Shelf(kept(1, "x", b"<h1>A</h1>"))
    with pytest.raises(UsageError) as caught:
        await reparse(shelf, Pool()).live()
    assert str(caught.value) == (
        "books.db: no kept page fits a page rule of this config: nothing was changed; "
        "is it the config of this database?"
    )
    assert shelf.swapped is None


@pytest.mark.parametrize("when", ["first", "reading", "swapping"])
async def test_stopped_at_any_time_it_swaps_nothing(when: str):
    shelf, pool = Shelf(kept(1, "b", b"<h1>A</h1>")), Pool()
    pool.hangs = when == "reading"
    shelf.swaps_at_once = when != "swapping"
    work = reparse(shelf, pool)
    if when == "first":
        await work.stop()
    living = asyncio.create_task(work.live())
    for _ in range(100):
        await asyncio.sleep(0)
    await work.stop()
    assert await living is None
    assert shelf.swapped is None


async def test_what_happened_in_words():
    shelf = Shelf(kept(1, "b", b"<h1>A</h1>"), kept(2, "b", b"<i>"), kept(3, "b", b"deadly"))
    done = await reparse(shelf, Pool()).live()
    assert str(done) == (
        "3 kept pages extracted again, as run 2\n"
        "  items     3 unchanged, 2 changed, 1 new, 4 removed\n"
        "  failed    invalid_page 1\n"
        "  UNREAD    parse_crash 1: left as they were\n"
        "  links     not followed: `scraper run` does that"
    )


async def test_what_links_carry_goes_with_the_page_as_a_crawl_would_follow_it():
    name = ItemPlan("name", FIELDS[:1])
    follow = (FollowPlan("a", page="book", carry=("name",), item="name"),)
    rule = replace(BOOK, items=(name,), follow=follow)
    plan = replace(PLAN, pages=(rule,), scope=ScopePlan(deny=("/no*",)))
    shelf = Shelf(kept(1, "b", b"<h1>A</h1><a href=/c1></a><a href=/no></a>"))
    work = Reparse(
        plan=plan,
        start=RunStart("books"),
        staging=shelf,
        pool=Pool(plan=plan),
        processes=1,
        clock=Clock(),
        live=False,
    )
    assert await work.live() is not None
    (staged,) = shelf.staged.values()
    assert [(link.url, dict(link.carry)) for link in staged.links] == [
        ("https://shop.example/c1", {"name": "A"})
    ]
