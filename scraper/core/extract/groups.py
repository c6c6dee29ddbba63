"""What repeats on a page: elements that stand beside each other, alike, and say different things.

Siblings of one tag, or of one tag and class, are a group. A group is the better the more of the
page's text it holds, the more its texts differ, the more parts each member has and the more members
there are. Menus and footers repeat too: what stands in them counts for little.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import log2, sqrt

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.core.extract.naming import classes

FEWEST = 3  # members of a group
_FEWEST_PARTS = 2  # of cards in rows
_MOST_ELEMENTS = 20_000  # that are looked at
_MOST_GROUPS = 12  # that get a selector
_MOST_MEMBERS = 60  # that are read for the score
_DEEPEST = 40  # steps up from an element
_TAG = re.compile(r"[a-z][a-z0-9-]*")
_NO_ITEMS = frozenset(
    b"html head body script style noscript template option br hr col colgroup source input label "
    b"td th thead tbody tfoot path svg g b i em strong small span a p link meta button form wbr "
    b"h1 h2 h3 h4 h5 h6 img time".split()
)
_ASIDE_TAGS = frozenset({"nav", "header", "footer", "aside"})
_ASIDE = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|menu|footer|header|sidebar|breadcrumbs?|pag(?:er|ination)|cookies?)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Group:
    """Elements that are alike."""

    css: str  # selects them and nothing else
    count: int
    score: float
    hints: tuple[str, ...]  # of what they are: classes of theirs, tag names
    is_rows: bool = False  # of a table
    share: float = 0.0  # of the page's text
    parts: float = 0.0  # elements of a member that say something


@dataclass(frozen=True, slots=True)
class _Siblings:
    """Children of one element that have a tag in common, and maybe a class."""

    tag: str
    name: str | None  # the class
    nodes: tuple[LexborNode, ...]


def find_groups(parser: LexborHTMLParser) -> list[Group]:
    """The groups of a page, the best first."""
    body = parser.body
    whole = len(_text(body)) if body is not None else 0
    found: dict[str, Group] = {}
    for siblings in sorted(_siblings(parser), key=_promise, reverse=True)[:_MOST_GROUPS]:
        css = _selector(siblings, parser)
        if css is not None and css not in found:
            found[css] = _scored(css, siblings, parser, whole)
    good = (group for group in found.values() if group.score > 0)
    ranked = sorted(good, key=lambda group: (-group.score, group.css))
    finer = next((one for one in ranked[1:] if _divides(one, ranked[0], parser)), None)
    return ranked if finer is None else [finer, *(one for one in ranked if one is not finer)]


def _divides(fine: Group, coarse: Group, parser: LexborHTMLParser) -> bool:
    """Whether a group is what the members of another one are made of: cards in rows of cards."""
    if (
        fine.count < 2 * coarse.count
        or fine.parts < _FEWEST_PARTS
        or fine.share < coarse.share * 0.8
    ):
        return False
    return sum(len(row.css(fine.css)) for row in parser.css(coarse.css)) == fine.count


def _siblings(parser: LexborHTMLParser) -> Iterator[_Siblings]:
    """All groups of a page; of a tag and a class where that says no less than the tag alone."""
    alike: dict[tuple[int, str, str | None], list[LexborNode]] = {}
    for node in parser.css("body *")[:_MOST_ELEMENTS]:
        tag, parent = node.tag or "", node.parent
        if parent is None or tag.encode() in _NO_ITEMS or not _TAG.fullmatch(tag):
            continue
        for name in (None, *classes(node.attributes.get("class"))):
            alike.setdefault((parent.mem_id, tag, name), []).append(node)
    for (_, tag, name), nodes in alike.items():
        if len(nodes) >= FEWEST:
            yield _Siblings(tag, name, tuple(nodes))
            if name is None:
                yield from _wrapped(nodes)


def _wrapped(nodes: list[LexborNode]) -> Iterator[_Siblings]:
    """What is alone in each member, if it bears a class of its own: `li > article.product`."""
    inside = [only for node in nodes if (only := _only_child(node)) is not None]
    if len(inside) == len(nodes):
        tags = {node.tag for node in inside}
        for name in _common(inside) if len(tags) == 1 else ():
            yield _Siblings(inside[0].tag or "", name, tuple(inside))


def _only_child(node: LexborNode) -> LexborNode | None:
    children = list(node.iter(include_text=False))
    return children[0] if len(children) == 1 else None


def _promise(siblings: _Siblings) -> tuple[float, bool]:
    """What is worth a closer look: much text in many elements; with a class rather than without."""
    text = sum(len(_text(node)) for node in siblings.nodes[:_MOST_MEMBERS])
    return sqrt(text) * log2(len(siblings.nodes)), siblings.name is not None


def _scored(css: str, siblings: _Siblings, parser: LexborHTMLParser, whole: int) -> Group:
    nodes = parser.css(css)
    some = nodes[:_MOST_MEMBERS]
    texts = [_text(node) for node in some]
    share = min(1.0, sum(map(len, texts)) / max(1, whole) * len(nodes) / len(some))
    variety = len(set(filter(None, texts))) / len(some)
    parts = sum(map(_parts, some[:5])) / len(some[:5])
    linked = sum(node.css_first("a[href]") is not None for node in some) / len(some)
    score = sqrt(share) * variety * min(6.0, log2(len(nodes))) * min(1.0, parts / 4) ** 1.5
    score *= (1 + 0.3 * linked) * (1.2 if siblings.name else 1.0)
    score *= 0.1 if _is_aside(some[0]) else 1.0
    common = _common(some)
    hints = (*([siblings.name] if siblings.name else ()), *common, *_of_parents(some[0]))
    return Group(
        css, len(nodes), score, tuple(dict.fromkeys(hints)), siblings.tag == "tr", share, parts
    )


def _parts(node: LexborNode) -> int:
    """How many elements of a member say something themselves."""
    inside = node.css("*")[:_MOST_MEMBERS]
    return sum(one.tag == "img" or bool(one.text(deep=False).strip()) for one in inside)


def _common(nodes: list[LexborNode]) -> list[str]:
    """The stable classes of most members, the most frequent first."""
    counts = Counter(name for node in nodes for name in classes(node.attributes.get("class")))
    return [name for name, count in counts.most_common() if count > len(nodes) / 2]


def _of_parents(node: LexborNode) -> Iterator[str]:
    for above in _above(node):
        yield from classes(above.attributes.get("id"))
        yield from classes(above.attributes.get("class"))


def _is_aside(node: LexborNode) -> bool:
    return any(
        above.tag in _ASIDE_TAGS
        or _ASIDE.search(
            f"{above.attributes.get('class') or ''} {above.attributes.get('id') or ''}"
        )
        for above in (node, *_above(node))
    )


def _above(node: LexborNode) -> Iterator[LexborNode]:
    """The elements that hold a node, the nearest first, below `body`."""
    parent, steps = node.parent, 0
    while parent is not None and parent.tag not in ("body", "html") and steps < _DEEPEST:
        yield parent
        parent, steps = parent.parent, steps + 1


def _selector(siblings: _Siblings, parser: LexborHTMLParser) -> str | None:
    """A short selector of the members and of nothing else; None when there is none."""
    if siblings.name is not None:
        return f"{siblings.tag}.{siblings.name}"  # others of this class are members too
    rows = siblings.tag == "tr"
    wanted = {n.mem_id for n in siblings.nodes if not rows or n.css_first("td") is not None}
    if len(wanted) < FEWEST:
        return None
    alike = (css for css in _selectors(siblings) if {n.mem_id for n in parser.css(css)} == wanted)
    return next(alike, None)


def _selectors(siblings: _Siblings) -> Iterator[str]:
    """Selectors to try, the shortest first."""
    path = tag = siblings.tag
    if tag == "tr":
        path = tag = "tr:has(td)"
        yield tag
    for above in _above(siblings.nodes[0]):
        names = classes(above.attributes.get("id"))[:1]
        anchors = [f"#{name}" for name in names]
        anchors += [f"{above.tag}.{name}" for name in classes(above.attributes.get("class"))]
        if above.tag == "table":
            anchors.append("table")
        for anchor in anchors:
            yield f"{anchor} {tag}"
            yield f"{anchor} > {path}"
        path = f"{above.tag}:nth-of-type({_place(above)}) > {path}"
    yield f"body > {path}"


def _place(node: LexborNode) -> int:
    """Which of its siblings of the same tag an element is, from 1."""
    place, before = 1, node.prev
    while before is not None:
        place += before.tag == node.tag
        before = before.prev
    return place


def _text(node: LexborNode) -> str:
    return " ".join(node.text().split())
