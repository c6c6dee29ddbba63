"""Laws of the rows in memory."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from scraper.core.schedule.held import Held

ids = st.integers(1, 8)


class Whatever(RuleBasedStateMachine):
    """Reads, holds and releases in any order."""

    def __init__(self):
        super().__init__()
        self.held = Held()
        self.model = set()
        self.released = set()
        self.placed = set()
        self.again = set()

    @rule(row=ids)
    def hold(self, row):
        """A row is taken in once, not from a read older than its release, and has one place."""
        fresh = row not in self.model and row not in self.released
        assert self.held.hold(row) is (fresh and row not in self.placed)
        if fresh:
            self.model.add(row)
            self.placed.add(row)

    @rule(rows=st.lists(ids))
    def release(self, rows):
        self.held.release(rows)
        self.released.update(rows)
        for row in rows:
            self.model.discard(row)
            self.again.discard(row)

    @rule(rows=st.lists(ids))
    def void(self, rows):
        """Settled by others; a row whose turn has come stays until its own outcome."""
        self.held.void(rows)
        for row in rows:
            if row in self.placed or row not in self.model:
                self.released.add(row)
                self.model.discard(row)
                self.again.discard(row)

    @rule(row=ids, again=st.booleans())
    def take(self, row, again):
        """A row that was released while it waited has no turn; one that waits for another one after
        its turn is not at work."""
        had_turn = self.held.take(row)
        assert had_turn is (row in self.model)
        self.placed.discard(row)
        self.again.discard(row)
        if had_turn and again:
            self.held.wait_again(row)
            self.again.add(row)

    @rule(rows=st.lists(ids))
    def drop(self, rows):
        self.held.drop(rows)
        self.placed.difference_update(rows)
        self.released.update(rows)
        for row in rows:
            self.model.discard(row)
            self.again.discard(row)

    @rule()
    def read(self):
        self.held.begin_read()
        self.released.clear()

    @invariant()
    def agrees(self):
        assert set(self.held) == self.model
        assert len(self.held) == len(self.model)
        assert all(row in self.held for row in self.model)
        assert self.held.at_work() == len(self.model - self.placed - self.again)
        assert str(len(self.model)) in repr(self.held)


TestWhatever = Whatever.TestCase
