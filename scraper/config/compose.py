"""One YAML file as nodes that know where they stand."""

from __future__ import annotations

import io
from pathlib import Path as FilePath

import yaml
from yaml.nodes import MappingNode, Node

from scraper.config.places import Place
from scraper.config.syntax import explained
from scraper.core.errors import ConfigError

MAP = "tag:yaml.org,2002:map"


def compose_mapping(text: str, name: str) -> MappingNode:
    """The mapping that a file is; its places bear `name`.

    Raises:
        ConfigError: it is no YAML, or no mapping.
    """
    root = compose(text, name)
    if root is None:
        root = MappingNode(MAP, [], yaml.Mark(name, 0, 0, 0, None, 0))
    if not isinstance(root, MappingNode):
        raise ConfigError(f"{place_of(root)}: a config is a mapping: write key: value")
    return root


def text_of(path: str | FilePath, name: str) -> str:
    """What a file says; ConfigError when it cannot be read."""
    try:
        raw = FilePath(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror}") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise ConfigError(f"{name}:{line}:{column}: is not UTF-8: save the file as UTF-8") from None


class _Stream(io.StringIO):
    """A text whose marks bear a name."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


def compose(text: str, name: str) -> Node | None:
    """The node of a text; None: there is nothing in it. ConfigError when it is no YAML."""
    try:
        node: Node | None = yaml.compose(_Stream(text, name), yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        row, column, told = explained(error, text)
        place = name if _is_option(name) else f"{name}:{row}:{column}"
        raise ConfigError(f"{place}: {told}") from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise ConfigError(f"{name}:{line}:{column}: {error.reason}") from None
    except RecursionError:
        raise ConfigError(f"{name}:1:1: is nested too deeply") from None
    return node


def place_of(node: Node) -> Place:
    """Where a node stands."""
    mark = node.start_mark
    if _is_option(mark.name):
        return Place(after_file=True, line=0, column=0, name=mark.name)
    return Place(after_file=False, line=mark.line + 1, column=mark.column + 1, name=mark.name)


def _is_option(name: str) -> bool:
    return name.startswith("--")
