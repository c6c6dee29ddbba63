import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.schedule.flow import Flow, Window
from scraper.core.schedule.news import Sign
from scraper.core.schedule.trouble import CUTS, SHY_S, Trouble


def seen(*, good=0, bad=0, full=True):
    flow = Flow()
    window = Window(flow, 0.0)
    window.add(open_=10, full=full, lag_s=0.0)
    for sign, count in ((Sign.WELL, good), (Sign.BUSY, bad)):
        for _ in range(count):
            flow.ended(sign, 0.0, 0.1, answers=True)
    return window


@pytest.mark.parametrize(
    ("window", "trouble"),
    [
        (seen(good=100, bad=40), True),
        (seen(good=100, bad=5), False),  # some errors are usual
        (seen(bad=3), False),  # too few to tell
        (seen(good=20, bad=5), False),  # chance
        (seen(good=100, bad=40, full=False), False),  # not for being too many at a time
    ],
)
def test_trouble_is_more_errors_than_usual_with_all_slots_taken(window, trouble):
    assert Trouble().is_in(window) is trouble


def test_what_is_usual_is_learnt():
    trouble = Trouble()
    for _ in range(20):
        trouble.learn(seen(good=80, bad=20))
    assert not trouble.is_in(seen(good=100, bad=50))
    assert trouble.is_in(seen(good=30, bad=70))
    assert repr(trouble) == "<Trouble beyond 20%, 0 cuts>"


def test_what_cuts_do_not_change_is_put_up_with():
    trouble, window = Trouble(), seen(good=40, bad=60)
    for _ in range(CUTS):
        assert trouble.cut(100, 0.6, 0.0) is not None
    assert trouble.cut(100, 0.6, 0.0) is None
    trouble.put_up_with(window)
    assert not trouble.is_in(window)
    assert not trouble.is_shy(0.0)
    assert trouble.cut(100, 0.6, 0.0) is not None


def test_what_a_cut_leaves_is_usual():
    trouble = Trouble()
    trouble.cut(100, 0.6, 0.0)
    trouble.learn(seen(good=60, bad=40))
    assert not trouble.is_in(seen(good=50, bad=50))
    trouble.learn(seen(good=100))
    assert trouble.is_in(seen(good=10, bad=90))  # else learnt by and by


def test_cuts_count_in_a_row():
    trouble = Trouble()
    for _ in range(3 * CUTS):
        assert trouble.cut(100, 0.6, 0.0) is not None
        trouble.learn(seen(good=10))


@given(st.integers(1, 1000), st.floats(0.0, 1.0))
def test_a_cut_goes_lower_and_not_to_nothing(limit, share):
    less = Trouble().cut(limit, share, 0.0)
    assert less is not None
    assert round(limit / 4) <= less <= round(0.7 * limit)


def test_a_level_that_failed_is_left_alone_for_a_while():
    trouble = Trouble()
    assert not trouble.forbids(1000, 0.0)
    trouble.shun(64, 100.0)
    assert trouble.is_shy(100.0)
    assert trouble.forbids(64, 100.0)
    assert not trouble.forbids(63, 100.0)
    assert not trouble.forbids(64, 100.0 + SHY_S)
