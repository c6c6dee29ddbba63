"""Page rules that no page ever comes to: hidden behind an earlier one, or where nothing leads.

This looks at the tree as it was written. Whatever names a rule (`page:` of a seed, a `follow`, a
`submit`) leads to it; a `follow` that names none may lead to every rule with a `match`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice

from scraper.config.tree import Branch
from scraper.core.globs import Pattern
from scraper.core.ranges import expand
from scraper.core.url import parse

_MOST_SEEDS = 200  # that are looked at, one by one
_EXPRESSION = "re:"
_FILLS = ("", "xqx", "xqx/qxq/xqx/qxq/xqx/qxq/xqx")  # what `**` may stand for
_OPEN = ("file", "sitemaps")  # seeds that may be anything


def hidden(pages: Branch, named: set[str]) -> Iterator[tuple[str, str, str]]:
    """Rules that fit nothing that an earlier one does not fit: name, the earlier one, why."""
    globs = {str(page.path[-1]): _match(page) for page in pages.each()}
    names = list(globs)
    for place, name in enumerate(names):
        earlier = names[:place] if name not in named else []
        for other in earlier:
            if not globs[other]:
                yield name, other, "has no match, so it takes all"
                break
            if globs[name] and all(_covered(glob, globs[other]) for glob in globs[name]):
                yield name, other, f"takes all that fits {' or '.join(globs[name])}"
                break


def _match(page: Branch) -> list[str]:
    return [str(glob.value) for glob in page.under("match").alone_or_each()]


def _covered(glob: str, others: list[str]) -> bool:
    """Whether every path that fits a glob fits one of the others."""
    if glob in others:
        return True
    if glob.startswith(_EXPRESSION) or not glob.isascii():
        return False
    globs = tuple(other for other in others if not other.startswith(_EXPRESSION))
    if not globs:
        return False
    return any(
        all(Pattern((other,)).fits(path, path) for path in _samples(glob)) for other in globs
    )


def _samples(glob: str) -> Iterator[str]:
    """Paths that fit a glob, so different that what fits them all fits whatever it fits."""
    for fill in _FILLS:
        yield glob.replace("**", fill).replace("*", "xqx" if fill else "")


def named_rules(tree: object) -> set[str]:
    """The names behind every `page:` that stands somewhere in a seed, a `follow`, a `submit`."""
    found: set[str] = set()
    ahead = [tree]
    while ahead:
        value = ahead.pop()
        if isinstance(value, Mapping):
            page = value.get("page")
            found |= {str(page)} if isinstance(page, str) else set()
            ahead += value.values()
        elif isinstance(value, list):
            ahead += value
    return found


def unreached(top: Branch) -> Iterator[str]:
    """The rules that no seed and no link leads to."""
    pages = {str(page.path[-1]): page for page in top.under("pages").each()}
    reached = _from_seeds(top.under("seeds"), pages)
    ahead = list(reached)
    while ahead:
        for name in _leads_to(pages[ahead.pop()], pages) - reached:
            reached.add(name)
            ahead.append(name)
    yield from (name for name in pages if name not in reached)


def _from_seeds(seeds: Branch, pages: Mapping[str, Branch]) -> set[str]:
    if any(seeds.under(key).value is not None for key in _OPEN):
        return set(pages)
    found = named_rules(seeds.value) & set(pages)
    urls = [str(url.value) for url in seeds.under("urls").alone_or_each()]
    requests = [r for r in seeds.under("requests").each() if r.under("page").value is None]
    urls += [str(request.under("url").value) for request in requests]
    for url in islice(chain.from_iterable(map(expand, urls)), _MOST_SEEDS + 1):
        found |= _ruling(url, pages)
    many = len(list(islice(chain.from_iterable(map(expand, urls)), _MOST_SEEDS + 1))) > _MOST_SEEDS
    return set(pages) if many else found


def _ruling(text: str, pages: Mapping[str, Branch]) -> set[str]:
    """The rule that a URL comes to."""
    url = parse(text)
    for name, page in pages.items():
        globs = tuple(_match(page))
        if not globs or Pattern(globs).fits(url.path, url.href):
            return {name}
    return set()


def _leads_to(page: Branch, pages: Mapping[str, Branch]) -> set[str]:
    if page.under("python").value is not None:  # its links may lead anywhere
        return set(pages)
    links = [*page.under("follow").alone_or_each(), *page.under("submit").alone_or_each()]
    if any(link.under("page").value is None for link in links):
        return set(pages)
    return named_rules([link.value for link in links]) & set(pages)
