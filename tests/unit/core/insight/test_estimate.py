from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from heapq import heappop, heappush

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.insight.estimate import (
    BEGIN_S,
    Bound,
    Load,
    bound,
    expected_s,
    host_bound,
    host_s,
    model_s,
    span,
)
from scraper.core.model import Request
from scraper.core.plan import HostRule, PolitenessPlan
from scraper.core.schedule.news import News, Sign
from scraper.core.schedule.politeness import HostSchedule

delays = st.sampled_from([0.0, 0.1, 0.25, 1.0])
loads = st.builds(
    Load,
    host=st.just(""),
    pages=st.integers(0, 12),
    per_host=st.integers(1, 9),
    delay_s=delays,
    rest_s=st.sampled_from([0.0, 0.0, 3.0]),
    quick_s=st.sampled_from([0.0, 0.05, 0.5, 2.0]),
)
crawls = st.lists(loads, max_size=4).map(
    lambda some: [
        replace(
            load,
            host=f"h{n}.d{n % 2}.example:80",
            latency_s=load.quick_s,
            addresses=(("10.0.0.1",), ("10.0.0.2",), ("10.0.0.1", "10.0.0.2"), ())[n],
        )
        for n, load in enumerate(some)
    ]
)
limits = st.none() | st.integers(0, 40)
caps = st.none() | st.integers(1, 3)


def takes_s(
    crawl: Sequence[Load],
    slots: int,
    limit: int | None,
    per_domain: int | None = None,
    per_address: int | None = None,
) -> float:
    """How long the real schedule takes, on servers that answer after `quick_s` each."""
    rules = {load.host: HostRule(load.per_host, load.delay_s) for load in crawl}
    plan = PolitenessPlan(robots=False, hosts=rules, per_domain=per_domain, per_address=per_address)
    schedule = HostSchedule(plan)
    answers = {load.host: load.quick_s for load in crawl}
    for load in crawl:
        schedule.pause(load.host, load.rest_s, 0.0)
        for n in range(load.pages):
            schedule.add(Request(f"http://{load.host}/{n}", b"", load.host), 0.0)
        schedule.located(load.host, load.addresses, 0.0)
    now, begun, serial, open_ = 0.0, 0, 0, list[tuple[float, int, str, float]]()
    while True:
        while schedule.open < slots and begun != limit and (lease := schedule.take(now)):
            serial, begun, host = serial + 1, begun + 1, lease.request.host
            schedule.sent(host, now, started_at=now)
            heappush(open_, (now + answers[host], serial, host, now))
        wake_at = schedule.wake_at() if schedule.open < slots and begun != limit else None
        if open_ and (wake_at is None or open_[0][0] <= wake_at):
            now, _, host, began = heappop(open_)
            news = News(Sign.WELL, latency_s=answers[host])
            schedule.done(host, now, started_at=began, sent=True, news=news)
        elif wake_at is None:
            return now
        else:
            now = wake_at


@given(crawls, st.integers(1, 6), limits, caps, caps)
def test_the_bound_is_never_above_what_the_schedule_needs(crawl, slots, limit, domain, address):
    shared = {"per_domain": domain, "per_address": address}
    least = bound(crawl, concurrency=slots, most=limit, **shared)
    assert least.seconds <= takes_s(crawl, slots, limit, **shared) * (1 + 1e-9)


def test_the_hosts_of_a_domain_share_its_cap():
    crawl = [Load(f"h{n}.d{n % 2}.example:443", 10 + n, quick_s=2.0) for n in range(6)]
    least = bound(crawl, concurrency=100, per_domain=2)
    assert (least.cause, least.host, least.pages) == ("domain", "d1.example", 11 + 13 + 15)
    assert least.seconds == (11 + 13 + 15) * 2.0 / 2
    assert str(least) == (
        "at least 39 s: d1.example, 39 pages, 2 at a time of 2 s each on all its hosts"
    )
    assert least.as_json()["bound_s"] == 39.0
    assert bound(crawl, concurrency=100, per_domain=99).cause == "latency"
    assert bound(crawl, concurrency=100, per_domain=1, most=2).cause != "domain"


def test_the_hosts_at_an_address_share_its_cap_whosever_they_are():
    places = [("::80",), ("10.0.0.1", "::80"), ("10.0.0.1",), ()]
    crawl = [
        Load(f"a{n}.d{n}.example:80", 10, quick_s=1.0, addresses=at) for n, at in enumerate(places)
    ]
    least = bound(crawl, concurrency=100, per_address=2, per_domain=3)
    assert str(least) == (
        "at least 10 s: ::80, 20 pages, 2 at a time of 1 s each on all hosts there"
    )
    assert bound(crawl, concurrency=100, per_domain=3).cause == "domain"
    assert bound(crawl, concurrency=100, per_address=40).cause == "latency"


@given(loads.filter(lambda load: load.pages))
def test_one_host_alone_takes_about_as_long_as_it_is_said_to(load):
    load = replace(load, host="h0", latency_s=load.quick_s)
    took_s = takes_s([load], 100, None)
    assert host_bound(load).seconds <= took_s * (1 + 1e-9)
    # a round of answers more or less: they are counted whole in one and in parts in the other
    assert host_s(load, 100) == pytest.approx(took_s, abs=2 * load.latency_s + 1e-9)


@given(crawls, st.integers(1, 6), limits, st.data())
def test_more_of_anything_never_takes_less(crawl, slots, limit, data):
    least = bound(crawl, concurrency=slots, most=limit).seconds
    model = model_s(crawl, concurrency=slots)
    assert bound(crawl, concurrency=slots + 1, most=limit).seconds <= least
    if limit is not None:
        assert bound(crawl, concurrency=slots, most=limit + 1).seconds >= least * (1 - 1e-9)
        assert least <= bound(crawl, concurrency=slots).seconds * (1 + 1e-9)
    if crawl:
        at = data.draw(st.integers(0, len(crawl) - 1))
        load = crawl[at]
        for more in (
            replace(load, pages=load.pages + 1),
            replace(load, delay_s=load.delay_s + 0.1),
            replace(load, rest_s=load.rest_s + 1),
            replace(load, last_due_s=50.0),
            replace(load, asks=1),
            replace(load, slow_s=2.0),
            replace(load, requests_per_page=2.0),
            replace(load, quick_s=load.quick_s + 0.1, latency_s=load.latency_s + 0.1),
        ):
            crawl[at] = more
            harder = bound(crawl, concurrency=slots, most=limit).seconds
            if more.pages == load.pages or limit is None:  # else there is more to choose from
                assert harder >= least * (1 - 1e-9)
            assert model_s(crawl, concurrency=slots) >= model * (1 - 1e-9)


SHOP = Load("shop.example:443", 501, delay_s=0.25)


@pytest.mark.parametrize(
    ("load", "text"),
    [
        (SHOP, "at least 2 min 5 s: shop.example, 501 pages, one each 250 ms"),
        (replace(SHOP, asks=1), "at least 2 min 5 s: shop.example, 501 pages, one each 250 ms"),
        (replace(SHOP, pages=1), "at least 0 ms"),
        (replace(SHOP, pages=0, rest_s=9), "at least 0 ms"),
        (replace(SHOP, pages=1, asks=1), "at least 250 ms: shop.example, 1 page, one each 250 ms"),
        (replace(SHOP, rest_s=3600),
         "at least 1 h 2 min: shop.example, 501 pages, after a rest of 1 h"),
        (replace(SHOP, last_due_s=300),
         "at least 5 min: shop.example, 501 pages, the last retry is due in 5 min"),
        (Load("h:8080", 1000, quick_s=0.2),
         "at least 50 s: h:8080, 1,000 pages, 4 at a time of 200 ms each"),
        (Load("h:8080", 1000, per_host=50, quick_s=0.2),
         "at least 20 s: 1,000 pages, 10 at a time of 200 ms each"),
    ],
)  # fmt: skip
def test_it_says_what_sets_the_bound(load, text):
    assert str(bound([load], concurrency=10)) == text


def test_a_bound_as_plain_values():
    told = Bound(2.0, "delay", "a.example:443", 3, 1.0).as_json()
    assert (told["bound_s"], told["cause"], told["text"]) == (
        2.0, "delay", "at least 2 s: a.example, 3 pages, one each 1 s",
    )  # fmt: skip


def test_a_limit_lets_the_quickest_pages_count():
    slow, quick = Load("slow:80", 500, delay_s=10), Load("quick:80", 500, delay_s=0.1)
    both = bound([slow, quick], concurrency=100, most=12)
    assert str(both) == "at least 1 s: 12 pages within the limit, on the quickest hosts"
    alone = bound([slow], concurrency=100, most=12)
    assert str(alone) == "at least 1 min 50 s: slow, 12 pages within the limit, one each 10 s"
    assert bound([slow, quick], concurrency=100, most=2) == Bound()
    assert bound([], concurrency=100, most=0) == bound([slow], concurrency=1, most=0) == Bound()
    late = replace(slow, last_due_s=1e6)
    assert bound([late], concurrency=100, most=2).seconds == 10
    timed = Load("h:80", 40, quick_s=1.0)
    assert bound([timed], concurrency=2, most=10) == Bound(
        5.0, "concurrency", None, 10, 1.0, 2, limited=True
    )


@given(crawls, st.integers(1, 6), st.integers(0, 40))
def test_a_run_of_some_pages_asks_whichever_host_may_be_asked(crawl, slots, most):
    pages = sum(load.pages for load in crawl)
    took_s = model_s(crawl, concurrency=slots, most=most)
    assert took_s <= model_s(crawl, concurrency=slots, most=most + 1) * (1 + 1e-9)
    assert took_s == bound(crawl, concurrency=slots, most=most).seconds
    tried = [replace(load, requests_per_page=2.0) for load in crawl if load.pages]
    assert model_s(tried, concurrency=slots, most=min(most, pages)) >= took_s * (1 - 1e-9)


def test_a_run_that_is_repeated_takes_what_it_took():
    assert expected_s(4.0, 100, then_s=4.0, then_work=100, took_s=7.0) == pytest.approx(7.0)
    # what went beyond the model goes with the pages, but for the begin
    assert expected_s(4.0, 200, then_s=4.0, then_work=100, took_s=4.0 + BEGIN_S + 3) == (
        pytest.approx(4.0 + BEGIN_S + 6)
    )
    assert expected_s(4.0, 100, then_s=4.0, then_work=100, took_s=3.0) == pytest.approx(3.0)
    # however quick hosts are now, the loop needs its processor time for each page
    assert expected_s(0.1, 200, then_s=9.0, then_work=100, took_s=9.0, cpu_s=3.0) == 6.0
    # other threads have their processor time beside it
    same = expected_s(4.0, 100, then_s=4.0, then_work=100, took_s=7.0, cpu_s=8.0)
    assert same == pytest.approx(7.0)
    assert expected_s(0.0, 9_999, then_s=4.0, then_work=100, took_s=3.0) == 0.0


def test_a_learnt_pause_gets_shorter_with_each_answer():
    paused, calm = (host_s(Load("h", 10, slow_s=each, latency_s=0.1), 9) for each in (2.0, 0.0))
    assert paused - calm == pytest.approx(2.0 + 1.8 + 1.6 + 1.4 + 1.2 + 1.0 + 0.8 + 0.6 + 0.4 + 0.2)
    assert host_s(Load("h", 0, slow_s=2.0), 9) == 0.0
    assert repr(bound([], concurrency=1)).startswith("Bound(")


@pytest.mark.parametrize(
    ("value_s", "text"),
    [(0.0, "0 ms"), (0.0015, "1.5 ms"), (0.25, "250 ms"), (0.9996, "1 s"), (4.2, "4.2 s"),
     (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min"), (125, "2 min 5 s"), (3599.7, "1 h"),
     (11_520, "3 h 12 min"), (86_395, "1 d"), (183_600, "2 d 3 h")],
)  # fmt: skip
def test_times_for_people(value_s, text):
    assert span(value_s) == text
