"""`refresh: auto` beside a fixed `refresh` with as many visits: webs whose pages change by chance.

Virtual time, no network: `python -m bench.refresh` prints the table of docs/performance.md. What is
judged is the truth, which no policy sees: a visit tells whether a page has changed since the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import exp
from random import Random

from scraper.core.schedule.auto import DAY_S, Auto, Survey
from scraper.core.schedule.change import Seen, seen
from scraper.core.schedule.refresh import due_at

Web = Callable[[Random], float]  # the rate of one page, changes a day
WEBS: dict[str, Web] = {
    "all pages alike, a change in 10 d": lambda _: 0.1,
    "few differ much (lognormal, sigma 1)": lambda rng: 0.1 * exp(rng.gauss(0, 1)),
    "skewed (lognormal, sigma 2)": lambda rng: 0.1 * exp(rng.gauss(0, 2)),
    "most hardly ever change (gamma, shape 0.3)": lambda rng: rng.gammavariate(0.3, 0.5),
    "5 % news, 20 changes a day; the rest one in 200 d": lambda rng: (
        20.0 if rng.random() < 0.05 else 0.005
    ),
}


@dataclass(slots=True)
class Page:
    """A page, and what a crawl knows of it. Times are days, but those kept for `change.seen`."""

    rate: float
    rng: Random
    next_change: float = 0.0
    stale_since: float | None = None  # changed then, and not read since
    visited: float = 0.0
    changes: int = 0
    moved_s: float = 0.0
    still_s: float = 0.0
    stale: float = 0.0
    aged: float = 0.0  # days squared

    def __post_init__(self) -> None:
        self.next_change = self.rng.expovariate(self.rate)

    @property
    def seen(self) -> Seen:
        return seen(self.changes, self.moved_s, self.still_s)

    def live(self, since: float, until: float, measured_from: float) -> None:
        """Let time pass, and measure for how long what is stored is out of date, and how much."""
        if self.stale_since is None and self.next_change <= until:
            self.stale_since = self.next_change
        if self.stale_since is None or until <= measured_from:
            return
        begin = max(since, self.stale_since, measured_from)
        self.stale += until - begin
        self.aged += ((until - self.stale_since) ** 2 - (begin - self.stale_since) ** 2) / 2

    def visit(self, now: float) -> None:
        """Read it: all that is learnt is whether it has changed."""
        passed_s = (now - self.visited) * DAY_S
        if self.stale_since is None:
            self.still_s += passed_s
        else:
            self.changes += 1
            self.moved_s += passed_s
            self.next_change = now + self.rng.expovariate(self.rate)
        self.visited, self.stale_since = now, None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy has brought, of pages and days after the start."""

    visits: float  # of a page in a day
    fresh: float  # share of the time in which it was up to date
    age: float  # days that it was out of date, in the mean


@dataclass(slots=True)
class Trial:
    """One web, visited in runs."""

    rates: Sequence[float]
    seed: int = 0
    every: float = 0.25  # days from run to run
    days: float = 240.0
    measured_from: float = 60.0  # what is learnt before does not count
    pages: list[Page] = field(default_factory=list)

    def run(self, policy: Callable[[list[Page], float], Iterator[Page]]) -> Outcome:
        """Let time pass."""
        self.pages = [  # the same web for each policy
            Page(rate, Random(f"{self.seed} {n}")) for n, rate in enumerate(self.rates)
        ]
        visits, now = 0, 0.0
        while now < self.days:
            before, now = now, now + self.every
            for page in self.pages:
                page.live(before, now, self.measured_from)
            due = list(policy(self.pages, now))
            for page in due:
                page.visit(now)
            visits += len(due) if now > self.measured_from else 0
        lasted = len(self.pages) * (self.days - self.measured_from)
        stale, aged = (sum(getattr(page, of) for page in self.pages) for of in ("stale", "aged"))
        return Outcome(visits / lasted, 1 - stale / lasted, aged / lasted)


def learnt(auto: Auto) -> Callable[[list[Page], float], Iterator[Page]]:
    """What `refresh: auto` visits in a run."""

    def policy(pages: list[Page], now: float) -> Iterator[Page]:
        survey = Survey(None, auto)
        kinds = [page.seen for page in pages]
        for kind in kinds:
            survey.add(None, kind)
        schedule = survey.schedule()
        for page, kind in zip(pages, kinds, strict=True):
            if due_at(page.visited * DAY_S, schedule.interval_s(None, kind)) <= now * DAY_S + 1:
                yield page

    return policy


def fixed(interval: float) -> Callable[[list[Page], float], Iterator[Page]]:
    """What a fixed `refresh` of so many days visits in a run: pages come in turn, none in step."""
    owed: dict[int, float] = {}

    def policy(pages: list[Page], now: float) -> Iterator[Page]:
        for n, page in enumerate(pages):
            if now >= owed.setdefault(n, n / len(pages) * interval) - 1e-9:
                owed[n] += interval
                yield page

    return policy


def main() -> None:
    """Print the table."""
    print("| web | as `refresh` of | visits | fresh | fixed | age | fixed |")
    print("|---|---|---|---|---|---|---|")
    for name, web in WEBS.items():
        rates = [web(Random(f"page {n}")) for n in range(300)]
        for like in (1.0, 4.0, 10.0):
            found = Trial(rates).run(learnt(Auto(like_s=like * DAY_S)))
            alike = Trial(rates).run(fixed(1 / found.visits))
            shares = f"{found.fresh:.1%} | {alike.fresh:.1%}"
            ages = f"{found.age * 24:.1f} h | {alike.age * 24:.1f} h"
            print(f"| {name} | {like:.0f} d | {found.visits:.2f} | {shares} | {ages} |")


if __name__ == "__main__":
    main()
