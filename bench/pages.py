"""The pages that are scraped: a seeded mix of product pages, and the rows that are true of them.

Half of the pages are below 25 KB, five in a hundred have 300 KB to 2 MB and hold more than half of
all bytes. A page has seven fields, a nested list of offers, and 60 links, of which six lead to
pages that no page before it leads to. There are `FILES` files; page `i` is file `i % FILES`.
"""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

FILES = 2000
LINKS = 60
NEW_LINKS = 6
VERSION = 3  # of what is generated: a folder of an older one is made anew

_WORDS = (
    "the of and a to in is with for that on this are as from it be at by or has an which were "
    "paper copper amber river garden window winter harbour cotton maple silver lantern meadow "
    "orchard granite velvet compass kettle saddle timber marble candle bridge thimble ribbon "
    "delivered within three working days made by hand fits most common sizes wash cold only "
    "customers who bought looked again later warranty covers faults material weight height depth"
).split()
_BRANDS = ("Alder", "Birch & Sons", "Cedar", "Dogwood", "Elm", "Fir Works", "Gorse", "Hazel")


def path_of(page: int) -> str:
    """The path of a page's URL."""
    return f"/p/{page // FILES}/{page % FILES}.html"


def make(folder: Path) -> None:
    """Write all files and `truth.json`, unless they are there."""
    done = folder / f"made-{VERSION}"
    if done.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(FILES):
        html, row = page(number)
        (folder / f"{number}.html").write_text(html, encoding="utf-8")
        rows.append(row)
    (folder / "truth.json").write_text(json.dumps(rows))
    done.touch()


def page(number: int) -> tuple[str, dict[str, Any]]:
    """The HTML of one file and the row that is true of it; the cover's URL is a path."""
    rng = random.Random(number)
    links = _links(number, rng)
    row = {
        "name": f"{_words(rng, 4).title()} No. {number}",
        "sku": f"S{number:05d}",
        "price": _price(rng),
        "stock": rng.randrange(500),
        "rating": rng.randrange(1, 6),
        "brand": rng.choice(_BRANDS),
        "cover": f"/img/{number}.jpg",
        "links": LINKS,
        "offers": [
            {"seller": _words(rng, 2).title(), "price": _price(rng)}
            for _ in range(rng.randrange(2, 12))
        ],
    }
    return _html(row, links, _size(rng), rng), row


def _size(rng: random.Random) -> int:
    if rng.random() < 0.05:
        return int(math.exp(rng.uniform(math.log(300_000), math.log(2_000_000))))
    return int(min(250_000, max(9_000, rng.lognormvariate(math.log(24_500), 0.6))))


def _links(number: int, rng: random.Random) -> list[int]:
    """Pages that are linked: the next six new ones, the others among those known by then."""
    first = NEW_LINKS * number + 1
    known = [rng.randrange(first + NEW_LINKS) for _ in range(LINKS - NEW_LINKS)]
    links = [*range(first, first + NEW_LINKS), *known]
    rng.shuffle(links)
    return links


def _price(rng: random.Random) -> str:
    return f"{rng.randrange(100, 99999) / 100:.2f}"


def _words(rng: random.Random, count: int) -> str:
    return " ".join(rng.choices(_WORDS, k=count))


def _html(row: dict[str, Any], links: list[int], size: int, rng: random.Random) -> str:
    anchors = [f'<a class="link" href="{path_of(to)}">{_words(rng, 2)}</a>' for to in links]
    offers = "".join(
        f'<tr class="offer"><td class="seller">{offer["seller"]}</td>'
        f'<td class="offer-price">&pound;{offer["price"]}</td><td>{_words(rng, 3)}</td></tr>\n'
        for offer in row["offers"]
    )
    head = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{row["name"]}</title>
<meta name="description" content="{_words(rng, 12)}"><link rel="stylesheet" href="/style.css">
<script>window.shop = {{"page": "{row["sku"]}", "words": "{_words(rng, 60)}"}};</script></head>
<body class="product"><header><nav><ul>{"".join(f"<li>{a}</li>" for a in anchors[:12])}</ul></nav>
</header><main id="product"><div class="gallery"><img class="cover" src="{row["cover"]}" alt="">
</div><div class="summary"><h1 class="name">{row["name"]}</h1>
<p>Brand: <span class="brand">{row["brand"].replace("&", "&amp;")}</span>
 SKU: <span class="sku">{row["sku"]}</span></p><p class="price">&pound;{row["price"]}</p>
<p class="stock"><i class="icon"></i> In stock ({row["stock"]} available)</p>
<p class="rating" data-rating="{row["rating"]}"><i></i><i></i><i></i></p></div>
<table class="offers"><tbody>{offers}</tbody></table><section class="text">
"""
    tail = f"""</section></main><aside><ul>{"".join(f"<li>{a}</li>" for a in anchors[12:])}</ul>
</aside><footer><p>{_words(rng, 30)}</p></footer></body></html>
"""
    filler: list[str] = []
    left = size - len(head) - len(tail)
    while left > 0:
        block = _block(rng)
        filler.append(block)
        left -= len(block)
    return head + "".join(filler) + tail


def _block(rng: random.Random) -> str:
    kind = rng.randrange(4)
    if kind == 0:
        rows = "".join(
            f"<tr><th>{_words(rng, 1)}</th><td>{_words(rng, 2)}</td>"
            f'<td class="num">{rng.randrange(1000)}</td></tr>\n'
            for _ in range(8)
        )
        return f'<table class="spec"><tbody>{rows}</tbody></table>\n'
    if kind == 1:
        return (
            f'<div class="review"><h3>{_words(rng, 4)}</h3><div class="who"><b>{_words(rng, 2)}'
            f"</b> <time>2026-0{rng.randrange(1, 10)}-11</time></div><p>{_words(rng, 50)} "
            f"<em>{_words(rng, 2)}</em> {_words(rng, 20)}</p></div>\n"
        )
    if kind == 2:
        return f"<ul>{''.join(f'<li>{_words(rng, 6)}</li>' for _ in range(6))}</ul>\n"
    return f"<p>{_words(rng, 70)} <strong>{_words(rng, 2)}</strong> {_words(rng, 30)}</p>\n"
