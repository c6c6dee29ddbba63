"""A config to start from: a template, or what was found on a page, with the reasons as comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scraper.core.extract.naming import unique
from scraper.core.extract.proposal import FieldProposal, FollowProposal, ItemProposal, Suggestion
from scraper.core.globs import Pattern
from scraper.core.model import Json
from scraper.core.url import path_of

_PLAIN = re.compile(r"[a-z][a-z0-9_]*|[1-9]\d{0,8}")
_YAML_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_NEEDS_ESCAPES = re.compile(rf"'|\$\{{|{_UNPRINTABLE.pattern}")
_NUMBER = re.compile(r"\d+")
_NO_NAME = re.compile(r"[^a-z0-9]+")
_EXAMPLE_URL = "https://shop.example/list/page-1.html"

TEMPLATE = """\
# A crawl. Change what stands here, then:
#   scraper check FILE      every mistake, and in words what the crawl will do
#   scraper try FILE URL    what one page gives, and why a field is empty
#   scraper run FILE        crawl; the same command continues after a stop, and refreshes later
# `scraper new URL` looks at a page and proposes selectors. All keys: docs/config.md
version: 1
name: shop  # the database is data/shop.db

seeds:
  urls: ["https://shop.example/list/page-1.html"]  # {1..50} in a URL is a range
  # file: seeds.txt  # one URL a line

scope:
  # hosts: seeds  # links to other hosts are not followed; or a list, or any
  # deny: ["/login", "**/print/**"]
  max_pages: 1000  # of one crawl, so that a mistake stays small

politeness:
  per_host: 2  # open requests to one host
  delay: 250ms  # between two starts

fetch:
  user_agent: "my-crawler (+https://shop.example/contact)"  # say who you are

pages:
  listing:  # a list of links; it takes no items itself
    match: "/list/page-*.html"  # * stands for anything within a part of the path, ** for more
    follow:
      - {css: "li.next a", page: listing}  # the next page of the list
      - {css: "article h3 a", page: product}
  product:
    match: "/product/**"
    items:
      product:
        key: sku  # what identifies a product, so that a later run can tell what changed
        fields:
          title: h1  # a CSS selector: the text of its first match
          image: "img.cover @src"  # ... or an attribute
          price: {css: .price, type: decimal}
          sku: {css: .sku, required: true}  # a product without it is not kept
          tags: {css: a.tag, all: true}  # every match, as a list
          # in_stock: {css: .stock, regex: "(\\\\d+) left", type: int}
          # brand: {jsonld: "Product.brand.name"}  # from the page's JSON-LD
          # seen_on: {from: url}
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a page came from."""

    shown: str  # as it was given: a URL, or a file
    url: str | None  # None: a file that nobody gave a URL
    private: str | None = None  # host:port that must be allowed


def draft(suggestion: Suggestion, origin: Origin) -> str:
    """The config as text; `load` takes it, whatever the page was."""
    return "\n".join(_lines(suggestion, origin)) + "\n"


def _lines(suggestion: Suggestion, origin: Origin) -> Iterator[str]:
    url = origin.url or _EXAMPLE_URL
    yield f"# Proposed by `scraper new` from {comment(origin.shown)}"
    yield "# after one look at one page. It says of each field in how many items it was found."
    yield "# Look it over, give better names, take out what you do not need. Then:"
    yield "#   scraper check FILE      every mistake, and in words what the crawl will do"
    yield "#   scraper try FILE URL    what one page gives, and why a field is empty"
    yield "#   scraper run FILE        crawl"
    yield "version: 1"
    yield f"name: {scalar(_name(url))}"
    yield ""
    yield "seeds:"
    seed = scalar(url.replace("{", "%7B").replace("}", "%7D"))
    yield f"  urls: [{seed}]" + ("" if origin.url else "  # change this: where the page is")
    yield ""
    yield from _manners(origin)
    yield "pages:"
    yield from _listing(suggestion, url)


def _manners(origin: Origin) -> Iterator[str]:
    yield "scope:"
    yield "  max_pages: 1000  # of one crawl, so that a mistake stays small"
    yield '  # deny: ["/login", "**/print/**"]'
    yield ""
    yield "politeness:"
    yield "  per_host: 2  # open requests to one host"
    yield "  delay: 250ms  # between two starts"
    yield ""
    yield "fetch:"
    yield '  user_agent: "my-crawler (+https://example.org/contact)"  # say who you are'
    if origin.private is not None:
        yield f"  private_addresses: [{scalar(origin.private)}]  # not a public address"
    yield ""


def _listing(suggestion: Suggestion, url: str) -> Iterator[str]:
    details = [one for one in suggestion.follow if one.to == "detail"]
    onward = [one for one in suggestion.follow if one.to == "listing"]
    name = "listing" if suggestion.follow else "page"
    yield f"  {name}:"
    if suggestion.note:
        yield f"    # Nothing was found: {comment(suggestion.note)}."
    if suggestion.follow:
        globs = ", ".join(map(scalar, _globs(url, onward)))
        yield f"    match: [{globs}]  # the pages of this list, by their path"
    yield "    items:"
    for item in suggestion.items or (_STUB,):
        yield from _item(item)
    if suggestion.follow:
        yield "    follow:"
    for link in suggestion.follow:
        example = f", as {comment(link.example)}" if link.example else ""
        doubt = "" if link.sure else "; a guess, look closely"
        yield f"      # {comment(link.why)}{example}{doubt}"
        yield f"      - {_flow({**link.written, 'page': link.to})}"
    if details:
        yield from _detail(suggestion.items, details[0])


_STUB = ItemProposal("page", (FieldProposal("title", {"css": "h1"}),), "a field to begin with")


def _detail(items: Iterable[ItemProposal], link: FollowProposal) -> Iterator[str]:
    name = unique("detail", {item.type for item in items})
    yield "  detail:"
    yield f"    # A stub: `scraper new {comment(link.example)}` looks at such a page."
    yield "    items:"
    yield f"      {name}:"
    yield "        fields:"
    yield "          title: h1"


def _item(item: ItemProposal) -> Iterator[str]:
    doubt = "" if item.sure else "; a guess, look closely"
    yield f"      # {comment(item.why)}{doubt}."
    yield f"      {item.type}:"
    if item.each is not None:
        each = scalar(item.each) if isinstance(item.each, str) else _flow(item.each)
        yield f"        each: {each}"
    if item.key is not None:
        yield f"        key: {scalar(item.key)}  # the same in no two of these items"
    yield "        fields:"
    for field in item.fields:
        found = f"{field.found} of {item.count}" if item.each is not None else "found"
        example = f", as {comment(json.dumps(field.example, ensure_ascii=False))}"
        said = f"  # {found}{example}" if field.example else ""
        yield f"          {field.name}: {_field(field.written)}{said}"


def _field(written: Mapping[str, Json]) -> str:
    return scalar(str(written["css"])) if list(written) == ["css"] else _flow(written)


def _flow(written: Mapping[str, Json]) -> str:
    return "{" + ", ".join(f"{name}: {_value(value)}" for name, value in written.items()) + "}"


def _value(value: Json) -> str:
    if isinstance(value, dict):
        return _flow(value)
    return scalar(value) if isinstance(value, str) else json.dumps(value)


def scalar(text: str) -> str:
    """A text as YAML has it, in quotes unless it is a plain word; `${` means itself."""
    if _PLAIN.fullmatch(text) and text not in _YAML_WORDS:
        return text
    if '"' in text and not _NEEDS_ESCAPES.search(text):
        return f"'{text}'"
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${")
    return '"' + _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted) + '"'


def comment(text: str) -> str:
    """A text that a page may have written, within one line."""
    return _UNPRINTABLE.sub("?", text)[:200]


def _name(url: str) -> str:
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2].lower()
    return _NO_NAME.sub("_", host.partition(":")[0]).strip("_")[:60].strip("_") or "crawl"


def _globs(url: str, onward: list[FollowProposal]) -> list[str]:
    """The paths of a list's pages: numbers stand for any number where the next page has another."""
    here = path_of(url)
    there = path_of(onward[0].example) if onward and onward[0].example.startswith("http") else here
    if there == here:
        return [here]
    wide = _NUMBER.sub("*", there)
    return [wide] if Pattern((wide,)).fits(here, url) else [here, wide]
