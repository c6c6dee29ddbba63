"""How long a crawl takes at least, and how long it will take if it goes as an earlier run went.

**At least** is a bound: a host that is asked no more often than every `delay_s` needs the time of
all its starts but one; a host that has `per_host` requests open, each for `quick_s`, and a run that
has `concurrency` of them open, need the time of all answers divided by that, and so do the hosts of
a domain that has `per_domain` of them open, or at an address that has `per_address`. The longest of
these is the bound, and whatever sets it is its cause. What is not known (latencies, pages that are
yet to be discovered) counts as nothing, so the bound holds whatever comes. With a limit on pages
the bound is that of the quickest choice of so many pages.

**Expected** adds what an earlier run took beyond its own model (the loop, the disk, the order of
hosts), for each page by what it costs to compute: a run that is repeated is expected to take what
it took, and none less than the loop's own processor time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from scraper.core.domain import owner
from scraper.core.insight.attribution import short

FIRST_OPEN = 4  # requests that a new host is asked at a time; each answer earns one more
SLOW_STEPS = 10  # answers until a learnt pause is over, each of which makes it shorter by as much
BEGIN_S = 0.15  # of a run that fetches nothing yet: no longer with more pages
_STEPS = 50  # halvings in the search for a bound with a limit on pages


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be asked of one host, and how it may be asked."""

    host: str
    pages: int
    per_host: int = 4
    delay_s: float = 0.0  # between two starts
    asks: int = 0  # further starts: robots.txt
    rest_s: float = 0.0  # it is left alone for so long
    last_due_s: float = 0.0  # a retry waits for so long
    quick_s: float = 0.0  # a request is open for at least so long, in the middle; 0: not known
    latency_s: float = 0.0  # ... on the average; 0: not known
    requests_per_page: float = 1.0  # retries and redirects
    slow_s: float = 0.0  # a learnt pause between two starts
    addresses: tuple[str, ...] = ()  # where it is; none: not known


@dataclass(frozen=True, slots=True)
class Bound:
    """The least that a run takes, and why."""

    seconds: float = 0.0
    cause: str = "none"  # delay, latency, rest, retry, domain, address, concurrency, limit or none
    host: str | None = None  # or the domain or address; None: it is that of all hosts together
    pages: int = 0  # of the host, or of all
    each_s: float = 0.0  # the delay, the latency, or the rest
    at_a_time: int = 1
    limited: bool = False  # by a limit on pages

    def __str__(self) -> str:
        return f"at least {span(self.seconds)}{self.why()}"

    def as_json(self) -> dict[str, Any]:
        """Plain values for a plan or a report."""
        told = asdict(self) | {"text": str(self)}
        return {"bound_s": round(told.pop("seconds"), 3), **told}

    def why(self) -> str:
        """What sets the bound, for people, behind a colon; empty when nothing does."""
        if self.cause == "none":
            return ""
        host = self.host and (self.host if self.cause == "address" else short(self.host))
        where = f"{host}, " if host else ""
        limited = " within the limit" if self.limited else ""
        many = f"{self.pages:,} page{'' if self.pages == 1 else 's'}{limited}"
        return f": {where}{many}, {_CAUSES[self.cause].format(each=span(self.each_s), bound=self)}"


_CAUSES = {
    "delay": "one each {each}",
    "latency": "{bound.at_a_time:,} at a time of {each} each",
    "domain": "{bound.at_a_time:,} at a time of {each} each on all its hosts",
    "address": "{bound.at_a_time:,} at a time of {each} each on all hosts there",
    "concurrency": "{bound.at_a_time:,} at a time of {each} each",
    "rest": "after a rest of {each}",
    "limit": "on the quickest hosts",
    "retry": "the last retry is due in {each}",
}


def bound(
    loads: Iterable[Load],
    *,
    concurrency: int,
    most: int | None = None,
    per_domain: int | None = None,
    per_address: int | None = None,
) -> Bound:
    """The least time of a run.

    Args:
        loads: each host once; looked at once.
        concurrency: requests open in all.
        most: pages of the run; None: all of them.
        per_domain: requests open on all hosts of a domain; None: as many as may be.
        per_address: likewise at an address; a host at several counts for each.
    """
    work = _Work(_Shared(per_domain, per_address), may_choose=most is not None)
    for load in loads:
        if load.pages:
            work.add(load)
    limited = most is not None and most < work.pages
    return work.limited(most or 0, concurrency) if limited else work.whole(concurrency)


class _Work:
    """All hosts of a run, in one look at each."""

    def __init__(self, shared: _Shared, *, may_choose: bool) -> None:
        self.pages = 0
        self._may_choose = may_choose
        self._shared = shared
        self._open_s = 0.0
        self._longest = Bound()  # of one host
        self._kinds: Counter[Load] = Counter()  # hosts that are alike

    def add(self, load: Load) -> None:
        self.pages += load.pages
        self._open_s += load.pages * load.quick_s
        self._shared.add(load)
        self._longest = max(self._longest, host_bound(load), key=_seconds)
        if self._may_choose:  # a retry that is due late need not be among the pages
            self._kinds[replace(load, host="", last_due_s=0.0, addresses=())] += 1

    def whole(self, concurrency: int) -> Bound:
        """The bound of all pages."""
        longest = max(self._longest, self._shared.bound(), key=_seconds)
        return max(longest, _of_slots(self._open_s, self.pages, concurrency), key=_seconds)

    def limited(self, most: int, concurrency: int) -> Bound:
        """The bound of the quickest choice of so many pages."""
        if not most:
            return Bound()
        longest = _limited(self._longest, self._kinds, most)
        quickest_s = min(load.quick_s for load in self._kinds)
        slots = replace(_of_slots(most * quickest_s, most, concurrency), limited=True)
        return max(longest, slots, key=_seconds)


def _of_slots(open_s: float, pages: int, concurrency: int) -> Bound:
    if not open_s:
        return Bound()
    return Bound(open_s / concurrency, "concurrency", None, pages, open_s / pages, concurrency)


def _seconds(bound: Bound) -> float:
    return bound.seconds


class _Shared:
    """How long requests are open on all hosts that share a cap."""

    def __init__(self, per_domain: int | None, per_address: int | None) -> None:
        self._per_domain = per_domain
        self._per_address = per_address
        self._open: dict[tuple[str, str, int], tuple[float, int]] = {}  # seconds, pages

    def add(self, load: Load) -> None:
        for group in self._groups(load) if load.quick_s else ():
            open_s, pages = self._open.get(group, (0.0, 0))
            self._open[group] = open_s + load.pages * load.quick_s, pages + load.pages

    def _groups(self, load: Load) -> Iterator[tuple[str, str, int]]:
        """Cause, name and cap of each group that a host is in."""
        if self._per_domain is not None:
            yield "domain", owner(load.host), self._per_domain
        if self._per_address is not None:
            for address in load.addresses:
                yield "address", address, self._per_address

    def bound(self) -> Bound:
        """Of the group that needs longest."""
        longest = Bound()
        for (cause, name, cap), (open_s, pages) in self._open.items():
            if open_s / cap > longest.seconds:
                longest = Bound(open_s / cap, cause, name, pages, open_s / pages, cap)
        return longest


def host_bound(load: Load) -> Bound:
    """The least time of one host alone."""
    rest_s = load.rest_s
    polite_s = rest_s + (load.pages + load.asks - 1) * load.delay_s
    answers_s = rest_s + load.pages * load.quick_s / load.per_host
    host, pages = load.host, load.pages
    longest = max(rest_s, polite_s, answers_s, load.last_due_s)
    if longest <= 0 or not pages:
        return Bound()
    if longest == load.last_due_s:
        return Bound(longest, "retry", host, pages, longest)
    if longest == rest_s or rest_s > longest / 2:
        return Bound(longest, "rest", host, pages, rest_s)
    if longest == polite_s:
        return Bound(longest, "delay", host, pages, load.delay_s)
    return Bound(longest, "latency", host, pages, load.quick_s, load.per_host)


def _limited(longest: Bound, kinds: Counter[Load], most: int) -> Bound:
    """The bound of the quickest choice of `most` pages: the first time by which so many fit."""
    low_s, high_s = 0.0, longest.seconds
    if _fitting(kinds, 0.0) >= most:
        return Bound()
    for _ in range(_STEPS):
        middle_s = (low_s + high_s) / 2
        if _fitting(kinds, middle_s) >= most:
            high_s = middle_s
        else:
            low_s = middle_s
    if kinds.total() == 1:
        alone = replace(next(iter(kinds)), pages=most, host=longest.host or "")
        return replace(host_bound(alone), limited=True)
    return Bound(low_s, "limit", None, most, limited=True)


def _fitting(kinds: Counter[Load], by_s: float) -> int:
    return sum(count * _pages_by(load, by_s) for load, count in kinds.items())


def _pages_by(load: Load, by_s: float) -> int:
    """Pages of a host that a run of this length may hold."""
    left_s = by_s - load.rest_s
    if left_s < 0:
        return 0
    fit: float = load.pages
    if load.delay_s:
        fit = min(fit, max(left_s // load.delay_s + 1 - load.asks, 0))
    if load.quick_s:
        fit = min(fit, left_s * load.per_host // load.quick_s)
    return int(fit)


def model_s(loads: Iterable[Load], *, concurrency: int, most: int | None = None) -> float:
    """How long the hosts need by themselves, with their retries, and all slots shared.

    Args:
        most: pages of the run, where that is fewer than all: whichever host may be asked is.
    """
    if most is not None:
        return bound(map(_on_average, loads), concurrency=concurrency, most=most).seconds
    longest_s = open_s = 0.0
    for load in loads:
        longest_s = max(longest_s, host_s(load, concurrency))
        open_s += _requests(load) * load.latency_s
    return max(longest_s, open_s / concurrency)


def _on_average(load: Load) -> Load:
    """The load as a bound takes it, with latencies and requests as they are on the average."""
    times = load.requests_per_page
    return replace(load, quick_s=load.latency_s * times, delay_s=load.delay_s * times)


def host_s(load: Load, concurrency: int) -> float:
    """How long one host needs that has all slots to itself."""
    if not load.pages:
        return 0.0
    requests, most = _requests(load), min(load.per_host, concurrency)
    polite_s = (requests - 1) * load.delay_s + load.latency_s
    answers_s = sum(_rounds_s(requests, load.latency_s, most))
    pauses = (load.slow_s * (1 - n / SLOW_STEPS) for n in range(min(SLOW_STEPS, int(requests))))
    slow_s = sum(max(pause_s - load.delay_s, 0) for pause_s in pauses)
    return max(load.rest_s + max(polite_s, answers_s) + slow_s, load.last_due_s)


def _rounds_s(requests: float, latency_s: float, per_host: int) -> Iterator[float]:
    """A host earns its open requests by answers: twice as many in each round, up to its limit."""
    open_ = min(FIRST_OPEN, per_host)
    while open_ < per_host and requests > open_:
        yield latency_s
        requests -= open_
        open_ = min(2 * open_, per_host)
    yield latency_s * max(requests / open_, min(requests, 1))


def _requests(load: Load) -> float:
    return load.pages * load.requests_per_page + load.asks


def expected_s(
    now_s: float, work: float, *, then_s: float, then_work: float, took_s: float, cpu_s: float = 0.0
) -> float:
    """How long a run will take that has so much to do.

    Args:
        now_s: by the model.
        work: in pages, by what they cost.
        then_s: an earlier run by the model; it had `then_work` to do and took `took_s`.
        cpu_s: processor time of the loop's process in that run; what is beyond the time that it
            took was that of other threads.
    """
    beyond_s, times = took_s - then_s, work / then_work
    once_s = min(max(beyond_s, 0.0), BEGIN_S)
    loop_s = min(cpu_s, took_s - once_s)
    return max(now_s + once_s + (beyond_s - once_s) * times, once_s + loop_s * times, 0.0)


def span(value_s: float) -> str:
    """A time for people: `250 ms`, `4.2 s`, `2 min 5 s`, `3 h 12 min`, `2 d 3 h`."""
    if value_s < 0.9995:
        return f"{value_s * 1000:.3g} ms"
    if value_s < 59.5:
        return f"{value_s:.2g} s" if value_s < 9.95 else f"{value_s:.0f} s"
    name, size, less, part = next(unit for unit in _UNITS if value_s >= unit[1] - unit[3] / 2)
    whole, rest = divmod(round(value_s / part), round(size / part))
    return f"{whole} {name}" + (f" {rest} {less}" if rest else "")


_UNITS = (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1))
