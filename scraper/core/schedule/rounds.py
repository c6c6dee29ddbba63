"""What another number of open requests must bring, and what its first turns say of that.

A level that is tried is judged by the rate of a whole window, which takes some turns and waits for
what was begun before. Much can be told sooner, of the answers since the move alone:

- Slots that are added and are served as the others are bring an answer each within one turn.
- Slots that are added to a queue bring none, however long one waits.
- Where few slots are left and all of them hang, nothing comes; more answers are no better known by
  waiting for the time-outs.
"""

from __future__ import annotations

from math import log, sqrt

from scraper.core.schedule.flow import Level, Window

UP = 0.1  # of the gain in proportion: twice as many must bring 7 % more
UP_LATE = 0.2  # ... or 15 % where it makes the loop late
DOWN = 0.05  # half as many may lose 3.4 %
DOWN_LATE = 0.1  # ... or 7 % where the loop is late
LATE_S = 0.1  # that is a late loop
STEEP = 0.4  # such a gain need not be sure
FAIR = 0.8  # of the answers that slots bring if the server does not notice them
QUEUED = 0.075  # of them: no more than that is a queue
HANGING = 0.4  # of the answers that so many slots had, in proportion: less is none of their making
SETTLE = 1.25  # turns, until what was begun before is over ...
ROUND = 3.0  # ... and each slot has had an answer, or this many turns have passed
SOON_S = 0.25  # a machine may be busy for a moment


def worth(ratio: float, *, late: bool) -> float:
    """The logarithm of the gain in rate that so many times the open requests must bring.

    Below 1 it is a loss that they may bring.
    """
    if ratio > 1:
        return log(ratio) * (UP_LATE if late else UP)
    return log(ratio) * (DOWN_LATE if late else DOWN)


def is_steep(gain: float, limit: int, base: Level) -> bool:
    """Whether a gain (a logarithm) is so large that the next level may be tried at once."""
    return gain > STEEP * log(limit / base.limit)


def rate_at_once(base: Level, turns: Window, limit: int, now: float) -> float | None:
    """Good turns a second if each slot that was added has brought an answer; None: they have not.

    Args:
        base: the level before.
        turns: since the move to `limit`.
    """
    added, usual = limit - base.limit, base.rate * (now - turns.began_at)
    due = added * max(1.0, usual / base.limit - 1)  # by the rounds that are over: Little's law
    extra = turns.good - usual
    if extra < FAIR * due + sqrt(turns.good) / 2:
        return None
    return base.rate * (1 + min(extra / due, 1.0) * added / base.limit)


def is_in_vain(base: Level, turns: Window, limit: int, now: float) -> bool:
    """Whether slots that were added, or those that are left, bring next to nothing; as above."""
    passed_s = now - turns.began_at
    rounds = (passed_s - SOON_S) * base.rate / base.limit  # by Little's law
    usual, noise = base.rate * passed_s, sqrt(turns.good)
    if limit > base.limit:
        fair = usual * (limit / base.limit - 1)
        return rounds >= ROUND and abs(turns.good - usual) + noise < QUEUED * fair
    fair = usual * limit / base.limit
    return limit < base.limit and rounds >= SETTLE and turns.good + 2 * noise < HANGING * fair


def first_rate(turns: Window, *, since_s: float) -> float:
    """Good turns a second of the first slots of a run.

    Args:
        since_s: since the first answer: before it nothing could come.
    """
    return min(turns.good / max(since_s, 1e-6), turns.open / (turns.turn_s or 1e-6))
