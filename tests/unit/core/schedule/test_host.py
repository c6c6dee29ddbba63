"""Laws of one host of the window."""

from dataclasses import replace
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from scraper.core.model import Request
from scraper.core.plan import HostRule
from scraper.core.schedule.circuit import FAILURES, LOST, PROBES, Circuit, Outage
from scraper.core.schedule.host import (
    GIVES_WAY_S,
    MOST_LEAD_S,
    UNKNOWN_S,
    Group,
    Host,
    Lease,
    depth_of,
    rule_of,
)
from scraper.core.schedule.news import News, Sign
from scraper.core.schedule.pace import FIRST_OPEN, Pace

REQUEST = Request(url="http://a/", key=b"", host="a:80")


def host(*, per_host: int = 9, delay_s: float = 0.0, probing: bool = False, **more) -> Host:
    own = {"pace": Pace(), "circuit": Circuit()}
    made = Host("a:80", HostRule(per_host, delay_s), probing=probing, **(own | more))
    made.queue.append((0.0, REQUEST))
    return made


@given(st.integers(1, 9), st.integers(0, 9), st.integers(0, 9))
def test_a_guest_that_waits_takes_a_place_of_the_cap(limit, opened, guests):
    assert Group(limit, open=opened, guests=guests).is_full == (opened + guests >= limit)


@given(st.floats(0, 9), st.floats(0, 9), st.floats(0, 9), st.floats(0, 99), st.floats(0, 99))
def test_a_start_keeps_the_longest_delay_and_the_rest(own_s, robots_s, slow_s, started, paused):
    made = host(delay_s=own_s, crawl_delay_s=robots_s, pace=Pace(slow_s))
    made.started_at, made.paused_until = started, paused
    assert made.asked_delay_s == max(own_s, robots_s)
    assert made.next_at == max(started + max(own_s, robots_s, slow_s), paused)


@given(st.booleans(), st.booleans(), st.booleans())
def test_only_the_delays_that_were_asked_for_are_no_trouble(rests, is_open, slowed):
    made = host(delay_s=1.0, crawl_delay_s=2.0, pace=Pace(2.5 if slowed else 2.0))
    made.paused_until, made.circuit.is_open = 9.0 if rests else 5.0, is_open
    assert made.is_in_trouble(5.0) == (rests or is_open or slowed)


@given(st.integers(1, 9), st.integers(0, 9), st.booleans(), st.booleans())
def test_no_more_are_open_than_it_may_bear(per_host, open_, probing, is_dead):
    made = host(per_host=per_host, probing=probing)
    made.open = open_
    if is_dead:
        made.circuit.failed(0.0, started_at=0.0, at_once=True)
    limit = 1 if probing or is_dead else min(per_host, FIRST_OPEN)
    assert made.may_open == (open_ < limit)


@given(st.integers(1, 9), st.integers(0, 99), st.floats(0, 9), st.none() | st.floats(0, 9))
def test_what_is_left_takes_as_long_as_politeness_and_latency_make_it(
    per_host, known, delay_s, usual_s
):
    made = host(per_host=per_host, delay_s=delay_s)
    made.push(REQUEST, 0.0, urgent=True, deepest_first=False)
    made.known, made.pace.usual_s = known, usual_s
    page_s = max(delay_s, (UNKNOWN_S if usual_s is None else usual_s) / per_host)
    assert made.left_s == max(known, 2) * page_s


def test_a_host_that_is_given_up_waits_for_nothing():
    made = host(delay_s=9.0, probing=True)
    made.started_at = made.paused_until = 1e9
    for now in range(FAILURES + PROBES):
        made.circuit.failed(float(now), started_at=float(now))
    made.open = 1
    assert made.next_at < 0
    assert made.may_open


@given(st.booleans(), st.sampled_from([0.0, 1.0]), st.booleans())
def test_a_host_with_a_delay_opens_nothing_until_it_is_sent(probing, delay_s, sent):
    made = host(delay_s=delay_s, probing=probing)
    made.begin(5.0)
    made.probing = False
    assert made.may_open != (probing or delay_s > 0)
    made.end(7.0, started_at=5.0, sent=sent)
    assert made.may_open
    counted_from = 7.0 if probing or delay_s else 5.0
    assert made.started_at == (counted_from if sent else float("-inf"))


def test_while_a_page_is_away_for_its_robots_txt_only_those_of_others_start():
    made = host(away=1)
    assert (made.has_room, made.may_open) == (True, False)
    made.push(replace(REQUEST, url="http://b/"), 1.0, urgent=True, deepest_first=False)
    assert made.may_open
    assert made.pop(deepest_first=False)[1].is_errand
    assert not made.may_open
    made.away = 0
    assert made.may_open


@given(st.lists(st.floats(0, 9), min_size=1, max_size=5), st.sampled_from([0.1, 1.0, 8.0]))
def test_a_turn_begins_as_much_sooner_as_connecting_took_but_sends_no_sooner(took, delay_s):
    made, now = host(delay_s=delay_s), 0.0
    for took_s in took:
        now = max(now, made.next_at)
        made.begin(now)
        early_s = made.stands(now + took_s, started_at=now, took_s=took_s)
        sent_at = now + took_s + max(early_s, 0.0)
        lead_s = made.lead_s
        assert made.stands(sent_at, started_at=now, took_s=None) <= 1e-6
        assert made.lead_s == lead_s
        assert made.seen_at == float("-inf") or sent_at >= made.seen_at + delay_s * 0.999999
        assert 0 <= made.lead_s <= min(MOST_LEAD_S, delay_s / 2)
        made.sees(sent_at)
        made.end(sent_at + 1.0, started_at=now, sent=True)
        now = sent_at + 1.0


def test_pages_wait_while_a_guest_does_but_not_after_its_turn():
    made = host(guests=1)
    assert (made.has_room, made.may_open) == (True, False)
    made.yields = True
    assert made.may_open
    made.queue.clear()
    assert made.is_busy
    made.guests = 0
    assert not made.is_busy
    assert not made.may_open


@given(st.lists(st.sampled_from(Sign), max_size=12), st.booleans(), st.floats(0, 9))
def test_what_is_heard_of_a_host_makes_it_slower_or_faster_and_rest(signs, shut, rest_s):
    made, outage = host(), Outage()
    for now, sign in enumerate(signs):
        before = made.pace.open, made.pace.slow_s, made.paused_until
        news = News(sign, 0.1, rest_s=rest_s, is_shut=shut)
        slower = made.hear(news, outage, now, started_at=now, rest_s=1.0)
        assert slower == (sign not in {Sign.NONE, Sign.WELL})
        assert made.paused_until >= before[2]
        if shut and sign in {Sign.LATE, Sign.DEAD} and not made.circuit.is_given_up:
            assert made.paused_until >= now + max(1.0, rest_s)
        if sign in {Sign.BUSY, Sign.LATE}:
            assert made.pace.open < before[0] or made.pace.slow_s >= before[1]
        if sign in {Sign.WELL, Sign.BUSY}:
            assert made.circuit.is_given_up or not made.circuit.state[0]
            assert made.has_answered


def test_while_the_network_is_gone_silence_tells_nothing_of_a_host():
    outage = Outage()
    hosts = [replace(host(), name=f"{n}:80", circuit=Circuit()) for n in range(LOST + 1)]
    for each in hosts:
        each.hear(News(Sign.WELL), outage, 0.0, started_at=0.0, rest_s=1.0)
    for each in hosts[:LOST]:
        assert each.hear(News(Sign.DEAD), outage, 1.0, started_at=0.5, rest_s=1.0)
    assert outage.since == 1.0
    assert not hosts[LOST - 1].circuit.state[0], "it is not this host that is gone"
    probe_at, late = outage.probe_at, hosts[LOST]
    assert not late.hear(News(Sign.DEAD), outage, 2.0, started_at=0.5, rest_s=1.0)
    assert outage.probe_at == probe_at, "it was sent before"
    assert not late.hear(News(Sign.DEAD), outage, 9.0, started_at=3.0, rest_s=1.0)
    assert outage.probe_at > probe_at
    assert not late.circuit.state[0]
    late.hear(News(Sign.BUSY), outage, 9.0, started_at=3.0, rest_s=1.0)
    assert outage.since is None


@given(st.lists(st.integers(0, 4)))
def test_the_newest_of_the_deepest_is_the_last(depths):
    rows = [replace(REQUEST, depth=depth, id=number) for number, depth in enumerate(depths)]
    leases = [Lease(row, 0.0, 0.0) for row in rows]
    entries = sorted(((lease.started_at, lease.request) for lease in leases), key=depth_of)
    assert [row for _, row in entries] == sorted(rows, key=lambda row: row.depth)


def test_the_rule_for_a_port_wins_over_the_one_for_the_name():
    default, name, port = HostRule(1), HostRule(2), HostRule(3)
    rules = {"a": name, "a:81": port, "[::1]": name}
    assert rule_of("a:80", rules, default=default) is name
    assert rule_of("a:81", rules, default=default) is port
    assert rule_of("b:80", rules, default=default) is default
    assert rule_of("[::1]:80", rules, default=default) is name


@given(st.booleans(), st.booleans(), st.sampled_from([None, 3.0, 50.0]))
def test_a_guest_gives_way_to_a_page_and_waits_for_the_networks_probe(yields, has_page, probe_at):
    made, outage = host(yields=yields, started_at=5.0, delay_s=5.0), Outage()
    if not has_page:
        made.queue.clear()
    if probe_at is not None:
        outage.since, outage.probe_at = 0.0, probe_at
    at = 10.0 + (GIVES_WAY_S if yields and has_page else 0.0)
    assert made.guest_at(outage) == max(at, probe_at or 0.0)


def test_a_guest_waits_for_the_end_of_a_turn():
    made, outage = host(per_host=1), Outage()
    made.open = 1
    assert made.guest_at(outage) == inf
    made.open, outage.since = 0, 1.0
    assert made.guest_at(outage) == inf  # one probes the network
    assert made.guest_at(Outage()) == -inf


def test_a_host_that_is_not_located_opens_nothing():
    assert not host(located=False).may_open


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=9), st.booleans())
def test_next_hops_go_first_then_the_oldest_or_the_newest_of_the_deepest(pages, deepest_first):
    made = host()
    made.queue.clear()
    rows = [(replace(REQUEST, id=n, depth=d), urgent) for n, (d, urgent) in enumerate(pages)]
    for row, urgent in rows:
        made.push(row, 1.0, urgent=urgent, deepest_first=deepest_first)
    hops = [row for row, urgent in rows if urgent]
    rest = [row for row, urgent in rows if not urgent]
    if deepest_first:
        rest.sort(key=lambda row: (row.depth, row.id), reverse=True)
    assert made.trim(3, deepest_first=deepest_first) == rest[:2:-1]
    taken = [made.pop(deepest_first=deepest_first)[1] for _ in range(len(hops) + min(len(rest), 1))]
    assert taken == [*hops, *rest[:1]]
    assert sorted(row.id for row in made.shed(urgent=True)) == sorted(r.id for r in rest[1:3])


def test_next_hops_are_given_back_only_when_they_are_asked_for():
    made = host()
    made.push(REQUEST, 1.0, urgent=True, deepest_first=False)
    assert len(made.shed(urgent=False)) == 1
    assert made.shed(urgent=True) == [REQUEST]


def test_a_host_that_was_never_heard_of_shares_what_is_known_of_it_until_then():
    """They are many, and of most of them one page is visited."""
    one, other = (Host(f"{name}:80", HostRule(), probing=False) for name in "ab")
    assert (one.pace, one.circuit) == (other.pace, other.circuit)
    one.begin(0.0)
    one.hear(News(Sign.DEAD, is_shut=True), Outage(), 1.0, started_at=0.0, rest_s=1.0)
    one.hear(News(Sign.WELL, 0.1), Outage(), 0.5, started_at=0.0, rest_s=1.0)
    one.hear(News(Sign.LATE), Outage(), 1.0, started_at=0.6, rest_s=1.0)
    assert (other.pace.open, other.pace.usual_s, other.circuit.state[0]) == (FIRST_OPEN, None, 0)
