"""Caps beyond the single host: how much may be open on all hosts of a domain, or at one address.

A *group* is what a cap holds for. A host whose turn has come and that meets a full group falls
asleep there; when a place becomes free, the one that sleeps for longest is woken and stands in line
again, and nobody else is looked at: the choice stays O(log hosts) however many are blocked.

The place that a host was woken for is promised to it (`token`). If it cannot use it after all (it
has nothing to start any more, rests, or another of its groups is full), the next one is woken. So
no wake-up is lost: while hosts sleep in a group, each of its free places is promised to one.

Hosts that are in the same groups share a *lane*, and it is lanes that sleep in a group: when they
must wait for another group instead, they move there together, in one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from itertools import count
from math import inf

from scraper.core.domain import is_address, name_of, owner
from scraper.core.plan import PolitenessPlan
from scraper.core.schedule.host import Group, Host, Lane

_ADDRESS = "address "  # begins the name of a group


class Lanes:
    """All lanes and groups.

    Args:
        plan: the caps.
        awaken: lets a host stand in line again.

    Attributes:
        meet: told of each host whose addresses are to be looked up; `locate` is the answer.
    """

    def __init__(self, plan: PolitenessPlan, awaken: Callable[[Host, float], None]) -> None:
        self.meet: Callable[[str], None] = lambda _: None
        self._per_domain, self._per_address = plan.per_domain, plan.per_address
        self._awaken = awaken
        self._lanes: dict[tuple[str, ...], Lane] = {}
        self._groups: dict[str, Group] = {}
        self._tickets = count()
        self._now = -inf

    def __repr__(self) -> str:
        return f"<Lanes {len(self._lanes)}, {len(self._groups)} groups>"

    def enter(self, host: Host) -> None:
        """A host is new; it starts nothing before it is known whom it shares a cap with."""
        if self._per_address is None:
            self.locate(host, ())
        elif is_address(name := name_of(host.name)):
            self.locate(host, (name,))
        else:
            host.located = False
            self.meet(host.name)

    def locate(self, host: Host, addresses: Iterable[str]) -> None:
        """Put a host into its groups."""
        host.located = True
        limits = {}
        if self._per_domain is not None:
            limits[f"domain {owner(host.name)}"] = self._per_domain
        if self._per_address is not None:
            limits |= {f"{_ADDRESS}{each.strip('[]')}": self._per_address for each in addresses}
        key = tuple(sorted(limits))
        if not key:
            return
        lane = self._lanes.get(key)
        if lane is None:
            groups = (self._groups.setdefault(name, Group(limits[name])) for name in key)
            lane = self._lanes[key] = Lane(key, tuple(groups))
        lane.members += 1
        for group in lane.groups:
            group.members += 1
        host.lane = lane

    def addresses(self, host: Host) -> tuple[str, ...]:
        """Where a host is, as far as that has a cap and is known."""
        key = host.lane.key if host.lane else ()
        return tuple(each.removeprefix(_ADDRESS) for each in key if each.startswith(_ADDRESS))

    def forget(self, host: Host) -> None:
        """A host that has nothing open and nothing to start is known no more."""
        host.asleep = False
        lane, host.lane = host.lane, None
        if lane is None:
            return
        lane.members -= 1
        if not lane.members:
            del self._lanes[lane.key]
        for name, group in zip(lane.key, lane.groups, strict=True):
            group.members -= 1
            if not group.members:
                del self._groups[name]

    def admits(self, host: Host, now: float) -> bool:
        """Whether a host whose turn has come may start; else it falls asleep."""
        lane, promised = host.lane, host.token
        if lane is None:
            return True
        self._now, host.token = now, None
        if promised is None and lane.ticket >= 0:  # others of its kind have waited for longer
            self._sleep(host, lane)
            return False
        full = next((group for group in lane.groups if group.is_full), None)
        if full is None:
            return True
        self._sleep(host, lane)
        self._wait(lane, full)
        if promised is not None and promised is not full:
            self.wake(promised, now)
        return False

    def _sleep(self, host: Host, lane: Lane) -> None:
        if host.blocked_at is None:
            host.blocked_at = self._now
        host.asleep = True
        heappush(lane.sleeping, (host.blocked_at, next(self._tickets), host))

    def _wait(self, lane: Lane, group: Group) -> None:
        """Let a lane sleep in a group, and in no other."""
        lane.ticket = next(self._tickets)
        heappush(group.sleepers, (lane.sleeping[0][0], lane.ticket, lane))

    def wake(self, group: Group, now: float) -> None:
        """Promise a place of a group to the host that sleeps there for longest."""
        self._now = now
        while group.sleepers:
            _, ticket, lane = heappop(group.sleepers)
            if lane.ticket != ticket:
                continue
            lane.ticket = -1
            host = self._next(lane, now)
            if lane.sleeping:
                self._wait(lane, group)
            if host is not None:
                host.token = group
                self._awaken(host, now)
                return

    def _next(self, lane: Lane, now: float) -> Host | None:
        """The host of a lane that sleeps for longest and may start; others need no place."""
        while lane.sleeping:
            _, _, host = heappop(lane.sleeping)
            was_asleep, host.asleep = host.asleep, False
            if not (was_asleep and host.may_open):
                continue
            if host.next_at <= now:
                return host
            self._awaken(host, now)  # it rests
        return None

    def pass_on(self, host: Host) -> None:
        """A host does not use the place that it was woken for."""
        group, host.token = host.token, None
        if group is not None:
            self.wake(group, self._now)

    def opened(self, host: Host) -> None:
        """A turn has begun."""
        host.token = host.blocked_at = None
        for group in host.lane.groups if host.lane else ():
            group.open += 1

    def done(self, host: Host, now: float) -> None:
        """A turn has ended: its places are for others."""
        for group in host.lane.groups if host.lane else ():
            group.open -= 1
            self.wake(group, now)

    def lets_in(self, host: Host) -> bool:
        """Whether a guest may begin; else the next free place is kept for it."""
        groups = host.lane.groups if host.lane else ()
        if all(group.open < group.limit for group in groups):
            return True
        if not host.place_kept:
            host.place_kept = True
            for group in groups:
                group.guests += 1
        return False

    def release(self, host: Host, now: float) -> None:
        """No place is kept for a guest any more."""
        if host.lane is None or not host.place_kept:
            return
        host.place_kept = False
        for group in host.lane.groups:
            group.guests -= 1
            self.wake(group, now)
