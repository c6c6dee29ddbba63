"""`carry` of links: whose fields they are, and that somebody reads them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TypeAlias

from scraper.config.carry import fields_below, is_carried
from scraper.config.places import Finding, dotted
from scraper.config.tree import Branch
from scraper.config.values import closest, shown

_HELD_BY = {"css": ("", "css"), "json": ("", "json"), "script": ("",)}
_Read: TypeAlias = tuple[str, str]  # a page, and a name that it reads of carries
_Flow: TypeAlias = tuple[_Read, _Read, Branch]  # by which field a carry gets into another one


def kind_of(keys: Collection[str]) -> str:
    """Where a link or the values of an item are looked for: css, json or script."""
    if "script" in keys:
        return "script"
    return "json" if {"json", "json_path"}.intersection(keys) else "css"


def each_kind(keys: Collection[str] | None) -> str:
    """What the items of a type are: elements (css), values (json), or the page ("")."""
    if keys is None:
        return ""
    return "css" if kind_of(keys) == "css" else "json"


def may_hold(each: str, link: str) -> bool:
    """Whether a link of this kind may stand in an item of that kind."""
    return each in _HELD_BY[link]


def lint_carries(top: Branch) -> Iterator[Finding]:
    """Every `carry` names fields of one item, and none grows for ever or past a function."""
    pages = top.under("pages")
    for page in pages.each():
        yield from _unseen(page, carried_to(pages, str(page.path[-1])))
        for follow in page.under("follow").each():
            if follow.under("carry").value is not None:
                yield from _of_one(page, follow)
    yield from _endless(list(_flows(pages)))


def _of_one(page: Branch, follow: Branch) -> Iterator[Finding]:
    items = page.under("items")
    known = {name for item in items.each() for name in item.under("fields").names()}
    carry, names = follow.under("carry"), list[str]()
    for name in carry.alone_or_each():
        if not isinstance(name.value, str) or not name.value.strip():
            return  # what is no text is told elsewhere
        names.append(name.value)
        if not is_carried(name.value):
            text = f"from: {name.value} means that of the page: give the field another name"
            yield Finding(name.path, f"{dotted(name.path)}: {text}")
            return
        if name.value not in known:
            text = f"no item of this page has a field {shown(name.value)}"
            hint = closest(name.value, sorted(known))
            yield Finding(name.path, f"{dotted(name.path)}: {text}{hint}")
            return
    if names and (why := _unclear(items, follow, names)):
        yield Finding(carry.path, f"{dotted(carry.path)}: {why}")


def _unseen(page: Branch, carried: set[str]) -> Iterator[Finding]:
    """Carried fields join an item after its function has run, which would not see them."""
    for item in page.under("items").each():
        if item.under("python").value is None and page.under("python").value is None:
            continue
        for field in item.under("fields").each():
            for name in sorted(_reads(field) & carried):
                text = f"{name} is carried here, which a function of your own does not see"
                why = f"{dotted(field.path)}: {text}: take out this field, or python"
                yield Finding(field.path, why, at_key=True)


def _unclear(items: Branch, follow: Branch, names: list[str]) -> str | None:
    """Why it is not clear which item holds the link; None: it is."""
    having = [item for item in items.each() if set(names) <= set(item.under("fields").names())]
    if not having:
        return "these are fields of several items: carry those of the one that holds the link"
    kind = kind_of(follow.names())
    holding = [str(item.path[-1]) for item in having if may_hold(_each_kind(item), kind)]
    if len(holding) > 1:
        told = " and ".join(holding[:2])
        return f"{told} both have these fields: name them differently, so that one item is meant"
    if not holding:
        name = having[0].path[-1]
        return f"{kind} finds no link in an item of {name}: look for it as `each` does"
    return None


def _each_kind(item: Branch) -> str:
    each = item.under("each")
    if each.value is None:
        return ""
    return each_kind(each.names() if isinstance(each.value, dict) else ("css",))


def carried_to(pages: Branch, page: str) -> set[str]:
    """The names that links may carry to the pages of a rule."""
    found: set[str] = set()
    for rule in pages.each():
        for follow in rule.under("follow").each():
            if follow.under("page").value in (None, page):
                found |= {str(name.value) for name in follow.under("carry").alone_or_each()}
    return found


def _reads(branch: Branch) -> set[str]:
    """What a field reads of carries, itself and within."""
    sources = (one.under("from").value for one in (branch, *_inside(branch)))
    return {source for source in sources if isinstance(source, str) and is_carried(source)}


def _inside(field: Branch) -> Iterator[Branch]:
    yield from fields_below(field.under("fields"))
    yield from fields_below(field.under("any"))


def _flows(pages: Branch) -> Iterator[_Flow]:
    """How carried fields are carried on."""
    for page in pages.each():
        fields = [f for item in page.under("items").each() for f in item.under("fields").each()]
        for follow in page.under("follow").each():
            names = {name.value for name in follow.under("carry").alone_or_each()}
            named = follow.under("page").value
            targets = pages.names() if named is None else [str(named)]
            for field in fields:
                if field.path[-1] in names:
                    for target in targets:
                        after = (target, str(field.path[-1]))
                        for read in _reads(field):
                            yield (str(page.path[-1]), read), after, field


def _endless(flows: list[_Flow]) -> Iterator[Finding]:
    """Fields that are carried in a circle and become longer each time."""
    told: set[tuple[object, ...]] = set()
    for before, after, field in flows:
        grows = any({"replace", "fields"} & set(one.names()) for one in (field, *_inside(field)))
        if grows and field.path not in told and before in _reached(after, flows):
            told.add(field.path)
            text = "is carried in a circle and may grow for ever: take replace and fields out of it"
            yield Finding(field.path, f"{dotted(field.path)}: {text}", at_key=True)


def _reached(start: _Read, flows: list[_Flow]) -> set[_Read]:
    reached, new = {start}, [start]
    while new:
        at = new.pop()
        for before, after, _ in flows:
            if before == at and after not in reached:
                reached.add(after)
                new.append(after)
    return reached
