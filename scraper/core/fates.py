"""What a crawl would do with each link of a page, and which line of the config says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scraper.core.extract.plan import PageRule
from scraper.core.globs import Pattern
from scraper.core.model import Json, Link, Request
from scraper.core.plan import Plan, ScopePlan
from scraper.core.request import make_request, sent_headers
from scraper.core.route import Router
from scraper.core.schedule.traps import trap
from scraper.core.scope import Hosts
from scraper.core.url import Base, Url, parts
from scraper.core.urlrules import UrlRules

_URLENCODED = ("Content-Type", "application/x-www-form-urlencoded")
_LONGEST_PART = 60  # characters of one name and value
_LONGEST_BODY = 300


@dataclass(frozen=True, slots=True)
class Fate:
    """One link."""

    url: str
    page: str | None  # the rule that `follow` names
    fate: str  # followed, scope, depth, trap, same page, duplicate, not http, limit
    why: str
    rule: str | None = None  # of a followed one: the rule that will read it; None: none fits
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)  # that the link sets
    body: str | None = None  # shortened
    body_bytes: int | None = None
    carry: Mapping[str, Json] = field(default_factory=dict)


def links_fates(
    links: Iterable[Link], parent: Request, rule: str, plan: Plan, hosts: frozenset[str]
) -> Iterator[Fate]:
    """The fates of the links that a page gave.

    Args:
        rule: the page rule of the parent.
        hosts: those of the seeds, as far as they are known.
    """
    router, rules = Router(plan.pages), UrlRules(plan.url)
    for link in links:
        url = rules.parse(link.url)
        depth = parent.depth + (link.page != rule)
        request = make_request(url, method=link.method, body=link.body, page=link.page, depth=depth)
        out = outside(plan.scope, url, depth=depth, hosts=hosts)
        caught = trap(url) if out is None and plan.scope.traps else None
        if out is not None:
            fate, why = ("depth" if out.startswith("max_depth") else "scope"), out
        elif caught is not None:
            fate, why = "trap", caught
        elif request.key == parent.key:
            fate, why = "same page", "is this page itself, which is known already"
        else:
            fate, why = "followed", ""
        found = router.rule(request) if fate == "followed" else None
        if fate == "followed":
            why = _read_by(found, link.page)
        read_by = found.name if found else None
        yield Fate(url.href, link.page, fate, why, read_by, link.method, **_sent(link))


def _sent(link: Link) -> dict[str, Any]:
    """What is sent beside the URL, and what the link carries."""
    told = {"headers": dict(sent_headers(link.headers)), "carry": dict(link.carry)}
    if link.body is None:
        return told
    body = link.body.decode("utf-8", "replace")
    texts = body.split("&") if _URLENCODED in link.headers else [body]
    short = "&".join(
        text if len(text) <= _LONGEST_PART else f"{text[:_LONGEST_PART]}..." for text in texts
    )
    if len(short) > _LONGEST_BODY:
        short = f"{short[:_LONGEST_BODY]}..."
    return told | {"body": short, "body_bytes": len(link.body)}


def _read_by(rule: PageRule | None, named: str | None) -> str:
    if rule is None:
        return "no page rule fits: it is fetched and nothing is taken"
    return f"as {rule.name}" + (", named by follow" if named == rule.name else ", by its match")


def outside(scope: ScopePlan, url: Url, *, depth: int, hosts: frozenset[str]) -> str | None:
    """Which line of `scope` keeps a link out, with what it says; None: none does."""
    for number, pattern in enumerate(scope.deny, 1):
        if Pattern((pattern,)).fits(url.path, url.href):
            return f"deny[{number}] {pattern}"
    if scope.hosts == "seeds" and url.hostname not in hosts:
        return f"hosts: seeds, and {url.hostname} is the host of none"
    if isinstance(scope.hosts, tuple) and not Hosts(scope.hosts).fits(url):
        return f"hosts: {url.host} is none of {', '.join(scope.hosts)}"
    if scope.allow and not Pattern(scope.allow).fits(url.path, url.href):
        return f"allow: {url.path} fits none of {', '.join(scope.allow)}"
    if scope.max_depth is not None and depth > scope.max_depth:
        return f"max_depth: it would be {depth} links deep, at most {scope.max_depth} are allowed"
    return None


def left_out(
    found: list[list[Json]], links: Iterable[Link], rule: PageRule, base: str
) -> Iterator[Fate]:
    """What the entries of `follow` found and the page did not give as a link.

    Args:
        found: what each entry found, in its order.
        base: what relative links are relative to.
    """
    given = {(link.url, link.page) for link in links}
    seen: set[tuple[str, str | None]] = set()
    for entry, texts in zip(rule.follow, found, strict=False):
        for text in texts:
            href = text if isinstance(text, str) else ""
            url = _joined(href, Base(base))
            key = (url or href, entry.page)
            if url is None:
                yield Fate(href, entry.page, "not http", "is no http or https URL")
            elif key in seen:
                yield Fate(url, entry.page, "duplicate", "is on the page more than once")
            elif key not in given and entry.limit is not None:
                yield Fate(url, entry.page, "limit", f"limit: {entry.limit} links of one page")
            seen.add(key)


def _joined(href: str, base: Base) -> str | None:
    try:
        url = base.join(href)
    except ValueError:
        return None
    return url.partition("#")[0] if href and url.startswith(("http://", "https://")) else None


def why_not(
    rules: tuple[PageRule, ...], request: Request, chosen: PageRule | None
) -> dict[str, str]:
    """Why each of the other rules does not read a page."""
    path = parts(request.url).path
    names = [rule.name for rule in rules]
    return {
        rule.name: _why_not(rule, request, path, chosen, names)
        for rule in rules
        if rule is not chosen
    }


def _why_not(
    rule: PageRule, request: Request, path: str, chosen: PageRule | None, names: list[str]
) -> str:
    if request.page is not None and request.page in names:
        return f"{request.page} is named, so no match is looked at"
    if rule.match and not Pattern(rule.match).fits(path, request.url):
        return f"match {' or '.join(rule.match)} does not fit {path}"
    assert chosen is not None  # noqa: S101 - a rule fits, so one is chosen
    return f"it fits, but {chosen.name} stands before it"
