"""Questions about all hosts of the window at once: for who asks seldom, not for every page."""

from __future__ import annotations

from collections.abc import Collection
from math import inf

from scraper.core.schedule.circuit import Outage
from scraper.core.schedule.host import Host


def busiest(hosts: Collection[Host]) -> Host | None:
    """The host with most to start."""
    return max(hosts, key=lambda host: len(host.queue), default=None)


def rest_ends_at(hosts: Collection[Host], outage: Outage) -> float:
    """When the first host with something to do ends its rest; infinite: none has anything.

    The delay between two starts is no rest. A host whose robots.txt has moved waits for another.
    """
    waiting = (host for host in hosts if host.queue and (host.errands or not host.away))
    ends_at = min((rests_until(host) for host in waiting), default=inf)
    if outage.since is None or outage.probe_at is None:
        return ends_at
    return max(ends_at, outage.probe_at)


def rests_until(host: Host) -> float:
    """When its rest ends; minus infinity: it does not rest."""
    return -inf if host.circuit.is_given_up else host.paused_until
