"""Laws of the login: once for all who wait, within a host's turn, again when it expired."""

import asyncio
import itertools
import random
from dataclasses import replace

import pytest

from scraper.core.errors import FetchError, LoginError
from scraper.core.extract import Extractor, Source
from scraper.core.extract.plan import FillPlan, PageRule
from scraper.core.login import login_rule
from scraper.core.model import Parsed, Reason, Request, Response
from scraper.core.plan import FetchPlan, HostRule, LoginPlan, Plan, RetryPlan, SeedPlan, StorePlan
from scraper.core.request import make_request
from scraper.core.schedule.retry import RetryPolicy
from scraper.core.url import parse
from scraper.session import LONGER_S, MOST_IN_VAIN, MOST_TRIES, MOST_VISITS, Session, make_session
from tests.fakes import FakeSite
from tests.unit.test_crawl import World, world
from tests.virtual import VirtualClock, run_virtual

A = "http://a.example/"
LOGIN = "http://a.example/login"
PLAN = LoginPlan(LOGIN, "form", (FillPlan("user", ("ada",)),), "a.out", "form.in")
FORM = b"<title>Sign in</title><form class=in method=post action=/enter><input name=user></form>"
IN = b"<a class=out>"
OK = {LOGIN: FORM, f"{A}enter": IN}


class InlineParser:
    """Real extraction."""

    async def room(self) -> None:
        """Always."""

    async def parse(self, response: Response, rule: PageRule, request: Request) -> Parsed:
        source = Source(request.url, response.url)
        return Parsed(Extractor(rule)(response.body, source), "inline", 0.0, 0.0)


class Apart:
    """A delay between all that is sent."""

    def __init__(self, delay_s: float) -> None:
        self.delay_s, self.at = delay_s, float("-inf")

    def free_in_s(self, _host: str) -> float:
        return max(self.at + self.delay_s - asyncio.get_running_loop().time(), 0.0)

    def asked(self, _host: str) -> None:
        self.at = asyncio.get_running_loop().time()


def session(site: FakeSite, plan: LoginPlan = PLAN, *, delay_s: float = 0.0, attempts: int = 3):
    return Session(
        plan,
        fetcher=site,
        parser=InlineParser(),
        retry=RetryPolicy(RetryPlan(attempts=attempts)),
        max_redirects=3,
        clock=VirtualClock(),
        chance=random.Random(1),
        turns=Apart(delay_s),
    )


def fetches(site: FakeSite) -> list[str]:
    return [whom.replace(A, "/") for _, whom in site.diary.of("fetch")]


def opened(site: FakeSite, plan: LoginPlan = PLAN, **options) -> bool:
    return run_virtual(session(site, plan, **options).open())


def refusal(pages, plan: LoginPlan = PLAN, **options) -> str:
    with pytest.raises(LoginError) as caught:
        opened(FakeSite(pages), plan, **options)
    return str(caught.value)


def test_login_is_made_once_for_all_who_wait():
    async def main() -> None:
        site = FakeSite(OK)
        one = session(site)
        assert await asyncio.gather(*(one.open() for _ in range(50))) == [True] * 50
        assert not await one.open()
        assert fetches(site) == ["GET /login", "POST /enter"]
        assert site.requests[1].body == b"user=ada"
        assert dict(site.requests[1].headers) == {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": "http://a.example",
            "Referer": LOGIN,
        }
        assert repr(one) == "<Session 1 logins, open>"

    run_virtual(main())


def test_who_is_cancelled_lets_the_next_one_log_in():
    async def main() -> None:
        one = session(FakeSite(OK))
        first, second = (asyncio.create_task(one.open()) for _ in range(2))
        await asyncio.sleep(0.01)
        first.cancel()
        assert await second

    run_virtual(main())


def test_redirects_of_the_login_are_followed():
    site = FakeSite({LOGIN: "/sso", f"{A}sso": FORM, f"{A}enter": "/home", f"{A}home": IN})
    assert opened(site)
    assert fetches(site) == ["GET /login", "GET /sso", "POST /enter", "GET /home"]


def test_the_types_of_the_scope_are_those_of_pages_and_not_of_the_login():
    site = FakeSite(OK)
    site.types = frozenset({"json"})
    assert opened(site)


def test_exchanges_keep_the_delay_of_the_host():
    site = FakeSite(OK | {f"{A}enter": "/home", f"{A}home": IN})
    opened(site, delay_s=2.0)
    assert site.diary.times("fetch") == [0.0, 2.0, 4.0]


def test_who_is_logged_in_already_needs_no_form():
    assert opened(FakeSite({LOGIN: IN}))


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        ({LOGIN: FORM, f"{A}enter": FORM}, "answered 200, titled 'Sign in': nothing fits login.ok"),
        ({LOGIN: b"<p>"}, "http://a.example/login answered 200: nothing fits login.form form"),
        ({LOGIN: 404}, "http://a.example/login answered 404: nothing fits login.form form"),
        ({LOGIN: FORM, f"{A}enter": 403}, "enter answered 403: nothing fits login.ok a.out"),
        ({LOGIN: LOGIN}, "redirects: more than 3 redirects"),
        ({LOGIN: Reason.PRIVATE_ADDRESS}, "private_address: as told"),
        ({LOGIN: 503}, "http_503: the server answered 503"),
        ({LOGIN: b"<form action='mailto:x'>"}, "nothing fits login.form form"),
    ],
)
def test_refusal_ends_the_crawl_and_says_what_was_seen(pages, said: str):
    told = refusal(pages)
    assert told.startswith("login refused: http://a.example/")
    assert said in told


def test_what_cannot_be_read_is_a_refusal():
    broken = replace(PLAN, ok="a[")
    assert "parse_error" in refusal(OK, broken)


def test_password_is_never_sent_from_https_to_http():
    secure = replace(PLAN, url="https://a.example/login")
    form = FORM.replace(b"/enter", b"http://a.example/enter")
    told = refusal({"https://a.example/login": form}, secure)
    assert "leads to http://a.example/enter, which is not https" in told
    asked = form.replace(b"post", b"get")
    assert refusal({"https://a.example/login": asked}, secure) == told


def test_filled_form_is_not_sent_on_to_another_host():
    away = Response("", 307, {"location": "http://b.example/x"}, b"")
    told = refusal({LOGIN: FORM, f"{A}enter": away, "http://b.example/x": IN})
    assert "would send the body on to http://b.example" in told
    here = Response("", 307, {"location": "/x"}, b"")
    site = FakeSite({LOGIN: FORM, f"{A}enter": here, f"{A}x": IN})
    assert opened(site)
    assert fetches(site)[-1] == "POST /x"


def test_trouble_that_may_pass_is_tried_again():
    later = Response(LOGIN, 503, {"retry-after": "7"}, b"")
    site = FakeSite({LOGIN: [later, Reason.TIMEOUT, FORM], f"{A}enter": IN})
    assert opened(site)
    first, second, *_ = site.diary.times("fetch")
    assert second - first >= 7


def page(id_: int, url: str = A) -> Request:
    return replace(make_request(parse(url)), id=id_)


def test_page_is_visited_again_and_only_the_first_logs_in():
    async def main() -> None:
        one = session(FakeSite(OK))
        await one.open()
        now = asyncio.get_running_loop().time()
        assert one.over(page(1), started_at=now)
        assert await one.open()
        assert one.over(page(2), started_at=now)  # was sent before that login
        assert not await one.open()
        assert not one.over(page(1), started_at=now + 9)  # nothing was let in
        one.fine(page(2), started_at=now + 9)
        assert one.over(page(1), started_at=now + 8)
        assert await one.open()
        one.fine(page(2), started_at=now + 19)
        assert not one.over(page(1), started_at=now + 18)  # a later one was let in

    run_virtual(main())


def test_session_that_others_use_up_is_renewed_so_many_times_for_a_page():
    async def main() -> None:
        one = session(FakeSite(OK))
        loop, seen = asyncio.get_running_loop(), []
        while not seen or seen[-1]:
            await one.open()
            one.fine(page(2), started_at=loop.time())  # had its turn before the other
            seen.append(one.over(page(1), started_at=loop.time()))
        assert seen == [True] * MOST_TRIES + [False]

    run_virtual(main())


def test_page_is_not_visited_for_ever_even_if_each_answer_comes_after_the_next_login():
    async def main() -> None:
        one = session(FakeSite(OK))
        seen = [one.over(page(1), started_at=float("-inf"))]
        await one.open()
        while seen[-1]:
            seen.append(one.over(page(1), started_at=-1.0))
        assert len(seen) == MOST_VISITS + 1

    run_virtual(main())


def test_logins_in_vain_become_rare():
    async def main() -> None:
        one = session(FakeSite(OK))
        loop = asyncio.get_running_loop()

        async def visit(id_: int) -> bool:
            await one.open()
            if not one.over(page(id_), started_at=loop.time()):
                return False
            await one.open()
            assert not one.over(page(id_), started_at=loop.time())
            return True

        assert [await visit(id_) for id_ in range(MOST_IN_VAIN)] == [True] * MOST_IN_VAIN
        assert not await visit(99)
        await asyncio.sleep(LONGER_S)
        assert await visit(100)

    run_virtual(main())


def test_what_says_that_the_login_is_over():
    async def main() -> None:
        one, without = session(FakeSite({})), session(FakeSite({}), replace(PLAN, expired=None))
        answer = Response(A, 302, {"location": "/login?next=/"}, b"")
        assert one.sends_to_login(answer)
        assert not without.sends_to_login(answer)
        for location in ("/login/x", "http://b.example/login", "http://["):
            assert not one.sends_to_login(replace(answer, headers={"location": location}))
        assert await one.shows_login(Response(A, 403, {}, FORM), page(1))
        assert not await one.shows_login(Response(A, 403, {}, IN), page(1))
        assert not await without.shows_login(Response(A, 403, {}, FORM), page(1))
        broken = session(FakeSite({}), replace(PLAN, ok="a["))
        assert not await broken.shows_login(Response(A, 403, {}, FORM), page(1))

    run_virtual(main())


def test_login_is_made_of_a_plan_that_has_one():
    plan = Plan("x", SeedPlan(), FetchPlan("bot"), StorePlan("x.db"))
    parts = FakeSite({}), InlineParser(), VirtualClock(), None
    assert make_session(plan, *parts) is None
    made = make_session(replace(plan, login=PLAN), *parts)
    assert made is not None
    assert made.host == "a.example:80"


# In a crawl


def members(pages, *, delay_s: float = 0.0, login: LoginPlan = PLAN, types: bool = False) -> World:
    """A crawl with a login; its pages are really read."""
    made = world(
        OK | pages, rules=(PageRule("p", expired=login.expired),), rule=HostRule(4, delay_s)
    )
    stages = replace(
        made.stages,
        parser=InlineParser(),
        session=Session(
            login,
            fetcher=made.site,
            parser=InlineParser(),
            retry=RetryPolicy(RetryPlan(attempts=1)),
            max_redirects=3,
            clock=made.stages.clock,
            chance=random.Random(1),
            turns=made.frontier,
            html_is_login=types,
        ),
    )
    return replace(made, stages=stages)


PAGES = [f"{A}{n}" for n in range(6)]


def test_nothing_is_fetched_before_the_login():
    crawled = members(dict.fromkeys(PAGES, IN)).visit_all(*PAGES)
    assert fetches(crawled.site)[:2] == ["GET /login", "POST /enter"]
    assert sorted(fetches(crawled.site)[2:]) == [f"GET /{n}" for n in range(6)]


@pytest.mark.parametrize("connect_s", [(0.0,), (1.5, 0.0), (3.0, 0.0, 0.0)])
def test_all_exchanges_with_a_host_keep_its_delay(connect_s):
    crawled = members({url: [FORM, IN] for url in PAGES}, delay_s=2.0)
    crawled.site.connects_s = itertools.cycle(connect_s)
    crawled.visit_all(*PAGES)
    times = sorted(crawled.diary.times("fetch") + crawled.diary.times("ask"))
    assert all(later - sooner >= 1.99 for sooner, later in itertools.pairwise(times))
    assert {state for state, _ in crawled.outcomes().values()} == {"done"}


@pytest.mark.parametrize(
    "over", [FORM, "/login?next=1", Response(A, 403, {"content-type": "text/html"}, FORM)]
)
def test_page_that_shows_the_end_of_the_login_is_visited_again(over):
    crawled = members({url: [over, IN] for url in PAGES}).visit_all(*PAGES)
    assert {state for state, _ in crawled.outcomes().values()} == {"done"}
    assert fetches(crawled.site).count("POST /enter") <= 3


def typed(body, media):
    return Response(A, 200, {"content-type": media}, body)


def test_login_page_is_seen_where_no_page_is_in_html():
    """`scope.types` keeps HTML out; a login page with status 200 is read all the same."""
    json, html = typed(b"{}", "application/json"), typed(FORM, "text/html; charset=utf-8")
    crawled = members({A: [html, json], f"{A}0": json, f"{A}1": typed(IN, "text/html")}, types=True)
    crawled.visit_all(A, f"{A}0", f"{A}1")
    assert crawled.outcomes() == {
        A: ("done", None),
        f"{A}0": ("done", None),
        f"{A}1": ("failed", "content_type"),
    }


@pytest.mark.parametrize("over", [FORM, "/login", Response(A, 401, {}, FORM)])
def test_page_that_shows_it_again_is_failed(over):
    crawled = members({A: over, PAGES[0]: IN}).visit_all(A, PAGES[0])
    assert crawled.outcomes() == {A: ("failed", "login"), PAGES[0]: ("done", None)}
    assert fetches(crawled.site).count("GET /") == 2


def test_page_is_visited_again_from_its_beginning():
    crawled = members({A: "/x", f"{A}x": [FORM, IN]}).visit_all(A)
    assert crawled.outcomes() == {A: ("done", None)}
    assert fetches(crawled.site)[2:] == [
        "GET /", "GET /x", "GET /login", "POST /enter", "GET /", "GET /x"
    ]  # fmt: skip


def test_form_that_was_answered_with_the_login_is_sent_again():
    made = members({A: [FORM, IN]})
    made.seed(A, method="POST", body=b"q=1")
    made.seeds_are_known()
    run_virtual(made.run())
    assert made.outcomes() == {A: ("done", None)}
    assert fetches(made.site).count("POST /") == 2


def test_login_page_as_a_link_is_a_page_like_others():
    crawled = members({}).visit_all(LOGIN)
    assert crawled.outcomes() == {LOGIN: ("done", None)}


def test_other_refusals_are_what_they_were():
    crawled = members({A: 403, PAGES[0]: "/1", PAGES[1]: IN}).visit_all(A, PAGES[0])
    assert crawled.outcomes() == {A: ("failed", "http_403"), PAGES[0]: ("done", None)}


def test_refused_login_ends_the_crawl():
    with pytest.RaisesGroup(pytest.RaisesGroup(LoginError)):
        members({LOGIN: FetchError(Reason.DNS), A: IN}).visit_all(A)


def test_rule_of_the_login_reads_its_pages():
    assert login_rule(PLAN).submit[0].form == "form"
