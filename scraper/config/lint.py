"""What no section can see by itself: names, and things that name each other.

This looks at the tree as it was written, not at the models, so that these errors are told together
with all others. It takes any shape and passes over what is no mapping or list where one should be.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from scraper.config.carry import lint_sources
from scraper.config.carrying import carried_to, lint_carries
from scraper.config.checks import host_key, is_token
from scraper.config.contradictions import lint_values
from scraper.config.kinds import lint_follow, lint_kinds
from scraper.config.names import alike, wrong_field, wrong_item, wrong_page, wrong_run
from scraper.config.places import Finding, dotted
from scraper.config.proxies import lint_proxies
from scraper.config.tree import Branch
from scraper.config.values import closest, holds_secret, shown
from scraper.core.credentials import is_credential

_TAKEN = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "te"}
    | {"upgrade", "expect", "keep-alive", "trailer", "proxy-connection"}
    | {"if-none-match", "if-modified-since"}
)
_INSTEAD = {"user-agent": "write fetch.user_agent"}
_PROXY_LOGIN = "would be sent to servers: write the user and password into a URL of fetch.proxies"


def lint(
    tree: dict[str, object], *, stem: str, replaced: bool, env: Mapping[str, str]
) -> Iterator[Finding]:
    """All errors between sections.

    Args:
        stem: the file's name, which names the run if nothing else does.
        replaced: the seeds were given on the command line.
        env: where `fetch.proxies: environment` finds its proxies.
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
    yield from _unguarded(top)
    yield from lint_proxies(top.under("fetch").under("proxies"), env)
    yield from _addresses(top)
    yield from _robots(top)
    yield from _hosts(top.under("politeness").under("hosts"))
    yield from _hosts(top.under("fetch").under("auth"))
    yield from _login(top)
    yield from _page_references(top, pages.names())
    carried = {name: carried_to(pages, name) for name in pages.names()}
    yield from lint_sources(top, carried, replaced=replaced)
    yield from lint_carries(top)
    yield from lint_values(top)


def _addresses(top: Branch) -> Iterator[Finding]:
    cap = top.under("politeness").under("per_address")
    if cap.value is not None and top.under("fetch").under("proxies").value is not None:
        text = "which address a host has is up to fetch.proxies: take one of the two out"
        yield Finding(cap.path, f"{dotted(cap.path)}: {text}", at_key=True)


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


def _robots(top: Branch) -> Iterator[Finding]:
    """`sitemaps: robots` asks the hosts of other seeds."""
    seeds = top.under("seeds")
    others = any(seeds.under(key).value for key in ("urls", "file", "requests"))
    ignored = top.under("politeness").under("robots").value == "ignore"
    for sitemap in seeds.under("sitemaps").alone_or_each():
        url = sitemap.under("url") if isinstance(sitemap.value, dict) else sitemap
        if url.value != "robots":
            continue
        where = dotted(url.path)
        if not others:
            text = "robots is about the hosts of other seeds: give urls, file or requests too"
            yield Finding(url.path, f"{where}: {text}")
        if ignored:
            text = "robots reads what politeness.robots ignores: write obey there, or a URL here"
            yield Finding(url.path, f"{where}: {text}")


def _hosts(hosts: Branch) -> Iterator[Finding]:
    for name in hosts.names():
        try:
            host_key(name)
        except ValueError as error:
            yield Finding((*hosts.path, name), f"{dotted(hosts.path)}: {error}", at_key=True)


def _login(top: Branch) -> Iterator[Finding]:
    if "login" in top.names() and top.under("login").value is None:
        yield Finding(("login",), "login: is empty: give url, form, fill and ok, or take it out")
    cookies = top.under("fetch").under("cookies")
    refused = isinstance(cookies.value, str) and cookies.value.lower() in ("false", "no", "off")
    if refused and top.under("login").value is not None:
        yield Finding(cookies.path, "fetch.cookies: login needs them: take it out")


def _headers(headers: Branch, taken: Collection[str]) -> Iterator[Finding]:
    for name in headers.names():
        path = (*headers.path, name)
        if not is_token(name):
            yield Finding(
                path, f"{dotted(headers.path)}: {name!r} is no name of a header", at_key=True
            )
        elif name.lower() in taken:
            instead = _INSTEAD.get(name.lower(), "take it out")
            yield Finding(path, f"{dotted(path)}: is set by the crawler: {instead}", at_key=True)
        elif name.lower() == "proxy-authorization":
            yield Finding(path, f"{dotted(path)}: {_PROXY_LOGIN}", at_key=True)
    for name, known in alike(headers.names()):
        yield _differ(headers, name, known)


def _unguarded(top: Branch) -> Iterator[Finding]:
    """A secret for all hosts, in a crawl that may go to any."""
    if top.under("scope").under("hosts").value != "any":
        return
    headers = top.under("fetch").under("headers")
    for name in headers.names():
        value = headers.under(name).value
        if holds_secret(name, value) and name.lower() != "proxy-authorization":
            path = (*headers.path, name)
            what = "" if is_credential(name) else f"{shown(value)} may be a secret, and "
            why = f"{what}would be sent to any host, as scope.hosts says"
            how = "write it into a request's headers, or list the hosts"
            yield Finding(path, f"{dotted(path)}: {why}: {how}", at_key=True)


def _key(item: Branch) -> list[object]:
    return [key.value for key in item.under("key").alone_or_each()]


def _page_references(top: Branch, known: list[str]) -> Iterator[Finding]:
    """Every `page:` names a rule."""
    seeds = top.under("seeds")
    places = [
        *seeds.under("file").alone_or_each(),
        *seeds.under("sitemaps").alone_or_each(),
        *seeds.under("requests").each(),
    ]
    for page in top.under("pages").each():
        places += page.under("follow").each()
        places += page.under("submit").each()
    for place in places:
        page = place.under("page")
        if isinstance(page.value, str) and page.value not in known:
            hint = closest(page.value, known)
            yield Finding(
                page.path, f"{dotted(page.path)}: no page is named {shown(page.value)}{hint}"
            )
