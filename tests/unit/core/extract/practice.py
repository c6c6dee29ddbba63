"""Pages laid out as practice sites are, and what is true of them."""

from __future__ import annotations

RATINGS = ["One", "Two", "Three", "Four", "Five"]


def quotes(count: int = 10) -> str:
    """A list of quotes with tags, a pager, and a box of tags beside it."""
    items = "".join(
        f'<div class="quote" itemscope><span class="text" itemprop="text">\u201cThought {n} of many'
        f' that are long enough.\u201d</span><span>by <small class="author" itemprop="author">'
        f'Author {n % 8}</small><a href="/author/A-{n % 8}">(about)</a></span>'
        '<div class="tags">Tags: '
        + "".join(f'<a class="tag" href="/tag/t{j}/">t{j}{n}</a>' for j in range(1 + n % 4))
        + "</div></div>"
        for n in range(count)
    )
    cloud = "".join(f'<span class="tag-item"><a class="tag" href="/tag/x{n}/">x{n}</a></span>'
                    for n in range(10))  # fmt: skip
    return (
        "<title>Quotes</title><div class=container><div class='row header-box'><h1><a href='/'>"
        f"Quotes</a></h1></div><div class=row><div class=col-md-8>{items}<nav><ul class=pager>"
        '<li class="next"><a href="/page/2/">Next <span>&rarr;</span></a></li></ul></nav></div>'
        f"<div class='col-md-4 tags-box'>{cloud}</div></div></div>"
    )


def books(count: int = 20) -> str:
    """A grid of books, each within a cell of a grid, beside a long menu of categories."""
    menu = "".join(f'<li><a href="category/c_{n}/index.html">Category {n}</a></li>'
                   for n in range(50))  # fmt: skip
    cells = "".join(
        f'<li class="col-xs-6 col-sm-4"><article class="product_pod"><div class="image_container">'
        f'<a href="b_{n}/index.html"><img src="../media/{n}.jpg" class="thumbnail"></a></div>'
        f'<p class="star-rating {RATINGS[n % 5]}"><i class="icon-star"></i></p>'
        f'<h3><a href="b_{n}/index.html" title="The long title of book {n}">The long ti...</a></h3>'
        f'<div class="product_price"><p class="price_color">\u00a3{20 + n}.77</p>'
        '<p class="instock availability"><i></i> In stock</p><button>Add to basket</button></div>'
        "</article></li>"
        for n in range(count)
    )
    return (
        "<header class=header>Books to read</header><div class=page_inner><aside class=sidebar>"
        f"<ul class='nav nav-list'>{menu}</ul></aside><section><ol class=row>{cells}</ol>"
        "<ul class=pager><li class=current>Page 1 of 50</li>"
        "<li class=next><a href=page-2.html>next</a></li></ul></section></div>"
    )


def table(count: int = 12, *, headers: bool = True) -> str:
    """A table of products, with or without names of its columns."""
    head = "<tr><th>Product name</th><th>Unit price</th><th>Stock</th></tr>" if headers else ""
    rows = "".join(
        f"<tr><td><a href='/p/{n}'>Tea {n}</a></td><td>{n},50 \u20ac</td><td>{n * 3}</td></tr>"
        for n in range(count)
    )
    return f"<h1>List</h1><table>{head}{rows}</table>"


PRODUCT = """<title>Shop</title><meta property="og:title" content="Tea"><h1>Tea pot</h1>
<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Product",
"name": "Tea pot", "sku": "A1", "image": ["/a.png"], "brand": {"@type": "Brand", "name": "Acme"},
"offers": [{"@type": "Offer", "price": "12.50", "priceCurrency": "EUR"}], "review": [[1]],
"isRelatedTo": {"offers": {"price": 1}}}
</script>"""


def news(rows: int = 8, *, classes: bool = True) -> str:
    """A list whose items span two rows, as on news aggregators."""
    first, second = (' class="story"', ' class="subtext"') if classes else ("", "")
    body = "".join(
        f'<tr{first}><td>{n}.</td><td><a href="/story/{n}">Story {n} of the day</a></td></tr>'
        f"<tr><td></td><td{second}>{n * 7} points by <b>user{n}</b></td></tr>"
        + ('<tr class="spacer"><td></td></tr>' if classes else "")
        for n in range(1, rows + 1)
    )
    more = '<tr><td></td><td><a href="?p=2" rel="next">More</a></td></tr>' if classes else ""
    return f"<h1>News</h1><table>{body}{more}</table>"


def words(count: int = 6) -> str:
    """A list of terms, with what they mean below."""
    pairs = "".join(
        f'<dt><a href="/w/{n}">word{n}</a> <i>noun</i></dt><dd>It means <em>thing {n}</em>.</dd>'
        for n in range(count)
    )
    return f"<h1>Words</h1><dl>{pairs}</dl>"
