"""How long a run goes on when it only waits."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.model import Request
from scraper.core.plan import PolitenessPlan
from scraper.core.schedule.held import Held
from scraper.core.schedule.patience import Patience
from scraper.core.schedule.politeness import HostSchedule

NOW, EPOCH = 100.0, 5_000.0
A = Request(url="http://a/", key=b"", host="a:80", id=1)


class Crawl:
    """One page that waits for its host, until `rests_s` from now."""

    def __init__(self, *, max_wait_s: float = 60.0, rests_s: float | None = None):
        self.patience = Patience(max_wait_s)
        self.schedule, self.held = HostSchedule(PolitenessPlan(robots=False)), Held()
        if rests_s is not None:
            self.held.hold(A.id)
            self.schedule.pause(A.host, NOW + rests_s, NOW)
            self.schedule.add(A, NOW)

    def is_over(self, *, seeding: bool = False, due_s: float | None = None) -> bool:
        due_at = None if due_s is None else EPOCH + due_s
        return self.patience.is_over(
            *(self.schedule, self.held),
            seeding=seeding,
            due_at=due_at,
            now=NOW,
            since_epoch=EPOCH,
        )


waits = st.sampled_from([None, 10.0, 59.0, 61.0, 600.0])


@given(rests_s=waits, due_s=waits, seeds_s=waits)
def test_it_is_over_when_the_first_of_all_waits_is_too_long(rests_s, due_s, seeds_s):
    crawl = Crawl(rests_s=rests_s)
    if seeds_s is not None:
        crawl.patience.seeds_rest("s:80", EPOCH + seeds_s)
    first = min(each for each in (rests_s, due_s, seeds_s, inf) if each is not None)
    over = crawl.is_over(due_s=due_s, seeding=seeds_s is not None)
    assert over is (60.0 < first < inf)


def test_without_a_limit_it_is_never_over():
    assert not Crawl(max_wait_s=inf, rests_s=1e9).is_over()


def test_a_page_on_its_way_to_a_robots_txt_that_has_moved_only_waits():
    crawl = Crawl(rests_s=99.0)
    away, home = (Request(url="http://b/", key=b"", host=host, id=2) for host in (A.host, "b:80"))
    crawl.held.hold(2)
    assert crawl.held.take(2)
    assert not crawl.is_over()  # it is at work
    crawl.held.wait_again(2)
    crawl.schedule.leave_for_robots("b:80", NOW)
    crawl.schedule.add(away, NOW, urgent=True)
    crawl.schedule.add(home, NOW)
    assert crawl.is_over()


def test_seeds_that_may_come_at_any_time_are_waited_for():
    assert not Crawl(rests_s=99.0).is_over(seeding=True)


def test_nothing_is_over_while_something_is_open_or_waits_for_its_commit():
    crawl = Crawl(rests_s=0.0)
    lease = crawl.schedule.take(NOW)
    assert lease is not None
    assert crawl.held.take(A.id)
    crawl.schedule.pause(A.host, NOW + 99.0, NOW)
    assert not crawl.is_over(due_s=99.0)  # it is open
    crawl.schedule.done(A.host, NOW, started_at=NOW, sent=True)
    assert not crawl.is_over(due_s=99.0)  # its commit may bring something to do
    crawl.patience.parked = 1
    assert crawl.is_over(due_s=99.0)  # it waits for seeds, and they for something else


@pytest.mark.parametrize(
    ("host", "until", "is_news"), [("a", 50.5, False), ("a", 90.0, True), ("b", 50.0, True)]
)
def test_a_wait_that_has_hardly_moved_is_no_news(host, until, is_news):
    patience = Patience()
    assert patience.seeds_rest("a", 50.0)
    assert patience.seeds_rest(host, until) is is_news
    assert (patience.seeds_on, patience.seeds_until) == ((host, until) if is_news else ("a", 50.0))
