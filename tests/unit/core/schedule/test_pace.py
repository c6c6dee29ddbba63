"""Laws of the pace of one host."""

from hypothesis import given
from hypothesis import strategies as st

from scraper.core.schedule.pace import FIRST_OPEN, FIRST_SLOW_S, MOST_SLOW_S, STEPS, Pace

MOST = 8
events = st.lists(st.sampled_from(["well", "slow", "trouble", "old trouble"]), max_size=200)


def lived(happened: list[str], pace: Pace) -> float:
    now = 0.0
    for what in happened:
        now += 1.0
        if what == "trouble":
            pace.troubled(now, started_at=now - 0.5, most=MOST)
        elif what == "old trouble":
            pace.troubled(now, started_at=-1e9, most=MOST)
        else:
            pace.answered(now, started_at=now - 0.5, latency_s=0.1 if what == "well" else 9.0)
    return now


@given(events)
def test_it_stays_within_its_bounds(happened):
    pace = Pace()
    lived(happened, pace)
    assert pace.open >= 1
    assert 0.0 <= pace.slow_s <= MOST_SLOW_S
    assert "open" in repr(pace)


@given(events)
def test_trouble_slows_and_wellness_heals_in_the_end(happened):
    pace = Pace()
    now = lived(happened, pace)
    before = (min(pace.open, MOST), -pace.slow_s)
    pace.troubled(now + 1, started_at=now + 1, most=MOST)
    assert (pace.open, -pace.slow_s) < before or pace.slow_s == MOST_SLOW_S
    for _ in range(STEPS + 64 * MOST):
        now += 1.0
        pace.answered(now, started_at=now, latency_s=None)
    assert pace.slow_s == 0.0
    assert pace.open >= MOST


def test_fewer_at_a_time_first_then_a_pause_between_two():
    pace = Pace()
    seen = []
    for now in range(1, 12):
        pace.troubled(float(now), started_at=float(now), most=MOST)
        seen.append((pace.open, pace.slow_s))
    assert seen[:4] == [(2, 0.0), (1, 0.0), (1, FIRST_SLOW_S), (1, 2 * FIRST_SLOW_S)]
    assert seen[-1] == (1, MOST_SLOW_S)


def test_a_host_that_allows_some_requests_a_second_seldom_says_that_it_was_too_many():
    pace, now, allowed, refused = Pace(), 0.0, [-1.0] * 4, 0
    for _ in range(400):
        now += max(pace.slow_s, 0.05)  # one at a time, and each answer takes 50 ms
        if now - allowed[-4] < 1.0:
            refused += 1
            pace.troubled(now, started_at=now, most=1)
        else:
            allowed.append(now)
            pace.answered(now, started_at=now, latency_s=0.05)
    assert refused < 0.2 * 400


def test_a_burst_of_bad_answers_counts_once():
    pace = Pace()
    for _ in range(4):
        pace.troubled(10.0, started_at=9.0, most=MOST)
    assert (pace.open, pace.slow_s) == (FIRST_OPEN // 2, 0.0)


def test_before_the_first_trouble_each_answer_earns_one_and_after_it_a_round_does():
    pace = Pace()
    for now in range(4):
        assert not pace.answered(float(now), started_at=float(now), latency_s=0.1)
    assert pace.open == 2 * FIRST_OPEN
    pace.troubled(9.0, started_at=9.0, most=MOST)
    assert pace.open == MOST // 2
    for _ in range(MOST // 2):
        pace.answered(10.0, started_at=10.0, latency_s=0.1)
    assert pace.open == MOST // 2 + 1


def test_a_host_that_grows_slower_is_asked_for_less_at_a_time():
    pace = Pace()
    for now in range(50):
        pace.answered(float(now), started_at=float(now), latency_s=0.1)
    before = pace.open
    slower = [pace.answered(100.0 + n, started_at=100.0 + n, latency_s=3.0) for n in range(3)]
    assert any(slower)
    assert pace.open < before
    assert pace.slow_s == 0.0


@given(st.floats(0.2, 20), st.lists(st.floats(0.8, 1.25), min_size=5, max_size=100))
def test_a_slow_host_that_stays_as_it_is_is_not_slowed(latency_s, wobbles):
    pace = Pace()
    for now, wobble in enumerate(wobbles):
        assert not pace.answered(float(now), started_at=float(now), latency_s=latency_s * wobble)
    assert pace.open == FIRST_OPEN + len(wobbles)


@given(st.floats(0, 100))
def test_it_begins_with_what_was_learnt(slow_s):
    pace = Pace(slow_s)
    assert pace.slow_s == min(slow_s, MOST_SLOW_S)
    assert pace.open == (1 if slow_s else FIRST_OPEN)
