import asyncio
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper import robots as module
from scraper.core.errors import FetchError
from scraper.core.model import Response
from scraper.core.robotstxt import LIMIT_BYTES
from scraper.robots import Robots
from tests.virtual import VirtualClock, run_virtual

PAGE = "http://h.example/page"
ROBOTS = "http://h.example/robots.txt"
DENY = b"User-agent: *\nDisallow: /page"


class FakeWeb:
    """Answers by URL: a body, a status, a place to go or an error; each takes a second."""

    def __init__(self, answers):
        self.answers = answers
        self.visits = []

    async def fetch_url(self, url, *, max_bytes, home, sent):
        assert max_bytes > LIMIT_BYTES
        self.visits.append((asyncio.get_running_loop().time(), url))
        await asyncio.sleep(1)
        answer = self.answers.get(url, 404)
        if isinstance(answer, FetchError):
            raise answer
        if isinstance(answer, str):
            return Response(url, 302, {"location": answer}, b"")
        if isinstance(answer, int):
            return Response(url, answer, {}, DENY)
        if isinstance(answer, Response):
            return answer
        return Response(url, 200, {}, answer)


def made(answers, *, obey=True):
    web = FakeWeb(answers)
    return Robots(fetcher=web, agent="bot/1.0", obey=obey, clock=VirtualClock()), web


def allows(answers, url=PAGE):
    robots, _ = made(answers)
    return run_virtual(robots.ask(url)).allows(url)


def test_the_rules_of_a_host_are_fetched_once_and_kept_a_day():
    robots, web = made({ROBOTS: DENY})

    async def main():
        assert robots.answer(PAGE) is None
        assert not (await robots.ask(PAGE)).allows(PAGE)
        assert not robots.answer("http://u:p@h.example/page").allows(PAGE)
        await asyncio.sleep(24 * 3600 - 2)
        assert robots.answer(PAGE) is await robots.ask(PAGE)
        await asyncio.sleep(2)
        assert robots.answer(PAGE) is None
        await robots.ask(PAGE)

    run_virtual(main())
    assert [url for _, url in web.visits] == [ROBOTS, ROBOTS]


def test_scheme_and_port_have_a_file_of_their_own():
    urls = [
        "http://h.example/",
        "https://h.example/",
        "http://h.example:8080/",
        "http://g.example/",
    ]
    robots, web = made({})

    async def main():
        for url in urls:
            assert robots.answer(url) is None
            await robots.ask(url)

    run_virtual(main())
    assert [url for _, url in web.visits] == [f"{url}robots.txt" for url in urls]


def test_each_redirect_is_asked_for_in_a_turn_of_its_host():
    """RFC 9309 section 2.3.1.2: the rules are those of the host first asked."""
    away = "http://g.example:8080/rules"
    robots, web = made({ROBOTS: "/moved", "http://h.example/moved": away, away: DENY})

    async def main():
        asked = [
            await robots.ask_in_turn(PAGE, host)
            for host in ("h.example:80", "h.example:80", "h.example:80", "g.example:8080")
        ]
        assert [url.host for url in asked[:3]] == ["h.example:80", *["g.example:8080"] * 2]
        assert not asked[3].allows(PAGE)
        assert robots.moved_to(PAGE) is None

    run_virtual(main())
    assert [url for _, url in web.visits] == [ROBOTS, "http://h.example/moved", away]


def test_a_host_that_is_asked_for_anothers_rules_is_not_shut_by_a_failure():
    away = "http://g.example/rules"
    robots, web = made({ROBOTS: away, away: FetchError("dns", "no such host")})

    async def main():
        assert (await robots.ask_in_turn(PAGE, "h.example:80")).href == away
        assert robots.moved_to(PAGE).href == away
        assert robots.answer(PAGE) is None
        with pytest.raises(FetchError) as at_the_other:
            await robots.ask_in_turn(PAGE, "g.example:80")
        with pytest.raises(FetchError) as at_home:
            robots.answer(PAGE)
        assert (at_the_other.value.shut, at_home.value.shut) == (False, True)

    run_virtual(main())
    assert len(web.visits) == 2


def test_who_cannot_be_asked_where_it_has_moved_to_is_unreachable():
    robots, _ = made({ROBOTS: "http://g.example/rules"})

    async def main():
        await robots.ask_in_turn(PAGE, "h.example:80")
        robots.give_up(PAGE, FetchError("connect", "given up"))
        with pytest.raises(FetchError, match="given up"):
            robots.answer(PAGE)

    run_virtual(main())


@given(st.integers(1, 20))
def test_many_who_ask_at_once_cause_one_fetch(count):
    robots, web = made({ROBOTS: DENY})

    async def main():
        answers = await asyncio.gather(*(robots.ask(f"{PAGE}{n}") for n in range(count)))
        assert all(rules is answers[0] for rules in answers)

    run_virtual(main())
    assert len(web.visits) == 1


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_whoever_is_cancelled_the_others_get_their_answer(cancelled):
    robots, web = made({ROBOTS: DENY})

    async def main():
        tasks = [asyncio.ensure_future(robots.ask(PAGE)) for _ in cancelled]
        await asyncio.sleep(0.5)
        for task, gone in zip(tasks, cancelled, strict=True):
            if gone:
                task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        for answer, gone in zip(answers, cancelled, strict=True):
            assert isinstance(answer, asyncio.CancelledError) == gone

    run_virtual(main())
    assert len(web.visits) == 1 + (cancelled[0] and not all(cancelled))
    assert "0 being asked" in repr(robots)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451, 304, 204])
def test_a_host_without_the_file_allows_all(status):
    assert allows({ROBOTS: status}) is (status != 204)


@pytest.mark.parametrize("status", [500, 503, 599, 429])
def test_a_host_that_is_out_of_order_allows_nothing(status):
    robots, _ = made({ROBOTS: status})
    with pytest.raises(FetchError) as caught:
        run_virtual(robots.ask(PAGE))
    assert caught.value.reason == f"http_{status}"
    assert caught.value.detail == f"robots.txt: {ROBOTS} answered {status}"
    assert not caught.value.sent
    assert robots.trouble(PAGE).detail == caught.value.detail


def test_a_failure_is_remembered_for_a_minute_then_asked_again():
    robots, web = made({ROBOTS: FetchError("dns", "no such host", sent=True)})

    async def main():
        for _ in range(3):
            with pytest.raises(FetchError, match=r"dns: robots\.txt: no such host") as caught:
                await robots.ask(PAGE)
            assert not caught.value.sent
            with pytest.raises(FetchError, match="no such host"):
                robots.answer(PAGE)
        await asyncio.sleep(60)
        web.answers[ROBOTS] = DENY
        assert not (await robots.ask(PAGE)).allows(PAGE)

    run_virtual(main())
    assert [at for at, _ in web.visits] == [0, 61]


@given(st.integers(0, 8))
def test_five_redirects_are_followed_and_the_rules_are_those_of_the_first_host(count):
    hops = [ROBOTS, *(f"https://other.example/{n}" for n in range(count))]
    answers = {**dict(pairwise(hops)), hops[-1]: DENY}
    robots, web = made(answers)

    async def main():
        rules = await robots.ask(PAGE)
        assert rules.allows(PAGE) is (count > 5)
        assert robots.answer("https://other.example/") is None

    run_virtual(main())
    assert len(web.visits) == min(count, 5) + 1


@pytest.mark.parametrize("target", ["ftp://h/", "http://", "mailto:x"])
def test_a_redirect_that_leads_nowhere_allows_all(target):
    assert allows({ROBOTS: target})
    assert allows({ROBOTS: 302})


def test_a_relative_redirect_is_followed():
    assert not allows({ROBOTS: "/other.txt", "http://h.example/other.txt": DENY})


def test_the_groups_of_our_agent_count():
    assert allows({ROBOTS: b"User-agent: bot\nDisallow:\nUser-agent: *\nDisallow: /"})


def test_nothing_is_fetched_when_robots_are_ignored():
    robots, web = made({ROBOTS: DENY}, obey=False)
    assert robots.answer(PAGE).allows(PAGE)
    assert run_virtual(robots.ask(PAGE)).allows(PAGE)
    assert web.visits == []


@pytest.mark.parametrize(("hosts", "size_bytes"), [(3, 10**9), (100, 3 * len(DENY))])
def test_memory_is_bounded_by_hosts_and_bytes(monkeypatch, hosts, size_bytes):
    monkeypatch.setattr(module, "KEPT_HOSTS", hosts)
    monkeypatch.setattr(module, "KEPT_BYTES", size_bytes)
    urls = [f"http://h{n}.example/" for n in range(5)]
    robots, _ = made({f"{url}robots.txt": DENY for url in urls})

    async def main():
        for url in urls[:3]:
            await robots.ask(url)
        robots.answer(urls[0])  # used: h1 is now the one that goes
        await robots.ask(urls[3])

    run_virtual(main())

    async def kept():
        return [robots.answer(url) is not None for url in urls]

    assert run_virtual(kept()) == [True, False, True, True, False]


def test_a_host_that_fails_again_is_left_alone_for_longer():
    robots, web = made({ROBOTS: 503})

    async def main():
        for _ in range(9):
            with pytest.raises(FetchError) as caught:
                await robots.ask(PAGE)
            assert caught.value.again_in_s is not None
            await asyncio.sleep(caught.value.again_in_s)

    run_virtual(main())
    gaps = [round(later - at - 1, 3) for (at, _), (later, _) in pairwise(web.visits)]
    assert gaps == [0.25, 0.5, 1, 2, 4, 8, 16, 32]


@pytest.mark.parametrize(("wish", "rest_s"), [("40", 40), ("7000", 300), ("soon", 0.25)])
def test_a_host_is_not_asked_for_the_file_before_it_wants_to_be(wish, rest_s):
    """RFC 9110 section 10.2.3; never for longer than any wait."""
    robots, _ = made({ROBOTS: Response(ROBOTS, 429, {"retry-after": wish}, b"")})
    with pytest.raises(FetchError) as caught:
        run_virtual(robots.ask(PAGE))
    assert (caught.value.again_in_s, caught.value.rests) == (rest_s, rest_s > 1)


# From run to run


def test_what_was_fetched_is_kept_and_an_answer_that_is_none_is_not():
    kept = {}

    async def keep(origin, text):
        kept[origin] = text

    web = FakeWeb({ROBOTS: DENY, "http://b.example/robots.txt": 503})
    robots = Robots(fetcher=web, agent="bot", obey=True, clock=VirtualClock(), keep=keep)

    async def main():
        for url in (PAGE, "http://a.example/", "http://b.example/"):
            with suppress(FetchError):
                await robots.ask(url)

    run_virtual(main())
    assert kept == {"http://h.example": DENY, "http://a.example": b""}


@pytest.mark.parametrize("age_s", [0, 24 * 3600 - 10, 24 * 3600 + 10])
def test_what_an_earlier_run_was_told_counts_for_a_day(age_s):
    robots, web = made({ROBOTS: DENY})

    async def main():
        now = VirtualClock().now()
        old = {"http://h.example": (now - age_s, DENY), "http://a.example": (now - age_s, b"")}
        robots.remember(old)
        assert not (await robots.ask(PAGE)).allows(PAGE)
        assert (await robots.ask("http://a.example/")).allows("http://a.example/x")
        await asyncio.sleep(20)
        assert (robots.answer(PAGE) is None) == (age_s == 24 * 3600 - 10)

    run_virtual(main())
    assert len(web.visits) == (2 if age_s > 24 * 3600 else 0)


@pytest.mark.parametrize("again_after_s", [10, 24 * 3600])
@pytest.mark.parametrize("restarts", [False, True])
def test_what_there_was_no_room_for_is_read_back_for_a_day(monkeypatch, again_after_s, restarts):
    """Each host is asked once a day, however many there are, and across a restart."""
    monkeypatch.setattr(module, "KEPT_HOSTS", 2)
    urls = [f"http://h{n}.example/page" for n in range(5)]
    web, disk = FakeWeb({f"http://h{n}.example/robots.txt": DENY for n in range(5)}), {}
    clock = VirtualClock()

    async def keep(origin, text):
        disk[origin] = clock.now(), text

    async def read_back(origin):
        return disk.get(origin)

    def begun():
        return Robots(
            fetcher=web, agent="bot", obey=True, clock=clock, keep=keep, read_back=read_back
        )

    async def main():
        robots = begun()
        for url in urls:
            assert not (await robots.ask(url)).allows(url)
        await asyncio.sleep(again_after_s)
        if restarts:
            robots = begun()
            robots.remember(dict(list(disk.items())[-2:]))
        for url in urls:
            assert not (await robots.ask(url)).allows(url)

    run_virtual(main())
    assert len(web.visits) == (5 if again_after_s == 10 else 10)


def test_who_obeys_no_robots_txt_remembers_none():
    robots, _ = made({}, obey=False)
    robots.remember({"http://h.example": (1e12, DENY)})
    assert robots.answer(PAGE).allows(PAGE)
