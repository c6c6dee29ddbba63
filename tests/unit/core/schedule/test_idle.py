"""Laws of which hosts are forgotten, and when."""

from hypothesis import given
from hypothesis import strategies as st

from scraper.core.model import Request
from scraper.core.plan import HostRule
from scraper.core.schedule.host import Host
from scraper.core.schedule.idle import LOOK_S, MOST, Idle
from scraper.core.schedule.pace import Pace


def host(*, until: float = 0.0, fails: bool = False, slow_s: float = 0.0, busy: bool = False):
    made = Host("a:80", HostRule(), probing=False, paused_until=until, pace=Pace(slow_s))
    if fails:
        made.circuit.failed(0.0, started_at=0.0)
    made.guests = int(busy)
    return made


@given(
    st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.sampled_from([0.0, 50.0, 500.0])
)
def test_a_host_is_forgotten_once_nothing_is_left_to_do_and_to_keep(
    fails, slow, busy, crowded, until
):
    made = host(until=until, fails=fails, slow_s=2.0 * slow, busy=busy)
    idle = Idle()
    for _ in range(2):
        idle.note(made, 10.0)
    assert "1 hosts" in repr(idle)
    assert idle.pop(9.0, hosts=MOST + crowded) == []
    goes = not busy and not slow and (crowded or not fails)
    found = [at for at in (10.0, 50.0, 110.0, 500.0, 600.0) if idle.pop(at, hosts=MOST + crowded)]
    assert found == ([max(until, 10.0)] if goes else [])
    made.circuit.well()
    made.pace.slow_s = 0.0
    late = 600.0 + LOOK_S
    assert bool(idle.pop(late, hosts=MOST + crowded)) == (not goes and not busy)
    assert not made.is_noted


def test_a_host_that_is_busy_again_is_noted_anew_at_its_end():
    made, idle = host(), Idle()
    made.urgent.append((0.0, Request(url="http://a/", key=b"", host="a:80")))
    idle.note(made, 0.0)
    assert idle.pop(1.0, hosts=MOST + 1) == []
    made.urgent.clear()
    assert idle.pop(2.0, hosts=MOST + 1) == []
    idle.note(made, 3.0)
    assert idle.pop(3.0, hosts=MOST + 1) == [made]
