"""The cost of the extraction language: fields through a plan beside the same written by hand.

    python -m bench.extract [ROUNDS [PAGES]]

Both read the same parsed trees of the bench's mix of pages, in turns, each first as often as the
other, and must give the same JSON. Quoted is the ratio of processor time over all pages, the median
of the rounds (least to greatest); with parsing it is what a page costs in a crawl.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import thread_time
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bench import machine, ours, pages
from scraper.config import load
from scraper.core.extract import Extractor, Source
from scraper.core.extract.document import Document

TARGET = 1.15
STOCK = re.compile(r"\((\d+) available\)")
PRICE = re.compile(r"£(\d+\.\d\d)")
Invalid = dict[str, int]  # field -> values that do not convert
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def by_hand(url: str, tree: LexborHTMLParser) -> tuple[str, Invalid]:
    """As one writes it for this page with care: its JSON as it is stored, and what is invalid.

    It gives what the plan gives: white space folded, prices exact, numbers converted, the URL
    absolute, null for what is missing, and null with a count for what does not convert. It knows
    the page, and so is spared what a plan cannot leave out: other notations of a number, a
    `<base>`, and `<meta name=robots>`.
    """
    invalid: Invalid = {}
    cover = _attribute(tree, "img.cover", "src")
    found = {
        "name": _text(tree, "h1.name"),
        "sku": _text(tree, "span.sku"),
        "price": _price(tree, "p.price", "price", invalid),
        "stock": _stock(_text(tree, "p.stock")),
        "rating": _whole(_attribute(tree, "p.rating", "data-rating"), "rating", invalid),
        "brand": _text(tree, "span.brand"),
        "cover": cover and urljoin(url, cover),
        "links": len(tree.css("a[href]")),
        "offers": [
            {
                "seller": _text(row, "td.seller"),
                "price": _price(row, "td.offer-price", "offers.price", invalid),
            }
            for row in tree.css("tr.offer")
        ],
    }
    return _encode(found), invalid


def _text(scope: LexborHTMLParser | LexborNode, selector: str) -> str | None:
    node = scope.css_first(selector)
    return None if node is None else " ".join(node.text().split())


def _attribute(tree: LexborHTMLParser, selector: str, name: str) -> str | None:
    node = tree.css_first(selector)
    return None if node is None else node.attributes.get(name)


def _price(
    scope: LexborHTMLParser | LexborNode, selector: str, name: str, invalid: Invalid
) -> str | None:
    text = _text(scope, selector)
    if not text:
        return None
    price = PRICE.fullmatch(text)
    if price is None:
        invalid[name] = invalid.get(name, 0) + 1
        return None
    return price[1]


def _stock(text: str | None) -> int | None:
    found = text and STOCK.search(text)
    return int(found[1]) if found else None


def _whole(text: str | None, name: str, invalid: Invalid) -> int | None:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        invalid[name] = invalid.get(name, 0) + 1
        return None


def extractor(folder: Path) -> Extractor:
    """The bench's config, as a crawl compiles it."""
    config = ours.config(folder, seeds=folder / "none", db=folder / "x.db", follow=False)
    (rule,) = load(config, env={}).plan.pages
    return Extractor(rule)


class Round:
    """Seconds of each way, over all pages."""

    def __init__(self) -> None:
        self.plan_s = self.hand_s = self.parse_s = 0.0

    @property
    def ratio(self) -> float:
        return self.plan_s / self.hand_s

    @property
    def with_parsing(self) -> float:
        return (self.plan_s + self.parse_s) / (self.hand_s + self.parse_s)


def measure(extract: Extractor, folder: Path, count: int, *, plan_first: bool) -> Round:
    made = Round()
    for number in range(count):
        url = f"https://shop.example{pages.path_of(number)}"
        source = Source(url, url)
        body = (folder / f"{number}.html").read_bytes()
        began = thread_time()
        tree = LexborHTMLParser(body)
        made.parse_s += thread_time() - began
        document = Document(body, source)
        document._parser = tree
        found: tuple[str, Mapping[str, int]] = ("", {})
        hand = found
        for is_plan in (plan_first, not plan_first):
            began = thread_time()
            if is_plan:
                page = extract._extract(document)
                made.plan_s += thread_time() - began
                found = (page.items[0].data, page.invalid.get("product", {}))
            else:
                hand = by_hand(url, tree)
                made.hand_s += thread_time() - began
        if found != hand:
            raise AssertionError(f"{url}:\n{found}\n{hand}")
        plan_first = not plan_first
    return made


def said(name: str, ratios: list[float]) -> str:
    return f"| {name} | {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}) |"


def main(rounds: int, count: int) -> int:
    folder = Path(tempfile.gettempdir()) / "scraper-bench-extract"
    pages.make(folder)
    extract = extractor(folder)
    measure(extract, folder, min(count, 100), plan_first=True)
    made = [measure(extract, folder, count, plan_first=n % 2 == 0) for n in range(rounds)]
    print(", ".join(f"{name}: {value}" for name, value in machine.about().items()))
    hand_us = statistics.median(one.hand_s for one in made) / count * 1e6
    print(f"{count} pages, {rounds} rounds; by hand {hand_us:.0f} us a page\n")
    print("| plan to hand | ratio |\n|---|---|")
    print(said("reading fields", [one.ratio for one in made]))
    print(said("with parsing", [one.with_parsing for one in made]))
    return 0 if statistics.median(one.ratio for one in made) <= TARGET else 1


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(*numbers, 7, pages.FILES)[:2] if len(numbers) != 1 else (numbers[0], 2000)))
