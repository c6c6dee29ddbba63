"""Laws of which hosts are here, and of what the next run is told."""

from scraper.core.model import Request
from scraper.core.plan import HostRule, PolitenessPlan
from scraper.core.schedule.hosts import Hosts
from scraper.core.schedule.lanes import Lanes
from scraper.core.schedule.pace import Pace


def hosts(**plan: object) -> Hosts:
    made = PolitenessPlan(robots=False, **plan)
    return Hosts(made, Lanes(made, lambda *_: None))


def test_a_host_is_let_go_when_it_has_nothing_to_do_and_comes_again_as_it_was():
    known = hosts(default=HostRule(delay_s=5.0))
    busy, idle = known.named("busy:80"), known.named("idle:80")
    busy.push(Request("http://busy/", b"", "busy:80"), 0.0, urgent=False, deepest_first=False)
    idle.begin(1.0)
    assert known.forget_idle(2.0) == 0, "both have something to do"
    idle.end(2.0, started_at=1.0, sent=True)
    for _ in range(2):
        known.note(idle)
    assert known.forget_idle(2.0) == 1
    assert list(known.each()) == [busy]
    assert known.named("idle:80").next_at == 7.0
    assert (len(known), known.get("gone:80")) == (2, None)
    assert repr(known) == "<Hosts 2, <Past of 0 hosts>>"


def test_so_many_at_a_time_are_let_go_those_first_that_have_waited_longest():
    known = hosts()
    for number in range(5):
        known.named(f"h{number}:80")
    assert known.forget_idle(0.0, most=3) == 3
    assert [host.name for host in known.each()] == ["h3:80", "h4:80"]
    assert known.forget_idle(0.0) == 2


def test_a_host_is_as_the_config_and_the_table_say_whenever_it_comes():
    known = hosts(hosts={"a": HostRule(2, 3.0)})
    first = known.named("a:80")
    known.counted({"a:80": 7, "b:80": 8})
    assert (first.rule, first.known) == (HostRule(2, 3.0), 7)
    assert (known.named("b:80").rule, known.named("b:80").known) == (HostRule(), 8)
    assert known.named("a:80") is first


def test_only_pauses_that_have_changed_are_to_be_kept_for_the_next_run():
    known = hosts()
    known.learn({"a:80": 2.0, "b:80": 3.0, "gone:80": 4.0})
    a, b, c = (known.named(f"{name}:80") for name in "abc")
    assert known.learnt() == {}
    a.pace.slow_s, c.pace = 1.0, Pace(5.0)
    assert known.learnt() == {"a:80": 1.0, "c:80": 5.0}
    b.pace.slow_s = 0.0
    known.forget_idle(0.0)
    assert known.learnt() == {"b:80": 0.0}
    assert known.learnt() == {}
    assert known.named("c:80").pace.slow_s == 5.0
    assert known.named("b:80").pace.slow_s == 0.0


def test_a_rest_is_known_whether_the_host_is_here_or_not():
    known = hosts()
    known.pause("a:80", 9.0)
    assert known.paused_until("a:80") == 9.0
    known.named("a:80").paused_until = 11.0
    assert known.paused_until("a:80") == 11.0
