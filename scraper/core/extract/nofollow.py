"""What a page asks of robots: not to follow its links, all of them or one by one; not to list it.

What is said to one robot by its name (`X-Robots-Tag: otherbot: nofollow`) is not said to us.
"""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from scraper.core.extract.document import Document

NOFOLLOW, NOINDEX = "nofollow", "noindex"
NOTHING: frozenset[str] = frozenset()
_BOTH = frozenset({NOFOLLOW, NOINDEX})
_WORDS = {"nofollow": frozenset({NOFOLLOW}), "noindex": frozenset({NOINDEX}), "none": _BOTH}
_DIRECTIVES = frozenset(  # of X-Robots-Tag, with a value behind a colon
    {"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"}
)


def header_asks(value: str) -> frozenset[str]:
    """What an `X-Robots-Tag` asks of all robots, of NOFOLLOW and NOINDEX."""
    to_all, asks = True, NOTHING
    for part in value.lower().split(","):
        name, colon, rest = part.partition(":")
        if colon and name.strip() not in _DIRECTIVES:  # a robot's name, up to the next one
            to_all = name.strip() == "*"
        if to_all:
            asks |= _WORDS.get((rest if colon else name).strip(), NOTHING)
    return asks


def page_asks(document: Document) -> frozenset[str]:
    """What each `<meta name=robots>` in the head asks."""
    head = None if document.is_xml else document.parser.head
    asks = NOTHING
    if head is None:
        return asks
    for node in head.css("meta[name=robots i]"):
        for word in (node.attributes.get("content") or "").lower().split(","):
            asks |= _WORDS.get(word.strip(), NOTHING)
    return asks


def link_says(node: LexborNode) -> bool:
    """Whether a link has `rel=nofollow`."""
    return "nofollow" in (node.attributes.get("rel") or "").lower().split()
