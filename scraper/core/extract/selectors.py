"""CSS selectors as people type them, translated to what lexbor understands.

lexbor reads Selectors Level 4 without `:scope` and without a selector that begins with a
combinator. A compound that begins with a function gets a `*` in front: left of a combinator lexbor
asks such a one about the nearest element alone (`:not(.b) a` misses an `a` in a `.b` in a `div`).
Four habits from elsewhere are translated here, once, when a config is compiled:

* `:contains(x)` of jQuery (case-sensitive, text of the element and of what it holds) becomes
  lexbor's own `:lexbor-contains`, which looks at an element's own text nodes only. A text that
  is cut by an element in its middle is not found.
* `::text` and `::attr(x)` of Scrapy, and our own shorthand ` @x`, stand at the end and say what
  is taken of the element; they are split off.
* `dc:creator` and `dc|creator` are names with a prefix, as XML has them: what stands before the
  colon is no element of HTML, what stands behind it no pseudo-class. The colon is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from scraper.core.errors import SelectorError

_SHORTHAND = re.compile(r"""(?P<css>.*?)\s*@(?P<attr>[^\s@"'()<>\[\]/=]+)\s*""", re.DOTALL)
_TAKEN = re.compile(
    r"""\s*::(?:text|attr\(\s*["']?(?P<attr>[^\s"'()]+)["']?\s*\))\Z""", re.IGNORECASE
)
_TOKEN = re.compile(
    r"""\\. | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | :contains\( | \s+ | .""",
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
_PREFIXED = re.compile(
    r"(?P<prefix>[^\W\d][\w-]*)(?P<mark>:|\|(?!=))(?P<name>[^\W\d][\w.-]*)(?![\w(])"
)
_HTML = frozenset(
    b"a abbr address area article aside audio b base bdi bdo blockquote body br button canvas "
    b"caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt "
    b"em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head "
    b"header hgroup hr html i iframe img input ins kbd label legend li link main map mark marquee "
    b"menu meta meter nav noscript object ol optgroup option output p param picture pre progress q "
    b"rp rt ruby s samp script search section select slot small source span strike strong style "
    b"sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u "
    b"ul var video wbr".split()
)
_CONTAINS = ":is(:lexbor-contains({0}), :has(:lexbor-contains({0})))"
_CONTAINED = re.compile(
    r":is\(:lexbor-contains\((\"(?:\\.|[^\"\\])*\")\), :has\(:lexbor-contains\(\1\)\)\)", re.DOTALL
)
_FUNCTION = re.compile(r":(?:is|where|not|has)\(", re.IGNORECASE)
_EITHER = ":is( {} )"  # of a list as it is, lexbor finds an element once for each part that fits
_EITHERS = re.compile(r":is\( (.*) \)", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_HINTS = (
    (
        re.compile(r"\(*\.{0,2}/|.*/(?:@|text\(\)|\w+\[|\.\.)|(?:id|descendant|child)(?:\(|::)"),
        "this looks like XPath, only CSS is understood: write div.a > h1 for //div[@class='a']/h1",
    ),
    (re.compile(r"[>+~]"), "it cannot begin with a combinator: name the element on its left"),
)
_MOST_BYTES = 20_000
_MOST_LOOKED_AT = 500  # characters of a selector that cannot be read
_RESTS = ("", "a", ")", "a)", "]", "=a]", '"]', "']", 'a"])', '")', "1)", ":first-child")


def compile_css(text: str) -> str:
    """The selector lexbor understands; a `::text` or `::attr()` at its end is dropped."""
    return parse_selector(text)[0]


def parse_selector(text: str) -> tuple[str, str | None]:
    """The selector lexbor understands, and the attribute to take (None: the text).

    An empty selector, as of "@href" or "::text", means the element itself.

    Raises:
        SelectorError: says which part cannot be read.
    """
    written = text.strip()
    if not written or "\0" in written or len(written) > _MOST_BYTES:
        raise SelectorError(f"{text[:60]!r} is no selector")
    css, attr = split_shorthand(written)
    if attr is None:
        css, attr = _split_taken(css)
    if css:
        css = _translate(_name_prefixes(css))
        _check(css, written)
        css = _with_stars(css)
        if len(list(_parts(css))) > 1:
            css = _EITHER.format(css)
    return css, attr


def as_written(css: str) -> str:
    """A translated selector as a person would write it."""
    if either := _EITHERS.fullmatch(css):
        css = either[1]
    css = _without_stars(css)
    return _CONTAINED.sub(r":contains(\1)", css).replace("\\:", ":")


def _with_stars(css: str) -> str:
    """Put a `*` before each function that a compound begins with."""
    return "".join(
        f"*{token[0]}" if _begins_with_function(css, token.start()) else token[0]
        for token in _TOKEN.finditer(css)
    )


def _without_stars(css: str) -> str:
    return "".join(
        token[0]
        for token in _TOKEN.finditer(css)
        if token[0] != "*"
        or not (_starts_name(css, token.start()) and _FUNCTION.match(css, token.end()))
    )


def _begins_with_function(css: str, at: int) -> bool:
    return _starts_name(css, at) and _FUNCTION.match(css, at) is not None


def split_shorthand(text: str) -> tuple[str, str | None]:
    """Split "img.cover @src" into ("img.cover", "src"); without `@` the attribute is None."""
    match = _SHORTHAND.fullmatch(text.strip())
    if match is None or _is_open(match["css"]):
        return text.strip(), None
    return match["css"].strip(), match["attr"]


def _is_open(css: str) -> bool:
    """Whether `css` ends inside a string or a bracket, so that an `@` after it is no shorthand."""
    pieces = _TOKEN.findall(css)
    return sum(map(_step, pieces)) != 0 or '"' in pieces or "'" in pieces


def _step(piece: str) -> int:
    """How much deeper in brackets a piece leads."""
    if piece in (")", "]"):
        return -1
    return 1 if piece in ("(", "[") or piece.lower() == ":contains(" else 0


def _split_taken(css: str) -> tuple[str, str | None]:
    """Split `::text` or `::attr(x)` off every part of a list; all parts must say the same."""
    parts = [part.strip() for part in _split(css, _is_comma)]
    found = [_TAKEN.search(part) for part in parts]
    if not any(found):
        return css, None
    attrs = {match and match["attr"] for match in found}
    bare = [
        part[: match.start()] if match else part for part, match in zip(parts, found, strict=True)
    ]
    if len(attrs) > 1 or ("" in bare and any(bare)):
        raise SelectorError(f"{css!r}: all parts of a list must end in the same ::text or ::attr()")
    return ", ".join(bare) if any(bare) else "", attrs.pop()


def _is_comma(piece: str) -> bool:
    return piece == ","


def _split(css: str, divides: Callable[[str], bool]) -> Iterator[str]:
    """The pieces between dividing tokens that stand outside strings and brackets."""
    piece, depth = "", 0
    for token in _TOKEN.findall(css):
        if depth == 0 and divides(token):
            yield piece
            piece = ""
            continue
        depth += _step(token)
        piece += token
    yield piece


def _name_prefixes(css: str) -> str:
    """Escape the colons that belong to names."""
    out: list[str] = []
    at = depth = 0
    while at < len(css):
        prefixed = _PREFIXED.match(css, at) if depth == 0 and _starts_name(css, at) else None
        if prefixed and _is_name(prefixed):
            out.append(f"{prefixed['prefix']}\\:{prefixed['name'].replace('.', chr(92) + '.')}")
            at = prefixed.end()
            continue
        token = _TOKEN.match(css, at)
        assert token is not None  # noqa: S101 - the last branch takes any character
        depth += {"[": 1, "]": -1}.get(token[0], 0)
        out.append(token[0])
        at = token.end()
    return "".join(out)


def _starts_name(css: str, at: int) -> bool:
    return at == 0 or css[at - 1] in " \t\n\r\f>+~,("


def _is_name(match: re.Match[str]) -> bool:
    if match["mark"] == "|":
        return True
    if match["prefix"].lower().encode() in _HTML or "-" in match["prefix"]:
        return False
    return match["name"].lower() == "link" or not _reads(f":{match['name']}")


def _translate(css: str) -> str:
    """Replace every `:contains(...)` outside strings."""
    out: list[str] = []
    at = 0
    while at < len(css):
        match = _TOKEN.match(css, at)
        assert match is not None  # noqa: S101 - the last branch takes any character
        at = match.end()
        if match[0].lower() == ":contains(":
            words, at = _argument(css, at)
            out.append(_CONTAINS.format(quoted(words)))
        else:
            out.append(match[0])
    return "".join(out)


def _argument(css: str, at: int) -> tuple[str, int]:
    """The text between the parentheses, quoted or not, and where the selector goes on."""
    start, depth = at, 1
    for match in _TOKEN.finditer(css, at):
        depth += _step(match[0])
        if depth == 0:
            written = css[start : match.start()].strip()
            if len(written) > 1 and written[0] in "\"'" and written[-1] == written[0]:
                written = written[1:-1]
            return _ESCAPE.sub(_unescape, written), match.end()
    raise SelectorError(f"{css!r}: the parenthesis of :contains( is not closed")


def _unescape(match: re.Match[str]) -> str:
    if match[2] is not None:
        return match[2]
    code = int(match[1], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def quoted(words: str) -> str:
    """`words` as a CSS string."""
    return '"' + re.sub(r'["\\\n\r\f]', lambda m: f"\\{ord(m[0]):x} ", words) + '"'


def _check(css: str, written: str) -> None:
    """Run the selector once on a tiny document: lexbor says no more than yes or no."""
    if _reads(css):
        return
    for pattern, hint in _HINTS:
        if pattern.match(written):
            raise SelectorError(f"cannot read the selector {written!r}: {hint}")
    part = _culprit(css)
    at = written.find(part) if part and part != written else _stop(written)
    if part in ("", written):
        part = written[at:]
    where = f"{part[:20]!r} is not understood, at position {at}" if part else "it ends too early"
    raise SelectorError(f"cannot read the selector {written!r}: {where}")


def _stop(css: str) -> int:
    """Where a selector stops making sense: behind its longest part that could go on to be one."""
    for at in range(min(len(css), _MOST_LOOKED_AT)):
        if not any(_reads(css[: at + 1] + rest) for rest in _RESTS):
            return at
    return len(css)


def _reads(css: str) -> bool:
    try:
        LexborHTMLParser(b"<p>").css(css)
    except (SelectolaxError, UnicodeError):
        return False
    return True


def _culprit(css: str) -> str:
    """The smallest piece that cannot be read by itself, or nothing."""
    smallest = ""
    for pieces in (_parts, _compounds, _simples):
        wrong = next((p for p in pieces(smallest or css) if p and not _reads(p)), "")
        if not wrong:
            break
        smallest = wrong
    return smallest


def _parts(css: str) -> Iterator[str]:
    return (part.strip() for part in _split(css, _is_comma))


def _compounds(css: str) -> Iterator[str]:
    return _split(css, lambda token: token in (">", "+", "~") or token.isspace())


def _simples(css: str) -> Iterator[str]:
    """`a.b:nope(x)` as `a`, `.b`, `:nope(x)`."""
    piece, depth = "", 0
    for token in _TOKEN.findall(css):
        if depth == 0 and token in (".", "#", "[", ":") and piece.strip(":"):
            yield piece
            piece = ""
        depth += _step(token)
        piece += token
    yield piece
