from __future__ import annotations

from dataclasses import replace

import pytest

from scraper.core.insight.attribution import Sample, WallShare
from scraper.core.insight.past import (
    BEGIN_CPU_S,
    NOT_READ,
    Past,
    PastHost,
    past_of,
    telling,
    unmodified_share,
    work,
)
from scraper.core.insight.tally import Tally
from scraper.core.model import PageResult, Request, State, Timing

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
    assert past_of(1, 0.9, stats(wall_s=0.9)) is None
    assert past_of(1, 20.0, stats(hosts=0)) is None


def test_a_loop_that_was_late_is_not_taken_for_a_slow_host():
    calm, late = past_of(1, 20.0, stats()), past_of(1, 20.0, stats(late=0.75))
    assert (calm.calm, late.calm) == (1.0, 0.25)
    assert late.hosts["h0:443"].quick_s == pytest.approx(calm.hosts["h0:443"].quick_s / 4)
    assert late.latency_s == calm.latency_s


def test_pages_that_have_not_changed_are_less_work():
    told = stats() | {"cpu_s": {"main": 10.0, "workers": 2.0}}
    told["tally"] |= {"ok": 1, "not_modified": 8}
    past = past_of(1, 20.0, told)
    assert (past.pages, past.unmodified, past.cpu_s) == (10, 8, 10.0 - BEGIN_CPU_S)
    assert past.work == work(10, 8) == pytest.approx(10 - 8 * (1 - NOT_READ))


def test_a_run_of_the_same_kind_tells_more_than_a_later_one():
    run = past_of(1, 20.0, stats())
    runs = [replace(run, run_id=n, unmodified=u) for n, u in ((1, 0), (2, 9), (3, 0), (4, 10))]
    assert telling(runs).run_id == 3
    assert telling(runs, unmodified=0.9).run_id == 4
    assert telling(runs[:1], unmodified=1.0).run_id == 1
    assert unmodified_share(runs) == 1.0
    assert unmodified_share(runs[:2]) == 0.9
    assert unmodified_share(runs[:1]) is None


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
