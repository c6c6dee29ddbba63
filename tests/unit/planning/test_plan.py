from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import FetchError
from scraper.core.extract.plan import FollowPlan, PageRule
from scraper.core.insight.past import Past, PastHost
from scraper.core.model import Reason
from scraper.core.plan import (
    FetchPlan,
    HostRule,
    Plan,
    PolitenessPlan,
    RunPlan,
    ScopePlan,
    SeedPlan,
    StorePlan,
)
from scraper.core.request import make_request
from scraper.core.robotstxt import Rules
from scraper.core.scope import Scope
from scraper.core.url import origin_of, parse
from scraper.planning.headcount import Headcount
from scraper.planning.plan import AT_A_TIME, HOSTS_ASKED, Known, Outline, ask_hosts, origins, told
from scraper.planning.text import as_text
from scraper.store import ahead
from tests.virtual import run_virtual

PLAN = Plan(
    "shop",
    SeedPlan(),
    FetchPlan("bot", concurrency=10),
    StorePlan("shop.db"),
    politeness=PolitenessPlan(default=HostRule(4, 0.25)),
)
RULES = "User-agent: *\nDisallow: /no\nCrawl-delay: 100"


def figures(read: int, bad: int, **more: Any) -> dict[str, Any]:
    """What seeds have told of themselves."""
    none = {"sitemaps": 0, "listed": 0, "resting": 0, "missed": 0, "troubles": []}
    return {"read": read, "bad": bad} | none | more


class FakeRobots:
    """Texts by origin; a host that has none does not answer."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts, self.kept = texts, dict[str, Any]()
        self.asked: list[str] = []
        self.asking = self.most = 0

    def remember(self, texts: Any) -> None:
        self.kept = texts

    def answer(self, url: str) -> Rules | None:
        kept = self.kept.get(origin_of(url))
        return kept and Rules.parse(kept[1], "bot")

    async def ask(self, url: str) -> Rules:
        self.asked.append(origin_of(url))
        self.asking += 1
        self.most = max(self.most, self.asking)
        await asyncio.sleep(1.0)
        self.asking -= 1
        text = self.texts.get(origin_of(url))
        if text is None:
            raise FetchError(Reason.CONNECT, "robots.txt: refused")
        await asyncio.sleep(0 if text != "slow" else 60.0)
        return Rules.parse(text, "bot")


@dataclass
class Rows:
    """Known rows."""

    host: str
    url: str
    rows: int
    disallowed: bool = False
    admitted: bool = False


def seeds(host: str, paths: str) -> list[Any]:
    return [make_request(parse(f"https://{host}/{path}"), seed=True) for path in paths.split()]


@pytest.fixture
def headcount() -> Iterator[Headcount]:
    scope = Scope(ScopePlan(deny=("/denied",)), seed_hosts=())
    with Headcount(scope=scope, fresh=lambda keys: keys, resting=lambda _: ()) as headcount:
        yield headcount


def outline(headcount: Headcount, *urls: list[Any], robots: FakeRobots, **more: Any) -> Outline:
    async def work() -> Outline:
        for some in urls:
            await headcount.add_seeds(some)
        headcount.add_known(more.pop("rows", ()), room=more.pop("room", None))
        said = await ask_hosts(headcount, robots, more.pop("kept", {}))
        headcount.judge({host: each.rules for host, each in said.items() if each.rules})
        return Outline(more.pop("plan", PLAN), headcount, more.pop("known", Known()), said, **more)

    return run_virtual(work())


def test_seeds_count_once_and_robots_txt_refuses_some(headcount: Headcount):
    a = seeds("a.example", "1 2 no/1 no/2 denied 2 1#part")
    b = seeds("b.example", " ".join(map(str, range(500))))
    robots = FakeRobots({"https://a.example": RULES})
    assert origins(headcount) == []
    made = told(outline(headcount, a, b, robots=robots), figures(507, 0))
    assert (made["seeds"]["known"], made["seeds"]["denied"], made["seeds"]["disallowed"]) == (
        504,
        1,
        2,
    )
    assert (made["pages"]["due"], made["pages"]["fetched"]) == (502, 502)
    assert made["robots"] == {
        "obey": True, "fetched": 1, "kept": 0, "unreachable": 1, "not_asked": 0,
    }  # fmt: skip
    by_host = {host["host"]: host for host in made["hosts"]}
    first = by_host["a.example:443"]
    assert (first["seeds"], first["pages"], first["requests"], first["disallowed"]) == (4, 2, 3, 2)
    assert (first["robots"], first["crawl_delay_s"], first["delay_s"]) == ("fetched", 100.0, 60.0)
    other = by_host["b.example:443"]
    assert (other["robots"], other["disallowed"]) == ("unreachable", None)
    assert other["trouble"] == "robots.txt: refused"
    assert made["bound"]["text"] == "at least 2 min 5 s: b.example, 500 pages, one each 250 ms"
    assert json.loads(json.dumps(made)) == made


def test_a_page_that_a_sitemap_says_is_old_is_not_counted_once_it_is_settled():
    """... by the first that tells of it."""
    listed = [*seeds("a.example", "1 2 denied"), *seeds("b.example", "3")]
    first, *_ = listed
    asked_for = list[bytes]()

    def resting(changed_by: Any) -> list[ahead.Rests]:
        asked_for.extend(changed_by)
        return [ahead.Rests("a.example:443", can_be_asked=n == 0) for n, _ in enumerate(changed_by)]

    async def work() -> tuple[int, int]:
        await headcount.add_seeds([first])
        told = dict.fromkeys((each.key for each in listed[:3]), 1.0)
        assert await headcount.add_listed(listed, told) == (2, 1)
        return await headcount.add_listed(listed, told)

    scope = Scope(ScopePlan(deny=("/denied",)), seed_hosts=())
    with Headcount(scope=scope, fresh=lambda _: (), resting=resting) as headcount:
        assert run_virtual(work()) == (0, 0)
        assert asked_for == [listed[1].key]
        headcount.add_known([Rows("a.example:443", "https://a.example/1", 2)])
        assert (headcount.totals()["pages"], headcount.asks_saved) == (1, 1)


def test_few_hosts_at_a_time_are_asked_and_not_all_of_many(headcount: Headcount):
    many = [
        seeds(f"h{n}.example", "a b" if n == HOSTS_ASKED else "a") for n in range(HOSTS_ASKED + 5)
    ]
    robots = FakeRobots(dict.fromkeys((f"https://h{n}.example" for n in range(200)), ""))
    robots.texts["https://h0.example"] = "slow"
    made = told(outline(headcount, *many, robots=robots), figures(106, 0))
    assert robots.most == AT_A_TIME
    assert len(robots.asked) == len(set(robots.asked)) == HOSTS_ASKED
    assert robots.asked[0] == f"https://h{HOSTS_ASKED}.example"  # it has most pages
    assert made["robots"]["not_asked"] == 5
    assert {"robots"} == {"robots", "addresses"} & set(made["unknown"])
    assert made["hosts"][0]["host"] == f"h{HOSTS_ASKED}.example:443"
    text = as_text(made)
    assert "TROUBLE   h0.example: robots.txt: no answer within 15 s: its pages wait for it" in text
    assert "99 asked, 1 could not be had, 5 hosts not asked" in text
    assert "and 95 more with 95 pages, which need no longer" in text


def test_what_the_database_kept_is_not_asked_for(headcount: Headcount):
    robots = FakeRobots({})
    kept = {"https://a.example": (5.0, RULES.encode())}
    line = outline(headcount, seeds("a.example", "1 2 no"), robots=robots, kept=kept)
    made = told(line, figures(3, 0))
    assert robots.asked == []
    assert (made["hosts"][0]["robots"], made["hosts"][0]["requests"]) == ("kept", 2)
    assert made["bound"]["bound_s"] == 60.0  # one delay: robots.txt is no start
    headcount.judge_known("a.example:443", Rules.parse(RULES, "bot"), ["https://a.example/no/1"])
    assert told(line, figures(3, 0))["pages"]["due"] == 1


PAST = Past(
    run_id=7, took_s=60.0, pages=100, requests=110, open_s=55.0, concurrency=10, per_host=4,
    delay_s=0.5, hosts={"a.example:443": PastHost(100, 110, 55.0, 0.4, 4, 0.5)},
)  # fmt: skip
AGAIN = Known("refresh", 3, exists=True, grows=0, past=PAST)


def test_a_repeated_crawl_is_expected_to_take_what_it_took(headcount: Headcount):
    kept = {"https://a.example": (5.0, b"")}
    plan = replace(PLAN, politeness=PolitenessPlan(default=HostRule(4, 0.5)))
    rows = [Rows("a.example:443", "https://a.example/1", 100), Rows("a.example:443", "x", 3, True)]
    line = outline(headcount, robots=FakeRobots({}), kept=kept, rows=rows, plan=plan, known=AGAIN)
    made = told(line, figures(0, 0))
    assert made["expected"] == {
        "expected_s": 60.0, "pages": 100, "as_run": 7,
        "not_modified": 0, "asked_again": 0, "if_not_modified_s": None, "if_read_anew_s": None,
    }  # fmt: skip
    assert (made["pages"]["due"], made["pages"]["disallowed_before"]) == (100, 3)
    assert made["hosts"][0]["latency_s"] == 0.5
    grown = told(replace(line, known=replace(AGAIN, grows=100)), figures(0, 0))
    assert grown["expected"]["expected_s"] == pytest.approx(120.0, rel=0.01)
    assert grown["expected"]["pages"] == 200
    capped = replace(line, known=replace(AGAIN, grows=100), most=50)
    made = told(capped, figures(0, 0))
    assert made["expected"]["expected_s"] == pytest.approx(30.0, rel=0.02)
    assert (made["bound"]["bound_s"], made["bound"]["pages"]) == (24.5, 50)
    quicker = replace(line, plan=replace(PLAN, politeness=PolitenessPlan()))
    assert told(quicker, figures(0, 0))["bound"]["cause"] == "latency"
    capped = replace(PLAN, politeness=PolitenessPlan(per_domain=1, per_address=2))
    made = told(replace(line, plan=capped), figures(0, 0))
    assert (made["bound"]["cause"], made["bound"]["host"]) == ("domain", "a.example")
    assert made["unknown"] == ["addresses"]


@given(st.lists(st.tuples(st.integers(1, 3), st.booleans()), max_size=5), st.integers(0, 9))
def test_with_a_limit_on_pages_the_first_that_are_known_come_first(known, room):
    """... and then the new seeds, in order; those that were let in before need no room."""
    rows = [
        Rows("old.example:443", "https://old.example/", many, admitted=admitted)
        for many, admitted in known
    ]
    with Headcount(scope=None, fresh=lambda keys: keys, resting=lambda _: ()) as headcount:
        new = [seeds(f"{name}.example", "1 2") for name in "ab"]
        line = outline(headcount, *new, rows=rows, room=room, robots=FakeRobots({}), known=AGAIN)
        made, pages = told(line, figures(4, 0)), {}
        for host in headcount.hosts():
            pages[host.host.partition(".")[0]] = host.pages
        free = sum(row.rows for row in rows if row.admitted)
        others = sum(row.rows for row in rows) - free
        left = max(room - others, 0)
        assert pages.get("old", 0) == free + min(room, others)
        assert (pages["a"], pages["b"]) == (min(left, 2), min(max(left - 2, 0), 2))
        told_of = made["pages"]
        assert (told_of["due"], told_of["fetched"]) == (free + others + 4, sum(pages.values()))
        assert told_of["limit"] == (sum(pages.values()) if room < others + 4 else None)
        assert headcount.room == max(room - others - 4, 0)


COMPUTING = replace(
    PAST, took_s=10.0, open_s=1.1, cpu_s=9.0, delay_s=0.0, not_read=0.4,
    hosts={"a.example:443": PastHost(100, 110, 1.1, 0.01, 4, 0.0)},
)  # fmt: skip


@pytest.mark.parametrize(
    ("past", "asked_again", "share", "expected", "lines"),
    [
        (COMPUTING, 0, None, (10.0, None), ["10 s for 100 pages, as run 7 went"]),
        (
            COMPUTING, 90, None, (4.83, 10.0),
            ["4.8 s for 100 pages, 90 of them not changed (304), as run 7 went",
             "10 s if all have changed"],
        ),
        (COMPUTING, 90, 0.0, (10.0, None), ["10 s for 100 pages, as run 7 went"]),
        (
            replace(COMPUTING, unmodified=90), 90, 1.0, (10.0, None),
            ["10 s for 100 pages, 90 of them not changed (304), as run 7 went"],
        ),
        (
            replace(COMPUTING, unmodified=90), 0, None, (21.2, None),
            ["21 s for 100 pages, as run 7 went"],
        ),
    ],
)  # fmt: skip
def test_pages_that_have_not_changed_are_foretold(  # type: ignore[no-untyped-def]  # as it has them
    headcount: Headcount, past, asked_again, share, expected, lines
):
    """A run that is limited by computing takes what its pages cost; a 304 costs less."""
    known = replace(AGAIN, past=past, asked_again=asked_again, unmodified=share)
    plan = replace(PLAN, politeness=PolitenessPlan(default=HostRule(4, 0.0)))
    rows = [Rows("a.example:443", "https://a.example/1", 100)]
    kept = {"https://a.example": (5.0, b"")}
    line = outline(headcount, robots=FakeRobots({}), kept=kept, rows=rows, plan=plan, known=known)
    made = told(line, figures(0, 0))
    found = made["expected"]
    assert found["expected_s"] == pytest.approx(expected[0], rel=0.02)
    assert found["if_read_anew_s"] == (expected[1] and pytest.approx(expected[1], rel=0.02))
    assert found["if_not_modified_s"] == (expected[1] and found["expected_s"])
    said = [text.removeprefix("  expected") for text in as_text(made).splitlines()]
    assert [text.strip() for text in said[-len(lines) :]] == lines


def test_what_a_person_reads(headcount: Headcount):
    rule = PageRule("p", follow=(FollowPlan(),))
    plan = replace(PLAN, pages=(rule,), run=RunPlan(max_time_s=9.5))
    read = figures(43, 2, sitemaps=2, listed=30, missed=1, troubles=["https://a.example/s: ?"])
    a = seeds("a.example", " ".join(map(str, range(41))))
    line = outline(headcount, a, robots=FakeRobots({"https://a.example": "\x1b"}), plan=plan)
    assert as_text(told(line, read)).splitlines() == [
        "shop: a run now begins (shop.db, not there yet)",
        "  seeds     43 read, 41 different, 2 no URL, 30 of them named by 2 sitemaps",
        "  TROUBLE   sitemap https://a.example/s: ?",
        "  pages     41 to fetch",
        "  robots    1 asked",
        "    host       pages  disallowed   delay  open  latency  at least",
        "    a.example     41           0  250 ms     4        ?      10 s",
        "  at least  10 s: a.example, 41 pages, one each 250 ms",
        "  stops     after 9.5 s, as run.max_time says: the next run goes on",
        "  unknown   pages of sitemaps that could not be read: they come on top",
        "  unknown   pages that links lead to: they come on top",
        "  unknown   how fast the hosts answer: no run yet was long enough to tell",
    ]


def test_a_run_that_does_not_wait_for_a_rest_is_not_told_to_last_so_long(headcount: Headcount):
    plan = replace(PLAN, run=RunPlan(max_wait_s=5.0))
    known = replace(AGAIN, rests={"a.example:443": (57.0, 0.0)})
    rows = [Rows("a.example:443", "https://a.example/1", 1)]
    kept = {"https://a.example": (5.0, b"")}
    line = outline(headcount, robots=FakeRobots({}), kept=kept, rows=rows, plan=plan, known=known)
    found = told(line, figures(0, 0))
    assert found["bound"]["bound_s"] == 0.0
    assert found["run"]["waits_for"] == {"host": "a.example:443", "waits_s": 57.0}
    lines = as_text(found).splitlines()
    assert "  at least  no time: it need not wait for what is left" in lines
    stops = (
        "when all that is left waits longer than 5 s, as run.max_wait says: a.example waits 57 s"
    )
    assert f"  stops     {stops}; the next run goes on" in lines


def test_what_a_person_reads_when_little_is_to_be_done(headcount: Headcount):
    plan = replace(PLAN, politeness=PolitenessPlan(robots=False))
    known = replace(AGAIN, begins="nothing_due", running=True, nothing_due_before=86_400.0)
    with_nothing = Outline(plan, headcount, known, {})
    first, *lines = as_text(told(with_nothing, figures(0, 0))).splitlines()
    assert "nothing due before 1970-01-02T00:00:00Z: only new seeds are fetched (shop.db)" in first
    assert lines == [
        "  running   another run is at it now: this is what it has left",
        "  seeds     0 read, 0 different",
        "  pages     0 to fetch",
        "  robots    ignored, as politeness.robots says",
        "  at least  no time: no page is to be fetched",
    ]
