"""Tables that are read by their headers, as the hockey teams of scrapethissite.com."""

from __future__ import annotations

import random
from html import escape
from typing import Any

from tests.site import Handler, Visit, html

PAGES = 4
PER_PAGE = 25
HEADER = ("Team Name", "Year", "Wins", "Losses", "OT Losses", "Win %", "Goals For (GF)")


def teams() -> list[dict[str, str]]:
    """The rows, as the table says them."""
    rng = random.Random(3)
    names = ("Boston Bruins", "Montr\u00e9al \u2013 Canadiens", "St. Louis Blues", "A & B <United>")
    rows = []
    for number in range(PAGES * PER_PAGE):
        wins, losses = rng.randrange(60), rng.randrange(40)
        late = str(rng.randrange(9)) if number % 3 else ""
        share = f"{wins / (wins + losses + 1):.3f}"
        values = (names[number % 4], str(1990 + number // 4), wins, losses, late, share, 100 + wins)
        rows.append(dict(zip(HEADER, map(str, values), strict=True)))
    return rows


def routes() -> dict[str, Handler]:
    return {"/pages/forms/": html(_page)}


def _page(visit: Visit) -> str:
    number = int(visit.path.partition("page_num=")[2] or 1)
    head = "".join(f"<th>\n  {escape(name)}\n</th>" for name in HEADER)
    rows = teams()[(number - 1) * PER_PAGE : number * PER_PAGE]
    body = "".join(map(_row, rows))
    pages = "".join(f'<li><a href="/pages/forms/?page_num={n}">{n}</a></li>' for n in range(1, 5))
    return f"<table class=table><tr>{head}</tr>{body}</table><ul class=pagination>{pages}</ul>"


def _row(row: dict[str, Any]) -> str:
    cells = "".join(f"<td class=x>\n {escape(value)}\n</td>" for value in row.values())
    return f"<tr class=team>{cells}</tr>\n"
