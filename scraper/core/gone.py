"""What may be gone at once, before the crawl is doubted rather than the site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from scraper.core.model import Json, http_reason

MISSING = (http_reason(404), http_reason(410))
"""The failures by which a server says that a page is not there."""


@dataclass(frozen=True, slots=True)
class Going:
    """Items of one type that a cycle found gone, before they are marked."""

    type: str
    gone: int
    live: int  # before, those that go included
    replaced: int = 0  # of those that go, by new ones: what has no key is another when it changes
    examples: tuple[str, ...] = ()  # URLs of pages that showed some

    @property
    def lost(self) -> int:
        """How many are gone and nothing is in their place."""
        return max(0, self.gone - self.replaced)


def may_go(live: int, at_most: float) -> int:
    """How many of so many live items may be gone at once.

    One always may, unless none at all is allowed: of five items the loss of one says little.

    Args:
        at_most: a share from 0 to 1.
    """
    if at_most <= 0:
        return 0
    return max(1, int(live * at_most + 1e-6))  # 29 % of 100 are 29, whatever floats say


def suspects(now: Iterable[str], beside: Iterable[str]) -> Counter[str]:
    """What was rejected on a page and may be an item that it does not show any more.

    Args:
        now: a mark of each that is rejected now, the same for the same.
        beside: of those that were when the item was shown: it is none of them.
    """
    return Counter(now) - Counter(beside)


def stays_beside(now: Iterable[str], beside: Iterable[str], *, missing: bool) -> Counter[str]:
    """What is rejected now and is none of the items that the page shows, or may show still.

    Args:
        missing: some of these items are not shown, and may be among the rejected.
    """
    return Counter(now) & Counter(beside) if missing else Counter(now)


def is_asked_again(*, gone_at: float, asked_at: float, now: float) -> bool:
    """Whether a page that is gone is asked for again, though no page that was read leads to it.

    Pages that are unchanged are not read, and may lead to it: it is asked for each time that it has
    been gone for twice as long.

    Args:
        asked_at: when the cycle began in which it was asked for the last time.
    """
    return now - asked_at >= asked_at - gone_at


def too_many(going: Iterable[Going], at_most: float) -> list[Going]:
    """The types of which more is gone than may be."""
    return [each for each in going if each.lost > may_go(each.live, at_most)]


def missed(going: Going, at_most: float) -> dict[str, Json]:
    """The missed expectation, as a report has it; shares from 0 to 1."""
    return {
        "what": f"items.{going.type}.gone",
        "wanted": f"<= {_percent(at_most)}",
        "got": round(going.lost / going.live, 6),
        "before": None,
        "examples": list(going.examples),
    }


def in_words(going: Going, at_most: float) -> str:
    """The same for a person."""
    example = f" (such as {going.examples[0]})" if going.examples else ""
    return (
        f"{going.lost:,} of {going.live:,} items of {going.type} would be gone{example}: more than "
        f"run.gone.at_most, {_percent(at_most)}, so nothing was marked; if the site is right, run "
        "once with --set run.gone.at_most=100%"
    )


def unsought_in_words(type_: str, live: int) -> str:
    """What is said of items whose type no page rule looks for any more, and what may be done."""
    return (
        f"{live:,} items of {type_} are as they were, for no page rule looks for them any more: "
        "put the rule back, or let them go when a cycle ends with --set run.gone.at_most=100%"
    )


def _percent(share: float) -> str:
    return f"{share * 100:.6g}%"
