"""When a page is visited again: after `refresh` of its page rule, or of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scraper.core.extract.plan import PageRule
from scraper.core.route import Router

DUE_SHARE = 0.9  # of `refresh`: a nightly run that starts a little early is not refused


@dataclass(frozen=True, slots=True)
class Refresh:
    """Today's `refresh`, in seconds, of each page.

    Attributes:
        default_s: of pages whose rule says nothing.
        router: None: no rule says anything.
    """

    default_s: float = 86_400.0
    router: Router | None = None

    @classmethod
    def of_rules(cls, default_s: float, rules: tuple[PageRule, ...]) -> Refresh:
        """That of a config."""
        says = any(rule.refresh_s is not None for rule in rules)
        return cls(default_s, Router(rules) if says else None)

    def seconds(self, page: str | None, url: str) -> float:
        """After which a page is due.

        Args:
            page: the rule that the link or seed named; None: it is chosen by the URL.
        """
        rule = None if self.router is None else self.router.choose(page, url)
        return self.default_s if rule is None or rule.refresh_s is None else rule.refresh_s

    def all_s(self) -> set[float]:
        """Every one that a page may have."""
        rules = () if self.router is None else self.router.rules
        said = {rule.refresh_s for rule in rules if rule.refresh_s is not None}
        return {self.default_s, *said}


@dataclass(frozen=True, slots=True)
class Due:
    """Which pages are due in a cycle: those last visited in a cycle that began long enough ago."""

    refresh: Refresh
    cycles: Mapping[float, int]  # `refresh` -> the newest cycle whose pages are due

    def cycle(self, page: str | None, url: str) -> int:
        """The newest cycle of which this page is due."""
        return self.cycles[self.refresh.seconds(page, url)]


def due_at(began_at: float, refresh_s: float) -> float:
    """When a page is due that was visited in a cycle that began then."""
    return began_at + DUE_SHARE * refresh_s


def up_to(cycle: int) -> Due:
    """All pages that were last visited in this cycle or an older one."""
    return Due(Refresh(0.0), {0.0: cycle})


def due(refresh: Refresh, began_at: Mapping[int, float], now: float) -> Due:
    """What is due in a cycle that begins now.

    Args:
        began_at: of the cycles before: id -> seconds since the epoch.
    """

    def newest(refresh_s: float) -> int:
        old = (id_ for id_, at in began_at.items() if due_at(at, refresh_s) <= now)
        return max(old, default=0)

    return Due(refresh, {each_s: newest(each_s) for each_s in refresh.all_s()})
