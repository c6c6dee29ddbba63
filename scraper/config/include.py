"""`include`: shared parts of configs, put under the file that names them.

Mappings are joined, key by key, as deep as they go; the file that includes wins, and of several
included files the later one. Lists and single values are replaced. Every node keeps its place, so
that a mistake in a shared part is told where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from scraper.config.compose import MAP, compose_mapping, place_of, text_of
from scraper.config.nodes import merged
from scraper.config.values import Secret, expand, shown
from scraper.core.errors import ConfigError

KEY = "include"
_MOST_FILES = 100


def with_includes(
    root: MappingNode, path: str, *, env: Mapping[str, str]
) -> tuple[MappingNode, tuple[str, ...]]:
    """The tree with what it includes under it, and the names of the files.

    Raises:
        ConfigError: a file cannot be read, or includes itself.
    """
    reading = _Reading(env, [Path(path).resolve()])
    try:
        tree = reading.whole(root, Path(path), path)
    except RecursionError:
        raise ConfigError(f"{path}:1:1: is nested too deeply") from None
    return tree, tuple(dict.fromkeys(reading.names))


@dataclass(slots=True)
class _Reading:
    """The files on the way from the first to the one that is read now."""

    env: Mapping[str, str]
    open: list[Path]  # real paths, the outermost first
    names: list[str] = field(default_factory=list)

    def whole(self, root: MappingNode, path: Path, name: str) -> MappingNode:
        """A file with all that it includes under it."""
        nodes = [value for key, value in root.value if key.value == KEY]
        own = [pair for pair in root.value if pair[0].value != KEY]
        if len(nodes) > 1:
            raise ConfigError(f"{place_of(nodes[1])}: {KEY}: is given twice: write one list")
        tree = MappingNode(MAP, own, root.start_mark, root.end_mark)
        under: MappingNode | None = None
        for node in nodes:
            for one in _each(node):
                part = self._file(one, path, name)
                under = part if under is None else _over(part, under)
        return tree if under is None else _over(tree, under)

    def _file(self, node: ScalarNode, path: Path, name: str) -> MappingNode:
        """One included file, and what it includes."""
        try:
            written = expand(node.value, self.env)
        except ValueError as error:
            raise ConfigError(f"{place_of(node)}: {KEY}: {error}") from None
        said = written.written if isinstance(written, Secret) else written
        inner, inner_name = path.parent / written, str(Path(name).parent / said)
        real = inner.resolve()
        if real in self.open:
            raise ConfigError(
                f"{place_of(node)}: {KEY}: {shown(said)} includes itself: take it out"
            )
        self.names.append(inner_name)
        if len(self.names) > _MOST_FILES:
            raise ConfigError(f"{place_of(node)}: {KEY}: more than {_MOST_FILES} files: write less")
        if not inner.is_file():
            raise ConfigError(f"{place_of(node)}: {KEY}: there is no file {shown(inner_name)}")
        self.open.append(real)
        root = compose_mapping(text_of(inner, inner_name), inner_name)
        tree = self.whole(root, inner, inner_name)
        self.open.pop()
        return tree


def _each(node: Node) -> Iterator[ScalarNode]:
    """The texts of one value or a list."""
    for one in node.value if isinstance(node, SequenceNode) else [node]:
        if not isinstance(one, ScalarNode) or not one.value.strip():
            raise ConfigError(f"{place_of(one)}: {KEY}: must be a file or a list of files")
        yield one


def _over(over: MappingNode, under: MappingNode) -> MappingNode:
    """Two mappings as one; `over` wins."""
    beneath = {key.value: (key, value) for key, value in reversed(list(merged(under)))}
    own = {id(key) for key, _ in over.value}
    pairs: list[tuple[Node, Node]] = []
    for key, value in over.value:
        below = beneath.get(key.value, (None, None))[1] if isinstance(key, ScalarNode) else None
        pairs.append((key, _joined(value, below)))
    for key, value in merged(over):  # what << brings in is joined as well
        if id(key) not in own and key.value in beneath:
            pairs.append((key, _joined(value, beneath[key.value][1])))
    known = {key.value for key, _ in merged(over)}
    pairs += [pair for pair in _unmerged(under) if pair[0].value not in known]
    return MappingNode(MAP, pairs, over.start_mark, over.end_mark)


def _unmerged(node: MappingNode) -> Iterator[tuple[ScalarNode, Node]]:
    """The pairs of a mapping: a key that is given twice is there twice, for the reader to tell."""
    own = {id(key) for key, _ in node.value}
    for key, value in node.value:
        if isinstance(key, ScalarNode) and not key.tag.endswith(":merge"):
            yield key, value
    for key, value in merged(node):
        if id(key) not in own:
            yield key, value


def _joined(value: Node, below: Node | None) -> Node:
    if isinstance(value, MappingNode) and isinstance(below, MappingNode) and value is not below:
        return _over(value, below)
    return value
