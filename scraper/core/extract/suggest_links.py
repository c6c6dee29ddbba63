"""Where a list goes on, and which links of its items lead to a page of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from scraper.core.extract.document import Document
from scraper.core.extract.naming import classes
from scraper.core.extract.proposal import FollowProposal
from scraper.core.extract.suggest_fields import Choice
from scraper.core.url import Url, parse

_ARROW = r"(?:\u00bb|\u203a|\u2192|>{1,2})"
_NEXT = re.compile(
    r"(?:next(?: page)?|older(?: posts| entries)?|weiter|n\u00e4chste(?: seite)?|suivante?"
    rf"|siguiente|successiva?|volgende|pr\u00f3xima?|\u6b21\u3078|\u4e0b\u4e00\u9875)\s*{_ARROW}?|{_ARROW}",
    re.IGNORECASE,
)
_PAGER = re.compile(
    r"(?:^|[\s_-])(?:pag(?:er|ination|inator)|pages|page-numbers)(?:$|[\s_-])", re.IGNORECASE
)
_NUMBERED = re.compile(r"[?&](page|p|pg|paged|start|offset)=\d+", re.IGNORECASE)
_WORDS = re.compile(r"[\w ]+|.")
_MOST_LINKS = 2000


def find_next(document: Document, here: Url) -> FollowProposal | None:
    """The links to the following page of a list: named, said, in a pager, or numbered."""
    links = document.parser.css("a[href]")[:_MOST_LINKS]
    local = [node for node in links if is_local(_href(node, document), here)]
    for look in (_by_relation, _by_text, _by_pager, _by_number):
        for node in local:
            found = look(node)
            if found is not None:
                css, why = found
                return FollowProposal({"css": css}, "listing", why, _href(node, document))
    return None


def _href(node: LexborNode, document: Document) -> str:
    return document.absolute(node.attributes["href"] or "")


def _by_relation(node: LexborNode) -> tuple[str, str] | None:
    is_next = "next" in (node.attributes.get("rel") or "").lower().split()
    return ('a[rel~="next"]', 'a link with rel="next"') if is_next else None


def _by_text(node: LexborNode) -> tuple[str, str] | None:
    text = " ".join(node.text().split())
    if not _NEXT.fullmatch(text):
        return None
    return _selector(node, text), f'a link that says "{text}"'


def _selector(node: LexborNode, text: str) -> str:
    for name in classes(node.attributes.get("class")):
        if "next" in name.lower():
            return f"a.{name}"
    for above in list(_above(node))[:1]:
        for name in classes(above.attributes.get("class")):
            if "next" in name.lower():
                return f"{above.tag}.{name} a"
    word = _WORDS.match(text)
    return f'a:contains("{word[0].strip() if word else text}")'


def _by_pager(node: LexborNode) -> tuple[str, str] | None:
    for above in _above(node):
        for name in classes(above.attributes.get("class")):
            if _PAGER.search(name):
                return f".{name} a", f"links in an element of class {name}"
    return None


def _by_number(node: LexborNode) -> tuple[str, str] | None:
    numbered = _NUMBERED.search(node.attributes["href"] or "")
    if numbered is None:
        return None
    return f'a[href*="{numbered[1]}="]', f"links with {numbered[1]}=N in their query"


def _above(node: LexborNode) -> Iterator[LexborNode]:
    parent = node.parent
    for _ in range(4):
        if parent is None:
            return
        yield parent
        parent = parent.parent


def find_details(each: str, choice: Choice, here: Url) -> FollowProposal | None:
    """The links from items to a page of their own: those of the field `url`."""
    field = next((one for one in choice.fields if one.name == "url"), None)
    css = str(field.written.get("css", "")) if field is not None else ""
    if not css.endswith(" @href"):
        return None
    known = {value for value in choice.urls if isinstance(value, str) and is_local(value, here)}
    if len(known) < max(2, choice.count / 2):
        return None
    why = f"{len(known)} different links in {choice.count} items, each perhaps to a page about one"
    written = {"css": f"{each} {css.removesuffix(' @href')}"}
    return FollowProposal(written, "detail", why, min(known))


def is_local(href: str, here: Url) -> bool:
    """Whether a URL is another page of this host."""
    try:
        url = parse(href)
    except ValueError:
        return False
    return url.hostname == here.hostname and url.key != here.key
