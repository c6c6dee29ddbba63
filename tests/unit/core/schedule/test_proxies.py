"""Which proxy, and which ones rest."""

from hypothesis import given
from hypothesis import strategies as st

from scraper.core.plan import Proxy
from scraper.core.schedule import proxies as rules
from scraper.core.schedule.proxies import FIRST_REST_S, LONGEST_REST_S, SEVERAL, Rotation

ALL = tuple(Proxy("http", f"p{n}.example", 3128) for n in range(6))
SOME = st.integers(1, 6).map(lambda count: ALL[:count])
HOST = st.from_regex(r"[a-z]{1,8}\.example", fullmatch=True)


@given(SOME, st.lists(HOST, min_size=1, max_size=20))
def test_a_host_keeps_its_proxy_and_only_the_hosts_of_a_resting_one_move(proxies, hosts):
    rotation = Rotation({"some": proxies})
    before = {host: rotation.choose("some", host, 0.0) for host in hosts}
    again = Rotation({"some": proxies[::-1]})
    assert before == {host: again.choose("some", host, 9.0) for host in hosts}
    bad = proxies[0]
    rest_s = rotation.failed(bad, 0.0, proven=True)
    assert rest_s == FIRST_REST_S
    for host, proxy in before.items():
        now = rotation.choose("some", host, 1.0)
        assert now != bad
        assert now == proxy or proxy == bad
        assert rotation.choose("some", host, rest_s) == proxy, "and they come back"


def test_hosts_are_spread():
    rotation = Rotation({"all": ALL, "one": ALL[:1]})
    counts = dict.fromkeys(ALL, 0)
    for n in range(600):
        counts[rotation.choose("all", f"h{n}.example", 0.0)] += 1
    assert all(50 < count < 150 for count in counts.values())


@given(st.integers(1, 12))
def test_each_rest_is_twice_as_long_until_something_worked(times):
    rotation, now, rests = Rotation({"all": ALL, "one": ALL[:1]}), 0.0, []
    for _ in range(times):
        rest_s = rotation.failed(ALL[0], now, proven=True)
        assert rest_s is not None
        assert rotation.failed(ALL[0], now + rest_s / 2, proven=True) is None, "sent before"
        assert rotation.rests_s("one", now) == rest_s
        assert rotation.choose("one", "a", now + rest_s - 0.1) is None
        rests.append(rest_s)
        now += rest_s
        assert rotation.choose("one", "a", now) == ALL[0]
        assert rotation.rests_s("one", now) == 0
    assert rests == [min(FIRST_REST_S * 2**n, LONGEST_REST_S) for n in range(times)]
    assert rotation.worked(ALL[0])
    assert not rotation.worked(ALL[0]), "no news"
    assert rotation.failed(ALL[0], now, proven=True) == FIRST_REST_S


@given(st.integers(0, SEVERAL - 1))
def test_doubt_takes_several_failures_in_a_row(before):
    rotation = Rotation({"all": ALL, "one": ALL[:1]})
    for _ in range(before):
        assert rotation.failed(ALL[0], 0.0, proven=False) is None
    assert not rotation.worked(ALL[0])
    for _ in range(SEVERAL - 1):
        assert rotation.failed(ALL[0], 0.0, proven=False) is None
    assert rotation.failed(ALL[0], 0.0, proven=False) == FIRST_REST_S
    assert rotation.failed(ALL[0], 1.0, proven=False) is None
    assert rotation.failed(ALL[0], FIRST_REST_S, proven=False) == 2 * FIRST_REST_S, "one is enough"


OUTCOMES = st.lists(
    st.tuples(st.sampled_from(ALL), st.sampled_from(["doubt", "worked"]), st.floats(0, 20)),
    max_size=60,
)


@given(SOME, OUTCOMES, HOST)
def test_doubt_alone_never_takes_every_proxy(proxies, outcomes, host):
    rotation, now = Rotation({"all": ALL, "some": proxies}), 0.0
    for proxy, outcome, later_s in outcomes:
        now += later_s
        if outcome == "worked":
            rotation.worked(proxy)
        else:
            rotation.failed(proxy, now, proven=False)
        assert rotation.choose("some", host, now) in proxies


def test_proof_during_a_rest_of_doubt_counts():
    rotation = Rotation({"all": ALL, "one": ALL[:1]})
    for _ in range(SEVERAL):
        rotation.failed(ALL[0], 0.0, proven=False)
    assert rotation.choose("one", "a", 1.0) == ALL[0]
    assert rotation.failed(ALL[0], 1.0, proven=True) == 2 * FIRST_REST_S
    assert rotation.choose("one", "a", 2.0) is None


def test_no_login_is_shown_and_one_host_with_two_users_is_two_proxies():
    proxies = [Proxy("http", "p.example", 80, user, "QzX") for user in ("one", "two")]
    rotation = Rotation({"": proxies})
    chosen = {rotation.choose("", f"h{n}", 0.0) for n in range(50)}
    assert chosen == set(proxies)
    rotation.failed(proxies[0], 0.0, proven=True)
    assert repr(rotation) == "<Rotation 2 proxies, 1 failing>"


@given(st.integers(0, 6), HOST)
def test_what_is_remembered_of_a_host_changes_nothing(resting, host):
    rotation = Rotation({"all": ALL})
    order = []
    for now in range(6):
        order.append(rotation.choose("all", host, now / 10))
        rotation.failed(order[-1], now / 10, proven=True)
    assert set(order) == set(ALL), "each is the next one's successor, remembered or not"
    assert rotation.choose("all", host, 1.0) is None
    fresh = Rotation({"all": ALL})
    for proxy in order[:resting]:
        fresh.failed(proxy, 0.0, proven=True)
    assert fresh.choose("all", host, 1.0) == (order[resting] if resting < 6 else None)


def test_hosts_without_end_cost_no_memory_without_end(monkeypatch):
    monkeypatch.setattr(rules, "KEPT_HOSTS", 10)
    rotation = Rotation({"all": ALL})
    chosen = [rotation.choose("all", f"h{n % 25}", 0.0) for n in range(100)]
    assert chosen[:25] * 4 == chosen
    assert len(rotation._first) <= 10
