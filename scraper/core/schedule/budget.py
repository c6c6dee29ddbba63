"""How often each page is visited, when the visits of all are counted.

What is spent well is told by the mean *age* of what is stored: for how long it has been out of
date, 0 while it is not. Visits at an interval t to a page of a given rate give a mean age A; a
visit more is worth `-dA / d(1/t)`. The least mean age for a number of visits is had where a visit
to any page is worth the same (Cho and Garcia-Molina, "Effective page refresh policies for web
crawlers", 2003).
So there is one price, and a page is due when a visit is worth it. With x = rate * t

    worth = (x*x/2 - 1 + (1 + x) * exp(-x)) / rate**2

which grows with t without end: no page is ever given up, and of two pages the one that changes
more often is visited more often, but less than in proportion. (By *freshness*, the share of pages
that are up to date, pages that change faster than anyone could follow are best never visited: no
use to who collects what they say. The price is a percent or two of freshness: ADR 19.)
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, expm1, inf, log1p, sqrt

LEAST_CHANCE = 0.02  # of a change: below it no visit is worth its request, whatever is left
_LEAST_PER_S = -log1p(-LEAST_CHANCE)  # changes expected in an interval with that chance
_SERIES = 1e-2  # below it the difference of nearly equal numbers says nothing
_CHEAPEST, _DEAREST = 1.0, 1e24  # square seconds: pages a second old, and thirty thousand years


def interval_s(rate: float, price: float) -> float:
    """After how long a visit is worth the price (square seconds), and worth its request.

    Args:
        rate: changes a second, more than 0.
    """
    return max(_solved(price * rate * rate), _LEAST_PER_S) / rate


def price(
    pages: Mapping[float, int], visits_per_s: float, *, least_s: float, most_s: float
) -> float:
    """The price at which all pages together are visited no more often than this.

    Args:
        pages: how many there are of each rate.
        least_s: no page is visited after less, whatever its rate.
        most_s: nor after more: this goes before the number of visits.
    """

    def spends(at: float) -> float:
        each = ((rate, interval_s(rate, at)) for rate in pages)
        return sum(pages[rate] / min(max(t, least_s), most_s) for rate, t in each)

    low, high = _CHEAPEST, _CHEAPEST
    while spends(high) > visits_per_s and high < _DEAREST:
        low, high = high, high * 1e3
    while high > low * 1.000001:
        middle = sqrt(low * high)
        low, high = (middle, high) if spends(middle) > visits_per_s else (low, middle)
    return high


def freshness(rate: float, interval_s: float) -> float:
    """The share of the time in which what is stored of a page is up to date."""
    x = rate * interval_s
    return -expm1(-x) / x if x > 0 else 1.0


def age_s(rate: float, interval_s: float) -> float:
    """For how long what is stored of a page has been out of date, in the mean."""
    x = rate * interval_s
    if x < _SERIES:
        return interval_s * x / 6
    return interval_s * (0.5 - 1 / x - expm1(-x) / (x * x))


def _worth(x: float) -> float:
    """Of a visit, in units of 1 / rate**2."""
    if x < _SERIES:
        return x * x * x * (1 / 3 - x / 8 + x * x / 30)
    return x * x / 2 - 1 + (1 + x) * exp(-x)


def _solved(worth: float) -> float:
    """The x of a worth, by Newton's method from above: the curve is convex, so it only falls."""
    if worth <= 0:
        return 0.0
    x: float = (3 * worth) ** (1 / 3) + sqrt(2 * worth)
    before = inf
    while before - x > 1e-9 * x:
        before, x = x, x + (worth - _worth(x)) / (-expm1(-x) * x)
    return x
