"""A book shop in the layout of books.toscrape.com: listing pages of twenty, a page for each book.

`books()` is the truth. There are 1,000 books, or as many as are asked for.
"""

from __future__ import annotations

import random
from functools import partial
from html import escape
from typing import Any

from tests.site import Handler, html

PER_PAGE = 20
_STARS = ("One", "Two", "Three", "Four", "Five")
_CATEGORIES = ("Poetry", "Travel", "Sequential Art", "Add a comment", "Science & Fiction")
_TEXT = "A Light in the Attic Tipping \u00abVelvet\u00bb Soumission Sharp & <Objects> It's"
_WORDS = _TEXT.split(" ")


def books(count: int = 1000) -> list[dict[str, Any]]:
    """The rows; `path` is where a book's page is."""
    rng = random.Random(11)
    made = []
    for number in range(1, count + 1):
        price = f"{rng.randrange(1000, 6000) / 100:.2f}"
        made.append(
            {
                "title": f"{' '.join(rng.choices(_WORDS, k=rng.randrange(1, 9)))} #{number}",
                "upc": f"{rng.getrandbits(64):016x}",
                "price": price,
                "price_without_tax": price,
                "in_stock": rng.randrange(1, 23),
                "rating": rng.randrange(1, 6),
                "category": rng.choice(_CATEGORIES),
                "description": rng.choice([None, f"It's hard to imagine & <read> {number}."]),
                "image": f"/media/cache/{number:02x}/{number}.jpg",
                "reviews": rng.randrange(3),
                "path": f"/catalogue/book-{number}_{number}/index.html",
            }
        )
    return made


def routes(count: int = 1000) -> dict[str, Handler]:
    """What the shop answers, by path."""
    rows = books(count)
    pages = -(-count // PER_PAGE)
    made = {
        f"/catalogue/page-{number}.html": html(partial(_listing, rows, number, pages))
        for number in range(1, pages + 1)
    }
    return made | {row["path"]: html(partial(_book, row)) for row in rows}


def _listing(rows: list[dict[str, Any]], number: int, pages: int, _: object) -> str:
    shown = rows[(number - 1) * PER_PAGE : number * PER_PAGE]
    next_ = f'<li class="next"><a href="page-{number + 1}.html">next</a></li>'
    return f"""<section><ol class="row">{"".join(map(_pod, shown))}</ol></section>
<ul class="pager"><li class="current">Page {number} of {pages}</li>
{next_ if number < pages else ""}</ul>"""


def _pod(row: dict[str, Any]) -> str:
    href = row["path"].removeprefix("/catalogue/")
    return f"""<li><article class="product_pod"><div class="image_container"><a href="{href}">
<img src="../{row["image"][1:]}" alt="" class="thumbnail"></a></div>
<p class="star-rating {_STARS[row["rating"] - 1]}"></p><h3><a href="{href}"
title="{escape(row["title"])}">{escape(row["title"][:20])} ...</a></h3>
<p class="price_color">\u00a3{row["price"]}</p></article></li>"""


def _book(row: dict[str, Any], _: object) -> str:
    about = "" if row["description"] is None else (
        '<div id="product_description" class="sub-header"><h2>Product Description</h2></div>'
        f"<p>{escape(row['description'])}</p>"
    )  # fmt: skip
    return f"""<ul class="breadcrumb"><li><a href="../../index.html">Home</a></li>
<li><a href="../category/books_1/index.html">Books</a></li>
<li><a href="../category/books/x_23/index.html">{escape(row["category"])}</a></li>
<li class="active">{escape(row["title"])}</li></ul>
<article class="product_page"><div id="product_gallery" class="carousel"><div class="item active">
<img src="../..{row["image"]}" alt=""></div></div>
<div class="col-sm-6 product_main"><h1>{escape(row["title"])}</h1>
<p class="price_color">\u00a3{row["price"]}</p>
<p class="instock availability"><i class="icon-ok"></i>

        In stock ({row["in_stock"]} available)

</p><p class="star-rating {_STARS[row["rating"] - 1]}"><i class="icon-star"></i></p></div>
{about}<table class="table table-striped">
<tr><th>UPC</th><td>{row["upc"]}</td></tr><tr><th>Product Type</th><td>Books</td></tr>
<tr><th>Price (excl. tax)</th><td>\u00a3{row["price"]}</td></tr>
<tr><th>Price (incl. tax)</th><td>\u00a3{row["price"]}</td></tr>
<tr><th>Tax</th><td>\u00a30.00</td></tr>
<tr><th>Availability</th><td>In stock ({row["in_stock"]} available)</td></tr>
<tr><th>Number of reviews</th><td>{row["reviews"]}</td></tr></table></article>
<div class="sub-header"><h2>Recently viewed</h2></div>"""
