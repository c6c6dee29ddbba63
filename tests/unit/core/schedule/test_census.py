"""Questions about all hosts at once."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.model import Request
from scraper.core.plan import HostRule
from scraper.core.schedule.census import busiest, rest_ends_at, rests_until
from scraper.core.schedule.circuit import Circuit, Outage
from scraper.core.schedule.host import Host


def host(name: str, *, pages: int = 0, until: float = -inf, hops: int = 0) -> Host:
    made = Host(name, HostRule(), probing=False, circuit=Circuit(), paused_until=until)
    for number in range(pages + hops):
        page = Request(url=f"http://{name}/", key=b"", host=name)
        made.push(page, 0.0, urgent=number >= pages, deepest_first=False)
    return made


def given_up(name: str, **more: float) -> Host:
    made = host(name, pages=1, **more)
    made.circuit.is_given_up = True
    return made


def gone(probe_at: float | None) -> Outage:
    outage = Outage()
    outage.since, outage.probe_at = 1.0, probe_at
    return outage


def test_the_busiest_host_has_most_to_start():
    most = host("b", pages=2, hops=1)
    assert busiest([host("a", pages=2), most, host("c")]) is most
    assert busiest([]) is None


rests = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([-inf, 5.0, 20.0])), max_size=4)


@given(rests=rests)
def test_the_first_rest_to_end_is_that_of_a_host_with_something_to_do(rests):
    hosts = [host(str(n), pages=pages, until=until) for n, (pages, until) in enumerate(rests)]
    expected = min((until for pages, until in rests if pages), default=inf)
    assert rest_ends_at(hosts, Outage()) == expected
    assert [rests_until(host) for host in hosts] == [until for _, until in rests]


def test_a_host_that_is_given_up_does_not_rest():
    assert rest_ends_at([given_up("a", until=99.0)], Outage()) == -inf
    assert rests_until(given_up("a", until=99.0)) == -inf


@pytest.mark.parametrize(("probe_at", "ends_at"), [(30.0, 30.0), (3.0, 5.0), (None, 5.0)])
def test_while_the_network_is_gone_nobody_starts_before_its_probe(probe_at, ends_at):
    assert rest_ends_at([host("a", hops=1, until=5.0)], gone(probe_at)) == ends_at
