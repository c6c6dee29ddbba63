"""An element without some of what it holds: `remove`. The page itself is not changed."""

from __future__ import annotations

from selectolax.lexbor import LexborNode


def without(node: LexborNode, css: str) -> LexborNode:
    """A copy of the element without what the selector finds in it; itself if that is nothing."""
    gone = {found.mem_id for found in node.css(css)} - {node.mem_id}
    if not gone:
        return node
    copy = node.clone()
    pairs = zip(node.traverse(), copy.traverse(), strict=True)
    for doomed in [twin for original, twin in pairs if original.mem_id in gone]:
        doomed.replace_with("")  # not decompose(): one may lie within another
    return copy
