"""Links that a page asks robots not to follow: all of them, or one by one.

What is said to one robot by its name (`X-Robots-Tag: otherbot: nofollow`) is not said to us.
"""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from scraper.core.extract.document import Document

_WORDS = frozenset({"nofollow", "none"})
_DIRECTIVES = frozenset(  # of X-Robots-Tag, with a value behind a colon
    {"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"}
)


def header_says(value: str) -> bool:
    """Whether an `X-Robots-Tag` asks all robots not to follow links."""
    to_all = True
    for part in value.lower().split(","):
        name, colon, rest = part.partition(":")
        if colon and name.strip() not in _DIRECTIVES:  # a robot's name, up to the next one
            to_all = name.strip() == "*"
        if to_all and (rest if colon else name).strip() in _WORDS:
            return True
    return False


def page_says(document: Document) -> bool:
    """Whether a `<meta name=robots>` in the head asks so."""
    head = None if document.is_xml else document.parser.head
    if head is None:
        return False
    for node in head.css("meta[name=robots i]"):
        words = (node.attributes.get("content") or "").lower().split(",")
        if any(word.strip() in _WORDS for word in words):
            return True
    return False


def link_says(node: LexborNode) -> bool:
    """Whether a link has `rel=nofollow`."""
    return "nofollow" in (node.attributes.get("rel") or "").lower().split()
