"""From YAML nodes to plain values: strict where YAML is not, bounded where it is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from scraper.config.places import Path, dotted
from scraper.config.values import Plain, expand

_STR = "tag:yaml.org,2002:str"
_NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"
_SCALARS = {
    f"tag:yaml.org,2002:{kind}"
    for kind in ("null", "bool", "int", "float", "timestamp", "merge", "value")
}
_CONTAINERS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
_DEEPEST = 50
_MOST_ALIASED = 10_000  # values that aliases may add to a file


class EndlessError(Exception):
    """The tree is too deep, or aliases make too much of it."""

    def __init__(self, node: Node) -> None:
        super().__init__("nested too deeply, or repeated too often by aliases: write it out")
        self.node = node


class Reader:
    """Turns nodes into dicts, lists, texts and None, and gathers what is wrong with them."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._seen: set[int] = set()
        self._aliased = 0
        self._depth = 0
        self.problems: list[tuple[Node, str]] = []

    def read(self, node: Node) -> object:
        """The value of any node."""
        if isinstance(node, ScalarNode):
            return self._read_scalar(node)
        self._enter(node)
        if isinstance(node, MappingNode):
            value: object = self.read_mapping(node)
        else:
            value = self._read_list(node)
        self._depth -= 1
        return value

    def read_mapping(self, node: MappingNode) -> dict[str, object]:
        """The value of a mapping; a key that is given twice is a problem."""
        first: dict[str, Node] = {}
        for key, value in node.value:
            self._check_key(key, first)
            if key.tag == _MERGE and not isinstance(value, MappingNode | SequenceNode):
                self.problems.append((value, "<<: wants a mapping that has an anchor: <<: *name"))
        return {key.value: self.read(value) for key, value in merged(node)}

    def _check_key(self, key: Node, first: dict[str, Node]) -> None:
        if not isinstance(key, ScalarNode):
            self.problems.append(
                (key, "a key is a text: put quotes around a text that begins with { or [")
            )
        elif key.tag == _MERGE:
            return
        elif key.value in first:
            line = first[key.value].start_mark.line + 1
            self.problems.append(
                (key, f"{dotted((key.value,))}: is given twice, first in line {line}: keep one")
            )
        else:
            first[key.value] = key

    def _read_list(self, node: Node) -> list[object]:
        return [
            child.value
            if type(child) is ScalarNode and child.tag == _STR and "${" not in child.value
            else self.read(child)
            for child in node.value
        ]

    def _read_scalar(self, node: ScalarNode) -> str | None:
        text: str = node.value
        if "${" in text:
            try:
                return expand(text, self._env)
            except ValueError as error:
                self.problems.append((node, str(error)))
                return ""
        if node.tag == _STR:
            return text
        if node.tag not in _SCALARS:
            self.problems.append((node, f"the tag {node.tag} means nothing here: take it out"))
        return None if node.tag == _NULL else Plain(text)

    def _enter(self, node: Node) -> None:
        """Count depth and what aliases repeat; a list that holds itself ends here too."""
        if id(node) in self._seen:
            self._aliased += 1 + len(node.value)
        self._seen.add(id(node))
        self._depth += 1
        if self._depth > _DEEPEST or self._aliased > _MOST_ALIASED:
            raise EndlessError(node)
        if node.tag not in _CONTAINERS:
            self.problems.append((node, f"the tag {node.tag} means nothing here: take it out"))


def merged(node: MappingNode) -> Iterator[tuple[ScalarNode, Node]]:
    """The pairs of a mapping with what `<<: *anchor` brings in; its own keys come first and win.

    Each mapping is looked at once, so that merges of merges cost no more than they hold.
    """
    names: set[str] = set()
    visited: set[int] = set()
    ahead: list[Node] = [node]
    while ahead:
        current = ahead.pop()
        if id(current) in visited or not isinstance(current, MappingNode):
            continue
        visited.add(id(current))
        brought: list[Node] = []
        for key, value in current.value:
            if key.tag == _MERGE:
                brought += value.value if isinstance(value, SequenceNode) else [value]
            elif isinstance(key, ScalarNode) and key.value not in names:
                names.add(key.value)
                yield key, value
        ahead += reversed(brought)


def find(root: Node, path: Path, *, key: bool = False) -> Node:
    """The node at a path, or the last one on the way to it."""
    node, key_node = root, root
    for step in path:
        if isinstance(node, MappingNode):
            pair = next((p for p in merged(node) if p[0].value == step), None)
            if pair is None:
                break
            key_node, node = pair
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = key_node = node.value[step]
        else:
            break
    return key_node if key else node
