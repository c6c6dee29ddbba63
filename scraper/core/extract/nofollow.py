"""What a page asks of robots: not to follow its links, all of them or one by one; not to list it.

What is said to one robot by its name (`X-Robots-Tag: otherbot: nofollow`, `<meta name=otherbot>`)
is said to us if the name is ours: the product token of the user agent, as in robots.txt. Both hold,
what is said to all and what is said to us; of two that disagree the stricter.
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


def header_asks(value: str, robot: str = "") -> frozenset[str]:
    """What an `X-Robots-Tag` asks of all robots and of this one, of NOFOLLOW and NOINDEX.

    Args:
        robot: a product token in lower case; "": nobody knows us.
    """
    to_us, asks = True, NOTHING
    for part in value.lower().split(","):
        name, colon, rest = part.partition(":")
        if colon and name.strip() not in _DIRECTIVES:  # a robot's name, up to the next one
            to_us = name.strip() in ("*", robot)
        if to_us:
            asks |= _WORDS.get((rest if colon else name).strip(), NOTHING)
    return asks


def page_asks(document: Document, robot: str = "") -> frozenset[str]:
    """What each `<meta name=robots>` in the head asks, and each with this robot's name."""
    asks, names = NOTHING, ("robots", robot or "robots")
    for node in () if document.is_xml else document.headed:
        attributes = node.attributes
        if node.tag != "meta" or (attributes["name"] or "").lower() not in names:
            continue
        for word in (attributes["content"] or "").lower().split(","):
            asks |= _WORDS.get(word.strip(), NOTHING)
    return asks


def link_says(node: LexborNode) -> bool:
    """Whether a link has `rel=nofollow`."""
    return "nofollow" in (node.attributes.get("rel") or "").lower().split()
