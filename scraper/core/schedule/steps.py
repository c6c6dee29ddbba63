"""Which number of open requests is tried next: a search by steps on a logarithmic scale.

Pattern search (Hooke and Jeeves 1961): steps double while they pay, and are halved when none does.
One that brought less than half of its cost is followed by half of it: a queue begins there. Down
it goes carefully, by a factor of 1.4 at most: to try fewer costs the answers that they lack.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log2

COARSEST, FINE, FINEST = 1.0, 0.5, 0.0625  # steps, as powers of two
REST_S, LONGEST_REST_S = 5.0, 30.0  # between two looks

May = Callable[[int], bool]  # whether a level may be tried


class Steps:
    """The order of trials, about the level that is kept.

    Attributes:
        size: of the step, as a power of two.
        sides: to go on, at each size: 1 is up, -1 is down.
    """

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most
        self._look_at = 0.0
        self.search([1, -1])

    def __repr__(self) -> str:
        return f"<Steps of {self.size:g} down to {self._finest:g}, {self._todo}>"

    @property
    def holds(self) -> bool:
        """Whether nothing is to be tried before the next look."""
        return self.size < self._finest

    def search(self, sides: list[int]) -> None:
        """Begin anew, far away first."""
        self.size, self._finest, self.sides = COARSEST, FINE, sides
        self._todo = list(sides)
        self._up = FINE  # the step of a look
        self._paid = 0  # in a row
        self._rest_s = REST_S

    def look_closer(self, sides: list[int]) -> None:
        """Go on with small steps: a higher level does harm."""
        self.sides = sides
        self._finest = self._up = FINEST

    def is_due(self, now: float) -> bool:
        """Whether it has held for long enough."""
        return self.holds and now >= self._look_at

    def look(self, at: int, *, down: bool) -> None:
        """Try one level after a rest; a small step up where a larger one did harm."""
        self.size = self._finest = FINE if down else max(self._up, log2(1 + 1 / at))
        self._todo = [-1 if down else 1]

    def next(self, at: int, now: float, *, may: May) -> int | None:
        """The level to try; None: it holds for a while."""
        searched = not self.holds
        while not self.holds:
            while self._todo:
                level = self.level(at, self._todo[0])
                if level != at and may(level):
                    return level
                self._todo.pop(0)
            self.size /= 2
            self._todo = list(self.sides)
        if searched:
            self._look_at = now + self._rest_s
            self._rest_s = min(2 * self._rest_s, LONGEST_REST_S)
        return None

    def level(self, at: int, side: int) -> int:
        """The level on that side."""
        step = self.size if side > 0 else -min(self.size, FINE)
        return min(max(round(at * 2**step), self._least), self._most)

    def paid(self, side: int, *, steep: bool) -> None:
        """Go on to the same side: the level that was tried is kept."""
        self._paid += 1
        self._rest_s = REST_S
        self._todo = [side]
        if side > 0 and not steep:
            self.size = max(self.size / 2, self._finest)
        elif self._paid > 1:
            self.size = min(2 * self.size, COARSEST)

    def failed(self, *, last: bool = False) -> None:
        """Go on elsewhere; `last`: not at this size."""
        self._paid = 0
        self._todo = [] if last else self._todo[1:]
