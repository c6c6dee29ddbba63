"""The YAML as written: a tree of plain values, and the place of each.

`yaml.compose` gives nodes with marks; they are kept, and a place is looked up by walking them when
there is something to say about it, so that a config with a million seeds pays nothing for places.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from scraper.config.compose import MAP, compose, compose_mapping, place_of, text_of
from scraper.config.include import with_includes
from scraper.config.nodes import EndlessError, Reader, find, merged
from scraper.config.places import Mistake, Path, Place
from scraper.config.values import as_written
from scraper.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Override:
    """A value given on the command line, put into the tree before anything is checked."""

    option: str  # "--set fetch.timeout", the place of its errors
    path: tuple[str, ...]
    value: str
    is_text: bool = False  # the value is a text, not YAML
    keeps: tuple[str, ...] | None = None  # of the old siblings only these stay; None: all


@dataclass(frozen=True, slots=True)
class Document:
    """What was written: `data` are dicts, lists, texts and None."""

    text: str  # of the file itself
    data: dict[str, object]
    root: Node
    mistakes: tuple[Mistake, ...]
    name: str  # of the file, in its places
    included: tuple[str, ...]  # the files that `include` names, as a person would write them

    def place(self, path: Path, *, key: bool = False) -> Place:
        """Where the value at a path stands, or with `key` its key; else the nearest thing above."""
        return place_of(find(self.root, path, key=key))

    def hash(self) -> str:
        """Equal for configs that say the same, whatever their comments and layout."""
        canonical = json.dumps(as_written(self.data), sort_keys=False, ensure_ascii=False)
        return hashlib.blake2b(canonical.encode("utf-8", "replace"), digest_size=16).hexdigest()


def read(path: str, *, env: Mapping[str, str], overrides: Sequence[Override] = ()) -> Document:
    """Read a config file; what is wrong with its values is in `mistakes`.

    Raises:
        ConfigError: the file cannot be read, or is no YAML at all.
    """
    text = text_of(path, path)
    root, included = with_includes(compose_mapping(text, path), path, env=env)
    for override in overrides:
        root = _put(root, override)
    reader = Reader(env)
    try:
        data = reader.read_mapping(root)
    except EndlessError as error:
        raise ConfigError(f"{place_of(error.node)}: {error}") from None
    mistakes = tuple(Mistake(place_of(node), text) for node, text in reader.problems)
    return Document(text, data, root, mistakes, path, included)


_STR = "tag:yaml.org,2002:str"
_NULL = "tag:yaml.org,2002:null"


def _put(root: MappingNode, override: Override) -> MappingNode:
    """A copy of the tree with one value replaced; only the mappings on the way are copied."""
    mark = yaml.Mark(override.option, 0, 0, 0, None, 0)
    if override.is_text:
        value: Node = ScalarNode(_STR, override.value, mark, mark)
    else:
        value = compose(override.value, override.option) or ScalarNode(_NULL, "", mark, mark)
    return _with(root, override, 0, value)


def _with(old: Node | None, override: Override, depth: int, value: Node) -> MappingNode:
    mark = value.start_mark
    if old is not None and not isinstance(old, MappingNode | ScalarNode):
        raise ConfigError(f"{override.option}: cannot reach into a list: write it in the file")
    pairs = list(merged(old)) if isinstance(old, MappingNode) else []
    step, last = override.path[depth], depth + 1 == len(override.path)
    inner = next((node for key, node in pairs if key.value == step), None)
    new = value if last else _with(inner, override, depth + 1, value)
    if last and override.keeps is not None:
        pairs = [pair for pair in pairs if pair[0].value in override.keeps]
    key = ScalarNode(_STR, step, mark, mark)
    kept = [pair for pair in pairs if pair[0].value != step]
    start = old.start_mark if isinstance(old, MappingNode) else mark
    return MappingNode(MAP, [*kept, (key, new)], start)
