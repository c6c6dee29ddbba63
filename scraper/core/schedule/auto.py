"""`refresh: auto`: when each page is due, learnt from what visits have told.

All pages of one `refresh: auto` share its budget; what is expected of a page that was seen too
little is that of its rule. Pages are counted by kinds (`Survey`), a few thousand of them however
many pages there are; what comes of it (`Schedule`) is a price and a number for each rule, which
hold for the cycle.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from scraper.core.schedule.budget import age_s, freshness, interval_s, price
from scraper.core.schedule.change import NOTHING, Prior, Seen, prior, rate

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Auto:
    """What `refresh: auto` is given.

    Attributes:
        like_s: as many visits as a fixed `refresh` of this would make.
        per_day: so many visits a day; None: `like_s` says it.
        least_s: a page is not due before that, however often it changes.
        most_s: nor later than after that, however seldom.
    """

    like_s: float = DAY_S
    per_day: int | None = None
    least_s: float = 3600.0
    most_s: float = 30 * DAY_S

    def bounded(self, interval_s: float) -> float:
        """An interval, not shorter nor longer than any may be."""
        return min(max(interval_s, self.least_s), self.most_s)

    def visits_per_s(self, pages: int) -> float:
        """What so many pages may cost."""
        return pages / self.like_s if self.per_day is None else self.per_day / DAY_S


@dataclass(frozen=True, slots=True)
class Outlook:
    """What visits cost and bring.

    Attributes:
        visits_per_day: of all pages together.
        fresh: the share of pages that are up to date at any time; None: nothing is known of any.
        age_s: for how long what is stored of a page has been out of date, in the mean; None: as
            above.
    """

    visits_per_day: float
    fresh: float | None
    age_s: float | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the pages of one `refresh: auto` are due.

    Attributes:
        owner: the rule that says `auto`; None: the run.
        fixed_s: the interval of all pages, were all visited alike.
        priors: by rule, what its pages have in common; None: nothing is known of them.
        planned: what it costs and brings.
        alike: as many visits, to all pages at one interval.
    """

    owner: str | None
    auto: Auto
    pages: int
    fixed_s: float
    price: float
    priors: Mapping[str | None, Prior | None]
    planned: Outlook | None = None
    alike: Outlook | None = None

    def rate(self, rule: str | None, page: Seen) -> float | None:
        """Changes a second to be expected of a page; None: nothing is known of its rule."""
        known = self.priors.get(rule)
        return None if known is None else rate(page, known)

    def interval_s(self, rule: str | None, page: Seen) -> float:
        """After how long a page is due; one of which nothing was seen: as if all were alike."""
        expected = None if page == NOTHING else self.rate(rule, page)
        wanted_s = self.fixed_s if expected is None else interval_s(expected, self.price)
        return self.auto.bounded(wanted_s)

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        priors = [[rule, known] for rule, known in self.priors.items()]
        return asdict(self) | {"priors": priors}

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Schedule:
        """What `as_json` has given."""
        priors = {rule: known and Prior(*known) for rule, known in said["priors"]}
        parts = {"auto": Auto(**said["auto"]), "priors": priors}
        outlooks = {name: said[name] and Outlook(**said[name]) for name in ("planned", "alike")}
        return cls(**{**said, **parts, **outlooks})


class Survey:
    """Counts the pages of one `refresh: auto` by what is known of them."""

    def __init__(self, owner: str | None, auto: Auto) -> None:
        self._owner = owner
        self._auto = auto
        self._kinds: Counter[tuple[str | None, Seen]] = Counter()

    def add(self, rule: str | None, page: Seen, many: int = 1) -> None:
        """Count pages."""
        self._kinds[rule, page] += many

    def schedule(self) -> Schedule:
        """When these pages are due."""
        auto, pages = self._auto, self._kinds.total()
        budget = auto.visits_per_s(pages)
        fixed_s = auto.bounded(pages / budget if pages else auto.like_s)
        priors = self._priors()
        rates: Counter[float] = Counter()
        for (rule, page), many in self._kinds.items():
            known = priors[rule]
            if known is not None and page != NOTHING:
                rates[rate(page, known)] += many
        left = max(budget - (pages - rates.total()) / fixed_s, 0.0)
        at = price(rates, left, least_s=auto.least_s, most_s=auto.most_s)
        made = Schedule(self._owner, auto, pages, fixed_s, at, priors)
        if not pages:
            return made
        planned = self.outlook(made)
        alike = self.outlook(made, pages * DAY_S / planned.visits_per_day)
        return replace(made, planned=planned, alike=alike)

    def outlook(self, schedule: Schedule, fixed_s: float | None = None) -> Outlook:
        """What a schedule costs and brings, as far as the rates are known.

        Args:
            fixed_s: of all pages, whatever the schedule says.
        """
        visits = fresh = aged_s = 0.0
        known = 0
        for (rule, page), many in self._kinds.items():
            each_s = fixed_s or schedule.interval_s(rule, page)
            visits += many * DAY_S / each_s
            expected = schedule.rate(rule, page)
            if expected is not None:
                known += many
                fresh += many * freshness(expected, each_s)
                aged_s += many * age_s(expected, each_s)
        if not known:
            return Outlook(visits, None, None)
        return Outlook(visits, fresh / known, aged_s / known)

    def _priors(self) -> dict[str | None, Prior | None]:
        by_rule: defaultdict[str | None, list[tuple[Seen, int]]] = defaultdict(list)
        for (rule, page), many in self._kinds.items():
            by_rule[rule].append((page, many))
        return {rule: prior(pages) for rule, pages in by_rule.items()}
