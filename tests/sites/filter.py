"""Quotes behind two selects and a view state, as old sites of ASP.NET have them."""

from __future__ import annotations

from urllib.parse import parse_qs

from tests.site import Handler, SiteThread, Visit, computed, html

TAGS = {"Ada": ["code", "music"], "Bo & Co": ["tea"], "Čapek": ["robots", "tea", "plays"]}


class Filter:
    """`/search.aspx` chooses an author, `/filter.aspx` a tag; every step checks the view state."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, str | None]] = []

    def on(self, site: SiteThread) -> None:
        site.route("/search.aspx", html(page("start", authors=list(TAGS))))
        site.route("/filter.aspx", computed(self._step))

    def truth(self) -> set[tuple[str, str, str]]:
        return {
            (author, tag, f"{author} on {tag}, part {n}")
            for author, tags in TAGS.items()
            for tag in tags
            for n in (1, 2)
        }

    def _step(self, visit: Visit) -> Handler:
        said = {key: values[0] for key, values in parse_qs(visit.body.decode()).items()}
        author, tag = said.get("author", ""), said.get("tag")
        self.posts.append((author, tag))
        if visit.method != "POST" or said.get("__VIEWSTATE") != state(author if tag else "start"):
            return html("bad view state", status=500)
        if not tag:
            return html(page(author, authors=list(TAGS), tags=TAGS[author], chosen=author))
        quotes = "".join(
            f"<div class=quote><b class=author>{author.replace('&', '&amp;')}</b>"
            f"<i class=tag>{tag}</i><q>{author.replace('&', '&amp;')} on {tag}, part {n}</q></div>"
            for n in (1, 2)
        )
        return html(quotes)


def state(of: str) -> str:
    return f"/wEP {of}+=~"


def page(of: str, *, authors: list[str], tags: list[str] = [], chosen: str = "") -> str:  # noqa: B006
    return (
        '<form name=filter method=post action="filter.aspx">'
        f"<select id=author name=author>{options(authors, chosen)}</select>"
        f"<select id=tag name=tag>{options(tags)}</select>"
        f'<input type=submit name=submit value=Search><input type=hidden name=__VIEWSTATE value="'
        f'{state(of).replace("&", "&amp;")}"></form>'
    )


def options(values: list[str], chosen: str = "") -> str:
    found = ["<option value=''>----</option>"]
    for value in values:
        selected = " selected" if value == chosen else ""
        found.append(f'<option{selected} value="{value.replace("&", "&amp;")}">{value}</option>')
    return "".join(found)
