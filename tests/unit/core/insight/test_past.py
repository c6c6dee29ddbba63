from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.insight.attribution import Sample, WallShare
from scraper.core.insight.past import (
    BEGIN_CPU_S,
    BESIDE,
    NOT_READ,
    Past,
    PastHost,
    past_of,
    telling,
    unmodified_share,
)
from scraper.core.insight.tally import Tally
from scraper.core.model import PageResult, Request, State, Timing

costs = st.sampled_from([0.01, 0.2, 1.0])
SETTINGS = {"concurrency": 10, "per_host": 4, "delay_s": 0.5, "processes": 1}


def stats(*, wall_s: float = 20.0, hosts: int = 1, late: float = 0.0) -> dict:
    tally, wall = Tally(), WallShare()
    wall.add(wall_s * (1 - late), Sample(open=1))
    wall.add(wall_s, Sample(loop_late=True))
    for n in range(hosts):
        for page in range(10):
            request = Request(f"https://h{n}/{page}", b"", f"h{n}:443")
            timing = Timing(first_byte_s=0.75, body_s=0.25)
            state = State.FAILED if page == 9 else State.DONE
            if page == 0:
                tally.add(PageResult(request, State.WAITING, timing=timing), now=0.0)
            tally.add(PageResult(request, state, timing=timing, status=200), now=0.0)
    return {"tally": tally.as_json(), "wall": wall.as_json(), "settings": SETTINGS}


def test_it_tells_of_pages_requests_and_how_long_they_were_open():
    past = past_of(7, 20.5, stats(hosts=2))
    assert past is not None
    assert (past.run_id, past.took_s, past.pages, past.requests) == (7, 20.5, 20, 22)
    assert (past.open_s, past.latency_s, past.requests_per_page) == (22.0, 1.0, 1.1)
    host = past.hosts["h1:443"]
    assert (host.pages, host.requests, host.latency_s, host.requests_per_page) == (10, 11, 1.0, 1.1)
    assert host.quick_s == pytest.approx(0.75, rel=0.05)
    assert past.model_s == pytest.approx(10 * 0.5 + 1)  # eleven starts, half a second apart
    asked = stats(hosts=2)
    asked["tally"]["slowest"][0]["asks"] = 1
    assert past_of(7, 20.5, asked).model_s == pytest.approx(11 * 0.5 + 1)  # and robots.txt
    told = {**stats(), "settings": {**SETTINGS, "delay_s": 0.0, "per_host": 1}}
    assert past_of(7, 20.5, told).model_s == pytest.approx(11)  # one at a time
    told = {**stats(hosts=2), "settings": {**SETTINGS, "delay_s": 0.0, "concurrency": 1}}
    assert past_of(7, 20.5, told).model_s == pytest.approx(22)


def test_a_clock_that_was_set_meanwhile_is_not_believed():
    assert [past_of(1, lasted, stats()).took_s for lasted in (19.0, 20.0, 26.9, 27.1)] == [
        20.0, 20.0, 26.9, 20.0,
    ]  # fmt: skip


def test_what_tells_nothing():
    assert past_of(1, 20.0, {}) is None
    assert past_of(1, 20.0, {"tally": {}, "settings": SETTINGS, "wall": {}}) is None
    assert past_of(1, 20.0, stats(hosts=0)) is None


def test_a_loop_that_was_late_is_not_taken_for_a_slow_host():
    calm, late = past_of(1, 20.0, stats()), past_of(1, 20.0, stats(late=0.75))
    assert (calm.calm, late.calm) == (1.0, 0.25)
    assert late.hosts["h0:443"].quick_s == pytest.approx(calm.hosts["h0:443"].quick_s / 4)
    assert late.latency_s == pytest.approx(calm.latency_s / 4)
    assert late.model_s < calm.model_s
    short = past_of(1, 0.9, stats(wall_s=0.9))  # its figures of time are not believed, the rest is
    assert (short.took_s, short.pages, short.latency_s) == (0.9, 10, 0.0)
    assert [past.tells_latency("h0:443") for past in (calm, short)] == [True, False]
    assert not calm.tells_latency("h1:443")
    silent = replace(calm.hosts["h0:443"], requests=0, busy_s=0.0)
    assert not replace(calm, hosts={"h0:443": silent}).tells_latency("h0:443")


@given(
    read=st.integers(0, 50), unmodified=st.integers(0, 50), parse_s=costs, other_s=costs,
    pooled=st.booleans(),
)  # fmt: skip
def test_a_page_that_has_not_changed_costs_little_more_than_another_beside_its_parsing(
    read, unmodified, parse_s, other_s, pooled
):
    told = stats(wall_s=100.0)
    told["tally"] |= {"ok": read, "not_modified": unmodified, "failures": {}}
    cpu_s = (BESIDE * read + unmodified) * other_s + (0 if pooled else read * parse_s)
    told |= {"cpu_s": {"main": 1.5 + cpu_s}, "begin_cpu_s": 1.5}
    told |= {"parse": {"inline_cpu_s": 0.0 if pooled else read * parse_s}}
    told["wall"]["shares_ns"]["pool"] = read * parse_s * 1e9 if pooled else 0
    past = past_of(1, 100.0, told)
    if not read:
        assert past is None or past.not_read is None
        return
    assert past.cpu_s == pytest.approx(cpu_s)
    assert past.not_read == pytest.approx(other_s / (BESIDE * other_s + parse_s))
    assert past.work(5, 0) == 5
    assert past.work(5, 5) == pytest.approx(5 * past.not_read)


def test_what_a_page_costs_is_guessed_where_no_run_told():
    told = stats() | {"cpu_s": {"main": 10.0, "workers": 2.0}}
    told["tally"] |= {"ok": 1, "not_modified": 8}
    past = past_of(1, 20.0, told)
    assert (past.pages, past.unmodified, past.cpu_s) == (10, 8, 10.0 - BEGIN_CPU_S)
    assert past.work(10, 8) == pytest.approx(10 - 8 * (1 - NOT_READ))
    nothing = told | {"parse": {"inline_cpu_s": 0.0}, "cpu_s": {}}
    assert past_of(1, 20.0, nothing).not_read is None


def test_a_run_of_the_same_kind_tells_more_than_a_later_one():
    run = past_of(1, 20.0, stats())
    told = ((1, 0, 0, 0.3), (2, 9, 10, 0.4), (3, 0, 5, None), (4, 5, 5, None))
    runs = [
        replace(run, run_id=n, unmodified=u, asked_again=asked, not_read=not_read)
        for n, u, asked, not_read in told
    ]
    assert telling(runs).run_id == 3
    assert telling(runs, unmodified=0.9).run_id == 2
    assert telling(runs[:1], unmodified=1.0).run_id == 1
    assert telling(runs).not_read == 0.4  # as the latest tells that read pages
    assert telling(runs[2:]).not_read is None
    shares = [unmodified_share(runs[:n]) for n in (4, 3, 2, 1)]
    assert shares == [1.0, 0.0, 0.9, None]


def test_what_has_no_requests_tells_nothing():
    nothing = Past(1, 1.0, 1, 0, 0.0, 1, 1, 0.0, {})
    assert (nothing.latency_s, nothing.model_s) == (0.0, 0.0)
    host = PastHost(0, 0, 0.0, None, None, None)
    assert (host.latency_s, host.quick_s, host.requests_per_page) == (0.0, 0.0, 1.0)


def test_figures_of_an_earlier_version_are_read():
    old = stats()
    hosts = old["tally"]["hosts"]
    del old["tally"]["slowest"], hosts[0]["requests"]
    assert past_of(1, 20.0, old).hosts["h0:443"].requests == 11  # pages and retries


def test_the_latest_run_that_is_not_much_smaller_tells_most():
    run = past_of(1, 20.0, stats())
    runs = [
        replace(run, run_id=n, pages=pages) for n, pages in ((4, 40), (3, 50), (2, 100), (1, 20))
    ]
    assert telling(runs).run_id == 3
    assert telling([]) is None
