"""What a page says in data: a JSON response, JSON-LD, `<meta>`, a feed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from scraper.core.extract.document import Document
from scraper.core.extract.naming import as_name
from scraper.core.extract.suggest_fields import Candidate
from scraper.core.model import Json

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST_VALUES = 20_000
_MOST_KEYS = 40
_THINGS = (  # whole pages are about these
    "Product", "Book", "Recipe", "Event", "JobPosting", "Movie", "Course", "SoftwareApplication",
    "NewsArticle", "BlogPosting", "Article", "VideoObject", "LocalBusiness", "Person",
)  # fmt: skip
_METAS = ("og:title", "og:description", "og:image", "og:type", "description", "author")
_FEED = (
    ("title", "title"), ("link", "url"), ("link @href", "url"), ("pubDate", "date"),
    ("published", "date"), ("updated", "date"), ("dc:date", "date"), ("lastmod", "date"),
    ("loc", "url"), ("author", "author"), ("dc:creator", "author"), ("guid", "id"), ("id", "id"),
    ("category", "category"), ("description", "description"), ("summary", "description"),
)  # fmt: skip
_DATES = frozenset({"date"})
ENTRIES = ("item", "entry", "url", "sitemap")


def longest_list(value: Json) -> tuple[str, int, list[dict[str, Json]]] | None:
    """Where the longest list of objects is, as a JMESPath; how many it has, and the first few."""
    best: tuple[str, int, list[dict[str, Json]]] | None = None
    ahead: list[tuple[str, Json]] = [("", value)]
    seen = 0
    while ahead and seen < _MOST_VALUES:
        path, current = ahead.pop()
        seen += 1
        if isinstance(current, list):
            objects = [one for one in current if isinstance(one, dict)]
            if objects and (best is None or len(objects) > best[1]):
                best = f"{path}[]", len(objects), objects[:20]
        elif isinstance(current, dict):
            for name, inner in reversed(list(current.items())[:_MOST_KEYS]):
                ahead.append((f"{path}.{quoted(name)}" if path else quoted(name), inner))
    return best


def quoted(name: str) -> str:
    """A key as JMESPath writes it."""
    return name if _PLAIN.fullmatch(name) else json.dumps(name)


def of_objects(objects: list[dict[str, Json]]) -> Iterator[Candidate]:
    """The fields of objects in a list: their values, and those of the objects right below."""
    names = dict.fromkeys(name for one in objects for name in list(one)[:_MOST_KEYS])
    for name in names:
        value = next((one[name] for one in objects if one.get(name) is not None), None)
        yield from _of_value(name, value)


def _of_value(name: str, value: Json) -> Iterator[Candidate]:
    hint = as_name(name)
    if isinstance(value, dict):
        for inner, below in list(value.items())[:_MOST_KEYS]:
            if isinstance(below, str | int | float | bool):
                label = f"{hint}_{as_name(inner)}".strip("_")
                yield Candidate(label, {"json": f"{quoted(name)}.{quoted(inner)}"})
    elif not isinstance(value, list) or not any(isinstance(one, dict | list) for one in value):
        yield Candidate(hint, {"json": quoted(name)})


def next_link(value: Json) -> str | None:
    """A URL of the next page at the top of a response, as a JMESPath."""
    for name, inner in value.items() if isinstance(value, dict) else ():
        if isinstance(inner, str) and inner.startswith(("http://", "https://", "/")):
            if "next" in name.lower():
                return quoted(name)
        elif isinstance(inner, dict):
            below = next_link({key: one for key, one in inner.items() if isinstance(one, str)})
            if below is not None:
                return f"{quoted(name)}.{below}"
    return None


def of_jsonld(document: Document) -> tuple[str, list[Candidate]] | None:
    """The thing that a page is about, by its JSON-LD: its type, and its fields."""
    things = document.jsonld
    name = next((one for one in _THINGS if len(things.get(one, ())) == 1), None)
    return None if name is None else (name, list(_of_thing(name, things[name][0])))


def _of_thing(type_: str, thing: Mapping[str, Json]) -> Iterator[Candidate]:
    for name, value in list(thing.items())[:_MOST_KEYS]:
        if name.startswith("@"):
            continue
        path, inner = quoted(name), value
        if isinstance(value, list) and value and isinstance(value[0], dict):
            path, inner = f"{path}[0]", value[0]
        if isinstance(inner, dict):
            for key, below in list(inner.items())[:_MOST_KEYS]:
                if not key.startswith("@") and isinstance(below, str | int | float | bool):
                    label = as_name(f"{name}_{key}")
                    short = as_name(key) if key == "price" else label
                    yield Candidate(short, {"jsonld": f"{type_}.{path}.{quoted(key)}"})
        elif not isinstance(inner, list) or all(isinstance(one, str) for one in inner):
            yield Candidate(as_name(name), {"jsonld": f"{type_}.{path}"})


def of_metas(document: Document) -> list[Candidate]:
    """What a page says in `<meta>`, its heading and its title first."""
    found = [Candidate("title", {"css": "h1"}), Candidate("page_title", {"css": "title"})]
    named = {
        node.attributes.get("property") or node.attributes.get("name")
        for node in document.parser.css("meta[content]")
    }
    found += (Candidate(as_name(name), {"meta": name}) for name in _METAS if name in named)
    return found


def of_feed() -> list[Candidate]:
    """What the entries of a feed or a sitemap have."""
    return [
        Candidate(name, {"css": css, **({"type": "datetime"} if name in _DATES else {})})
        for css, name in _FEED
    ]
