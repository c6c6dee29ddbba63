from dataclasses import replace

import pytest

from scraper.core.insight.attribution import Sample, WallShare
from scraper.core.insight.predict import Measured, Settings, what_if

SETTINGS = Settings(concurrency=100, per_host=4, delay_s=0.25, processes=2)
HOST = {
    "host": "a:443",
    "delay_s": 0.25,
    "per_host": 4,
    "paused_s": 0.0,
    "busy_s": 40.0,
    "done": 100,
    "retries": 0,
}


def measured(*, hosts=(HOST,), hosts_known=1, cpu_s=21.0, **spent_s):
    wall, at = WallShare(), 0.0
    samples = {
        "host": Sample(hosts_with_work_none_allowed=True, blocked_host="a:443"),
        "full": Sample(slots_all_taken=True),
        "open": Sample(open=1),
        "pool": Sample(pool_busy_and_waiting=True),
        "loop": Sample(loop_late=True),
    }
    for name, value_s in spent_s.items():
        at += value_s
        wall.add(at, samples[name])
    return Measured(wall, hosts, hosts_known, cpu_s)


def test_half_the_delay_halves_the_time_that_the_host_blocked():
    assert what_if(measured(host=380.0, open=32.0), SETTINGS) == [
        {
            "change": "half the delay",
            "set": {"politeness.delay": "125ms"},
            "predicted_wall_s": 222.0,
        }
    ]


@pytest.mark.parametrize("trouble", ["in_trouble", "network_gone"])
def test_half_the_delay_saves_nothing_of_what_trouble_took(trouble):
    run = measured(host=20.0)
    run.wall.add(
        30.0,
        Sample(hosts_with_work_none_allowed=True, blocked_host="a:443", **{trouble: True}),
    )
    few = HOST | {"busy_s": 1.0}
    assert what_if(replace(run, hosts=[few]), SETTINGS)[0]["predicted_wall_s"] == 20.0


def test_half_the_delay_is_never_quicker_than_the_answers_of_the_host():
    slow = HOST | {"busy_s": 1200.0}
    assert what_if(measured(host=380.0, open=32.0, hosts=[slow]), SETTINGS)[0][
        "predicted_wall_s"
    ] == pytest.approx(300.0)


@pytest.mark.parametrize("delay_s", [0.25, 0.0])
def test_a_host_that_answers_that_it_is_too_busy_is_not_to_be_asked_more(delay_s):
    busy = HOST | {"delay_s": delay_s, "retries": 70}
    assert what_if(measured(host=380.0, open=20.0, hosts=[busy]), SETTINGS) == []


@pytest.mark.parametrize("delay_s", [0.25, 0.0])
def test_nothing_is_offered_where_a_cap_of_many_hosts_may_be_what_they_wait_for(delay_s):
    run = measured(host=380.0, open=20.0, hosts=[HOST | {"delay_s": delay_s}])
    assert what_if(run, replace(SETTINGS, capped=True)) == []


def test_a_pause_that_the_host_asked_for_is_not_halved():
    resting = HOST | {"paused_s": 180.0}
    predicted = what_if(measured(host=380.0, open=20.0, hosts=[resting]), SETTINGS)
    assert predicted[0]["predicted_wall_s"] == 300.0


@pytest.mark.parametrize("delay_s", [2.0, 0.5])
def test_no_setting_halves_a_delay_that_is_not_the_default(delay_s):
    crawl_delay = HOST | {"delay_s": delay_s}
    assert what_if(measured(host=380.0, hosts=[crawl_delay]), SETTINGS)[0]["set"] is None


def test_without_a_delay_more_open_requests_to_the_host_are_offered():
    eager = HOST | {"delay_s": 0.0}
    assert what_if(measured(host=100.0, cpu_s=60.0, hosts=[eager]), SETTINGS) == [
        {
            "change": "double the requests per host",
            "set": {"politeness.per_host": "8"},
            "predicted_wall_s": 60.0,
        }
    ]


def test_no_setting_is_named_for_a_host_with_a_rule_of_its_own():
    eager = HOST | {"delay_s": 0.0, "per_host": 2}
    told = what_if(measured(host=100.0, hosts=[eager]), SETTINGS)[0]
    assert told["set"] is None
    assert told["predicted_wall_s"] == 50.0


@pytest.mark.parametrize(
    "hosts",
    [
        (),
        [HOST | {"per_host": None}],
        [HOST | {"delay_s": 0.0, "per_host": 100}],
    ],
    ids=["unknown host", "unknown rule", "no slots left"],
)
def test_nothing_is_offered_that_is_not_supported(hosts):
    assert what_if(measured(host=100.0, hosts=hosts), SETTINGS) == []


def test_twice_the_concurrency_halves_the_time_of_full_slots():
    assert what_if(measured(full=90.0, open=10.0, hosts_known=1000), SETTINGS) == [
        {
            "change": "double the concurrency",
            "set": {"fetch.concurrency": "200"},
            "predicted_wall_s": 55.0,
        }
    ]


def test_twice_the_concurrency_is_limited_by_what_the_hosts_allow():
    told = what_if(measured(full=100.0, hosts_known=30), SETTINGS)[0]
    assert told["predicted_wall_s"] == pytest.approx(100 - 100 * (1 - 100 / 120), abs=1e-3)


def test_twice_the_concurrency_is_never_quicker_than_the_loop():
    told = what_if(measured(full=100.0, hosts_known=1000, cpu_s=80.0), SETTINGS)[0]
    assert told["predicted_wall_s"] == 80.0


@pytest.mark.parametrize(
    "known", [{"hosts_known": 25}, {"hosts_known": 1000, "cpu_s": None}], ids=["hosts", "cpu"]
)
def test_concurrency_is_not_offered_where_it_cannot_help(known):
    assert what_if(measured(full=100.0, **known), SETTINGS) == []


def test_concurrency_is_not_offered_where_it_was_tried():
    tuned = replace(SETTINGS, auto=True)
    assert what_if(measured(full=90.0, open=10.0, hosts_known=1000), tuned) == []


def test_one_more_core_takes_its_share_of_the_pool():
    assert what_if(measured(pool=90.0, open=10.0), SETTINGS) == [
        {"change": "one more core", "set": None, "predicted_wall_s": 70.0}
    ]


def test_a_gain_too_small_to_tell_is_not_told():
    assert what_if(measured(full=6.0, open=94.0, hosts_known=1000), SETTINGS) == []


def test_a_run_limited_by_the_loop_is_offered_nothing():
    assert what_if(measured(loop=100.0), SETTINGS) == []


def test_a_short_run_is_offered_nothing():
    assert what_if(measured(host=0.5), SETTINGS) == []
