"""Quotes in the layouts of quotes.toscrape.com: pages with classes, a table without, data inside
a script, a JSON API. The same hundred quotes everywhere; `quotes()` and `authors()` are the truth.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from html import escape
from typing import Any

from tests.site import Handler, as_json, computed, html, status

PAGES = 10
PER_PAGE = 10
_TEXT = (
    "the world is changed by your example not opinion \u201cand\u201d what we think; becomes it's "
    'a "day" without sunshine like <night> & nothing else </script> \u00e9t\u00e9 \U0001f600 Author'
)
_WORDS = _TEXT.split(" ")
_TAGS = ("change", "deep-thoughts", "caf\u00e9", "love", "humor", "life; death", "a & b")
_NAMES = (
    "Jane Austen", "J.K. Rowling", "Andr\u00e9 Gide", "Dr. Seuss", "Thomas A. Edison",
    "Eleanor O'Neil", "\u732b Soseki", "Ann <b> & Co", "Steve Martin", "Mark Twain",
)  # fmt: skip


def quotes() -> list[dict[str, Any]]:
    """The rows: text, author, tags."""
    rng = random.Random(7)
    return [
        {
            "text": f"{' '.join(rng.choices(_WORDS, k=rng.randrange(4, 30)))} {number}.",
            "author": rng.choice(_NAMES),
            "tags": rng.sample(_TAGS, rng.randrange(len(_TAGS))),
        }
        for number in range(PAGES * PER_PAGE)
    ]


def authors() -> list[dict[str, Any]]:
    """The rows of those who said something."""
    return [
        {
            "name": name,
            "born": f"March {_NAMES.index(name) + 1:02}, 1879",
            "born_in": "Ulm, Germany",
            "about": f"{name} wrote & spoke.",
        }
        for name in sorted({quote["author"] for quote in quotes()})
    ]


def slug(name: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in name)


def routes() -> dict[str, Handler]:
    """What the site answers, by path."""
    made = {"/api/quotes": computed(lambda visit: as_json(api(_page(visit.path))))}
    for number in range(1, PAGES + 1):
        made[f"/page/{number}/"] = html(listing(number))
        made[f"/tableful/page/{number}/"] = html(table(number))
        made[f"/js/page/{number}/"] = html(script(number))
    made |= {"/": made["/page/1/"], "/tableful/": made["/tableful/page/1/"]}
    made |= {"/js/": made["/js/page/1/"], "/login": status(500), "/tag/*": status(500)}
    made |= {f"/author/{slug(row['name'])}": html(author(row)) for row in authors()}
    return made


def on_page(number: int) -> list[dict[str, Any]]:
    return quotes()[(number - 1) * PER_PAGE : number * PER_PAGE]


def listing(number: int) -> str:
    return f"""<!doctype html><title>Quotes</title><a href="/login">Login</a>
<div class="col-md-8">{"".join(map(_quote, on_page(number)))}
<nav><ul class="pager">{_pager("", number)}</ul></nav></div>
<div class="col-md-4 tags-box"><span class="tag-item"><a class="tag" href="/tag/love/">love</a>
</span></div>"""


def _quote(quote: dict[str, Any]) -> str:
    tags = "".join(
        f'<a class="tag" href="/tag/x/page/1/">{escape(tag)}</a>\n' for tag in quote["tags"]
    )
    return f"""<div class="quote" itemscope>
    <span class="text" itemprop="text">\u201c{escape(quote["text"])}\u201d</span>
    <span>by <small class="author" itemprop="author">{escape(quote["author"])}</small>
    <a href="/author/{slug(quote["author"])}">(about)</a></span>
    <div class="tags">Tags: <meta class="keywords" content="{escape(",".join(quote["tags"]))}">
    {tags}</div></div>
"""


def _pager(prefix: str, number: int) -> str:
    before = f'<li class="previous"><a href="{prefix}/page/{number - 1}/">Previous</a></li>'
    after = (
        f'<li class="next"><a href="{prefix}/page/{number + 1}/">Next <span>&rarr;</span></a></li>'
    )
    return (before if number > 1 else "") + (after if number < PAGES else "")


def author(row: dict[str, Any]) -> str:
    return f"""<h3 class="author-title">{escape(row["name"])}
    </h3><p>Born: <span class="author-born-date">{row["born"]}</span>
    <span class="author-born-location">in {row["born_in"]}</span></p>
    <div class="author-description">
        {escape(row["about"])}
    </div>"""


def table(number: int) -> str:
    """Rows in pairs, told apart by nothing but what they say."""
    rows = "".join(
        f"<tr style='border-bottom: 0px'><td>\u201c{escape(quote['text'])}\u201d "
        f"Author: {escape(quote['author'])}</td></tr>\n<tr><td>Tags: "
        + "".join(f"<a href='/tableful/tag/x/page/1/'>{escape(tag)}</a> " for tag in quote["tags"])
        + "</td></tr>\n"
        for quote in on_page(number)
    )
    after = f"<a href='/tableful/page/{number + 1}/'>Next <span>&rarr;</span></a>"
    last = f"<tr><td>{after if number < PAGES else ''}</td></tr>"
    top = "<tr><th>Top Ten tags</th></tr><tr><td><a href='/tableful/tag/love/'>love</a></td></tr>"
    return f"<table><tbody>{rows}{last}</tbody></table><table>{top}</table>"


def script(number: int) -> str:
    """The quotes as data that a browser would make the page of."""
    data = json.dumps([_as_data(quote) for quote in on_page(number)], indent=4)
    data = data.replace("</", "<\\/")  # as every site does: it would end the script
    return f"""<div class="container"></div><script src="/jquery.js"></script><script>
    var data = {data};
    for (var i in data) {{ var d = data[i]; document.write("<div>" + d['text'] + "<\\/div>"); }}
    </script><nav><ul class="pager">{_pager("/js", number)}</ul></nav>"""


def _as_data(quote: dict[str, Any]) -> dict[str, Any]:
    name = quote["author"]
    return {
        "tags": quote["tags"],
        "author": {
            "name": name,
            "goodreads_link": f"/author/show/{slug(name)}",
            "slug": slug(name),
        },
        "text": f"\u201c{quote['text']}\u201d",
    }


def api(number: int) -> dict[str, Any]:
    """A page of the JSON API."""
    return {
        "has_next": number < PAGES,
        "page": number,
        "quotes": [_as_data(quote) for quote in on_page(number)],
        "tag": None,
        "top_ten_tags": [["love", 14]],
    }


def _page(target: str) -> int:
    return int(target.partition("page=")[2] or 1)


def flat(rows: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """Rows that a set can hold."""
    for row in rows:
        yield tuple(tuple(v) if isinstance(v, list) else v for v in row.values())
