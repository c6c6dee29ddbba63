"""Laws of kinds: what leads nowhere ends, and what bears goes on, however long it takes."""

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.core.model import Item
from scraper.core.request import OF_FORM, make_request, of_form
from scraper.core.schedule import kinds as module
from scraper.core.schedule.kinds import BARREN, LOWEST, Kinds, kind_of
from scraper.core.url import parse

H = "http://h.example"


def request(path: str, **more):
    return make_request(parse(H + path), **more)


def item(data: str) -> Item:
    return Item("x", "key", data, 0)


def visit(kinds: Kinds, path: str, *to: str, items=(), size: int = 9, **more) -> str | None:
    links = [link for link in map(request, to) if not kinds.is_closed(link)]
    found = [item(data) for data in items]
    return kinds.visited(request(path, **more), size=size, items=found, links=links)


def until_closed(kinds: Kinds, page, longest: int) -> int | None:
    """How many pages `page(n)` visits until something is closed."""
    return next((n for n in range(1, longest) if page(n)), None)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/a/1/b-22", "/a/333/b-4"),
        ("/a?x=1&y=2", "/a?y=3&x="),
        ("/a?x=1&x=2", "/a?x=q"),
    ],
)
def test_numbers_and_values_make_no_other_kind(one, other):
    assert kind_of(request(one)) == kind_of(request(other))


def test_all_else_does():
    some = [request(path) for path in ("/a/1", "/b/1", "/a/x", "/a/1/", "/a/1?x=1", "/a/1?y=1")]
    some += [request("/a/1", page="p"), request("/a/1", method="POST", body=b"x")]
    some.append(make_request(parse("https://h.example/a/1")))
    assert len({kind_of(one) for one in some}) == len(some)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 3 * BARREN), st.booleans())
def test_a_calendar_ends_after_so_many_pages_in_a_row(before, nav):
    """Whatever it brought before, and whatever stands on each of its pages."""
    kinds = Kinds(enabled=True)
    for n in range(before):
        assert visit(kinds, f"/c?m={n}", items=[str(n)]) is None
    always = ["/", "/about", "/news/1"] if nav else []
    ended = until_closed(
        kinds, lambda n: visit(kinds, f"/c?m={n}", f"/c?m={n + 1}", *always), 9 * BARREN
    )
    assert ended == BARREN
    assert kinds.is_closed(request("/c?m=9999"))
    assert not kinds.is_closed(request("/c?m=9999", seed=True))
    assert not kinds.is_closed(request("/d?m=9999"))
    assert visit(kinds, "/c?m=1") is None, "told once"


@settings(max_examples=5, deadline=None)
@given(st.integers(1, BARREN // 2 - 1))
def test_a_catalogue_goes_on_whatever_of_it_brings_items(every):
    kinds = Kinds(enabled=True)
    for n in range(3 * BARREN):
        items = [str(n)] if n % every == 0 else []
        assert visit(kinds, f"/p/{n}", f"/p/{n + 1}", items=items) is None


def test_listings_go_on_for_as_long_as_they_lead_to_new_pages_that_bring_items():
    kinds = Kinds(enabled=True)
    for n in range(6 * BARREN):
        products = [f"/p/{n}-{k}" for k in range(3)]
        assert visit(kinds, f"/tree/{n}", f"/list/{n}", "/") is None
        assert visit(kinds, f"/list/{n}", *products, "/") is None
        assert visit(kinds, products[0], items=[str(n)]) is None


def test_facets_over_a_few_products_end():
    kinds = Kinds(enabled=True)
    products = [f"/p/{k}" for k in range(30)]
    for n, product in enumerate(products):
        visit(kinds, product, items=[str(n)])
    assert until_closed(
        kinds, lambda n: visit(kinds, f"/f?c={n}", *products, f"/f?c={n + 1}"), 9 * BARREN
    )


def test_kinds_that_only_lead_to_each_other_end():
    kinds = Kinds(enabled=True)

    def page(n):
        one = visit(kinds, f"/month/{n}", f"/week/{n}", f"/month/{n + 1}")
        return visit(kinds, f"/week/{n}", f"/month/{n}", f"/week/{n + 1}") and one

    until_closed(kinds, page, 3 * LOWEST * BARREN)
    assert kinds.closed == {f"{H}/month/0", f"{H}/week/0"}


def test_pages_of_one_size_that_all_say_the_same_bring_nothing():
    kinds = Kinds(enabled=True)
    assert until_closed(kinds, lambda n: visit(kinds, f"/p/{n}", items=["gone"]), 9 * BARREN)
    empty = ['{"a": null, "b\\"": [], "c":""}', "{}"]
    assert until_closed(
        kinds, lambda n: visit(kinds, f"/q/{n}", items=empty, size=n), 9 * BARREN
    ) == BARREN  # fmt: skip
    sizes = count()
    others = Kinds(enabled=True)
    for n in range(3 * BARREN):
        assert visit(others, f"/p/{n}", items=["in stock"], size=next(sizes)) is None


def test_seeds_and_crawls_without_items_are_not_judged():
    for n in range(3 * BARREN):
        assert visit(kinds := Kinds(enabled=False), f"/c/{n}") is None
    assert repr(kinds) == "<Kinds 0 known, 0 closed>"
    kinds = Kinds(enabled=True)
    for n in range(3 * BARREN):
        assert visit(kinds, f"/c/{n}", seed=True) is None


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "KINDS", 3)
    monkeypatch.setattr(module, "LINKS", 5)
    kinds = Kinds(enabled=True)
    for n in range(2 * BARREN):
        visit(kinds, "/c", *(f"/p{chr(97 + n % 26)}/{n}-{k}" for k in range(3)))
        visit(kinds, f"/{'x' * (n % 9 + 1)}")
        visit(kinds, "/c")
        assert len(kinds._kinds) <= 3
        assert all(len(kind.links) <= 5 for kind in kinds._kinds.values())


def test_what_the_config_asks_for_goes_on_and_what_only_leads_there_does_not():
    """Combinations of a form: none is left out; a calendar that leads to them ends."""
    kinds = Kinds(enabled=True)
    form = of_form((OF_FORM,), before=(), rule="search")
    for n in range(3 * LOWEST * BARREN):
        assert visit(kinds, f"/s?q={n}", headers=form) is None
    assert not kinds.is_closed(request("/s?q=x", headers=form))
    linked = until_closed(kinds, lambda n: visit(kinds, f"/s?q={n}", f"/s?q={n + 1}"), 9 * BARREN)
    assert linked == BARREN, "an ordinary link to the same address is a kind for itself"
    assert not kinds.is_closed(request("/s?q=x", headers=form))

    def months(n: int) -> str | None:
        sent = request(f"/s?m={n}", headers=form)
        kinds.visited(sent, size=9, items=(), links=[request(f"/month/{n + 1}")])
        return kinds.visited(request(f"/month/{n}"), size=9, items=(), links=[sent])

    assert until_closed(kinds, months, 9 * LOWEST * BARREN)
    assert kinds.is_closed(request("/month/1"))
