"""Laws of circuits, and of an outage of the network."""

from hypothesis import example, given
from hypothesis import strategies as st

from scraper.core.schedule.circuit import (
    FAILURES,
    LONGEST_OUTAGE_S,
    LONGEST_PROBE_S,
    LOST,
    PROBE_S,
    PROBES,
    RESTS,
    TOO_BUSY,
    TOO_BUSY_S,
    Circuit,
    Outage,
)


@given(st.lists(st.sampled_from(["well", "failed", "old", "shut", "leaves"]), max_size=40))
def test_it_opens_after_failures_in_a_row_and_closes_with_an_answer(happened):
    """A host that leaves while nothing is open, and comes again, is as it was."""
    circuit, row, now, has_left = Circuit(), 0, 0.0, False
    for what in happened:
        now += 1.0
        if what == "leaves":
            before, circuit, has_left = repr(circuit), Circuit.of(*circuit.state), True
            assert repr(circuit) == before or row > FAILURES
            continue
        if what == "old" and has_left:  # nothing was open
            continue
        if circuit.is_given_up:
            assert circuit.failed(now, started_at=now) is None
            continue
        if what == "well":
            circuit.well()
            row = 0
            assert not circuit.is_open
        elif what == "old" and circuit.is_open:
            assert circuit.failed(now, started_at=-1.0) is None
        else:
            was_open = circuit.is_open
            rests = circuit.failed(now, started_at=now, at_once=what == "shut")
            row += 1
            has_left = has_left and rests is None
            assert circuit.is_open == (was_open or row >= FAILURES or what == "shut")
            assert (rests is not None) == (circuit.is_open and not circuit.is_given_up)
        assert (circuit.state == Circuit().state) == (row == 0)
    assert repr(circuit)


def test_it_rests_longer_each_time_and_gives_up_after_the_probes():
    circuit = Circuit()
    rests = [circuit.failed(float(n), started_at=float(n)) for n in range(FAILURES + PROBES)]
    assert rests == [None] * (FAILURES - 1) + [*RESTS, None]
    assert circuit.is_given_up
    assert "given up" in repr(circuit)


def test_one_failure_is_enough_where_no_page_may_be_asked_for():
    circuit = Circuit()
    assert circuit.failed(0.0, started_at=0.0, at_once=True) == RESTS[0]
    assert circuit.is_open
    assert "open" in repr(circuit)


@given(st.lists(st.integers(0, 9), max_size=60))
def test_the_network_is_gone_when_many_hosts_fail_and_none_answers(happened):
    """0: some host answers; n: host n fails."""
    outage, lost = Outage(), set()
    for now, what in enumerate(happened):
        if what:
            lost.add(what)
            was = outage.since is not None
            assert outage.lost(str(what), float(now)) == (not was and len(lost) >= LOST)
        else:
            assert outage.well() == (len(lost) >= LOST)
            lost.clear()
        assert (outage.since is not None) == (len(lost) >= LOST)
    assert repr(outage)


def test_probes_come_less_and_less_often_until_one_is_answered():
    outage, now = Outage(), 0.0
    for host in range(LOST):
        outage.lost(str(host), now)
    assert outage.probe_at == PROBE_S
    waits = []
    for _ in range(8):
        now = outage.probe_at
        outage.probes()
        assert outage.probe_at is None
        outage.probed(now, in_vain=True)
        waits.append(outage.probe_at - now)
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_PROBE_S
    outage.probes()
    outage.probed(now, in_vain=False)
    assert outage.probe_at == now
    assert not outage.is_too_long(LONGEST_OUTAGE_S - 1.0)
    assert outage.is_too_long(LONGEST_OUTAGE_S)
    assert outage.well()
    assert (outage.since, outage.probe_at) == (None, None)
    assert not outage.is_too_long(1e9)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, TOO_BUSY_S)), max_size=60))
@example([(True, TOO_BUSY_S / 10)] * TOO_BUSY)
def test_it_is_given_up_only_after_many_answers_in_hours_that_it_is_too_busy(answers):
    circuit, now, row = Circuit(), 0.0, []
    for is_busy, later_s in answers:
        now += later_s
        if is_busy:
            circuit.busy(now)
            row.append(now)
        else:
            circuit.well()
            row = []
        circuit = Circuit.of(*circuit.state)  # the host has left and come again
        assert circuit.is_busy == is_busy
        if circuit.is_given_up:
            assert len(row) >= TOO_BUSY
            assert row[-1] - row[0] >= TOO_BUSY_S
            return
        assert len(row) < TOO_BUSY or row[-1] - row[0] < TOO_BUSY_S
