"""How many requests should be open in all: `fetch.concurrency: auto` (ADR 16).

A search on a logarithmic scale, by what counts: answers a second, errors left out. A level is
tried for as long as it takes to tell, then kept or left:

- A window is judged when a whole number of mean turns has passed, so that answers that come in
  bursts are counted fairly, and not before the turns begun at the old level are over.
- More is kept if it brings a fair part of what it costs, fewer if next to nothing is lost
  (`worth`): between the two levels tie, and a tie moves nothing. A difference counts when it is
  larger than twice the deviation of such counts, or when `LONGEST_S` have not told; plain ones
  are seen sooner (`rounds`).
- Steps double the level while that pays (slow start); then they are halved, in both directions
  (pattern search, Hooke and Jeeves 1961), down to a factor of 1.4, or of 1.1 where more does harm.
  What an earlier run has found is climbed to, from an eighth of it: where servers have become
  weak, all of it at once makes a queue that takes a minute to drain.
- Then it holds, compares what it sees with what it knows, and looks again now and then.
- Errors beyond what is usual cut the level at once (multiplicative decrease), and what was too
  much is left alone for a while. Errors that three cuts do not change are not of our making.
- A level that makes the loop late must bring much more, and where the loop is late fewer may lose
  more.
- Where slots are left free the limit limits nothing: it stays as it is, and `why` says so.
"""

from __future__ import annotations

from math import log

from scraper.core.schedule import rounds
from scraper.core.schedule.flow import Flow, Level, Window, deviation
from scraper.core.schedule.hindrance import Hindrance
from scraper.core.schedule.trouble import Trouble

START = 32  # a run that knows nothing
HASTE = 8  # times as many as this are reached in three turns, where servers bear them
LEAST, MOST = 4, 1_000
FULL = 0.9  # of the slots: a few are always on their way from one page to the next
LATE_S = 0.1
COARSEST, FINE, FINEST = 1.0, 0.5, 0.0625  # steps, as powers of two
SHORTEST_S, LONGEST_S = 0.25, 6.0  # of a trial
FEW = 20  # answers do not tell much; they may take ...
PATIENCE_S = 15.0
HOLD_S = 2.0  # a look at a level that is known, and the least for a step down
REST_S, LONGEST_REST_S = 5.0, 30.0  # between two trials then
KNOWN = 4_000  # answers that a level is known by, at most


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
        self._base: Level | None = None  # None: not measured yet
        self._at = self.limit  # the level that is kept while another is tried
        self._began, self._first_at = False, 0.0  # the last pulse before the first answer
        self._turns = Window(flow, 0.0)  # since the last move
        self._window: Window | None = None  # None: the old level's turns are not over
        self._turn_s = 0.0
        self._todo, self._step, self._finest = [1, -1], COARSEST, FINE
        self._sides = [1, -1]  # to look on, at each step
        self._accepted = 0  # in a row
        self._looks_up = True  # the next trial after a rest
        self._rest_s, self._look_at = REST_S, 0.0
        self._trouble, self._hindrance = Trouble(), Hindrance()
        self._said = _UNTRIED

    def __repr__(self) -> str:
        return f"<Tuner {self.limit} of {self.least} to {self.most}, step {self._step:g}>"

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
        if self._is_in_vain(now):
            self._reject_worse(now, harm=False)
            return
        if window is None:
            self._settle(now)
            return
        self._turn_s = window.turn_s or self._turn_s
        if self._trouble.is_in(window):
            self._back_off(now, window)
        elif self._is_time(now, window):
            if self.limit == self._at:
                self._judge_base(now, window)
            else:
                self._judge_trial(now, window)

    # Windows

    def _moved(self, now: float) -> None:
        self._flow.since = now
        self._turns = Window(self._flow, now)
        self._window = None

    def _settle(self, now: float) -> None:
        """Begin to measure when the turns of the old level are over."""
        turns, passed_s = self._turns, now - self._turns.began_at
        if self._base is not None and self._pays_at_once(self._base, now):
            rate = min(self._base.rate * self.limit / self._base.limit, turns.rate(now))
            self._accept(now, turns, rate=rate)
            return
        if self._is_first_round(turns):
            self._turn_s = turns.turn_s or 0.0
            self._learn(turns, rounds.first_rate(turns, since_s=now - self._first_at))
            self._try_next(now)
            return
        turn_s = min(turns.turn_s or self._turn_s, 2 * PATIENCE_S)
        ended = turns.good + turns.bad
        over = ended >= max(turns.open, 1.0) or passed_s >= (rounds.ROUND * turn_s or PATIENCE_S)
        if over and passed_s >= max(SHORTEST_S / 2, rounds.SETTLE * turn_s):
            self._window = Window(self._flow, now)

    def _pays_at_once(self, base: Level, now: float) -> bool:
        if self.limit <= base.limit or self._step < COARSEST or self._turns.lag_s > LATE_S:
            return False
        in_time = now - self._turns.began_at <= rounds.SETTLE * self._turn_s
        return in_time and rounds.pays_at_once(base, self._turns, self.limit, now)

    def _is_first_round(self, turns: Window) -> bool:
        """Whether each of the first slots has had its answer: no older turns are waited for."""
        is_new = self._base is None and not self.changes
        return is_new and turns.is_full and turns.good >= max(FEW, turns.open)

    @property
    def _is_told(self) -> bool:
        """Whether it is still below what an earlier run has found, which may be far too high."""
        return self._at < self.started_with

    def _is_in_vain(self, now: float) -> bool:
        base = self._base
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
        is_first = self.limit != self._at or self._base is None
        return passed_s >= (SHORTEST_S if is_first else HOLD_S)

    # The level that is kept

    @property
    def _holds(self) -> bool:
        return self._step < self._finest

    def _judge_base(self, now: float, window: Window) -> None:
        if not window.is_full:
            self._window = Window(self._flow, now)
            return
        before = self._base
        was_late = before is not None and before.lag_s > LATE_S
        changed = self._learn(window, window.rate(now))
        late = self._base is not None and self._base.lag_s > LATE_S
        if changed and before is not None:
            queues = self._is_told and self._turn_s > 1.25 * before.turn_s
            self._search([-1, 1] if queues else [1, -1])
        elif late and self._holds:
            self._looks_up = False
            self._look_at = self._look_at if was_late else now
        if self._holds and now >= self._look_at:
            self._step, self._finest = FINE, FINE
            self._todo = [1 if self._looks_up else -1]
            self._looks_up = not self._looks_up
        self._try_next(now)

    def _learn(self, window: Window, rate: float) -> bool:
        """Take what a window says of the level that is kept; returns whether it has changed."""
        self._trouble.learn(window)
        known, answers = self._base, max(1, window.good)
        changed, lag_s = False, window.lag_s
        if known is not None:
            lag_s = max(lag_s, 0.8 * known.lag_s)  # so that a level is not late by turns
            off = abs(log(rate / known.rate))
            changed = off > max(0.2, 3 * deviation(answers, known.answers))
            if not changed:
                total = known.answers + answers
                rate = (known.rate * known.answers + rate * answers) / total
                answers = min(total, KNOWN)
        self._base = Level(self._at, rate, answers, lag_s, window.turn_s or 0.0)
        return changed

    def _search(self, sides: list[int], *, finest: float = FINE) -> None:
        """Look on these sides, far away first."""
        self._step, self._finest, self._sides = COARSEST, finest, sides
        self._todo = list(sides)
        self._rest_s, self._accepted = REST_S, 0

    # Another level

    def _try_next(self, now: float) -> None:
        """Go to the next level that is worth a trial, or hold."""
        searched = not self._holds
        while self._step >= self._finest:
            while self._todo:
                limit = self._target(self._todo[0], now)
                if limit != self._at:
                    self.limit = limit
                    self._moved(now)
                    return
                self._todo.pop(0)
            self._step /= 2
            self._todo = list(self._sides)
        if searched:
            self._look_at = now + self._rest_s
            self._rest_s = min(2 * self._rest_s, LONGEST_REST_S)
        self._window = Window(self._flow, now)

    def _target(self, direction: int, now: float) -> int:
        limit = min(max(round(self._at * 2 ** (direction * self._step)), self.least), self.most)
        return self._at if self._trouble.forbids(limit, now) else limit

    def _judge_trial(self, now: float, window: Window) -> None:
        base = self._base
        assert base is not None  # noqa: S101 - a trial begins when it is known
        up = self.limit > base.limit
        late = base.lag_s > LATE_S or (up and window.lag_s > LATE_S)
        wanted = rounds.worth(self.limit / base.limit, late=late)
        gain = log(window.rate(now) / base.rate)
        sure = 2 * deviation(window.good, base.answers)
        passed_s = now - window.began_at
        if abs(gain - wanted) < sure and passed_s < max(LONGEST_S, 2 * self._turn_s):
            steep = up and not late and rounds.is_steep(gain, self.limit, base)
            if steep and self._step == COARSEST:
                self._accept(now, window, rate=window.rate(now))
            elif window.good > 4 * base.answers and base.answers < KNOWN / 4:  # measure that again
                self._return(now)
            return
        if up == (gain < wanted) and passed_s < HOLD_S:  # a machine may be busy for a moment
            return
        if gain >= wanted:
            self._accept(now, window, rate=window.rate(now))
        elif up and late:
            self._reject(now, f"the event loop fell behind with {self.limit:,} open")
        else:
            self._reject_worse(now, harm=gain < -max(sure, 0.05))

    def _accept(self, now: float, window: Window, *, rate: float) -> None:
        climbs = self.limit > self._at
        if self.limit == self.most:
            self._said = "that is the most"
        elif not climbs:
            self._said = f"{self._at:,} open did no better"
        elif not self._trouble.is_shy(now):
            self._said = "it was still climbing"
        self._accepted += 1
        self._todo = [1 if climbs else -1]
        if self._accepted > 1:
            self._step = min(2 * self._step, COARSEST)
        self._keep(self.limit)
        self._base = None
        self._learn(window, rate)
        self._rest_s = REST_S
        if window.is_full:
            self._try_next(now)
        else:
            self._window = Window(self._flow, now)

    def _reject_worse(self, now: float, *, harm: bool) -> None:
        if self.limit < self._at:
            self._reject(now, f"{self.limit:,} open did worse" if self._said == _UNTRIED else None)
            return
        self._sides = [-1, 1]
        if harm:  # the best lies between: look closer
            self._finest = FINEST
        self._reject(now, f"{self.limit:,} open did {'worse' if harm else 'no better'}")

    def _reject(self, now: float, why: str | None) -> None:
        """Back to the level that is kept; it is measured again before the next trial."""
        self._said, self._accepted = why or self._said, 0
        self._refuted |= self.limit > self._at
        self._todo.pop(0)
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
            self._sides, self._finest = [1], FINEST  # closer, not below: that is worse
            self._reject(now, said)
            self._todo.clear()
            return
        less = trouble.cut(failing, share, now)
        if less is None or failing == self.least:
            trouble.put_up_with(window)
            self._search([1, -1])
            self._window = Window(self._flow, now)
            return
        self._keep(max(self.least, less))
        self._said, self._base, self._refuted = said, None, True
        self._search([1], finest=FINEST)
        self._moved(now)


_UNTRIED = "there was no time to try others"
