import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.insight import tally as tally_module
from scraper.core.insight.tally import HOSTS_TOLD, PHASES, HostTally, Tally
from scraper.core.model import PageResult, Reason, Request, State, Timing

NOW = 1_800_000_000.0
REQUEST = Request(url="https://a.example/", key=b"k" * 16, host="a.example:443")


def on(host):
    return replace(REQUEST, host=host)


hosts = st.sampled_from(["a:1", "b:1", "c:1"]).map(on)
times = st.none() | st.floats(0, 100)
timings = st.builds(Timing, **dict.fromkeys(PHASES, times))
sizes = st.integers(0, 10**6)
exchange = {"request": hosts, "timing": timings, "body_bytes": sizes, "wire_bytes": sizes}
results = st.one_of(
    st.builds(
        PageResult,
        state=st.just(State.DONE),
        status=st.sampled_from([200, 204, 304]),
        rule=st.sampled_from([None, "book"]),
        placed=st.sampled_from(["inline", "pool", "thread"]),
        **exchange,
    ),
    st.builds(
        PageResult,
        state=st.just(State.FAILED),
        reason=st.sampled_from(["http_404", "timeout"]),
        **exchange,
    ),
    st.builds(PageResult, state=st.just(State.WAITING), reason=st.just("timeout"), **exchange),
    st.builds(
        PageResult,
        state=st.just(State.SKIPPED),
        reason=st.sampled_from(["robots_disallowed", "scope"]),
        status=st.sampled_from([None, 301]),
        **exchange,
    ),
    st.builds(PageResult, again=st.just(REQUEST), status=st.sampled_from([None, 301]), **exchange),
)


@given(st.lists(results, max_size=30))
def test_every_attempt_ends_in_exactly_one_way(all_results):
    tally = Tally()
    for result in all_results:
        tally.add(result, now=NOW)
    finals = [each for each in all_results if each.again is None]
    ends = tally.ok + tally.not_modified + tally.retries + sum(tally.failures.values())
    late = sum(each.state is State.SKIPPED and each.status is not None for each in finals)
    assert tally.attempts == ends + late
    assert sum(tally.skipped.values()) == sum(each.state is State.SKIPPED for each in finals)
    assert tally.hops == sum(
        each.again is not None and each.status is not None for each in all_results
    )
    assert sum(tally.placed.values()) == sum(each.placed is not None for each in finals)


@given(st.lists(results, max_size=30))
def test_bytes_times_and_hosts_add_up(all_results):
    tally = Tally()
    for result in all_results:
        tally.add(result, now=NOW)
    told = json.loads(json.dumps(tally.as_json()))
    assert told["body_bytes"] == sum(each.body_bytes for each in all_results)
    assert told["wire_bytes"] == sum(each.wire_bytes for each in all_results)
    for phase in PHASES:
        spent = sum(getattr(each.timing, phase) or 0.0 for each in all_results)
        assert told["time_s"][phase] == pytest.approx(spent)
    assert sum(each["done"] for each in told["hosts"]) == tally.ok + tally.not_modified
    assert sum(each["failed"] for each in told["hosts"]) == sum(tally.failures.values())
    assert sum(each["retries"] for each in told["hosts"]) == tally.retries
    assert told["hosts_known"] == len({each.request.host for each in all_results})


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-50, 50)), max_size=20))
def test_pauses_that_overlap_count_once(pauses):
    host, now, rested = HostTally(), 0.0, set()
    for passed, length in pauses:
        now += round(passed)
        host.pause(now + round(length), now=now)
        rested.update(range(int(now), int(now) + round(length)))
    assert host.paused_s == len(rested)


def test_a_pause_is_counted_from_the_result():
    tally = Tally()
    tally.add(PageResult(REQUEST, State.WAITING, Reason.TIMEOUT, pause_until=NOW + 30), now=NOW)
    assert tally.host("a.example:443").paused_s == 30.0


def test_latency_runs_to_the_first_byte():
    tally = Tally()
    timing = Timing(turn_s=3.0, dns_s=0.5, connect_s=0.25, first_byte_s=1.0, body_s=8.0)
    tally.add(PageResult(REQUEST, status=200, timing=timing), now=NOW)
    tally.add(PageResult(REQUEST, status=200, timing=Timing(turn_s=1.0, first_byte_s=0.1)), now=NOW)
    host = tally.as_json()["hosts"][0]
    assert host["latency_s"]["max"] == 1.75
    assert host["latency_s"]["p50"] == pytest.approx(0.1, rel=0.03)
    assert host["longest_wait_s"] == 3.0
    assert host["busy_s"] == pytest.approx(9.85)


def test_a_host_that_never_answered_has_no_latency():
    tally = Tally()
    tally.add(PageResult(REQUEST, State.FAILED, "connect"), now=NOW)
    assert tally.as_json()["hosts"][0]["latency_s"] == {
        "p50": None,
        "p95": None,
        "p99": None,
        "max": None,
    }


def test_the_rule_of_a_host_is_told_as_it_is_now():
    tally = Tally()
    for asked in (True, False, True):
        tally.host("a.example:443").rule(per_host=1, delay_s=2.0, asked=asked)
    told = tally.as_json()["hosts"][0]
    assert (told["per_host"], told["delay_s"], told["asks"]) == (1, 2.0, 2)


def test_pages_are_counted_by_rule_and_place():
    tally = Tally()
    for placed in ("inline", "pool", "inline", "thread"):
        tally.add(PageResult(REQUEST, status=200, rule="book", placed=placed), now=NOW)
    tally.add(PageResult(REQUEST, status=200), now=NOW)
    assert tally.placed == {"inline": 2, "pool": 1, "thread": 1}
    assert tally.by_page == {"book": {"inline": 2, "pool": 1, "thread": 1}}
    assert tally.unmatched == 1


def test_a_reason_that_is_missing_is_still_counted():
    tally = Tally()
    tally.add(PageResult(REQUEST, State.FAILED), now=NOW)
    assert tally.failures == {"unknown": 1}


@given(st.lists(st.tuples(st.integers(0, 30), results), max_size=80))
def test_hosts_are_bounded_and_their_counts_add_up(visits):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally_module, "HOSTS_KEPT", 2)
        patch.setattr(tally_module, "HOSTS_TOLD", 3)
        tally = Tally()
        for number, visit in visits:
            tally.add(replace(visit, request=on(f"h{number}:80")), now=NOW)
        told = tally.as_json()
    assert len(tally._hosts) <= 4 * 2
    counted = [*told["hosts"], told["rest"]]
    assert sum(each["done"] for each in counted) == tally.ok + tally.not_modified
    assert sum(each["failed"] for each in counted) == sum(tally.failures.values())
    assert sum(each["retries"] for each in counted) == tally.retries
    assert len(told["hosts"]) + told["rest"]["hosts"] == told["hosts_known"]


def test_a_host_that_was_not_kept_and_comes_again_is_counted_once(monkeypatch):
    monkeypatch.setattr(tally_module, "HOSTS_KEPT", 2)
    tally = Tally()
    for number in [*range(40), *range(40)]:
        tally.add(PageResult(on(f"h{number}:80")), now=NOW)
    told = tally.as_json()
    assert told["hosts_known"] in (39, 40)  # two may look alike, once in 20,000 times
    assert told["rest"]["hosts"] + len(told["hosts"]) == told["hosts_known"]


def test_of_many_hosts_those_with_most_pages_and_the_slowest_are_kept(monkeypatch):
    monkeypatch.setattr(tally_module, "HOSTS_KEPT", 2)
    tally = Tally()
    for number in range(100):
        for host in (f"h{number}:80", "large:80", "slow:80"):
            tally.add(_visit(host, 9.0 if host == "slow:80" and number < 2 else 0.01), now=NOW)
    told = tally.as_json()
    assert [(host["host"], host["done"]) for host in told["hosts"][:2]] == [
        ("large:80", 100),
        ("slow:80", 100),
    ]
    assert told["slowest"][0]["host"] == "slow:80"
    assert told["hosts_known"] == 102


def test_only_the_hosts_with_most_pages_are_told():
    tally = Tally()
    for number in range(HOSTS_TOLD + 10):
        for _ in range(1 + (number >= 10)):
            tally.add(PageResult(on(f"h{number}:80"), status=200), now=NOW)
    told = tally.as_json()
    assert len(told["hosts"]) == HOSTS_TOLD
    assert {each["done"] for each in told["hosts"]} == {2}
    assert told["hosts_known"] == HOSTS_TOLD + 10


def test_host_with_most_retries_is_known():
    tally = Tally()
    assert tally.most_retried() is None
    for name, retries in (("a:1", 1), ("b:1", 2), ("c:1", 0)):
        for _ in range(retries):
            tally.add(PageResult(on(name), State.WAITING, Reason.TIMEOUT), now=NOW)
        tally.add(PageResult(on(name)), now=NOW)
    assert tally.most_retried() == "b:1"


def test_repr_says_how_much_was_counted():
    tally = Tally()
    tally.add(PageResult(REQUEST, status=200), now=NOW)
    assert repr(tally) == "<Tally of 1 attempts on 1 hosts>"


def test_the_hosts_that_need_longest_are_told_of_whatever_they_did():
    tally = Tally()
    for n in range(HOSTS_TOLD):
        for _ in range(3):
            tally.add(_visit(f"quick{n}", 0.01), now=NOW)
    tally.add(_visit("slow", 9.0), now=NOW)
    tally.add(_visit("polite", 0.01), now=NOW)
    tally.add(_visit("polite", 0.01), now=NOW)
    tally.host("polite").rule(per_host=2, delay_s=3.0)
    assert tally.delays_s() == {"polite": 3.0}
    told = tally.as_json()
    assert not {"slow", "polite"} & {host["host"] for host in told["hosts"]}
    assert [host["host"] for host in told["slowest"][:2]] == ["slow", "polite"]
    assert [host["requests"] for host in told["slowest"][:2]] == [1, 2]


def test_links_out_of_scope_are_counted_by_key():
    tally = Tally()
    for _ in range(2):
        outside = (("hosts", 2), ("deny", 1))
        tally.add(PageResult(REQUEST, links_out_of_scope=3, links_outside=outside), now=NOW)
    assert tally.links_outside == {"hosts": 4, "deny": 2}


def _visit(host: str, busy_s: float) -> PageResult:
    timing = Timing(first_byte_s=busy_s)
    return PageResult(replace(REQUEST, host=host), status=200, timing=timing)
