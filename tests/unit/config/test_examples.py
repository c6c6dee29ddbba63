# ruff: noqa: E501  # pages and configs as they are
"""The configs that we give away work as they stand."""

import json
from pathlib import Path

import pytest

from scraper.config import Loaded, explain, load
from scraper.core.extract import Source, extract
from scraper.core.extract.join import whole
from scraper.core.login import login_rule
from scraper.core.ranges import size
from scraper.demo import pages as demo

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted(path.name for path in (ROOT / "config").glob("*.yaml"))


def example(name: str) -> Loaded:
    return load(ROOT / "config" / name, env={})


def test_examples_are_there() -> None:
    assert {
        "demo.yaml",
        "seed-list.yaml",
        "quotes.yaml",
        "books.yaml",
        "login.yaml",
        "viewstate.yaml",
    } <= set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_loads_and_explains_itself(name: str) -> None:
    loaded = example(name)
    assert loaded.plan.name == name.removesuffix(".yaml")
    assert loaded.text.startswith("# ")  # says what it shows
    assert loaded.plan.store.path == f"data/{loaded.plan.name}.db"
    assert explain(loaded).startswith(f"{loaded.plan.name}: the config is right")


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_needs_no_advice_but_for_a_list_that_is_not_made_yet(name: str) -> None:
    assert [text for text in example(name).warnings if "is not there yet" not in text] == []


def test_demo_has_ten_thousand_seeds_on_this_machine() -> None:
    plan = example("demo.yaml").plan
    assert sum(map(size, plan.seeds.urls)) == 10_000
    assert plan.fetch.private.networks == ("127.0.0.0/8",)


@pytest.mark.parametrize("number", [1, 2, 777, 10_000])
def test_demo_finds_what_the_demonstration_site_shows(number: int) -> None:
    (rule,) = example("demo.yaml").plan.pages
    url = f"http://127.0.0.1:8799/product/{number}"
    page = extract(
        demo.product(number), rule, Source(url=url, final_url=url, status=200, headers={}, carry={})
    )
    (item,) = page.items
    truth = demo.truth(number)
    assert json.loads(item.data) == truth | {"cover": f"http://127.0.0.1:8799{truth['cover']}"}
    assert item.key == truth["sku"]


QUOTES = """\
<div class="quote" itemscope itemtype="http://schema.org/CreativeWork">
  <span class="text" itemprop="text">\u201cA day without sunshine is like, you know, night.\u201d</span>
  <span>by <small class="author" itemprop="author">Steve Martin</small>
  <a href="/author/Steve-Martin">(about)</a></span>
  <div class="tags">Tags: <meta class="keywords" content="humor,obvious">
    <a class="tag" href="/tag/humor/page/1/">humor</a> <a class="tag" href="/tag/obvious/page/1/">obvious</a>
  </div>
</div>
<nav><ul class="pager"><li class="next"><a href="/page/2/">Next</a></li></ul></nav>
"""


def test_quotes_reads_the_layout_of_its_site() -> None:
    rule = example("quotes.yaml").plan.pages[0]
    url = "https://quotes.toscrape.com/"
    page = extract(
        QUOTES.encode(), rule, Source(url=url, final_url=url, status=200, headers={}, carry={})
    )
    assert [json.loads(item.data) for item in page.items] == [
        {
            "text": "A day without sunshine is like, you know, night.",
            "author": "Steve Martin",
            "author_page": "https://quotes.toscrape.com/author/Steve-Martin",
            "tags": ["humor", "obvious"],
        }
    ]
    assert [(link.url, link.page) for link in page.links] == [
        ("https://quotes.toscrape.com/page/2/", "listing"),
        ("https://quotes.toscrape.com/author/Steve-Martin", "author"),
    ]


def test_quotes_authors_gives_each_quote_with_what_its_author_s_page_says() -> None:
    listing, author = example("quotes-authors.yaml").plan.pages
    url = "https://quotes.toscrape.com/author/Steve-Martin"
    page = extract(QUOTES.encode(), listing, Source(url=url, final_url=url))
    (link,) = [link for link in page.links if link.carry]
    assert (link.url, link.page) == (url, "author")
    body = (
        b"<h3 class=author-title>Steve Martin</h3><span class=author-born-location>in Waco</span>"
    )
    halves = extract(body, author, Source(url=url, final_url=url))
    (item,) = whole(author, halves, link.carry, url=url).items
    text = "A day without sunshine is like, you know, night."
    assert item.key == json.dumps([text, "Steve Martin"], separators=(",", ":"))
    assert json.loads(item.data) == {
        "text": text, "first_word": "A", "name": "Steve Martin", "born": None, "born_in": "Waco",
    }  # fmt: skip


BOOK = """\
<ul class="breadcrumb"><li><a href="../../index.html">Home</a></li><li><a href="../b_1/index.html">Books</a></li>
<li><a href="../b/poetry_23/index.html">Poetry</a></li><li class="active">A Light in the Attic</li></ul>
<div id="product_gallery" class="carousel"><div class="item active"><img src="../../media/cache/fe/fe.jpg" alt=""></div></div>
<div class="col-sm-6 product_main"><h1>A Light in the Attic</h1><p class="price_color">£51.77</p>
<p class="instock availability"><i class="icon-ok"></i>

        In stock (22 available)

</p><p class="star-rating Three"><i class="icon-star"></i></p></div>
<div id="product_description" class="sub-header"><h2>Product Description</h2></div><p>It's hard to imagine.</p>
<table class="table table-striped"><tr><th>UPC</th><td>a897fe39b1053632</td></tr>
<tr><th>Product Type</th><td>Books</td></tr><tr><th>Price (excl. tax)</th><td>£51.77</td></tr>
<tr><th>Number of reviews</th><td>0</td></tr></table>
"""


def test_books_reads_the_layout_of_its_site() -> None:
    rule = example("books.yaml").plan.pages[1]
    url = "https://books.toscrape.com/catalogue/a-light-in-the-attic_1000/index.html"
    page = extract(
        BOOK.encode(), rule, Source(url=url, final_url=url, status=200, headers={}, carry={})
    )
    (item,) = page.items
    assert item.key == "a897fe39b1053632"
    assert json.loads(item.data) == {
        "title": "A Light in the Attic",
        "upc": "a897fe39b1053632",
        "price": "51.77",
        "price_without_tax": "51.77",
        "in_stock": 22,
        "rating": 3,
        "category": "Poetry",
        "description": "It's hard to imagine.",
        "image": "https://books.toscrape.com/media/cache/fe/fe.jpg",
        "reviews": 0,
    }


FILTER = """\
<form name="filterform" id="filterform" action="/filter.aspx" method="post">
<select name="author" id="author" class="form-control"><option>----------</option>
<option value="Albert Einstein">Albert Einstein</option><option value="J.K. Rowling" selected>J.K. Rowling</option></select>
<select name="tag" id="tag"><option>----------</option><option value="abilities">abilities</option></select>
<input type="submit" name="submit_button" value="Search" class="btn btn-default"/>
<input type="hidden" name="__VIEWSTATE" id="__VIEWSTATE" value="NDRjZjQ5,-="/></form>
"""


def test_viewstate_sends_what_its_site_wants() -> None:
    search, author, _ = example("viewstate.yaml").plan.pages
    url = "https://quotes.toscrape.com/search.aspx"
    source = Source(url=url, final_url=url, status=200, headers={}, carry={})
    sent = [
        (link.url, link.body, link.page) for link in extract(FILTER.encode(), search, source).links
    ]
    to = "https://quotes.toscrape.com/filter.aspx"
    state = b"&tag=----------&__VIEWSTATE=NDRjZjQ5%2C-%3D"
    assert sent == [
        (to, b"author=Albert+Einstein" + state, "author"),
        (to, b"author=J.K.+Rowling" + state, "author"),
    ]
    (link,) = extract(FILTER.encode(), author, source).links
    assert link.body == (
        b"author=J.K.+Rowling&tag=abilities&submit_button=Search&__VIEWSTATE=NDRjZjQ5%2C-%3D"
    )


def test_login_takes_what_its_site_shows() -> None:
    plan = example("login.yaml").plan
    assert plan.login is not None
    assert plan.fetch.cookies
    form = b'<form action="/login" method="post"><input type="hidden" name="csrf_token" value="x"/><input name="username">'
    url = plan.login.url
    page = extract(form, login_rule(plan.login), Source(url=url, final_url=url))
    assert [link.body for link in page.links] == [b"csrf_token=x&username=reader&password=reader"]
    assert extract(
        b'<a href="/login">Login</a>', plan.pages[0], Source(url=url, final_url=url)
    ).expired
