"""Texts that remember where they come from, and the environment.

Every scalar of the file reaches the models as a text, as it was written; what a key wants (text,
number, duration) decides how it is read, so `012` and `12:30` and `on` are what they look like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from scraper.core.credentials import is_credential, is_plain

_REFERENCE = re.compile(r"\$(?:\$(?=\{)|\{([^{}]*)\}|(?=\{))")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
_SIMPLE = re.compile(r"[\w.:%+-]+")
_LONGEST_SHOWN = 60


class RefusedError(ValueError):
    """A value that is not what its key wants; the message goes behind the key's name."""


class Plain(str):
    """A scalar without quotes that YAML takes for a number, a truth value or a time."""

    __slots__ = ()


class Secret(str):
    """A text that holds values of the environment: never shown, `written` is what the file says."""

    __slots__ = ("written",)
    written: str

    @classmethod
    def of(cls, text: str, written: str) -> Secret:
        secret = cls(text)
        secret.written = written
        return secret


def as_written(tree: Any) -> Any:  # noqa: ANN401 - a value of YAML
    """The tree with secrets as they are written."""
    if isinstance(tree, Secret):
        return tree.written
    if isinstance(tree, dict):
        return {key: as_written(inner) for key, inner in tree.items()}
    return [as_written(inner) for inner in tree] if isinstance(tree, list) else tree


def texts(tree: object) -> Iterator[str]:
    """Every text of a value of YAML, the names of mappings left out."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict | list):
        for inner in tree.values() if isinstance(tree, dict) else tree:
            yield from texts(inner)


def holds_secret(name: str, value: object) -> bool:
    """Whether a header holds a secret: its name says so, or it comes from the environment."""
    return is_credential(name) or (isinstance(value, Secret) and not is_plain(name))


def shown(value: object) -> str:
    """A value as a message may show it, short and without control characters."""
    if isinstance(value, Secret):
        return f"the value of {value.written}"
    if isinstance(value, str):
        text = value if len(value) <= _LONGEST_SHOWN else value[: _LONGEST_SHOWN - 3] + "..."
        return str(text) if _SIMPLE.fullmatch(text) else repr(str(text))
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else repr(value)


def closest(word: object, options: Iterable[str]) -> str:
    """`; did you mean "x"?`, or nothing; never for a secret."""
    from difflib import get_close_matches

    if not isinstance(word, str) or isinstance(word, Secret):
        return ""
    known = {option.lower(): option for option in options}
    found = get_close_matches(word.lower(), list(known), 1, 0.6)
    return f'; did you mean "{known[found[0]]}"?' if found else ""


def expand(text: str, env: Mapping[str, str]) -> str:
    """Replace `${NAME}` and `${NAME:-default}`; `$${` stands for `${`.

    What is set but empty counts as not set where there is a default, as in a shell.

    Raises:
        ValueError: a name is not set, or what stands in the braces is no name.
    """
    secret = False

    def replace(match: re.Match[str]) -> str:
        nonlocal secret
        if match[0] == "$$":
            return "$"
        name, default = _reference(match[1])
        value = env.get(name)
        if value or (value is not None and default is None):
            secret = True
            return value
        if default is None:
            raise ValueError(
                f"the environment variable {name} is not set: set it, or write ${{{name}:-default}}"
            )
        return default

    result = _REFERENCE.sub(replace, text)
    return Secret.of(result, text) if secret else result


def read_values(tree: object, env: Mapping[str, str]) -> Iterator[str]:
    """The values of the environment that stand somewhere in the tree."""
    if isinstance(tree, Secret):
        for match in _REFERENCE.finditer(tree.written):
            if match[0] != "$$":
                yield env.get(_reference(match[1])[0], "")
    elif isinstance(tree, dict | list):
        for inner in tree.values() if isinstance(tree, dict) else tree:
            yield from read_values(inner, env)


def _reference(inside: str | None) -> tuple[str, str | None]:
    match = None if inside is None else _NAME.fullmatch(inside)
    if match is None:
        raise ValueError('"${" begins ${NAME} or ${NAME:-default}; write "$${" for the two signs')
    return match[1], match[2]
