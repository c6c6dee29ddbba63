"""What no section can see by itself: names, and things that name each other.

This looks at the tree as it was written, not at the models, so that these errors are told together
with all others. It takes any shape and passes over what is no mapping or list where one should be.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from scraper.config.carry import lint_sources
from scraper.config.carrying import carried_to, lint_carries
from scraper.config.checks import host_key, is_token
from scraper.config.contradictions import lint_values
from scraper.config.kinds import lint_follow, lint_kinds
from scraper.config.names import alike, wrong_field, wrong_item, wrong_page, wrong_run
from scraper.config.places import Finding, dotted
from scraper.config.tree import Branch
from scraper.config.values import closest, shown

_TAKEN = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "te"}
    | {"upgrade", "expect", "keep-alive", "trailer"}
)


def lint(tree: dict[str, object], *, stem: str, replaced: bool) -> Iterator[Finding]:
    """All errors between sections.

    Args:
        stem: the file's name, which names the run if nothing else does.
        replaced: the seeds were given on the command line.
    """
    top = Branch((), tree)
    pages = top.under("pages")
    yield from _run_name(top, stem)
    yield from _wrong(pages, wrong_page)
    for page in pages.each():
        yield from _items(page.under("items"))
        yield from _endless(page)
        for link in page.under("follow").each():
            yield from lint_follow(link)
    yield from _types(pages)
    yield from _headers(top.under("fetch").under("headers"), _TAKEN | {"user-agent"})
    for request in top.under("seeds").under("requests").each():
        yield from _headers(request.under("headers"), _TAKEN)
    yield from _hosts(top.under("politeness").under("hosts"))
    yield from _page_references(top, pages.names())
    carried = {name: carried_to(pages, name) for name in pages.names()}
    yield from lint_sources(top, carried, replaced=replaced)
    yield from lint_carries(top)
    yield from lint_values(top)


def _run_name(top: Branch, stem: str) -> Iterator[Finding]:
    name = top.under("name")
    if isinstance(name.value, str) and name.value.strip() and (why := wrong_run(name.value)):
        yield Finding(name.path, f"name: {shown(name.value)} {why}")
    if "name" not in top.names() and wrong_run(stem):
        yield Finding(("name",), f"name: the file's name {stem!r} cannot name a run: give name")


def _endless(page: Branch) -> Iterator[Finding]:
    """An `increment` that ends with the items wants a list of items."""
    if any(item.under("each").value is not None for item in page.under("items").each()):
        return
    for link in page.under("follow").each():
        given = set(link.names())
        if "increment" in given and not given & {"while", "set", "css", "json", "script"}:
            text = "would never end: no item of this page has `each`; give while"
            yield Finding((*link.path, "increment"), f"{dotted(link.path)}: {text}", at_key=True)


def _wrong(names: Branch, check: Callable[[str], str | None]) -> Iterator[Finding]:
    for name in names.names():
        if why := check(name):
            path = (*names.path, name)
            yield Finding(path, f"{dotted(names.path)}: the name {name!r} {why}", at_key=True)


def _items(items: Branch) -> Iterator[Finding]:
    yield from _wrong(items, wrong_item)
    for item in items.each():
        fields = item.under("fields")
        yield from _fields(fields)
        yield from lint_kinds(item)
        known = fields.names()
        for key in item.under("key").alone_or_each():
            if isinstance(key.value, str) and known and key.value not in known:
                hint = closest(key.value, known)
                text = f"{dotted(item.path)}.key: {shown(key.value)} is no field of this item{hint}"
                yield Finding(key.path, text)


def _fields(fields: Branch) -> Iterator[Finding]:
    yield from _wrong(fields, wrong_field)
    for name, known in alike(fields.names()):
        yield _differ(fields, name, known)
    for field in fields.each():
        yield from _fields(field.under("fields"))


def _differ(names: Branch, name: str, known: str) -> Finding:
    text = f"{dotted(names.path)}: {name!r} and {known!r} differ in case alone: rename one"
    return Finding((*names.path, name), text, at_key=True)


def _types(pages: Branch) -> Iterator[Finding]:
    """Two rules may yield one type: then the key must agree, and so must the writing."""
    first: dict[str, Branch] = {}
    for page in pages.each():
        items = page.under("items")
        for item in items.each():
            name = str(item.path[-1])
            known = first.setdefault(name.casefold(), item)
            if str(known.path[-1]) != name:
                yield _differ(items, name, str(known.path[-1]))
            elif _key(known) != _key(item):
                text = f"{dotted(item.path)}: must have the same key as {dotted(known.path)}"
                yield Finding(item.path, text, at_key=True)


def _hosts(hosts: Branch) -> Iterator[Finding]:
    for name in hosts.names():
        try:
            host_key(name)
        except ValueError as error:
            yield Finding((*hosts.path, name), f"{dotted(hosts.path)}: {error}", at_key=True)


def _headers(headers: Branch, taken: Collection[str]) -> Iterator[Finding]:
    for name in headers.names():
        path = (*headers.path, name)
        if not is_token(name):
            yield Finding(
                path, f"{dotted(headers.path)}: {name!r} is no name of a header", at_key=True
            )
        elif name.lower() in taken:
            instead = "write fetch.user_agent" if name.lower() == "user-agent" else "take it out"
            yield Finding(path, f"{dotted(path)}: is set by the crawler: {instead}", at_key=True)
    for name, known in alike(headers.names()):
        yield _differ(headers, name, known)


def _key(item: Branch) -> list[object]:
    return [key.value for key in item.under("key").alone_or_each()]


def _page_references(top: Branch, known: list[str]) -> Iterator[Finding]:
    """Every `page:` names a rule."""
    seeds = top.under("seeds")
    places = [*seeds.under("file").alone_or_each(), *seeds.under("requests").each()]
    for page in top.under("pages").each():
        places += page.under("follow").each()
    for place in places:
        page = place.under("page")
        if isinstance(page.value, str) and page.value not in known:
            hint = closest(page.value, known)
            yield Finding(
                page.path, f"{dotted(page.path)}: no page is named {shown(page.value)}{hint}"
            )
