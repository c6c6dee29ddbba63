"""The pages of the demonstration site: pure, and the same on every machine and every Python.

`product(n)` is what a browser gets, `truth(n)` the item that `config/demo.yaml` reads from it.
All choices come from a digest of the number, so there is no state and nothing to store: a page
costs some tens of microseconds and the site is never what a crawl waits for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from html import escape

PRODUCTS = 10_000
PER_LIST = 20
LISTS = PRODUCTS // PER_LIST

ROBOTS = b"User-agent: *\nDisallow: /private/\n"

_MAKERS = ("Alder & Sons", "Brno Works", "Café Lumière", "Dunmore", "Ålesund", "Fjord", "Gáspár",
           "Hartley", "Ito", "Jansen")  # fmt: skip
_KINDS = ("Teapot", "Desk Lamp", "Notebook", "Rucksack", "Kettle", "Wall Clock", "Blanket",
          "Bookend", "Watering Can", "Chess Set", "Pocket Knife", "Umbrella")  # fmt: skip
_COLOURS = ("Black", "White", "Ochre", "Sea Green", "Brick Red", "Slate", "Walnut", "Copper")
_TAGS = ("kitchen", "office", "garden", "travel", "gift", "handmade", "steel", "wool", "oak",
         "outlet", "new in", "best of 2026")  # fmt: skip
_SELLERS = ("North Store", "Quay & Co", "Old Mill", "Parcel House", "Blue Door", "Market Row")
_PROSE = (
    "made by hand in a small workshop from wood that grew nearby and steel that was melted twice "
    "it sits well on a table by the window and asks for little care a damp cloth now and then will "
    "do customers write that it outlives the shelf it stands on which we are glad to hear every "
    "part can be had as a spare part for at least ten years and is sent within two days"
)
_WORDS = _PROSE.split()


@dataclass(frozen=True, slots=True)
class Product:
    """What a product page says; amounts are pence."""

    number: int
    name: str
    price: int
    stock: int
    rating: int
    tags: tuple[str, ...]
    offers: tuple[tuple[str, int], ...]

    @property
    def sku(self) -> str:
        return f"DM-{self.number:05d}"

    @property
    def cover(self) -> str:
        return f"/img/{self.number}.jpg"


def truth(number: int) -> dict[str, object]:
    """Return the item a crawl should find; prices are text, `cover` is the path alone."""
    thing = _thing(number)
    return {
        "name": thing.name,
        "sku": thing.sku,
        "price": _pounds(thing.price),
        "stock": thing.stock,
        "rating": thing.rating,
        "tags": list(thing.tags),
        "offers": [{"seller": name, "price": _pounds(pence)} for name, pence in thing.offers],
        "cover": thing.cover,
    }


def product(number: int) -> bytes:
    """Return the HTML of a product page, 8 to 25 KB."""
    thing = _thing(number)
    dice = _dice(number)
    tags = "".join(f'<li><a class="tag" href="/list/1">{t}</a></li>' for t in thing.tags)
    offers = "".join(
        f'<tr class="offer"><td class="seller">{escape(name)}</td>'
        f'<td class="offer-price">£{_pounds(pence)}</td><td>{1 + pence % 9} days</td></tr>'
        for name, pence in thing.offers
    )
    reviews = "".join(_review((dice[12] + i) % 64) for i in range(9 + dice[13] % 23))
    return (
        _head(thing.name)
        + '<main><article class="product">'
        + f'<img class="cover" src="{thing.cover}" alt="" width="320" height="320">\n'
        + f'<h1 class="name">{escape(thing.name)}</h1>\n'
        + f'<p>Article <span class="sku">{thing.sku}</span></p>\n'
        + f'<p class="price">£{_pounds(thing.price)}</p>\n'
        + f'<p class="stock">In stock ({thing.stock} available)</p>\n'
        + f'<p class="rating" data-rating="{thing.rating}">{"★" * thing.rating}</p>\n'
        + f'<ul class="tags">{tags}</ul>\n'
        + f"<div class=description><p>{_prose(dice[14], 90)}</p>"
        + f"<p>{_prose(dice[15], 140)}</p></div>\n"
        + '<table class="offers"><thead><tr><th>Seller</th><th>Price</th><th>Delivery</th></tr>'
        + f"</thead><tbody>{offers}</tbody></table>\n"
        + f'<section class="reviews"><h2>Reviews</h2>{reviews}</section>\n'
        + f'</article><aside><h2>See also</h2><ul class="related">{_related(dice)}</ul></aside>'
        + f"</main>{_FOOT}"
    ).encode()


def listing(page: int) -> bytes:
    """Return the HTML of one page of the catalogue, from 1 to `LISTS`."""
    first = (page - 1) * PER_LIST + 1
    cards = "".join(_card(number) for number in range(first, first + PER_LIST))
    turn = [f'<li class="next"><a href="/list/{page + 1}">next</a></li>'] if page < LISTS else []
    if page > 1:
        turn.insert(0, f'<li class="previous"><a href="/list/{page - 1}">previous</a></li>')
    return (
        f'{_head(f"Catalogue, page {page} of {LISTS}")}<main><ol class="catalogue">{cards}</ol>'
        f'<ul class="pager">{"".join(turn)}</ul></main>{_FOOT}'
    ).encode()


def front() -> bytes:
    """Return the HTML of the front page."""
    return (
        f"{_head('The demonstration shop')}<main><h1>The demonstration shop</h1>"
        f'<p>{PRODUCTS:,} things that nobody can buy. <a href="/list/1">The catalogue</a> · '
        f'<a href="/private/ledger">the ledger</a>, which robots.txt keeps to ourselves.</p>'
        f"</main>{_FOOT}"
    ).encode()


def cover(number: int) -> bytes:
    """Return a picture of a product: an SVG square of its colour."""
    red, green, blue = _dice(number)[16:19]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">'
        f'<rect width="1" height="1" fill="rgb({red},{green},{blue})"/></svg>'
    ).encode()


def _thing(number: int) -> Product:
    dice = _dice(number)
    price = 199 + (dice[0] << 8 | dice[1]) % 19_800
    colour = _COLOURS[dice[4] % len(_COLOURS)]
    name = f"{_MAKERS[dice[2] % len(_MAKERS)]} {_KINDS[dice[3] % len(_KINDS)]}, {colour}"
    return Product(
        number=number,
        name=f"{name} No. {number}",
        price=price,
        stock=1 + dice[5] % 40,
        rating=1 + dice[6] % 5,
        tags=tuple(_TAGS[(dice[7] + 5 * i) % len(_TAGS)] for i in range(dice[8] % 5)),
        offers=tuple(
            (_SELLERS[(dice[9] + i) % len(_SELLERS)], price + 5 * i + dice[10] % 97)
            for i in range(dice[11] % 6)
        ),
    )


def _dice(number: int) -> bytes:
    return blake2b(number.to_bytes(8, "big"), digest_size=32).digest()


def _pounds(pence: int) -> str:
    return f"{pence // 100}.{pence % 100:02d}"


def _prose(start: int, words: int) -> str:
    return _sentences(start % len(_WORDS), words)


@cache
def _sentences(start: int, words: int) -> str:
    text = " ".join(_WORDS[(start + 3 * i) % len(_WORDS)] for i in range(words))
    return f"{text.capitalize()}."


@cache
def _review(which: int) -> str:
    stars = 1 + which % 5
    return (
        f'<div class="review"><h3>{"★" * stars} by customer {which}</h3>'
        f'<p class="review-text">{_prose(which * 7, 60 + which)}</p>'
        f'<p class="review-meta"><time datetime="2026-{1 + which % 12:02d}-{1 + which % 28:02d}">'
        f"{1 + which % 28} of month {1 + which % 12}</time>"
        f" · helpful to {which * 3 % 50}</p></div>\n"
    )


def _related(dice: bytes) -> str:
    numbers = (1 + int.from_bytes(dice[i : i + 2], "big") % PRODUCTS for i in range(20, 30, 2))
    return "".join(f'<li><a href="/product/{n}">No. {n}</a></li>' for n in numbers)


def _card(number: int) -> str:
    thing = _thing(number)
    return (
        f'<li class="card"><h3><a class="product" href="/product/{number}">{escape(thing.name)}</a>'
        f'</h3><p class="price">£{_pounds(thing.price)}</p></li>\n'
    )


def _head(title: str) -> str:
    return f"{_BEFORE_TITLE}{escape(title)}{_AFTER_TITLE}"


_BEFORE_TITLE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>"""
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:0 1rem;color:#222}
nav ul,.pager,.tags,.related{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1rem;padding:0}
.cover{float:right;margin:0 0 1rem 1rem}.price{font-size:1.5rem;font-weight:600}
table{border-collapse:collapse}
td,th{padding:.2rem .8rem;border-bottom:1px solid #ddd;text-align:left}
.review{border-top:1px solid #ddd}.review-meta{color:#666;font-size:.85rem}
"""
_MENU = "".join(
    f'<li class="menu-item"><a href="/list/{1 + 25 * i}" title="from page {1 + 25 * i}">'
    f"{kind}s</a></li>"
    for i, kind in enumerate(_KINDS)
)
_AFTER_TITLE = (
    '</title><meta name="viewport" content="width=device-width">'
    f"<style>{_STYLE}</style></head>\n<body><header><nav><ul>"
    f'<li><a href="/">Home</a></li>{_MENU}</ul></nav></header>\n'
)
_FOOT = (
    "<footer><p>A site for trying out a scraper. Nothing here is for sale.</p></footer>"
    "</body></html>\n"
)
