"""Short parses stay on the loop, long ones leave it, and what is long is learned."""

from hypothesis import given
from hypothesis import strategies as st

from scraper.core.schedule.placement import Placement

KB = 1024


def test_small_pages_stay_and_large_ones_leave():
    placement = Placement("auto")
    assert not placement.is_pooled("page", 25 * KB)
    assert placement.is_pooled("page", 2000 * KB)


def test_a_rule_that_turns_out_to_be_slow_leaves_and_the_others_stay():
    placement = Placement("auto")
    for _ in range(3):
        placement.parsed("slow", 25 * KB, 0.050)
    assert placement.is_pooled("slow", 25 * KB)
    assert not placement.is_pooled("page", 25 * KB)


def test_a_rule_that_is_fast_again_comes_back():
    placement = Placement("auto")
    placement.parsed("page", 25 * KB, 0.5)
    assert placement.is_pooled("page", 25 * KB)
    for _ in range(200):
        placement.parsed("page", 25 * KB, 0.0005)
    assert not placement.is_pooled("page", 25 * KB)


def test_a_costly_trip_keeps_pages_here_up_to_what_would_stall_the_loop():
    placement = Placement("auto")
    six_ms = next(
        size for size in range(KB, 999 * KB, KB) if placement.predicted_s("p", size) > 6e-3
    )
    assert placement.is_pooled("p", six_ms)
    for _ in range(50):
        placement.tripped(0.005)
    assert not placement.is_pooled("p", six_ms)
    assert placement.is_pooled("p", 2 * six_ms)


def test_no_page_above_a_size_stays_however_fast_the_rule():
    placement = Placement("auto")
    for _ in range(100):
        placement.parsed("page", 100 * KB, 1e-6)
    assert placement.is_pooled("page", 193 * KB)


def test_always_never_and_a_size_are_obeyed():
    for size in (0, KB, 10_000 * KB):
        assert Placement("always").is_pooled("page", size)
        assert not Placement("never").is_pooled("page", size)
        assert Placement(128 * KB).is_pooled("page", size) == (size >= 128 * KB)


def test_its_repr_says_what_was_learned():
    placement = Placement("auto")
    placement.parsed("page", KB, 0.0001)
    assert repr(placement) == "<Placement auto {'page': '45 us/KB'}, trip 400 us>"


measurements = st.lists(st.tuples(st.integers(0, 10**7), st.floats(0, 10)), max_size=30)


@given(measurements, st.integers(0, 10**7))
def test_what_stays_is_predicted_to_be_short(measured, size):
    placement = Placement("auto")
    for size_bytes, seconds in measured:
        placement.parsed("page", size_bytes, seconds)
        placement.tripped(seconds)
    assert placement.is_pooled("page", size) or placement.predicted_s("page", size) <= 0.008


@given(measurements, st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_larger_page_of_a_rule_never_stays_when_a_smaller_one_leaves(measured, one, other):
    placement = Placement("auto")
    for size_bytes, seconds in measured:
        placement.parsed("page", size_bytes, seconds)
    small, large = sorted((one, other))
    assert placement.is_pooled("page", small) <= placement.is_pooled("page", large)
