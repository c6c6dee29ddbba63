"""An element as Markdown (CommonMark, with tables): what a reader sees, not how it looks.

Headings, paragraphs, lists, quotes, code, tables, rules, links, pictures and emphasis; other
elements give what they hold. Characters that Markdown would take for its own are escaped. What is
nested more than a hundred levels deep is given as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from selectolax.lexbor import LexborNode

from scraper.core.extract.table import cells, table_rows

Absolute = Callable[[str], str]

_DEEPEST = 100
_UNSEEN = frozenset({
    "script", "style", "template", "head", "noscript", "svg", "math", "iframe", "object", "audio",
    "video", "canvas", "select", "textarea", "input", "-comment",
})  # fmt: skip
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "button", "cite", "code", "data", "del",
    "dfn", "em", "font", "i", "img", "ins", "kbd", "label", "mark", "nobr", "output", "picture",
    "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var",
    "wbr", "-text",
})  # fmt: skip
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "del": "~~", "s": "~~", "strike": "~~"}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SPECIAL = re.compile(r"[\\`*\[\]<|~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
_AT_START = re.compile(r"^(#{1,6}(?=\s|$)|>|[-+=](?=[\s=-]|$)|\d{1,9}(?=[.)](?:\s|$)))")
_AT_END = re.compile(r"(?:^|(?<=\s))#+$")  # would close a heading
_LIST = re.compile(r"- |\d+\. ")
_LANGUAGE = re.compile(r"(?:^|\s)lang(?:uage)?-([\w+#.-]+)")
_SPACES = re.compile(r"[ \t\n\r\f\v\u00a0]+")


def to_markdown(node: LexborNode, absolute: Absolute) -> str:
    """The element as Markdown.

    Args:
        node: the element; itself counts, so that a `<ul>` is a list.
        absolute: makes the URL of a link or picture absolute.
    """
    return "\n\n".join(_Writer(absolute).block(node, 0))


class _Writer:
    """Blocks are texts that an empty line divides; inline text has no line ends but breaks."""

    __slots__ = ("_absolute",)

    def __init__(self, absolute: Absolute) -> None:
        self._absolute = absolute

    def block(self, node: LexborNode, depth: int) -> list[str]:
        """The blocks of one element."""
        tag = node.tag or ""
        if tag in _UNSEEN:
            return []
        if depth > _DEEPEST:
            return _paragraph(_escaped(node.text()))
        if tag in _INLINE:
            return _paragraph(self.inline(node, depth))
        return self._special(tag)(node, depth)

    def _special(self, tag: str) -> Callable[[LexborNode, int], list[str]]:
        """How an element of this name is written."""
        if tag in ("ul", "ol"):
            return self._list
        if tag in _HEADINGS:
            return self._heading
        return {
            "blockquote": self._quote, "pre": _fenced, "table": self._table, "hr": _rule,
        }.get(tag, self._blocks)  # fmt: skip

    def _heading(self, node: LexborNode, depth: int) -> list[str]:
        text = _folded(self._inside(node, depth).replace("\n", " "))
        text = _AT_END.sub(r"\\\g<0>", text)
        return [f"{'#' * _HEADINGS[node.tag or 'h1']} {text}"] if text else []

    def _quote(self, node: LexborNode, depth: int) -> list[str]:
        quoted = "\n\n".join(self._blocks(node, depth))
        return ["\n".join(f"> {line}".rstrip() for line in quoted.split("\n"))] if quoted else []

    def _blocks(self, node: LexborNode, depth: int) -> list[str]:
        """The blocks of what an element holds: runs of inline text are paragraphs."""
        found: list[str] = []
        run = ""
        for child in node.iter(include_text=True):
            if child.tag in _INLINE:
                run += self.inline(child, depth + 1)
            elif child.tag not in _UNSEEN:
                found += _paragraph(run)
                run = ""
                found += self.block(child, depth + 1)
        return found + _paragraph(run)

    def inline(self, node: LexborNode, depth: int) -> str:
        """The text of one element within a line."""
        tag = node.tag or ""
        if tag == "-text":
            return _escaped(node.text_content or "")
        if tag == "br":
            return "\n"
        if tag == "img":
            return self._picture(node)
        if tag in _UNSEEN:
            return ""
        if tag in ("code", "kbd", "samp", "tt"):
            return _code(node.text())
        text = self._inside(node, depth)
        if tag == "a" and (href := node.attributes.get("href")):
            return _around(text, "[", f"]({_target(self._absolute(href.strip()))})")
        mark = _MARKS.get(tag, "")
        return _around(text, mark, mark) if mark else text

    def _inside(self, node: LexborNode, depth: int) -> str:
        """The text within a line of what an element holds, blocks among it."""
        if depth > _DEEPEST:
            return _escaped(node.text())
        parts: list[str] = []
        for child in node.iter(include_text=True):
            text = self.inline(child, depth + 1)
            parts.append(text if child.tag in _INLINE else f" {text} ")
        return "".join(parts)

    def _picture(self, node: LexborNode) -> str:
        source = (node.attributes.get("src") or "").strip()
        alt = _folded(_escaped(node.attributes.get("alt") or ""))
        return f"![{alt}]({_target(self._absolute(source))})" if source else alt

    def _list(self, node: LexborNode, depth: int) -> list[str]:
        start = node.attributes.get("start") or ""
        number = int(start) if re.fullmatch(r"\d{1,8}", start, re.ASCII) else 1
        lines: list[str] = []
        for child in node.iter():
            blocks = self._blocks(child, depth + 1) if child.tag == "li" else []
            if child.tag not in ("li", *_UNSEEN):
                blocks = self.block(child, depth + 1)
            if blocks:
                mark = "- " if node.tag == "ul" else f"{number}. "
                number += 1
                lines.append(mark + _joined(blocks).replace("\n", "\n" + " " * len(mark)))
        text = "\n".join(line.rstrip() for line in "\n".join(lines).split("\n"))
        return [text] if text else []

    def _table(self, node: LexborNode, depth: int) -> list[str]:
        rows = [[self._cell(cell, depth) for cell in cells(row)] for row in table_rows(node)]
        rows = [row for row in rows if any(row)]
        if not rows:
            return []
        width = max(map(len, rows))
        lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in rows]
        return ["\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])]

    def _cell(self, cell: LexborNode, depth: int) -> str:
        text = _folded(self._inside(cell, depth).replace("\n", " "))
        return re.sub(r"(?<!\\)\|", r"\\|", text)  # one in code too would end the cell


def _joined(blocks: list[str]) -> str:
    """The blocks of a list's item: a list within it needs no empty line."""
    out = blocks[0]
    for block in blocks[1:]:
        out += ("\n" if _LIST.match(block) else "\n\n") + block
    return out


def _paragraph(text: str) -> list[str]:
    lines = [_AT_START.sub(r"\\\1", _folded(line)) for line in text.split("\n")]
    lines = [line for line in lines if line]
    return ["  \n".join(_number_escaped(lines))] if lines else []


def _number_escaped(lines: list[str]) -> Iterator[str]:
    """`1.` at a line's start is escaped behind the number, where Markdown allows it."""
    for line in lines:
        yield re.sub(r"^\\(\d{1,9})([.)])", r"\1\\\2", line)


def _rule(node: LexborNode, depth: int) -> list[str]:  # noqa: ARG001 - as other blocks
    return ["---"]


def _fenced(node: LexborNode, depth: int) -> list[str]:  # noqa: ARG001 - as other blocks
    text = node.text().strip("\n")
    if not text.strip():
        return []
    inner = node.css_first("code") or node
    language = _LANGUAGE.search(inner.attributes.get("class") or "")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language[1] if language else ''}\n{text}\n{fence}"]


def _code(text: str) -> str:
    text = _folded(text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    mark = "`" * (longest + 1)
    gap = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{mark}{gap}{text}{gap}{mark}" if text else ""


def _around(text: str, before: str, after: str) -> str:
    """Marks around a text; white space at its ends stays outside."""
    inner = _folded(text.replace("\n", " "))
    if not inner:
        return " " if text else ""
    left = " " if text[0].isspace() else ""
    return f"{left}{before}{inner}{after}{' ' if text[-1].isspace() else ''}"


def _target(url: str) -> str:
    """A URL that ends neither the link nor the line."""
    return re.sub(r"[\s()<>\\]", lambda match: f"%{ord(match[0]):02X}", url)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", _SPACES.sub(" ", text))


def _folded(text: str) -> str:
    return _SPACES.sub(" ", text).strip()
