"""The hosts of the window: made when they are first named, let go when they have nothing to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from scraper.core.plan import PolitenessPlan
from scraper.core.schedule.census import rests_until
from scraper.core.schedule.host import Host, rule_of
from scraper.core.schedule.lanes import Lanes
from scraper.core.schedule.past import Past

ALL = 2**31  # hosts: more than there are


class Hosts:
    """Hosts by name.

    Attributes:
        asked_until: earlier runs may have asked any host until then.
    """

    def __init__(self, plan: PolitenessPlan, lanes: Lanes) -> None:
        self._plan = plan
        self._lanes = lanes
        self._hosts: dict[str, Host] = {}
        self._idle: list[Host] = []  # with nothing left to do, perhaps
        self._past = Past(max(rule.delay_s for rule in (plan.default, *plan.hosts.values())))
        self._learnt: dict[str, float] = {}  # of hosts that have left
        self._known: Mapping[str, int] = {}  # rows in the table, of the hosts with most
        self.asked_until = float("-inf")
        self.get = self._hosts.get  # a host that is here, or None

    def __repr__(self) -> str:
        return f"<Hosts {len(self._hosts)}, {self._past!r}>"

    def __len__(self) -> int:
        return len(self._hosts)

    def each(self) -> Collection[Host]:
        """All that are here, to look at."""
        return self._hosts.values()

    def named(self, name: str) -> Host:
        """A host, with what is remembered of it."""
        host = self._hosts.get(name)
        if host is None:
            rule = rule_of(name, self._plan.hosts, default=self._plan.default)
            host = self._hosts[name] = Host(name, rule, self._plan.robots, self.asked_until)
            host.known = self._known.get(name, 0)
            self._past.recall(host)
            host.seen_at = host.started_at
            self._lanes.enter(host)
            self.note(host)
        return host

    def counted(self, known: Mapping[str, int]) -> None:
        """Hear how many rows wait in the table, of the hosts with most."""
        self._known = known
        for name, rows in known.items():
            host = self._hosts.get(name)
            if host is not None:
                host.known = rows

    def note(self, host: Host) -> None:
        """A host may have nothing left to do."""
        if not host.is_noted:
            host.is_noted = True
            self._idle.append(host)

    def forget_idle(self, now: float, *, most: int = ALL) -> int:
        """Let go who has nothing to do, whatever is to be remembered; returns how many went.

        Args:
            most: hosts that are looked at, those first that have had nothing to do for longest.
        """
        idle, self._idle = self._idle[:most], self._idle[most:]
        before = len(self._hosts)
        for host in idle:
            host.is_noted = False
            if host.is_busy:  # it is noted again at the end of its last turn
                continue
            del self._hosts[host.name]
            host.stamp = -1
            self._lanes.forget(host)
            self._note_pace(host)
            self._past.keep(host, now)
        return before - len(self._hosts)

    def pause(self, name: str, until: float) -> None:
        """Let a host rest that is not here."""
        self._past.add(name, rests_until=until)

    def paused_until(self, name: str) -> float:
        """When a host's rest ends, whether it is here or not; minus infinity: it does not rest."""
        host = self._hosts.get(name)
        return self._past.paused_until(name) if host is None else rests_until(host)

    def learn(self, slow: Mapping[str, float]) -> None:
        """Begin with what earlier runs have learnt: seconds between two starts, by host."""
        for name, slow_s in slow.items():
            self._past.add(name, slow_s=slow_s)

    def learnt(self) -> dict[str, float]:
        """The pauses between two starts that are others than when they were asked for last.

        They come on top of what is asked for; 0: there is none any more.
        """
        for host in self._hosts.values():
            self._note_pace(host)
        learnt, self._learnt = self._learnt, {}
        return learnt

    def _note_pace(self, host: Host) -> None:
        slow_s = host.pace.slow_s
        if slow_s != host.kept_slow_s:
            self._learnt[host.name] = host.kept_slow_s = slow_s
