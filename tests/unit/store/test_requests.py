from __future__ import annotations

from scraper.core.model import PageResult
from scraper.store.requests import Requests
from tests.unit.store.tables import link
from tests.unit.store.test_visits import seeded


def test_there_is_one_object_for_each_row_whichever_way_it_was_found() -> None:
    with seeded("a", "b") as table:
        table.put(PageResult(table.request("a"), final_url=link("x").url))
        with table.change() as change:
            rows = Requests(change)
            rows.read_ids([1, 2])
            first = rows.get(1)
            assert first is not None
            first.depth = 7
            rows.changed(first)
            assert rows.find(link("a").key) is first
            assert rows.leading_to(link("x").key)
            assert rows.read_older(0, 9) == []
            assert rows.get(1) is first
            rows.write()
        assert table.request("a").depth == 7
