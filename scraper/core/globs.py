r"""Globs on paths and regular expressions on URLs, none of which can hang the crawl.

In a glob `*` stands for any characters within a segment and `**` for any characters; nothing else
is special, and the whole path must fit. "re:..." is searched in the whole URL, with a time limit.

Globs become one regular expression of Python's own `re` that does not backtrack over pieces: what
stands between two `**` is matched at its first place, and that is safe because a `**` behind it
can take up whatever a later place would have left; likewise for what stands between two `*` of a
segment. Atomic groups `(?>...)` say so. A `**` in front of a piece with `*` in it moves from
slash to slash, not from character to character, since `*` cannot leave its segment: so the
time is linear in the path for each `*`.
"""

from __future__ import annotations

import re
from urllib.parse import quote

import regex

from scraper.core.errors import SelectorError

SEARCH_LIMIT_S = 0.05  # of one "re:" pattern on one URL
_EXPRESSION = "re:"
_BRACES = re.compile(r"\{[^{}/]*(?:,|\.\.)[^{}/]*\}")  # of a shell, or of the ranges of seeds
_SEGMENTS = "(?:.*?/)??"  # a `**` in front of a `*`: from here or from behind any later slash
_KEPT = "!$%&'()*+,/:;=@[\\]|~^"  # what the WHATWG path leaves as it is, besides letters and digits


class Pattern:
    """Several globs and regular expressions, of which one must fit.

    Raises:
        SelectorError: a pattern cannot be read, or could never fit.
    """

    __slots__ = ("_any", "_expressions", "_path", "patterns")

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self.patterns = patterns
        globs = [_checked(text) for text in patterns if not text.startswith(_EXPRESSION)]
        self._any = any(text in {"**", "/**"} for text in globs)
        self._path = re.compile("|".join(map(_translate, globs)), re.DOTALL) if globs else None
        self._expressions = tuple(
            _compile(text[len(_EXPRESSION) :]) for text in patterns if text.startswith(_EXPRESSION)
        )

    def __repr__(self) -> str:
        return f"<Pattern {' '.join(self.patterns)}>"

    def fits(self, path: str, href: str) -> bool:
        """Say whether a URL fits; no pattern at all fits nothing.

        Args:
            path: percent-encoded, from "/", no query.
            href: the whole URL, for "re:" patterns; one that takes too long does not fit.
        """
        if self._any or (self._path is not None and self._path.match(path) is not None):
            return True
        return any(_found(expression, href) for expression in self._expressions)


def _checked(text: str) -> str:
    if not text.startswith(("/", "*")):
        raise SelectorError(
            f'glob {text!r} must begin with "/" or "*": it sees the path only; '
            'write "re:..." to match the whole URL'
        )
    if "?" in text or "#" in text:
        raise SelectorError(
            f"glob {text!r} sees the path only, which has no query and no fragment; "
            'write "re:..." to match the whole URL'
        )
    if braces := _BRACES.search(text):
        raise SelectorError(
            f"glob {text!r}: {braces[0]} stands for itself here: "
            'give a list of globs, or "re:..." to match the whole URL'
        )
    return re.sub(r"\*{3,}", "**", text)


def _compile(text: str) -> regex.Pattern[str]:
    try:
        return regex.compile(text)
    except (regex.error, RecursionError, OverflowError) as error:
        raise SelectorError(f"regular expression {text!r}: {error}") from error


def _found(expression: regex.Pattern[str], href: str) -> bool:
    try:
        return expression.search(href, timeout=SEARCH_LIMIT_S) is not None
    except TimeoutError:
        return False


def _translate(glob: str) -> str:
    """Return the regular expression of a glob; see the module for why it is fast."""
    first, *others = (_literals(piece) for piece in glob.split("**"))
    begin = first[0]
    if others:
        between = "".join(f"(?>{_somewhere(literals)})" for literals in others[:-1])
        return begin + _firsts(first[1:]) + between + _last(others[-1])
    return begin + (_ending(first[1:]) if len(first) > 1 else r"\Z")


def _somewhere(literals: list[str]) -> str:
    """What stands between two `**`."""
    return f"{_SEGMENTS}{_firsts(literals)}" if len(literals) > 1 else f".*?{literals[0]}"


def _last(literals: list[str]) -> str:
    """What stands behind the last `**`."""
    return _SEGMENTS + _ending(literals) if len(literals) > 1 else rf".*{literals[0]}\Z"


def _firsts(literals: list[str]) -> str:
    """Each literal behind a `*`, at its first place in the segment."""
    return "".join(f"(?>[^/]*?{literal})" for literal in literals)


def _ending(literals: list[str]) -> str:
    """As `_firsts`, but the last literal ends the path."""
    return rf"{_firsts(literals[:-1])}[^/]*{literals[-1]}\Z"


def _literals(piece: str) -> list[str]:
    """The texts between the `*` of a piece, percent-encoded as paths are, quoted for `re`."""
    return [re.escape(quote(text, safe=_KEPT)) for text in piece.split("*")]
