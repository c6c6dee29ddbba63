"""What stands between an item's element and the following one: `next`.

Rows in pairs, headings with what stands below them: a list whose items have no element of their
own. The elements of all items and all that is looked for are selected at once, in the order of the
page; each found one belongs to the last item's element before it, unless it lies within that. What
follows the last item is looked for as far as the element that holds all items reaches.
"""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from scraper.core.extract.document import Document

Between = dict[int, list[LexborNode]]  # an item's element (its mem_id) -> what follows it


def between(each: str, css: str, document: Document) -> Between:
    """What `css` finds behind each element of `each`; looked for once per page."""
    found = document.between.get((each, css))
    if found is None:
        found = document.between[each, css] = _look(each, css, document.root)
    return found


def _look(each: str, css: str, root: LexborNode) -> Between:
    items = root.css(each)
    found: Between = {item.mem_id: [] for item in items}
    if not items:
        return found
    wanted = {node.mem_id for node in root.css(css)}
    wanted -= {node.mem_id for item in items for node in item.css(css)}
    current: list[LexborNode] | None = None
    for node in _holder(items[0], items[-1]).css(f":is({each}, {css})"):
        if node.mem_id in found:
            current = found[node.mem_id]
        elif current is not None and node.mem_id in wanted:
            current.append(node)
    return found


def _holder(first: LexborNode, last: LexborNode) -> LexborNode:
    """The innermost element that holds both and is neither."""
    above: set[int] = set()
    node = first.parent
    while node is not None:
        above.add(node.mem_id)
        node = node.parent
    holder = last.parent
    while holder is not None and holder.mem_id not in above:
        holder = holder.parent
    return holder or last
