"""Lets as many requests be open as `core.schedule.tuning` finds best, while a crawl runs."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from scraper.core.insight.attribution import Sample, bound
from scraper.core.plan import FetchPlan, Plan
from scraper.core.schedule.tuning import LEAST, MOST, START, Tuner
from scraper.frontier.frontier import Frontier

log = logging.getLogger(__name__)

FILES_EACH = 4  # that the process may open, for each open request


def most_open(files: int) -> int:
    """How many requests may be open, by the files that the process may open; negative: any."""
    return MOST if files < 0 else min(MOST, max(LEAST, files // FILES_EACH))


def within(plan: Plan, *, files: int) -> Plan:
    """The plan, with no more open requests than files where it leaves that to us."""
    if not plan.fetch.auto:
        return plan
    return replace(plan, fetch=replace(plan.fetch, concurrency=most_open(files)))


class Tune:
    """Moves the frontier's limit, where the plan says `auto`.

    Args:
        start: what an earlier run has found; None: nothing.
    """

    def __init__(self, plan: FetchPlan, frontier: Frontier, *, start: int | None) -> None:
        self._frontier = frontier
        self._most = plan.concurrency
        self._tuner: Tuner | None = None
        if plan.auto:
            self._tuner = Tuner(frontier.schedule.flow, start=start or START, most=plan.concurrency)
            limit = self._tuner.limit
            frontier.crew.allow(limit, resting=self._most - limit)

    @property
    def slots(self) -> int | None:
        """Open requests allowed now; None: as many as the config says, always."""
        return self._tuner.limit if self._tuner else None

    def heed(self, now: float, sample: Sample, lag_s: float) -> None:
        """Take a pulse of the run."""
        tuner, frontier = self._tuner, self._frontier
        if tuner is None or frontier.stopped_by is not None:
            return
        limit, reached = tuner.limit, tuner.reached
        tuner.look(now, open_=sample.open, bound=bound(sample), lag_s=lag_s)
        if tuner.limit != limit:
            frontier.allow(tuner.limit, resting=self._most - tuner.limit)
            log.debug("concurrency tries=%d", tuner.limit)
        if tuner.reached != reached:
            log.info("concurrency=%d why=%s", tuner.reached, tuner.why)

    def figures(self) -> dict[str, Any]:
        """For the report, and for the next run."""
        tuner = self._tuner
        return {
            "auto": tuner is not None,
            "reached": tuner.reached if tuner else self._most,
            "started_at_level": tuner.started_with if tuner else self._most,
            "next_start": tuner.next_start if tuner else self._most,
            "most": self._most,
            "changes": tuner.changes if tuner else 0,
            "why": tuner.why if tuner else None,
        }
