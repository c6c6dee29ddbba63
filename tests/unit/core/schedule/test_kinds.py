"""Laws of kinds: what leads nowhere ends, and what bears goes on, however long it takes."""

import json
from itertools import count, pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.core.model import Item
from scraper.core.request import OF_FORM, make_request, of_form
from scraper.core.schedule import kinds as module
from scraper.core.schedule.kinds import BARREN, LOWEST, MANY, Kinds, kind_of
from scraper.core.schedule.sameness import MOST_BYTES
from scraper.core.url import parse

H = "http://h.example"


def request(path: str, **more):
    return make_request(parse(H + path), **more)


def item(data: str) -> Item:
    return Item("x", "key", data, 0)


def visit(kinds: Kinds, path: str, *to: str, items=(), size: int = 9, **more) -> str | None:
    links = [link for link in map(request, to) if not kinds.is_closed(link)]
    found = [item(data) for data in items]
    judged = kinds.visited(request(path, **more), body=b"x" * size, items=found, links=links)
    return judged.told


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
    kinds = Kinds(takes_items=True)
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
    kinds = Kinds(takes_items=True)
    for n in range(3 * BARREN):
        items = [str(n)] if n % every == 0 else []
        assert visit(kinds, f"/p/{n}", f"/p/{n + 1}", items=items) is None


def test_listings_go_on_for_as_long_as_they_lead_to_new_pages_that_bring_items():
    kinds = Kinds(takes_items=True)
    for n in range(6 * BARREN):
        products = [f"/p/{n}-{k}" for k in range(3)]
        assert visit(kinds, f"/tree/{n}", f"/list/{n}", "/") is None
        assert visit(kinds, f"/list/{n}", *products, "/") is None
        assert visit(kinds, products[0], items=[str(n)]) is None


def test_facets_over_a_few_products_end():
    kinds = Kinds(takes_items=True)
    products = [f"/p/{k}" for k in range(30)]
    for n, product in enumerate(products):
        visit(kinds, product, items=[str(n)])
    assert until_closed(
        kinds, lambda n: visit(kinds, f"/f?c={n}", *products, f"/f?c={n + 1}"), 9 * BARREN
    )


def test_facets_that_stand_together_are_closed_once_and_named():
    kinds = Kinds(takes_items=True)
    for name in "abcd":
        visit(kinds, f"/s?{name}=1")
    pairs = [f"/s?{one}=1&{other}=1" for one, other in permutations("abcd", 2) if one < other]
    told = [visit(kinds, pairs[n % 6], f"/s?a={n}", items=["same"]) for n in range(2 * BARREN)]
    assert [each for each in told if each] == [f"{H}/s: its parameters in combination"]


def test_kinds_that_only_lead_to_each_other_end():
    kinds = Kinds(takes_items=True)

    def page(n):
        one = visit(kinds, f"/month/{n}", f"/week/{n}", f"/month/{n + 1}")
        return visit(kinds, f"/week/{n}", f"/month/{n}", f"/week/{n + 1}") and one

    until_closed(kinds, page, 3 * LOWEST * BARREN)
    assert set(kinds.closed) == {f"{H}/month/0", f"{H}/week/0"}


def test_pages_of_one_size_that_all_say_the_same_bring_nothing():
    kinds = Kinds(takes_items=True)
    assert until_closed(kinds, lambda n: visit(kinds, f"/p/{n}", items=["gone"]), 9 * BARREN)
    empty = ['{"a": null, "b\\"": [], "c":""}', "{}"]
    assert until_closed(
        kinds, lambda n: visit(kinds, f"/q/{n}", items=empty, size=n), 9 * BARREN
    ) == BARREN  # fmt: skip
    sizes = count()
    others = Kinds(takes_items=True)
    for n in range(3 * BARREN):
        assert visit(others, f"/p/{n}", items=["in stock"], size=next(sizes)) is None


def test_seeds_are_not_judged():
    kinds = Kinds(takes_items=True)
    for n in range(3 * BARREN):
        assert visit(kinds, f"/c/{n}", seed=True) is None


def test_nothing_is_closed_where_the_config_says_so():
    kinds = Kinds(takes_items=True, closes=False)
    assert until_closed(kinds, lambda n: visit(kinds, f"/c/{n}", "/c/1"), 9 * BARREN) is None


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "KINDS", 3)
    monkeypatch.setattr(module, "LINKS", 5)
    monkeypatch.setattr(module, "LED", 5)
    kinds = Kinds(takes_items=True)
    for n in range(2 * BARREN):
        visit(kinds, "/c", *(f"/p{chr(97 + n % 26)}/{n}-{k}" for k in range(3)))
        visit(kinds, f"/{'x' * (n % 9 + 1)}")
        visit(kinds, "/c")
        assert len(kinds._kinds) <= 3
        assert all(len(kind.links) <= 5 for kind in kinds._kinds.values())


def test_what_the_config_asks_for_goes_on_and_what_only_leads_there_does_not():
    """Combinations of a form: none is left out; a calendar that leads to them ends."""
    kinds = Kinds(takes_items=True)
    form = of_form((OF_FORM,), before=(), rule="search")
    for n in range(3 * LOWEST * BARREN):
        assert visit(kinds, f"/s?q={n}", headers=form) is None
    assert not kinds.is_closed(request("/s?q=x", headers=form))
    linked = until_closed(kinds, lambda n: visit(kinds, f"/s?q={n}", f"/s?q={n + 1}"), 9 * BARREN)
    assert linked == BARREN, "an ordinary link to the same address is a kind for itself"
    assert not kinds.is_closed(request("/s?q=x", headers=form))

    def months(n: int) -> str | None:
        sent = request(f"/s?m={n}", headers=form)
        kinds.visited(sent, body=b"", items=(), links=[request(f"/month/{n + 1}")])
        return kinds.visited(request(f"/month/{n}"), body=b"", items=(), links=[sent]).told

    assert until_closed(kinds, months, 9 * LOWEST * BARREN)
    assert kinds.is_closed(request("/month/1"))


def read(kinds: Kinds, path: str, text: str, *to: str):
    """A page of a crawl that takes no items."""
    links = [link for link in map(request, to) if not kinds.is_closed(link)]
    return kinds.visited(request(path), body=text.encode(), items=(), links=links)


def test_without_items_what_leads_to_itself_alone_and_says_nothing_new_ends():
    kinds = Kinds(takes_items=False)
    months = ("May", "June", "July")
    ended = until_closed(
        kinds,
        lambda n: read(kinds, f"/c/{n}", f"<h1>{months[n % 3]} {n}", "/", f"/c/{n + 1}").told,
        9 * BARREN,
    )
    assert BARREN <= ended <= BARREN + 9


@pytest.mark.parametrize(
    "page",
    [
        lambda n: [(f"/p/{n}", f"{'a' * (n % 97)} {'c' * (n % 89)}", f"/p/{n + 1}")],  # says new
        lambda n: [(f"/p/{n}", "Next", f"/p/{n + 1}", f"/q/{n}")],  # leads to others
        lambda n: [(f"/list/{n}", f"{'a' * n}", f"/p/{n}", f"/list/{n + 1}"), (f"/p/{n}", "", "/")],
        lambda n: [(f"/p/{n}", "x" * MOST_BYTES + "x", f"/p/{n + 1}")],  # too large to look
    ],
    ids=["says new", "leads to others", "led to by others", "too large to look"],
)
def test_without_items_all_else_goes_on(page):
    kinds = Kinds(takes_items=False)
    for n in range(3 * BARREN):
        assert [read(kinds, *each).told for each in page(n)].count(None) == len(page(n))


def test_pages_that_many_others_lead_to_go_on_though_all_came_first():
    """A list of 5,000 products was read before any of them, and their pages say numbers alone."""
    kinds = Kinds(takes_items=False)
    for n in range(5 * BARREN):
        read(kinds, f"/list/{n}", "a" * n, f"/p/{n}", f"/list/{n + 1}")
    for n in range(5 * BARREN):
        assert read(kinds, f"/p/{n}", f"Product {n}", f"/p/{n + 1}").told is None


def test_what_says_the_same_is_led_on_no_more():
    """See `test_sameness`; what is then closed is told once."""
    kinds = Kinds(takes_items=True)
    words = ["".join(letters) for letters in permutations("abcdefghijklmnop", 3)]
    judged = [read(kinds, f"/x/{one}", "same", f"/x/{two}") for one, two in pairwise(words)]
    told = [one.told for one in judged if one.told]
    assert told == list(kinds.closed)
    assert len(told) == 1
    assert "h.example:80: pages that say the same as http://h.example/x/" in told[0]
    assert repr(kinds).endswith("1 closed>")
    assert [one.leads for one in judged].index(False) < MANY + BARREN + 2


def test_what_an_earlier_run_has_kept_goes_on_and_not_what_it_has_closed():
    kinds = Kinds(takes_items=True)
    for n in range(BARREN - 1):
        assert visit(kinds, f"/c/{n}", f"/c/{n + 1}") is None
    kinds.closed["http://h.example/d/0"] = "why"
    after = Kinds(takes_items=True)
    after.remember(json.loads(json.dumps(kinds.kept())))
    assert after.is_closed(request("/d/7"))
    assert visit(after, "/c/9999", "/c/10000") is not None


def test_identifiers_make_no_other_kind():
    some = ["/p/0a1b2c3d", "/p/17", "/p/DE2DBEEF00", "/p/123e4567-e89b-12d3-a456-426614174000"]
    assert len({kind_of(request(path)) for path in some}) == 1
    assert kind_of(request("/p/defaced-facade")) != kind_of(request("/p/17"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://h1.example", "http://h2.example", False),
        ("http://u1.h.example", "http://u22.h.example", True),
        ("http://a.h1.example:81", "http://a.h2.example:81", False),
        ("http://127.0.0.1:81", "http://127.0.0.2:81", False),
        ("http://[::1]", "http://[::2]", False),
    ],
)
def test_hosts_of_one_site_that_differ_in_numbers_make_no_other_kind(one, other, same):
    kinds = {kind_of(make_request(parse(host + "/a"))) for host in (one, other)}
    assert (len(kinds) == 1) == same
