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
from pathlib import Path
from time import thread_time
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from bench import machine, ours, pages
from scraper.config import load
from scraper.core.extract import Extractor, Source
from scraper.core.extract.document import Document

TARGET = 1.15
STOCK = re.compile(r"\((\d+) available\)")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def by_hand(url: str, tree: LexborHTMLParser) -> str:
    """As one writes it for this page, its JSON as it is stored."""

    def text(selector: str) -> str:
        node = tree.css_first(selector)
        return node.text(strip=True) if node else ""

    stock = STOCK.search(text("p.stock"))
    return _encode(
        {
            "name": text("h1.name"),
            "sku": text("span.sku"),
            "price": text("p.price").lstrip("£"),
            "stock": int(stock[1]) if stock else None,
            "rating": int(tree.css_first("p.rating").attributes["data-rating"] or 0),
            "brand": text("span.brand"),
            "cover": urljoin(url, tree.css_first("img.cover").attributes["src"] or ""),
            "links": len(tree.css("a[href]")),
            "offers": [
                {
                    "seller": row.css_first("td.seller").text(strip=True),
                    "price": row.css_first("td.offer-price").text(strip=True).lstrip("£"),
                }
                for row in tree.css("tr.offer")
            ],
        }
    )


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
        found = hand = ""
        for is_plan in (plan_first, not plan_first):
            began = thread_time()
            if is_plan:
                found = extract._extract(document).items[0].data
                made.plan_s += thread_time() - began
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
