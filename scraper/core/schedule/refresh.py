"""When a page is visited again: after the `refresh` of its rule or of the run, or as learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from scraper.core.extract.plan import PageRule
from scraper.core.route import Router
from scraper.core.schedule.auto import DAY_S, Auto, Schedule
from scraper.core.schedule.change import NOTHING, Seen

DUE_SHARE = 0.9  # of `refresh`: a nightly run that starts a little early is not refused


@dataclass(frozen=True, slots=True, eq=False)  # there is one for each rule
class Terms:
    """What the config says of when a page is visited again.

    Attributes:
        rule: that the page belongs to; None: to none.
        auto: it is learnt; None: after `refresh_s`.
        owner: the rule that says `auto`; None: the run.
    """

    refresh_s: float
    rule: str | None = None
    auto: Auto | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Refresh:
    """Today's `refresh` of each page.

    Attributes:
        default_s: of pages whose rule says nothing.
        router: None: no rule says anything, nor is anything learnt.
        auto: what the run says, if not `default_s`.
    """

    default_s: float = DAY_S
    router: Router | None = None
    auto: Auto | None = None
    _default: Terms = field(init=False, repr=False, compare=False)
    _by_rule: Mapping[str, Terms] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out what each rule says."""
        rules = () if self.router is None else self.router.rules
        object.__setattr__(self, "_default", Terms(self.default_s, auto=self.auto))
        object.__setattr__(self, "_by_rule", {rule.name: self._terms(rule) for rule in rules})

    @classmethod
    def of_rules(
        cls, default_s: float, rules: tuple[PageRule, ...], auto: Auto | None = None
    ) -> Refresh:
        """That of a config."""
        says = any(rule.refresh_s is not None or rule.auto is not None for rule in rules)
        return cls(default_s, Router(rules) if says or auto is not None else None, auto)

    @property
    def learns(self) -> bool:
        """Whether anything is visited by what it does."""
        return bool(self.autos())

    def terms(self, page: str | None, url: str) -> Terms:
        """Those of a page.

        Args:
            page: the rule that the link or seed named; None: it is chosen by the URL.
        """
        rule = None if self.router is None else self.router.choose(page, url)
        return self._default if rule is None else self._by_rule[rule.name]

    def autos(self) -> dict[str | None, Auto]:
        """Who says `auto`."""
        every = (self._default, *self._by_rule.values())
        return {each.owner: each.auto for each in every if each.auto is not None}

    def all_s(self) -> set[float]:
        """Every fixed one that a page may have."""
        every = (self._default, *self._by_rule.values())
        return {each.refresh_s for each in every if each.auto is None}

    def _terms(self, rule: PageRule) -> Terms:
        """What a rule says, or the run for it."""
        if rule.auto is not None:
            return Terms(self.default_s, rule.name, rule.auto, rule.name)
        if rule.refresh_s is not None:
            return Terms(rule.refresh_s, rule.name)
        return Terms(self.default_s, rule.name, self.auto)


AHEAD_S = 3_600.0  # a cycle that began so much later than now: a clock was wrong


@dataclass(frozen=True, slots=True)
class Due:
    """Which pages are due in a cycle: those last visited in a cycle that began long enough ago.

    Attributes:
        cycles: `refresh` -> the newest cycle whose pages are due.
        now: when this cycle begins (seconds since the epoch).
        began_at: ... and those before it.
        schedules: by who says `auto`.
    """

    refresh: Refresh
    cycles: Mapping[float, int]
    now: float = 0.0
    began_at: Mapping[int, float] = field(default_factory=dict)
    schedules: Mapping[str | None, Schedule] = field(default_factory=dict)

    def holds(self, page: str | None, url: str, cycle: int, known: Seen = NOTHING) -> bool:
        """Whether a page is due that was visited last in this cycle.

        Args:
            known: what visits have told of it.
        """
        terms = self.refresh.terms(page, url)
        if terms.auto is None:
            return cycle <= self.cycles[terms.refresh_s]
        each_s = self.schedules[terms.owner].interval_s(terms.rule, known)
        return due_at(self.began_at[cycle], each_s, now=self.now) <= self.now


def due_at(began_at: float, refresh_s: float, *, now: float = inf) -> float:
    """When a page is due that was visited in a cycle that began then.

    At once, if the clock was wrong then: it would rest until the clock says so again.
    """
    return now if began_at > now + AHEAD_S else began_at + DUE_SHARE * refresh_s


def up_to(cycle: int) -> Due:
    """All pages that were last visited in this cycle or an older one."""
    return Due(Refresh(0.0), {0.0: cycle})


def due(
    refresh: Refresh,
    began_at: Mapping[int, float],
    now: float,
    schedules: Mapping[str | None, Schedule] | None = None,
) -> Due:
    """What is due in a cycle that begins now.

    Args:
        began_at: of the cycles before: id -> seconds since the epoch.
        schedules: of each who says `auto`.
    """

    def newest(refresh_s: float) -> int:
        old = (id_ for id_, at in began_at.items() if due_at(at, refresh_s, now=now) <= now)
        return max(old, default=0)

    fixed = {each_s: newest(each_s) for each_s in refresh.all_s()}
    return Due(refresh, fixed, now, began_at, schedules) if schedules else Due(refresh, fixed)
