"""How many requests should be open in all: `fetch.concurrency: auto` (ADR 16).

A search on a logarithmic scale, by what counts: answers a second, errors left out. A level is
tried for as long as it takes to tell, then kept or left:

- A window is judged when a whole number of mean turns has passed, so that answers that come in
  bursts are counted fairly, and not before the turns begun at the old level are over.
- More is kept if it brings a fair part of what it costs, fewer if next to nothing is lost
  (`worth`): between the two levels tie, and a tie moves nothing. A difference counts when it is
  larger than twice the deviation of such counts, or when `LONGEST_S` have not told; plain ones
  are seen sooner (`rounds`), and to stay needs less proof than to have fewer.
- Steps double the level while that pays (slow start); then they are halved, in both directions
  (`steps`). What an earlier run has found is climbed to, from an eighth of it: where servers have
  become weak, all of it at once makes a queue that takes a minute to drain.
- Then it holds, compares what it sees with what it knows, and looks up again now and then, which
  costs next to nothing. To look down costs what is lost meanwhile: it does so only where latency
  says that fewer might do as well (`levels`).
- Errors beyond what is usual cut the level at once (multiplicative decrease), and what was too
  much is left alone for a while. Errors that three cuts do not change are not of our making.
- A level that makes the loop late must bring twice as much, and where the loop is late fewer may
  lose twice as much.
- Where slots are left free the limit limits nothing: it stays as it is, and `why` says so.
"""

from __future__ import annotations

from math import log

from scraper.core.schedule import rounds
from scraper.core.schedule.flow import Flow, Window, deviation
from scraper.core.schedule.hindrance import Hindrance
from scraper.core.schedule.levels import Levels
from scraper.core.schedule.rounds import LATE_S
from scraper.core.schedule.steps import COARSEST, Steps
from scraper.core.schedule.trouble import Trouble

START = 32  # a run that knows nothing
HASTE = 8  # times as many as this are reached in three turns, where servers bear them
LEAST, MOST = 4, 1_000
FULL = 0.9  # of the slots: a few are always on their way from one page to the next
SHORTEST_S, LONGEST_S = 0.25, 4.0  # of a trial
FEW = 20  # answers do not tell much; they may take ...
SURE = 200  # ... and so many tell enough to try another level
PATIENCE_S = 15.0
HOLD_S = 2.0  # to look at a level that is known; the least to go down, or to find no gain above


class Tuner:
    """Finds how many requests should be open; told a pulse many times a second.

    Args:
        flow: what turns come to; its `since` is set here.
        start: what the last run has found, or `START`; climbed to, see above.

    Attributes:
        limit: requests that may be open now.
        changes: how often it moved for good.
    """

    def __init__(self, flow: Flow, *, start: int = START, most: int = MOST) -> None:
        self.most = max(1, most)
        self.least = min(LEAST, self.most)
        self.started_with = min(max(start, self.least), self.most)
        self.limit = min(self.started_with, max(START, self.started_with // HASTE))
        self.changes, self._refuted, self._flow = 0, False, flow
        self._levels = Levels()
        self._at = self.limit  # the level that is kept while another is tried
        self._began, self._first_at = False, 0.0  # the last pulse before the first answer
        self._turns = Window(flow, 0.0)  # since the last move
        self._window: Window | None = None  # None: the old level's turns are not over
        self._turn_s = 0.0
        self._steps = Steps(self.least, self.most)
        self._trouble, self._hindrance = Trouble(), Hindrance()
        self._said = _UNTRIED

    def __repr__(self) -> str:
        return f"<Tuner {self.limit} of {self.least} to {self.most}, {self._steps}>"

    @property
    def reached(self) -> int:
        """The level that is kept, whatever is tried now."""
        return self._at

    @property
    def next_start(self) -> int:
        """Where the next run may begin: as this one, while nothing speaks against that."""
        return self._at if self._refuted else max(self._at, self.started_with)

    @property
    def why(self) -> str:
        """Why it stays there, for people."""
        return self._hindrance.why(moved=bool(self.changes)) or self._said

    def look(self, now: float, *, open_: int, bound: str, lag_s: float) -> None:
        """Take a pulse, and perhaps another `limit`.

        Args:
            open_: requests that are open.
            bound: what the run waits for at this instant, as in `attribution`.
            lag_s: how late the loop was.
        """
        if not self._began:
            self._moved(now)
            self._began = True
        if not self._turns.good:
            self._first_at = now
        full = open_ >= FULL * self.limit
        self._hindrance.add(bound, full=full)
        window = self._window
        (window or self._turns).add(open_=open_, full=full, lag_s=lag_s)
        rate = self._rate_at_once(now)
        if self._is_in_vain(now):
            self._reject_worse(now, harm=False)
        elif rate is not None:
            self._accept(now, window or self._turns, rate=rate, rough=True)
        elif window is None:
            self._settle(now)
        else:
            self._judge(now, window)

    # Windows

    def _moved(self, now: float) -> None:
        self._flow.since = now
        self._turns = Window(self._flow, now)
        self._window = None

    def _settle(self, now: float) -> None:
        """Begin to measure when the turns of the old level are over."""
        turns, passed_s = self._turns, now - self._turns.began_at
        if self._is_first_round(turns):
            self._turn_s = turns.turn_s or 0.0
            rate = rounds.first_rate(turns, since_s=now - self._first_at)
            self._learn(turns, rate, rough=True)
            self._try_next(now)
            return
        turn_s = min(turns.turn_s or self._turn_s, 2 * PATIENCE_S)
        ended = turns.good + turns.bad
        over = ended >= max(turns.open, 1.0) or passed_s >= (rounds.ROUND * turn_s or PATIENCE_S)
        if over and passed_s >= max(SHORTEST_S / 2, rounds.SETTLE * turn_s):
            self._window = Window(self._flow, now)

    def _judge(self, now: float, window: Window) -> None:
        self._turn_s = window.turn_s or self._turn_s
        if self._trouble.is_in(window):
            self._back_off(now, window)
        elif self._is_time(now, window):
            if self.limit == self._at:
                self._judge_base(now, window)
            else:
                self._judge_trial(now, window)

    def _rate_at_once(self, now: float) -> float | None:
        """Good turns a second of a higher level that need not be measured; None: it must be."""
        base = self._levels.base
        if base is None or self.limit <= base.limit or self._steps.size < COARSEST:
            return None
        if self._turns.lag_s > LATE_S:
            return None
        return rounds.rate_at_once(base, self._turns, self.limit, now)

    def _is_first_round(self, turns: Window) -> bool:
        """Whether each of the first slots has had its answer: no older turns are waited for."""
        is_new = self._levels.base is None and not self.changes
        return is_new and turns.is_full and turns.good >= max(FEW, turns.open)

    @property
    def _is_told(self) -> bool:
        """Whether it is still below what an earlier run has found, which may be far too high."""
        return self._at < self.started_with

    def _is_in_vain(self, now: float) -> bool:
        base = self._levels.base
        if base is None or not (self._is_told or self.limit < self._at):
            return False
        return rounds.is_in_vain(base, self._turns, self.limit, now)

    def _is_time(self, now: float, window: Window) -> bool:
        """Whether a window may be judged: not in the middle of a burst, nor upon few answers."""
        passed_s = now - window.began_at
        if not window.has_turned(now, min(self._turn_s, 2 * PATIENCE_S)):
            return False
        if window.good < FEW:
            return passed_s >= PATIENCE_S
        base = self._levels.base
        if self.limit != self._at or base is None or base.answers < SURE <= window.good:
            return passed_s >= SHORTEST_S
        return passed_s >= HOLD_S

    # The level that is kept

    def _judge_base(self, now: float, window: Window) -> None:
        if not window.is_full:
            self._window = Window(self._flow, now)
            return
        levels = self._levels
        before, was_late = levels.base, levels.is_late
        if self._learn(window, window.rate(now)) and before is not None:
            queues = self._is_told and self._turn_s > 1.25 * before.turn_s
            self._steps.search([-1, 1] if queues else [1, -1])
        elif self._steps.is_due(now) or (self._steps.holds and levels.is_late and not was_late):
            self._look()
        self._try_next(now)

    def _learn(self, window: Window, rate: float, *, rough: bool = False) -> bool:
        self._trouble.learn(window)
        return self._levels.learn(self._at, window, rate, rough=rough)

    def _look(self) -> None:
        """Go on after a rest: down where that may do as well, else up."""
        steps, levels = self._steps, self._levels
        steps.look(self._at, down=True)
        fewer = steps.level(self._at, -1)
        if fewer == self._at or not levels.may_do(fewer, self._flow.least_s):
            steps.look(self._at, down=False)
            levels.forget_above(self._at)

    # Another level

    def _try_next(self, now: float) -> None:
        """Go to the next level that is worth a trial, or hold."""

        def may(level: int) -> bool:
            done = self._levels.may_do(level, self._flow.least_s)
            return done and not self._trouble.forbids(level, now)

        level = self._steps.next(self._at, now, may=may)
        if level is None:
            self._window = Window(self._flow, now)
        else:
            self.limit = level
            self._moved(now)

    def _judge_trial(self, now: float, window: Window) -> None:
        base = self._levels.base
        assert base is not None  # noqa: S101 - a trial begins when it is known
        up = self.limit > base.limit
        late = self._levels.is_late or (up and window.lag_s > LATE_S)
        wanted = rounds.worth(self.limit / base.limit, late=late)
        gain = log(window.rate(now) / base.rate)
        sure = (2 if up or gain > wanted else 1) * deviation(window.good, base.answers)
        passed_s = now - window.began_at
        if abs(gain - wanted) < sure and passed_s < max(LONGEST_S, 2 * self._turn_s):
            steep = up and not late and rounds.is_steep(gain, self.limit, base)
            if steep and self._steps.size == COARSEST:
                self._accept(now, window, rate=window.rate(now))
            return
        if up == (gain < wanted) and passed_s < HOLD_S:  # a machine may be busy for a moment
            return
        self._levels.tried(self.limit, window.rate(now))
        if gain >= wanted:
            self._accept(now, window, rate=window.rate(now))
        elif up and base.rough:  # measure that again
            self._return(now)
        elif up and late:
            self._reject(now, f"the event loop fell behind with {self.limit:,} open")
        else:
            self._reject_worse(now, harm=gain < -max(sure, 0.05))

    def _accept(self, now: float, window: Window, *, rate: float, rough: bool = False) -> None:
        climbs, base = self.limit > self._at, self._levels.base
        steep = base is not None and rounds.is_steep(log(rate / base.rate), self.limit, base)
        if self.limit == self.most:
            self._said = "that is the most"
        elif not climbs:
            self._said = f"{self._at:,} open did no better"
        elif not self._trouble.is_shy(now):
            self._said = "it was still climbing"
        self._steps.paid(1 if climbs else -1, steep=steep)
        self._keep(self.limit)
        self._learn(window, rate, rough=rough)
        if window.is_full:
            self._try_next(now)
        else:
            self._window = Window(self._flow, now)

    def _reject_worse(self, now: float, *, harm: bool) -> None:
        if self.limit < self._at:
            self._reject(now, f"{self.limit:,} open did worse" if self._said == _UNTRIED else None)
            return
        self._steps.sides = [-1, 1]
        if harm:  # the best lies between
            self._steps.look_closer([-1, 1])
        self._reject(now, f"{self.limit:,} open did {'worse' if harm else 'no better'}")

    def _reject(self, now: float, why: str | None) -> None:
        """Back to the level that is kept; it is measured again before the next trial."""
        self._said = why or self._said
        self._refuted |= self.limit > self._at
        self._steps.failed()
        self._return(now)

    def _return(self, now: float) -> None:
        self.limit = self._at
        self._moved(now)

    def _keep(self, limit: int) -> None:
        self.limit = self._at = limit
        self.changes += 1
        self._hindrance.clear()

    def _back_off(self, now: float, window: Window) -> None:
        share, failing, trouble = window.bad_share, self.limit, self._trouble
        said = f"{share:.0%} of what was asked failed with {failing:,} open"
        if failing > self._at:
            trouble.shun(failing, now)
            self._steps.look_closer([1])  # not below: that is worse
            self._reject(now, said)
            self._steps.failed(last=True)
            return
        less = trouble.cut(failing, share, now)
        if less is None or failing == self.least:
            trouble.put_up_with(window)
            self._steps.search([1, -1])
            self._window = Window(self._flow, now)
            return
        self._keep(max(self.least, less))
        self._said, self._levels.base, self._refuted = said, None, True
        self._steps.search([1])
        self._steps.look_closer([1])
        self._moved(now)


_UNTRIED = "there was no time to try others"
