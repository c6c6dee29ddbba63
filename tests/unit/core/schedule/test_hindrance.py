import pytest

from scraper.core.schedule.hindrance import WHILE, Hindrance


def hindrance(full: int = 0, **bounds: int) -> Hindrance:
    made = Hindrance()
    for _ in range(full):
        made.add("network", full=True)
    for bound, times in bounds.items():
        for _ in range(times):
            made.add(bound, full=False)
    return made


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"host": 3, "loop": 2}, "politeness was the limit, not the open requests"),
        ({"network": 1}, "the hosts left slots free"),
        ({"full": 4, "sink": 5}, "writing to the database was the limit, not the open requests"),
        ({"full": 5, "sink": 5}, None),
        ({}, None),
    ],
)
def test_it_says_what_held_the_crawl_up_most_unless_the_slots_were_taken(counts, said):
    assert hindrance(**counts).why(moved=False) == said


def test_a_few_pulses_after_a_move_tell_nothing():
    made = hindrance(host=WHILE - 1)
    assert made.why(moved=True) is None
    made.add("host", full=False)
    assert made.why(moved=True) is not None
    assert "'host': 100" in repr(made)
    made.clear()
    assert made.why(moved=False) is None
