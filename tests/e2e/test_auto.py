"""`refresh: auto`: the real command, in three cycles and more, of which days lie between."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from itertools import count

from tests.e2e.conftest import SHOP, Crawl
from tests.site import Visit, computed, html

DAY_S = 86_400.0
PAGES = 120


def pass_days(crawl: Crawl, days: float) -> None:
    """Let all that the database knows have happened earlier."""
    with closing(sqlite3.connect(crawl.db)) as db, db:
        db.execute("UPDATE cycle SET began_at = began_at - ?", (days * DAY_S,))
        db.execute("UPDATE page_reading SET at = at - ?1, since = since - ?1", (days * DAY_S,))


def read(crawl: Crawl) -> list[str]:
    """The pages that a run asks for."""
    before = len(crawl.asked())
    crawl.run(None)
    return crawl.asked()[before:]


def test_pages_that_change_are_visited_and_others_rarely_and_none_is_lost(shop: Crawl):
    numbers = count(1000)

    def changing(visit: Visit):
        return html(f"<h1>Thing 3</h1><p class=price>£{next(numbers)}.50</p><p class=stock>3 left")

    shop.site.route("/p/3", computed(changing))
    shop.config(SHOP.replace("{1..20}", f"{{1..{PAGES}}}").replace("refresh: 1d", "refresh: auto"))
    assert len(read(shop)) == PAGES
    pass_days(shop, 1)
    assert len(read(shop)) == PAGES  # nothing is known yet of how often any page changes
    pass_days(shop, 1)
    told = json.loads(shop("plan", "crawl.yaml", "--json").out)
    assert (told["run"]["begins"], told["pages"]["fetched"]) == ("refresh", 1)
    assert read(shop) == ["/p/3"]
    items = shop.report()["items"]["product"]
    assert (items["seen"], items["changed"], items["gone"]) == (1, 1, 0)
    assert "visits a day to 120 pages keep" in shop("report", "crawl.db").out
    assert "it changes every 1" in shop("why", "crawl.db", shop.site.url("/p/3")).out
    pass_days(shop, 31)
    assert len(read(shop)) == PAGES  # none is forgotten
    assert len(shop.items()) == PAGES
