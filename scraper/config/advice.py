"""What is allowed and yet perhaps not meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from scraper.config.checks import host_key
from scraper.config.compile_pages import every_field
from scraper.config.hashes import lost_texts
from scraper.config.model_network import FetchConfig
from scraper.config.models import Config
from scraper.config.places import dotted
from scraper.config.reach import hidden, named_rules, unreached
from scraper.config.source import Document
from scraper.config.tree import Branch
from scraper.config.values import Secret, holds_secret, shown
from scraper.core.url import parse

_LIST = re.compile(r"\{[\w.-]+(?:,[\w.-]+)+\}")
_NO_RANGE = re.compile(r"\{(\d{1,9})(?:-|:|\.\.\.)(\d{1,9})\}")
_MOST_URLS = 1000


def advice(config: Config, document: Document) -> Iterator[str]:
    """Warnings, each a sentence with its place."""
    for path, text, at_key in _all(config, document):
        yield f"{document.place(path, key=at_key)}: {text}"
    for lost in lost_texts(document.root, document.text, document.name):
        if not lost.is_whole:
            yield str(lost.mistake)


_Advice = Iterator[tuple[tuple[str | int, ...], str, bool]]


def _all(config: Config, document: Document) -> _Advice:
    yield from _seeds(config)
    yield from _kept(config)
    yield from _ranges(config)
    yield from _fetch(config)
    yield from _pages(config, document)


def _seeds(config: Config) -> _Advice:
    for index, file in enumerate(config.seeds.file):
        if file.path != "-" and not Path(file.path).is_file():
            text = f"seeds.file: {shown(file.path)} is not there yet: the run needs it"
            yield ("seeds", "file", index), text, False


def _kept(config: Config) -> _Advice:
    """Values of the environment that are stored because they are part of a URL."""
    urls: list[tuple[tuple[str | int, ...], str]] = []
    urls += ((("seeds", "urls", at), url) for at, url in enumerate(config.seeds.urls[:_MOST_URLS]))
    requests = enumerate(config.seeds.requests)
    urls += ((("seeds", "requests", at, "url"), request.url) for at, request in requests)
    for path, url in urls:
        if isinstance(url, Secret) and "${" in url.written.partition("?")[2]:
            text = f"{dotted(path)}: {shown(url)} is stored, and told in reports"
            yield path, f"{text}: send what is secret as a header", False


def _ranges(config: Config) -> _Advice:
    """Braces in a URL that look like a range or a choice and are none."""
    for index, url in enumerate(config.seeds.urls[:_MOST_URLS]):
        if isinstance(url, Secret):
            continue
        at, name = ("seeds", "urls", index), f"seeds.urls[{index + 1}]"
        if found := _NO_RANGE.search(url):
            text = f"{name}: {found[0]} is no range and stays as it is"
            yield at, f"{text}: write {{{found[1]}..{found[2]}}}", False
        elif found := _LIST.search(url):
            text = f"{name}: {found[0]} is no choice and stays as it is"
            yield at, f"{text}: write one URL for each", False


def _fetch(config: Config) -> _Advice:
    fetch = config.fetch
    agent = fetch.user_agent or ""
    if not agent:
        text = "fetch.user_agent: say who crawls, with a contact address: "
        yield ("fetch", "user_agent"), text + 'user_agent: "my-bot (+https://my.site/bot)"', True
    elif "@" not in agent and "://" not in agent:
        text = "fetch.user_agent: has no contact address: add (+https://my.site/bot)"
        yield ("fetch", "user_agent"), text, False
    for name in fetch.headers:
        if holds_secret(name, fetch.headers[name]):
            text = f"fetch.headers.{name}: is sent to every host that the config names"
            yield ("fetch", "headers", name), text, True
    if "stall" in fetch.model_fields_set and fetch.stall > fetch.timeout:
        yield (
            ("fetch", "stall"),
            "fetch.stall: is longer than timeout, so it never ends a page",
            False,
        )
    yield from _plain_logins(config)
    yield from _tls(fetch)
    if config.politeness.robots == "ignore":
        yield ("politeness", "robots"), "politeness.robots: robots.txt is ignored", False


def _tls(fetch: FetchConfig) -> _Advice:
    if not fetch.verify_tls:
        yield ("fetch", "verify_tls"), "fetch.verify_tls: certificates are not checked", False
        if fetch.ca_file is not None:
            text = "fetch.ca_file: is not looked at, since verify_tls is false"
            yield ("fetch", "ca_file"), text, True


def _plain_logins(config: Config) -> _Advice:
    """Passwords that anybody on the way can read."""
    text = "is sent without encryption, as anybody on the way can read: use https"
    if config.login is not None and _is_plain(config.login.url):
        yield ("login", "url"), f"login.fill: {text}", False
    plain = [parse(url) for url in config.seeds.urls if "{" not in url and _is_plain(url)]
    for host in config.fetch.auth:
        if any(host_key(host) in (url.host, url.hostname) for url in plain):
            yield ("fetch", "auth", host), f"fetch.auth.{host}: {text}", True


def _is_plain(url: str) -> bool:
    """Whether it is http, to another machine."""
    parsed = parse(url)
    here = parsed.hostname.startswith("127.") or parsed.hostname in ("localhost", "[::1]")
    return parsed.scheme == "http" and not here


def _pages(config: Config, document: Document) -> _Advice:
    if not config.pages:
        yield ("pages",), "pages: there are none: pages are fetched and nothing is taken", True
    yield from _unreachable(Branch((), document.data))
    yield from _unread(config)
    for name, page in config.pages.items():
        for kind, item in page.items.items():
            if item.each is not None and item.key is None:
                path = ("pages", name, "items", kind)
                text = "has no key, so a changed item is a new one: name what identifies it"
                yield path, f"{dotted(path)}: {text}", True


def _unread(config: Config) -> _Advice:
    """Fields that are carried, and that no page they can be carried to reads."""
    for name, page in config.pages.items():
        for index, link in enumerate(page.follow):
            named = link.page is not None and link.page in config.pages
            targets = [config.pages[str(link.page)]] if named else list(config.pages.values())
            read = {field.from_ for target in targets for field in every_field(target)}
            for field in link.carry or ():
                if field not in read:
                    path = ("pages", name, "follow", index, "carry")
                    where = f"of page {link.page}" if named else "of any page"
                    text = f"no field {where} is {{from: {field}}}: it is carried for nothing"
                    yield path, f"{dotted(path)}: {text}", False


def _unreachable(top: Branch) -> _Advice:
    """Rules that no page comes to."""
    pages = top.under("pages")
    told = set()
    for name, earlier, why in hidden(pages, named_rules(top.value)):
        told.add(name)
        text = f"pages.{name}: is never reached: {earlier} above {why}"
        yield ("pages", name), text, True
    for name in unreached(top):
        if name not in told:
            text = (
                "no seed fits it and no follow leads to it: write page in a follow, or mend match"
            )
            yield ("pages", name), f"pages.{name}: is never reached: {text}", True
