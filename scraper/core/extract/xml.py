"""XML pages: feeds and the like, looked into with the same selectors.

An HTML parser does not read XML: its `<link>` holds nothing, its names have no prefix. So XML is
read by expat and written as HTML in which every element has a name that means nothing to HTML
(`<link>` becomes `<x-link>`), and the selectors of a rule are written so too. Names are compared
without regard to case, as in HTML; prefixes are part of the name, whatever they stand for.

Nothing outside the page is asked for and no entity may be declared (a few of them can stand for
gigabytes); those that HTML knows by name, such as `&nbsp;`, are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from html import escape, unescape
from xml.parsers import expat

from scraper.core.errors import ParseError
from scraper.core.extract.plan import FieldPlan, ItemPlan, PageRule
from scraper.core.model import Reason

_PREFIX = "x-"
_DEEPEST = 1000  # elements within each other; the HTML parser is slow on more
_HEAD_BYTES = 4096
_ROOT = re.compile(
    rb"\s*+(?:(?><\?[^>]*>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[[^\]]*\][^>]*)?>)\s*+)*+"
    rb"<([A-Za-z_][^\s/>]*)",
    re.DOTALL | re.IGNORECASE,
)
_FEEDS = frozenset({b"rss", b"feed", b"rdf:rdf", b"urlset", b"sitemapindex"})
_PIECE = re.compile(
    r""""(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | \[(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\]"'])*\]
    | ::?(?P<function>[\w-]+)\( | [.#:]{1,2}(?:\\.|[\w-]|[^\x00-\x7f])+
    | (?P<name>(?:\\.|[A-Za-z_]|[^\x00-\x7f])(?:\\.|[\w-]|[^\x00-\x7f])*) | .""",
    re.DOTALL | re.VERBOSE,
)
_OF_SELECTORS = frozenset({"is", "where", "not", "has"})


def is_xml(body: bytes, media: str) -> bool:
    """Whether a page is XML: by its media type or its start; XHTML is left to the HTML parser."""
    by_type = media.endswith(("/xml", "+xml")) and not media.endswith("/xhtml+xml")
    if not by_type and body[:1] != b"<" and not body[:1].isspace():
        return False
    root = _ROOT.match(body, 0, _HEAD_BYTES)
    name = root[1].lower() if root else b""
    if name == b"html":
        return False
    return by_type or name in _FEEDS or (bool(name) and body.lstrip().startswith(b"<?xml"))


def xml_as_html(body: bytes) -> bytes:
    """The page as HTML; see above.

    Args:
        body: UTF-8, whatever its declaration says.

    Raises:
        ParseError: it is not well-formed, declares entities, or is nested too deeply.
    """
    writer = _Writer()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.UseForeignDTD(True)  # so that a name of HTML's is no error
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.text
    parser.SkippedEntityHandler = writer.skipped
    parser.EntityDeclHandler = writer.declared
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise ParseError(Reason.PARSE_ERROR, f"the XML is broken: {error}") from error
    return "".join(writer.parts).encode("utf-8", "replace")


class _Writer:
    """What expat tells, as HTML."""

    __slots__ = ("depth", "parts")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.depth = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ParseError(Reason.PARSE_ERROR, "the XML is nested too deeply")
        said = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
        self.parts.append(f"<{_PREFIX}{name}{said}>")

    def end(self, name: str) -> None:
        self.depth -= 1
        self.parts.append(f"</{_PREFIX}{name}>")

    def text(self, text: str) -> None:
        self.parts.append(escape(text, quote=False))

    def skipped(self, name: str, *_: object) -> None:
        self.text(unescape(f"&{name};"))

    def declared(self, *_: object) -> None:
        raise ParseError(Reason.PARSE_ERROR, "the XML declares entities: these are not read")


def markup_of_xml(html: str) -> str:
    """The markup of an element as the page has it."""
    return re.sub(rf"(</?){_PREFIX}", r"\1", html)


def rule_in_xml(rule: PageRule) -> PageRule:
    """The rule with its selectors as an XML page wants them."""
    return replace(
        rule,
        items=tuple(map(_item, rule.items)),
        follow=tuple(
            replace(
                one,
                css=one.css and css_in_xml(one.css),
                attr=one.attr.lower(),
                set=tuple(map(_field, one.set)),
                condition=one.condition and _field(one.condition),
            )
            for one in rule.follow
        ),
        valid=rule.valid and css_in_xml(rule.valid),
        submit=(),  # XML has no forms
        expired=None,
    )


def _item(item: ItemPlan) -> ItemPlan:
    each = css_in_xml(item.each) if isinstance(item.each, str) else item.each
    return replace(item, each=each, fields=tuple(map(_field, item.fields)))


def _field(field: FieldPlan) -> FieldPlan:
    return replace(
        field,
        css=field.css and css_in_xml(field.css),
        next=field.next and css_in_xml(field.next),
        table=field.table and css_in_xml(field.table),
        remove=field.remove and css_in_xml(field.remove),
        attr=field.attr and field.attr.lower(),
        fields=tuple(map(_field, field.fields)),
        any=tuple(map(_field, field.any)),
    )


def css_in_xml(css: str) -> str:
    """A selector whose names are those of `xml_as_html`."""
    out: list[str] = []
    reads_names = [True]  # one for each open parenthesis
    for piece in _PIECE.finditer(css):
        text = piece[0]
        if piece["function"] is not None or text == "(":
            reads_names.append((piece["function"] or "").lower() in _OF_SELECTORS)
        elif text == ")" and len(reads_names) > 1:
            reads_names.pop()
        out.append(_PREFIX + text if piece["name"] and reads_names[-1] else text)
    return "".join(out)
