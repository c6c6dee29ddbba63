import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.insight import attribution
from scraper.core.insight.attribution import (
    BOUNDS,
    OTHER,
    Sample,
    WallShare,
    bound,
    seconds,
    short,
    verdict,
)

flags = st.booleans()
few = st.integers(0, 2)
samples = st.builds(
    Sample,
    sink_full=flags,
    loop_late=flags,
    pool_busy_and_waiting=flags,
    slots_all_taken=flags,
    hosts_with_work_none_allowed=flags,
    nothing_known=flags,
    open=few,
    parsing=few,
    writing=few,
    blocked_host=st.sampled_from([None, "a:80", "b:80"]),
    in_trouble=flags,
    network_gone=flags,
)
steps = st.lists(st.tuples(st.floats(-1, 10), samples, st.floats(-1, 12)), max_size=30)

RULE = [
    ("sink_full", "sink"),
    ("loop_late", "loop"),
    ("pool_busy_and_waiting", "pool"),
    ("slots_all_taken", "network"),
    ("hosts_with_work_none_allowed", "host"),
    ("nothing_known", "seed"),
    ("open", "network"),
    ("parsing", "pool"),
    ("writing", "sink"),
]


def told(began, the_steps):
    wall, at = WallShare(began), began
    for passed, sample, late_s in the_steps:
        at += passed
        wall.add(at, sample, late_s=late_s)
    return wall


@given(st.floats(0, 1e6), steps)
def test_shares_add_up_to_the_wall_time_exactly(began, the_steps):
    wall = told(began, the_steps)
    assert sum(wall._shares_ns.values()) == wall._at_ns - wall._began_ns
    assert min(wall._shares_ns.values()) >= 0
    assert math.isclose(sum(wall.shares_s.values()), wall.wall_s, abs_tol=1e-6)
    assert tuple(wall.shares_s) == BOUNDS


@given(st.floats(0, 1e6), steps)
def test_hosts_and_full_slots_are_parts_of_their_shares(began, the_steps):
    wall = told(began, the_steps)
    assert sum(wall._by_host_ns.values()) + wall._gone_ns == wall._shares_ns["host"]
    assert all(0 <= ns <= wall._by_host_ns[host] for host, ns in wall._trouble_ns.items())
    assert 0 <= wall._full_ns <= wall._shares_ns["network"]


@given(samples)
def test_each_instant_goes_to_the_first_rule_that_is_true(sample):
    first = next((name for field, name in RULE if getattr(sample, field)), "loop")
    assert bound(sample) == first


@given(steps)
def test_json_brings_shares_and_verdict_back(the_steps):
    wall = told(5.0, the_steps)
    back = WallShare.from_json(json.loads(json.dumps(wall.as_json())))
    assert back.shares_s == wall.shares_s
    assert back.full_s == wall.full_s
    assert verdict(back) == verdict(wall)


def test_json_brings_the_host_back_that_blocked():
    wall = WallShare()
    wall.add(2.0, Sample(hosts_with_work_none_allowed=True, blocked_host="a:80"))
    assert verdict(WallShare.from_json(wall.as_json()))["host"] == "a:80"


def test_a_late_loop_takes_its_part_and_leaves_the_rest():
    wall = WallShare()
    wall.add(1.0, Sample(slots_all_taken=True), late_s=0.25)
    assert wall.shares_s["loop"] == 0.25
    assert wall.shares_s["network"] == wall.full_s == 0.75


def test_a_full_sink_comes_before_a_late_loop():
    wall = WallShare()
    wall.add(1.0, Sample(sink_full=True), late_s=0.5)
    assert wall.shares_s["sink"] == 1.0


def test_the_verdict_names_the_host_that_blocked_longest():
    wall = WallShare()
    wall.add(380.0, Sample(hosts_with_work_none_allowed=True, blocked_host="shop.example:443"))
    wall.add(390.0, Sample(hosts_with_work_none_allowed=True, blocked_host="b.example:443"))
    wall.add(412.0, Sample(open=1))
    assert wall.blocked == ("shop.example:443", 380.0)
    assert verdict(wall) == {
        "bound": "host",
        "host": "shop.example:443",
        "share": 0.9466,
        "text": "limited by politeness on shop.example: 390 s of 412 s",
    }


@pytest.mark.parametrize(
    ("blocked", "said"),
    [
        ({"in_trouble": True}, ("a:80", "limited by waiting for a, which was in trouble: 6.0 s")),
        ({"network_gone": True}, (None, "limited by the network, which was gone: 6.0 s")),
        ({}, ("a:80", "limited by politeness on a: 10 s")),
    ],
)
def test_politeness_is_not_blamed_for_a_host_in_trouble_or_a_network_that_is_gone(blocked, said):
    wall, polite = WallShare(), Sample(hosts_with_work_none_allowed=True, blocked_host="a:80")
    wall.add(6.0, replace(polite, **blocked))
    wall.add(10.0, polite)
    told = verdict(WallShare.from_json(wall.as_json()))
    assert (told["bound"], told["host"]) == ("host", said[0])
    assert told["text"] == f"{said[1]} of 10 s"


def test_a_host_without_a_name_is_counted_as_other():
    wall = WallShare()
    wall.add(2.0, Sample(hosts_with_work_none_allowed=True))
    assert wall.blocked == (OTHER, 2.0)


def test_hosts_told_apart_are_bounded(monkeypatch):
    monkeypatch.setattr(attribution, "HOSTS_KEPT", 2)
    wall = WallShare()
    for at, host in enumerate("abcdc", 1):
        wall.add(at, Sample(hosts_with_work_none_allowed=True, blocked_host=host))
    assert set(wall._by_host_ns) == {"a", "b", OTHER}
    assert wall.blocked == (OTHER, 3.0)


@pytest.mark.parametrize("name", BOUNDS)
def test_every_bound_has_its_words(name):
    wall = WallShare()
    field = {each: field for field, each in reversed(RULE)}[name]
    wall.add(5.0, Sample(**{field: True}))
    said = verdict(wall)
    assert said["bound"] == name
    assert said["share"] == 1.0
    assert said["text"].endswith(": 5.0 s of 5.0 s")


def test_a_short_run_is_not_judged():
    wall = WallShare()
    wall.add(0.99, Sample())
    assert verdict(wall)["bound"] == "none"
    assert verdict(wall)["share"] is None


def test_seconds_and_hosts_for_people():
    assert seconds(4.24) == "4.2 s"
    assert seconds(380.4) == "380 s"
    assert short("a.example:443") == "a.example"
    assert short("a.example:8080") == "a.example:8080"
    assert short("[::1]:80") == "[::1]"
    assert short("other") == "other"


def test_repr_says_what_took_most():
    wall = WallShare()
    wall.add(1.0, Sample(nothing_known=True))
    assert repr(wall) == "<WallShare 1.000 s, most seed>"
