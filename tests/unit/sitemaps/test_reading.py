"""Laws of sitemaps: one after the other, politely, bounded, and nothing in silence."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from itertools import pairwise

import pytest

from scraper.core.errors import FetchError
from scraper.core.model import Link, Page, Reason, Response
from scraper.core.plan import HostRule, SeedSitemap
from scraper.sitemaps import reading as module
from scraper.sitemaps.reading import Sitemaps
from scraper.sitemaps.turns import SitemapTurns
from tests.unit.test_crawl import AT_WILL, world
from tests.virtual import run_virtual

A, B = "http://a.example", "http://b.example"


class Fetcher:
    """The fake site, as sitemaps are asked for; notes how much was open."""

    def __init__(self, made, *, visit_s=1.0):
        self.made = made
        self.made.site.visit_s = visit_s
        self.most_open = 0

    async def fetch(self, request, *, cut_bytes, any_type, sent):
        assert cut_bytes > 50 * 1024 * 1024
        assert any_type
        self.most_open = max(self.most_open, self.made.frontier.schedule.open)
        return await self.made.site.fetch(request, sent=sent)


def listing(*urls, index=False):
    one, root = ("sitemap", "sitemapindex") if index else ("url", "urlset")
    inside = "".join(f"<{one}><loc>{url}</loc></{one}>" for url in urls)
    return f"<{root}>{inside}</{root}>".encode()


def read(made, *sources, origins=(), until=None):
    """All pages that the sitemaps name, and the stage."""
    chosen = [SeedSitemap(each) if isinstance(each, str) else each for each in sources]
    fetcher = Fetcher(made)
    stage = Sitemaps(chosen, asks=SitemapTurns(made.stages, fetcher))
    found = []

    async def main():
        async with asyncio.timeout(until or 100_000):
            async with aclosing(stage.pages(origins)) as pages:
                async for some in pages:
                    found.extend(some)

    if until is None:
        run_virtual(main())
    else:
        with pytest.raises(TimeoutError):
            run_virtual(main())
    assert made.frontier.schedule.open == 0
    return [each.entry.loc for each in found], stage.figures(), found


class Session:
    host = "a.example:80"
    logins = 0

    async def open(self):
        self.logins += 1
        return self.logins == 1


def test_the_login_comes_before_the_first_sitemap_in_a_turn_of_its_own():
    made = world({f"{A}/s": listing(f"{A}/p")}, rule=HostRule(delay_s=2.0))
    session = Session()
    made.stages = replace(made.stages, session=session)
    found, _, _ = read(made, f"{A}/s")
    assert (found, session.logins) == ([f"{A}/p"], 2)
    (asked_at,) = made.diary.times("fetch")
    (robots_at,) = made.diary.times("ask")
    assert asked_at - robots_at >= 2 * 2.0, "robots.txt, the login, the sitemap"


def test_an_index_leads_to_pages_each_file_asked_once():
    made = world(
        {
            f"{A}/i": listing(f"{A}/1", f"{B}/2", f"{A}/1#x", f"{A}/i", index=True),
            f"{A}/1": listing(f"{A}/p1", f"{B}/p2"),
            f"{B}/2": f"{B}/3",
            f"{B}/3": listing("/relative"),
        }
    )
    urls, figures, found = read(made, SeedSitemap(f"{A}/i", "book"))
    assert urls == [f"{A}/p1", f"{B}/p2", "/relative"]
    assert figures == {"sitemaps": 3, "missed": 0, "troubles": []}
    assert {each.source.page for each in found} == {"book"}
    assert [each.sitemap for each in found] == [f"{A}/1", f"{A}/1", f"{B}/2"]
    assert made.fetches() == [f"GET {A}/i", f"GET {A}/1", f"GET {B}/2", f"GET {B}/3"]


def test_a_failure_that_may_pass_is_tried_again_and_holds_up_nothing_else():
    made = world({f"{A}/1": [503, Reason.TIMEOUT, listing("x")], f"{A}/2": listing("y")})
    urls, figures, _ = read(made, f"{A}/1", f"{A}/2")
    assert urls == ["y", "x"]
    assert figures == {"sitemaps": 2, "missed": 0, "troubles": []}
    assert len(made.fetches()) == 4


def test_what_cannot_be_had_or_read_is_told_and_the_rest_read():
    rest = Response("", 429, {"retry-after": "100"}, b"")
    pages = {f"{A}/1": Reason.TIMEOUT, f"{A}/2": b"<p>", f"{A}/3": listing("x"), f"{B}/": rest}
    made = world(pages, robots={B: "User-agent: *\nDisallow: /no"})
    pages[f"{A}/i"] = listing(f"{B}/no", "no URL", index=True)
    made.site.pages[f"{A}/i"] = [pages[f"{A}/i"]]
    urls, figures, _ = read(made, *(f"{A}/{n}" for n in "1234i"), f"{B}/")
    assert urls == ["x"]
    assert sorted(figures["troubles"]) == [
        f"{A}/1: timeout: as told",
        f"{A}/2: it is no sitemap: it begins with <p>",
        f"{A}/4: http_404: the server answered 404",
        f"{A}/i:1: not a URL: 'no URL'",
        f"{B}/: http_429: the server answered 429",
        f"{B}/no: robots_disallowed: robots.txt disallows it",
    ]
    assert figures["missed"] == 6
    times = [at for at, _, url in made.diary.entries if url == f"GET {B}/"]
    assert times[-1] >= 3 * 100, "the host rests as long as it asks to"


def test_what_the_config_names_is_asked_for_whatever_robots_disallows():
    made = world({f"{A}/s": listing("x")}, robots={A: "User-agent: *\nDisallow: /"})
    assert read(made, f"{A}/s")[0] == ["x"]


@pytest.mark.parametrize("asked_s_ago", [None, 1.0, 9.0])
@pytest.mark.parametrize("per_host", [1, 4])
def test_the_delay_of_a_host_lies_between_its_sitemaps_its_robots_and_its_pages(
    per_host, asked_s_ago
):
    """In the second case an earlier run has asked the host, and kept its robots.txt."""
    urls = [f"{A}/{n}" for n in range(4)]
    made = world(
        {url: listing("x") for url in urls} | {f"{A}/p{n}": b"" for n in range(4)},
        robots={A: "User-agent: *\nCrawl-delay: 5"},
        rule=HostRule(per_host, 2.0),
    )
    if asked_s_ago is not None:
        made.robots.know_all()
        made.frontier.schedule.learn({}, asked_until=-asked_s_ago)
    made.seed(*(f"{A}/p{n}" for n in range(4)))
    fetcher = Fetcher(made)
    stage = Sitemaps([SeedSitemap(url) for url in urls], asks=SitemapTurns(made.stages, fetcher))

    async def seeding():
        async for _ in stage.pages(()):
            pass
        made.seeds_are_known()

    async def main():
        async with asyncio.TaskGroup() as group:
            group.create_task(made.run())
            group.create_task(seeding())

    run_virtual(main())
    starts = [at for at, what, _ in made.diary.entries if what in {"ask", "fetch"}]
    assert len(starts) == (asked_s_ago is None) + 4 + 4
    assert starts[0] == pytest.approx(max(5.0 - (asked_s_ago or 5.0), 0.0), abs=0.1)
    assert all(later - earlier >= 4.999 for earlier, later in pairwise(starts))
    asked = [url.removeprefix(f"GET {A}/") for _, url in made.diary.of("fetch")]
    assert sorted(asked) == ["0", "1", "2", "3", "p0", "p1", "p2", "p3"]
    alike = [one.startswith("p") == two.startswith("p") for one, two in pairwise(asked)]
    assert not any(alike), "neither waits for all others"
    assert all(row.state == "done" for row in made.writer.rows.values())
    assert fetcher.most_open <= per_host


def test_pages_that_wait_for_all_seeds_do_not_keep_their_host_from_sitemaps():
    """A link that may be in scope later holds its worker; here there is one."""
    pages = dict.fromkeys([f"{A}/p{n}" for n in range(3)], b"")
    maps = {f"{A}/{n}": listing("x") for n in range(3)}
    made = world(pages | maps, parsed={f"{A}/p0": Page(links=(Link(f"{B}/", None),))})
    made.seed(*pages)
    asks = SitemapTurns(made.stages, Fetcher(made))
    stage = Sitemaps([SeedSitemap(url) for url in maps], asks=asks)

    async def main():
        async with asyncio.TaskGroup() as group:
            group.create_task(made.run(workers=1))
            async for _ in stage.pages(()):
                pass
            made.seeds_are_known()

    run_virtual(main())
    assert stage.figures()["sitemaps"] == 3
    assert all(row.state == "done" for row in made.writer.rows.values())


def test_what_may_be_a_secret_is_not_told():
    made = world({"http://u:pw@a.example/s?token=t": listing("/x", index=True)})
    _, figures, _ = read(made, "http://u:pw@a.example/s?token=t", "http://u:pw@a.example/gone?t=1")
    told = " ".join(figures["troubles"])
    assert "http://a.example/s?..." in told
    assert "http://a.example/gone?...: http_404" in told
    assert "pw" not in told
    assert "token" not in told


def test_robots_txt_names_sitemaps():
    robots = {
        A: f"Sitemap: /s\nSitemap: {B}/s\nSitemap: http://[/",
        B: "",
        "http://c.example": FetchError(Reason.TIMEOUT, "no answer"),
    }
    made = world({f"{A}/s": listing("x"), f"{B}/s": listing("y")}, robots=robots, rule=AT_WILL)
    urls, figures, _ = read(made, SeedSitemap(None), origins=robots)
    assert sorted(urls) == ["x", "y"]
    assert sorted(figures["troubles"]) == [
        "http://a.example/robots.txt: not a URL: 'http://[/'",
        "http://b.example/robots.txt: names no sitemap",
        "http://c.example/robots.txt: timeout: no answer",
    ]


def test_indexes_within_each_other_end():
    pages = {f"{A}/{n}": listing(f"{A}/{n + 1}", index=True) for n in range(9)}
    _, figures, _ = read(world(pages), f"{A}/0")
    assert figures["sitemaps"] == 4
    assert figures["troubles"] == [f"{A}/3:1: an index below 3 others: left out"]


def test_bounds_are_told(monkeypatch, caplog):
    monkeypatch.setattr(module, "MOST_FILES", 2)
    monkeypatch.setattr("scraper.core.sitemap.MOST_ENTRIES", 40)
    pages = {f"{A}/{n}": listing(*map(str, range(50))) for n in range(2)}
    many = [f"{A}/{n}" for n in range(30)]
    urls, figures, _ = read(world(pages), *many)
    assert len(urls) == 80
    assert figures["sitemaps"] == 2
    assert figures["missed"] == 28 + 2
    assert len(figures["troubles"]) == 20
    assert f"{A}/2: more than 2 files: left out" in figures["troubles"]
    assert caplog.text.count("left out") == 20


def test_too_much_in_one_file_is_told(monkeypatch):
    monkeypatch.setattr("scraper.core.sitemap.MOST_ENTRIES", 3)
    made = world({f"{A}/s": b"http://x\n" * 9})
    urls, figures, _ = read(made, f"{A}/s")
    assert urls == ["http://x"] * 3
    assert figures["troubles"] == [f"{A}/s: more than 3 entries: the rest is left out"]


def test_redirects_without_end_are_a_failure():
    made = world({f"{A}/1": f"{A}/2", f"{A}/2": f"{A}/1"})
    assert "redirects: a loop" in read(made, f"{A}/1")[1]["troubles"][0]


def test_who_is_cut_off_while_waiting_leaves_the_host_to_others():
    made = world({f"{A}/s": listing("x")}, rule=replace(AT_WILL, delay_s=50.0))
    read(made, f"{A}/s", until=10)
    schedule = made.frontier.schedule
    made.seed(f"{A}/p")
    schedule.add(made.writer.rows[1].request, 100.0)
    assert schedule.take(1000.0) is not None
