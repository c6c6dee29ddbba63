"""Walking the tree as it was written, whatever shape it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scraper.config.places import Path
from scraper.config.values import Secret


@dataclass(frozen=True, slots=True)
class Branch:
    """A part of the tree and where it stands; its value is None where there is nothing."""

    path: Path
    value: object

    def under(self, key: str) -> Branch:
        """What stands under a key."""
        found = self.value.get(key) if isinstance(self.value, dict) else None
        return Branch((*self.path, key), found)

    def names(self) -> list[str]:
        """The keys of a mapping."""
        return list(self.value) if isinstance(self.value, dict) else []

    def each(self) -> Iterator[Branch]:
        """The values of a mapping or list; of anything else none."""
        if isinstance(self.value, dict):
            for key, value in self.value.items():
                yield Branch((*self.path, key), value)
        elif isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield Branch((*self.path, index), value)

    def alone_or_each(self) -> Iterator[Branch]:
        """The values of a list, or the one value that stands there without a list."""
        if isinstance(self.value, list):
            yield from self.each()
        elif self.value is not None:
            yield self


def written(tree: object, path: Path) -> str | None:
    """What the file says at a path if the environment was asked for it, else None."""
    value = tree
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
    return value.written if isinstance(value, Secret) else None
