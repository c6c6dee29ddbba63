"""Items that span two or more elements in a row: a title and what stands below it.

Rows of a news list, `dt` and `dd`: the first element of each item is its `each`, and what stands
between it and the next one is read with `next`. Such first elements are a group of their own, or
every second one of a group; then a class, or something that only they hold, tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.core.extract.groups import FEWEST, Group
from scraper.core.extract.naming import classes
from scraper.core.extract.suggest_fields import Candidate, fields_of

_MOST_MEMBERS = 60  # that are looked at
_MOST_BETWEEN = 6  # elements that may follow a first one
_MOST_MARKS = 40
_SHARE = 0.8  # of the first elements that something follows
_ALIKE = 0.6  # of what two elements hold: more, and they are of one kind


@dataclass(frozen=True, slots=True)
class Pairs:
    """The first elements of items, and what follows them."""

    each: str
    firsts: list[LexborNode]
    others: list[LexborNode]


def find_pairs(group: Group, parser: LexborHTMLParser) -> Pairs | None:
    """The items of a group, if they go on behind its members, or are some of its members."""
    nodes = parser.css(group.css)
    for each, firsts in ((group.css, nodes), *_firsts(group.css, nodes, parser)):
        others = _others(firsts)
        if others and _unlike(firsts[0], others[0]):
            return Pairs(each, firsts, others)
    return None


def fields_between(pairs: Pairs) -> Iterator[Candidate]:
    """What is said behind the first elements."""
    tags = {node.tag for node in pairs.others}
    for tag in sorted(filter(None, tags)):
        same = [node for node in pairs.others if node.tag == tag]
        if tag != "tr" and len(same) >= _SHARE * len(pairs.firsts):
            yield Candidate("text", {"next": tag})
        for one in fields_of(same, []):
            written = {("next" if key == "css" else key): one.written[key] for key in one.written}
            yield Candidate(one.hint, written, one.is_weak)


def _firsts(
    css: str, nodes: list[LexborNode], parser: LexborHTMLParser
) -> Iterator[tuple[str, list[LexborNode]]]:
    """Some of the members, the first among them, that come at regular distances."""
    for mark in _marks(nodes[: 2 * _MOST_BETWEEN]):
        each = f"{css}{mark}"
        firsts = parser.css(each)
        if FEWEST <= len(firsts) < len(nodes) and firsts[0].mem_id == nodes[0].mem_id:
            short = f"{nodes[0].tag}{mark}"
            if [one.mem_id for one in parser.css(short)] == [one.mem_id for one in firsts]:
                each = short
            yield each, firsts


def _marks(nodes: list[LexborNode]) -> Iterator[str]:
    """What may tell first elements from others, the plainest first."""
    own = dict.fromkeys(name for node in nodes for name in classes(node.attributes.get("class")))
    yield from (f".{name}" for name in own)
    inside = dict.fromkeys(mark for node in nodes for mark in sorted(_holds(node)))
    plain = sorted(inside, key=lambda mark: ("." not in mark, mark))[:_MOST_MARKS]
    yield from (f":has({mark})" for mark in plain)
    yield from (f":not(:has({mark}))" for mark in plain)


def _holds(node: LexborNode) -> set[str]:
    """What an element holds: tags, and tags with a class or a colspan."""
    found: set[str] = set()
    for one in node.css("*")[:_MOST_MEMBERS]:
        tag = one.tag or ""
        if one.mem_id == node.mem_id or not tag.isalnum():
            continue
        found.add(tag)
        found.update(f"{tag}.{name}" for name in classes(one.attributes.get("class")))
        if one.attributes.get("colspan"):
            found.add(f"{tag}[colspan]")
    return found


def _others(firsts: list[LexborNode]) -> list[LexborNode]:
    """The elements between first ones; none unless most have the same number of them."""
    known = {node.mem_id for node in firsts}
    runs = [_behind(node, known) for node in firsts[:_MOST_MEMBERS]]
    counts = [len(run) for run in runs]
    usual = max(set(counts), key=counts.count) if len(counts) >= FEWEST else 0
    if not usual or counts.count(usual) < _SHARE * len(counts) or not _behind(firsts[-1], known):
        return []  # nothing stands behind the last one: it stands before the first one
    return [node for run in runs if len(run) == usual for node in run]


def _behind(node: LexborNode, firsts: set[int]) -> list[LexborNode]:
    """The elements with a text that follow one, up to the next first one."""
    found: list[LexborNode] = []
    after = node.next
    while after is not None and after.mem_id not in firsts:
        if after.is_element_node and after.text().strip():
            found.append(after)
        if len(found) > _MOST_BETWEEN:
            return []
        after = after.next
    return found


def _unlike(first: LexborNode, other: LexborNode) -> bool:
    """Whether two elements are of two kinds: rows of two colours are not."""
    if first.tag != other.tag:
        return True
    one, two = _holds(first), _holds(other)
    return len(one & two) < _ALIKE * len(one | two)
