"""Laws of facets: combinations end, however many there are; what brings something goes on."""

import json
from collections import deque
from functools import partial
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.core.model import Item
from scraper.core.request import make_request
from scraper.core.schedule import facets as module
from scraper.core.schedule.facets import FEW, Facets, split
from scraper.core.schedule.kinds import BARREN, Kinds
from scraper.core.url import parse

H = "http://h.example"
DEAL = {b"deal": f"{H}/p/0"}


def request(path: str):
    return make_request(parse(H + path))


def shop(path: str, facets: int, *, cards: bool) -> tuple[list[str], list[str]]:
    """Items and links of a page: products fit by number, each facet has four values."""
    if path.startswith("/p/"):
        return [path], []
    pairs = [pair for pair in path.partition("?")[2].split("&") if pair]
    chosen = dict(pair.split("=") for pair in pairs)
    fit = [
        n for n in range(60) if all(n % (int(f[1:]) + 4) % 4 == int(v) for f, v in chosen.items())
    ]
    free = [f"f{n}" for n in range(facets) if f"f{n}" not in chosen]
    links = [f"/s?{'&'.join([*pairs, f'{f}={v}'])}" for f in free for v in range(4)]
    if cards:
        return [f"/p/{n}" for n in fit], links
    return [], [*(f"/p/{n}" for n in fit), *links]


def crawl(kinds: Kinds, page, most: int) -> tuple[int, set[str]]:
    """Pages visited and items found, breadth first, until no page is left."""
    waiting, known, found = deque(["/s"]), {"/s"}, set()
    for visited in range(most):
        while waiting and kinds.is_closed(request(waiting[0])):
            waiting.popleft()
        if not waiting:
            return visited, found
        path = waiting.popleft()
        items, links = page(path)
        found.update(items)
        asked = {to: one for to in links if not kinds.is_closed(one := request(to))}
        some = [Item("x", one, json.dumps({"name": one}), 0) for one in items]
        kinds.visited(request(path), body=path.encode(), items=some, links=list(asked.values()))
        fresh = [to for to in asked if to not in known]
        known.update(fresh)
        waiting += fresh
    return most, found


@pytest.mark.parametrize("cards", [True, False], ids=["items on the listing", "links to products"])
def test_facets_that_may_stand_together_end_and_lose_no_item(cards):
    kinds = Kinds(takes_items=True)
    visited, found = crawl(kinds, partial(shop, facets=5, cards=cards), 9 * BARREN)
    assert visited < 2 * BARREN, "of 20,000 and more"
    assert found == {f"/p/{n}" for n in range(60)}
    assert list(kinds.closed) == [f"{H}/s: its parameters in combination"]


def known(*sets: str) -> Facets:
    facets = Facets(BARREN)
    for names in sets:
        facets.visited(f"{H}/s?{names}", (), {})
    return facets


@settings(max_examples=10, deadline=None)
@given(every=st.integers(1, BARREN - 1), cards=st.booleans())
def test_combinations_go_on_as_long_as_one_of_a_thousand_brings_something(every, cards):
    facets = known("a", "b")
    for n in range(3 * BARREN):
        new = n % every == 0
        items, links = [str(n)] if new and cards else [], {b"%d" % n: f"{H}/p/0"} if new else {}
        assert facets.visited(f"{H}/s?a&b", items, links) is None


def test_what_brings_something_is_not_closed_with_the_rest():
    """Pages of a category go on after colours and sizes together have ended."""
    facets, ids = known("a", "b", "page"), count()
    for n in range(BARREN + FEW):
        facets.visited(f"{H}/s?a&b", (), DEAL)
        if n > BARREN - 1:
            facets.visited(f"{H}/s?a&page", [str(next(ids))], DEAL)
    assert facets.is_closed(f"{H}/s?a&b")
    assert not facets.is_closed(f"{H}/s?a&page")
    assert not facets.is_closed(f"{H}/s?a&b&page"), "it contains but one that is closed"
    assert not facets.is_closed(f"{H}/t?a&b")


@pytest.mark.parametrize("sets", [("topic",), ("a", "c"), ()])
def test_parameters_that_do_not_stand_alone_are_no_facets(sets):
    facets = known(*sets)
    for _ in range(3 * BARREN):
        assert facets.visited(f"{H}/s?start&topic", (), {}) is None


def test_another_run_goes_on_where_the_last_one_stopped():
    facets = known("a", "b", "c")
    for _ in range(BARREN):
        facets.visited(f"{H}/s?a&b", (), {})
    for _ in range(FEW - 1):
        facets.visited(f"{H}/s?b&c", (), {})
    after = Facets(BARREN)
    after.remember(json.loads(json.dumps(facets.kept(FEW))))
    assert after.is_closed(f"{H}/s?a&b")
    assert [after.visited(f"{H}/s?b&c", (), {}) for _ in range(FEW)][-1] == f"{H}/s"
    assert after.is_closed(f"{H}/s?a&b&c"), "it contains two that are closed"


def test_memory_is_bounded(monkeypatch):
    for name, most in (("PATHS", 3), ("SETS", 5), ("SEEN", 7)):
        monkeypatch.setattr(module, name, most)
    facets = known("a", "b")
    for n in range(50):
        facets.visited(f"{H}/s?a&b", [str(n)], DEAL)
        facets.visited(f"{H}/s?x{n}", (), {})
        facets.visited(f"{H}/{'x' * (n % 2)}?a", (), {})
        assert len(facets._seen) <= 7
        assert len(facets._paths) <= 3
        assert all(len(path.sets) <= 5 for path in facets._paths.values())


def test_rule_and_method_tell_paths_apart():
    assert split(f"GET {H}/s?a&b as list") == (f"GET {H}/s as list", {"a", "b"})
    assert split(f"{H}/s") == (f"{H}/s", frozenset())


def test_a_page_without_parameters_is_no_combination():
    facets = known("a", "b")
    assert not any(facets.visited(f"{H}/s", (), {}) for _ in range(2 * BARREN))


def test_the_paths_that_were_seen_of_late_are_known(monkeypatch):
    monkeypatch.setattr(module, "PATHS", 3)
    facets = Facets(FEW)
    for path in (*"abcd", "b"):
        facets.visited(f"{H}/{path}?x", (), {})
    assert set(facets.kept(0)) == {f"{H}/{path}" for path in "bcd"}
