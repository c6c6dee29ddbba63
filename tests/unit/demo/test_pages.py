import json
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.demo import pages

numbers = st.integers(1, pages.PRODUCTS)


def text(node: LexborNode | LexborHTMLParser, css: str) -> str:
    found = node.css_first(css)
    assert found is not None
    return found.text().strip()


def read(html: bytes) -> dict[str, object]:
    """What a person would take from the page."""
    tree = LexborHTMLParser(html)
    rating, cover = tree.css_first("p.rating"), tree.css_first("img.cover")
    assert rating is not None
    assert cover is not None
    return {
        "name": text(tree, "h1.name"),
        "sku": text(tree, "span.sku"),
        "price": text(tree, "p.price").removeprefix("£"),
        "stock": int(text(tree, "p.stock").removeprefix("In stock (").split()[0]),
        "rating": int(rating.attributes["data-rating"] or 0),
        "tags": [tag.text() for tag in tree.css("ul.tags a.tag")],
        "offers": [
            {"seller": text(row, "td.seller"), "price": text(row, "td.offer-price")[1:]}
            for row in tree.css("table.offers tr.offer")
        ],
        "cover": cover.attributes["src"],
    }


@given(numbers)
def test_page_says_the_truth(number: int):
    assert read(pages.product(number)) == pages.truth(number)


@given(numbers)
def test_page_has_a_size_seen_in_shops(number: int):
    assert 8_000 <= len(pages.product(number)) <= 28_000


def test_every_product_is_the_same_on_every_machine():
    """A changed page is a changed item for everybody who has a demo database."""
    truths = json.dumps([pages.truth(n) for n in range(1, 101)], ensure_ascii=False)
    assert sha256(truths.encode()).hexdigest()[:16] == "03dd6d93adcb72d4"
    assert sha256(pages.product(17)).hexdigest()[:16] == "7867843c9c39ab01"


def test_products_differ():
    truths = [pages.truth(n) for n in range(1, pages.PRODUCTS + 1)]
    assert len({t["sku"] for t in truths}) == len({t["name"] for t in truths}) == pages.PRODUCTS
    assert {len(t["tags"]) for t in truths} == {0, 1, 2, 3, 4}  # type: ignore[arg-type]
    assert {len(t["offers"]) for t in truths} == {0, 1, 2, 3, 4, 5}  # type: ignore[arg-type]


def test_catalogue_leads_to_every_product_once():
    found: list[str] = []
    page: str | None = "/list/1"
    while page:
        tree = LexborHTMLParser(pages.listing(int(page.rpartition("/")[2])))
        found += [a.attributes["href"] or "" for a in tree.css("a.product")]
        following = tree.css_first("li.next a")
        page = following.attributes["href"] if following else None
    assert found == [f"/product/{n}" for n in range(1, pages.PRODUCTS + 1)]


def test_every_page_is_well_formed_utf8():
    for html in (pages.front(), pages.listing(1), pages.product(1)):
        assert html.startswith(b"<!doctype html>")
        assert html.decode().endswith("</body></html>\n")
    assert pages.cover(3).startswith(b"<svg")
