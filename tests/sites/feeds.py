"""One feed twice, as RSS 2.0 and as Atom; `entries()` is the truth of both."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from tests.site import Handler, raw

COUNT = 30


def entries(kind: str) -> list[dict[str, Any]]:
    """The rows of one of the two feeds, `rss` or `atom`."""
    return [
        {
            "id": f"tag:{kind}.example,2026:{number}",
            "title": f"What's new in 3.{number} & <more> \u2013 \u00e9",
            "link": f"https://blog.example/{kind}/{number}?a=1&b=2",
            "published": f"2026-11-{number % 28 + 1:02}T07:30:00+00:00",
            "author": f"Ann {number}",
            "categories": ["python", "c & d"][: number % 3],
            "summary": f"<p>Release <b>{number}</b></p>",
        }
        for number in range(COUNT)
    ]


def routes() -> dict[str, Handler]:
    return {
        "/rss20.xml": raw(_rss(), "application/rss+xml"),
        "/atom.xml": raw(_atom(), "application/atom+xml"),
    }


def _rss() -> str:
    days = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
    items = "".join(
        f"<item><title>{escape(row['title'])}</title><guid isPermaLink='false'>{row['id']}</guid>"
        f"<link>{escape(row['link'])}</link><dc:creator>{row['author']}</dc:creator>"
        f"<pubDate>{days[int(row['published'][8:10]) % 7]}, {row['published'][8:10]} Nov 2026 "
        f"07:30:00 +0000</pubDate><description><![CDATA[{row['summary']}]]></description>"
        + "".join(f"<category>{escape(name)}</category>" for name in row["categories"])
        + "</item>\n"
        for row in entries("rss")
    )
    return f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title>
<link>https://blog.example/</link><description>All of it</description>{items}</channel></rss>"""


def _atom() -> str:
    items = "".join(
        f"<entry><title>{escape(row['title'])}</title><id>{row['id']}</id>"
        f'<link rel="edit" href="/edit"/><link href="{escape(row["link"])}"/>'
        f"<author><name>{row['author']}</name></author><updated>2026-12-01T00:00:00Z</updated>"
        f"<published>{row['published']}</published>"
        f'<summary type="html">{escape(row["summary"])}</summary>'
        + "".join(f'<category term="{escape(name)}"/>' for name in row["categories"])
        + "</entry>\n"
        for row in entries("atom")
    )
    return f"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><id>x</id>
<link href="https://blog.example/"/>{items}</feed>"""
