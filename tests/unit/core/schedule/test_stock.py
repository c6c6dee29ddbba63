"""Laws of the hosts that have rows to read: none is forgotten, few are noted."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from scraper.core.schedule.stock import Stock

NAMES = "abcdef"
hosts = st.sampled_from(NAMES)


class Whatever(RuleBasedStateMachine):
    """A table of hosts; reads and scans in any order find every host that has rows."""

    def __init__(self):
        super().__init__()
        self.stock = Stock(2)
        self.stock.scan_from = None
        self.unread = set()  # hosts with rows that nobody has read
        self.window = dict.fromkeys(NAMES, 0)

    @rule(host=hosts)
    def commit(self, host):
        """Rows come; the stock is told."""
        self.unread.add(host)
        self.stock.note(host)

    @rule(more=st.booleans())
    def read(self, more):
        if not self.stock:
            return
        host = self.stock.pop()
        self.window[host] = 4
        if more:
            self.stock.read_on(host, below=2)
            self.unread.add(host)
        else:
            self.unread.discard(host)

    @rule(host=hosts)
    def take(self, host):
        if self.window[host]:
            self.window[host] -= 1
            before = set(self.stock)
            if self.stock.is_low(host, self.window[host]):
                assert self.window[host] < 2
                assert host in self.stock or self.stock.scan_from is not None
            else:
                assert set(self.stock) == before

    @rule()
    def all_are_low(self):
        """What was in the window is void."""
        self.window = dict.fromkeys(NAMES, 0)
        self.stock.all_are_low()
        assert not self.stock.is_empty or not self.unread

    @rule()
    def give_back(self):
        """A limit empties the window; what was in it is unread again."""
        self.unread |= {host for host, count in self.window.items() if count}
        self.window = dict.fromkeys(NAMES, 0)
        self.stock.rescan()

    @rule()
    def scan(self):
        after = self.stock.scan_from
        if after is not None:
            self.stock.scanned(sorted(host for host in self.unread if host > after)[:2])

    @invariant()
    def few_are_noted(self):
        assert len(self.stock) <= 2
        assert str(len(self.stock)) in repr(self.stock)

    @invariant()
    def none_is_forgotten(self):
        if self.stock.is_empty:
            forgotten = {h for h in self.unread if self.stock._low.get(h, 0) <= 0}
            assert not forgotten


TestWhatever = Whatever.TestCase


def test_a_host_is_hungry_once_when_it_runs_low():
    stock = Stock(2)
    stock.note("a")
    assert stock.pop() == "a"
    stock.read_on("a", below=2)
    assert not stock.is_low("a", 2)
    assert stock.is_low("a", 1)
    assert not stock.is_low("a", 0)
    assert list(stock) == ["a"]


def test_what_is_preferred_is_read_first_noted_or_not():
    stock = Stock(2)
    stock.scanned([])
    assert not stock.has_more
    stock.note("a")
    stock.note("b")
    stock.prefer(["c", "b"])
    assert stock.has_more
    assert [stock.pop() for _ in range(3)] == ["c", "b", "a"]
    stock.read_on("a", below=2)
    assert stock.has_more
    assert stock.is_empty


def test_a_host_that_is_not_noted_is_found_by_the_scan():
    stock = Stock(1)
    stock.scanned([])
    assert stock.is_empty is True
    stock.note("b")
    stock.note("a")
    assert (stock.pop(), stock.scan_from) == ("b", "")
    stock.scanned(["a"])
    assert stock.pop() == "a"
    stock.scanned([])  # it was not noted while a scan was under way: once more
    assert stock.scan_from == ""
    stock.scanned([])
    assert stock.is_empty
