"""How often a page changes, as far as visits tell.

A visit tells only *whether* a page has changed since the one before, not how often, and visits come
at any time. Of changes that come by chance (a Poisson process of `rate` changes a second) the
likelihood of what was seen is

    exp(-rate * still) * product over intervals c that ended with a change of (1 - exp(-rate * c))

where `still` is the time of the intervals that ended without one. With the mean of the intervals c
in place of each it has its maximum at `changes / moved * log(1 + moved / still)`, `moved` being
their sum. Half an interval more in `still` takes the bias out, and keeps it finite for a page that
had changed each time; for regular visits this is the estimator of Cho and Garcia-Molina
("Estimating frequency of change", 2003), log((n + 0.5) / (n - changes + 0.5)) / interval.

So three numbers are kept for a page. `exposure` is the time in which so many changes would have
been counted by one who never looked away: changes / rate. Counts of a Poisson process in a known
time have a gamma distribution for a prior: that of all pages of a rule stands in where a page was
seen too little (`prior`).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import log1p, log2
from typing import NamedTuple

STEPS = 8  # from an exposure to twice as much: 9 % each, far less than the estimate's own error
LEAST_SHAPE, MOST_SHAPE = 0.5, 2.0  # of the prior: the less, the more the pages of a rule differ


class Seen(NamedTuple):
    """What visits have told of a page, rounded, so that a million pages are a few thousand kinds.

    Attributes:
        step: of the exposure; None: no two readings could be compared.
    """

    changes: int = 0
    step: int | None = None

    @property
    def exposure_s(self) -> float:
        """For how long its changes would have been counted by one who never looked away."""
        return 0.0 if self.step is None else 2.0 ** (self.step / STEPS)


NOTHING = Seen()


class Prior(NamedTuple):
    """What is expected of a page before it is seen: as if so many changes in so long were."""

    changes: float
    exposure_s: float


def seen(changes: int, moved_s: float, still_s: float) -> Seen:
    """What visits have told.

    Args:
        changes: visits that found the page changed.
        moved_s: the time before these, each from the visit before.
        still_s: the time before those that found it unchanged.
    """
    found_s = exposure_s(changes, moved_s, still_s)
    if found_s < 1.0:
        return NOTHING
    return Seen(_rounded(changes), round(STEPS * log2(found_s)))


def exposure_s(changes: int, moved_s: float, still_s: float) -> float:
    """The time in which one who never looked away would have counted so many changes."""
    if changes <= 0 or moved_s < 1.0:
        return max(still_s, 0.0)
    half_s = moved_s / changes / 2
    return moved_s / log1p(moved_s / (max(still_s, 0.0) + half_s))


def prior(pages: Iterable[tuple[Seen, int]]) -> Prior | None:
    """What the pages of a rule have in common.

    How much they differ is told by their counts (the method of moments). It never weighs more than
    the page that was watched for longest: one that changes daily among thousands that never do is
    soon known as such.

    Args:
        pages: the kinds of them, and how many there are of each.

    Returns:
        None: nothing was seen of any.
    """
    known = [(page.changes, page.exposure_s, many) for page, many in pages]
    time_s = sum(many * each_s for _, each_s, many in known)
    if time_s <= 0:
        return None
    mean = (sum(many * changes for changes, _, many in known) + 0.5) / time_s
    spread = sum(many * (changes - mean * each_s) ** 2 for changes, each_s, many in known)
    of_rates = spread - mean * time_s  # what chance alone would make of equal rates is taken away
    squares = mean * mean * sum(many * each_s * each_s for _, each_s, many in known)
    shape = squares / of_rates if of_rates > squares / MOST_SHAPE else MOST_SHAPE
    longest_s = max(each_s for _, each_s, _ in known)
    exposure_s = min(max(shape, LEAST_SHAPE) / mean, longest_s)
    return Prior(mean * exposure_s, exposure_s)


def rate(page: Seen, prior: Prior) -> float:
    """Changes a second to be expected: the mean of what is likely after what was seen."""
    return (page.changes + prior.changes) / (page.exposure_s + prior.exposure_s)


def _rounded(changes: int) -> int:
    return changes if changes < 2 * STEPS else round(2.0 ** (round(STEPS * log2(changes)) / STEPS))
