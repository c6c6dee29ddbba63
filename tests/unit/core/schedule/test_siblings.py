"""Laws of siblings: hosts without end of one domain end, and those that bring something go on."""

import json

import pytest

from scraper.core.model import Item
from scraper.core.request import make_request
from scraper.core.schedule import siblings as module
from scraper.core.schedule.kinds import BARREN, Kinds
from scraper.core.schedule.siblings import HOSTS, Siblings
from scraper.core.url import parse


def letters(n: int) -> str:
    return "x" + "".join(chr(97 + int(digit)) for digit in str(n))


def visit(kinds: Kinds, host: str, to: str, *items: str) -> str | None:
    some = [Item("x", one, one, 0) for one in items]
    link = make_request(parse(f"http://{to}/"))
    links = [] if kinds.is_closed(link) else [link]
    page = make_request(parse(f"http://{host}/"))
    return kinds.visited(page, body=host.encode(), items=some, links=links).told


def until_closed(kinds: Kinds, domain: str, every: int | None = None) -> int | None:
    for n in range(5 * BARREN):
        items = [str(n)] if every and n % every == 0 else []
        if visit(kinds, f"{letters(n)}.{domain}", f"{letters(n + 1)}.{domain}", *items):
            return n + 1
    return None


def test_hosts_without_end_of_one_domain_end():
    kinds = Kinds(takes_items=True)
    assert until_closed(kinds, "farm.example") == HOSTS + BARREN - 1
    assert kinds.is_closed(make_request(parse("http://new.farm.example/")))
    assert not kinds.is_closed(make_request(parse("http://new.farm.example/other")))
    assert not kinds.is_closed(make_request(parse("http://new.other.example/")))
    after = Kinds(takes_items=True)
    after.remember(json.loads(json.dumps(kinds.kept())))
    assert after.is_closed(make_request(parse("http://new.farm.example/")))


@pytest.mark.parametrize("every", [1, BARREN // 3])
def test_hosts_of_one_domain_go_on_whatever_of_them_brings_items(every):
    assert until_closed(Kinds(takes_items=True), "farm.example", every) is None


def test_hosts_of_many_domains_go_on():
    kinds = Kinds(takes_items=True)
    for n in range(3 * BARREN):
        assert visit(kinds, f"{letters(n)}.example", f"{letters(n + 1)}.example", "") is None


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "NAMES", 10)
    some = Siblings()
    for n in range(99):
        some.visited(f"{letters(n)}.h{n % 5}.example:80")
        assert sum(map(len, some._hosts.values())) <= 10
    assert not some.many


def test_method_and_rule_stay_in_the_kind():
    some = Siblings()
    for n in range(HOSTS):
        some.visited(f"{letters(n)}.farm.example:80")
        some.visited(f"{letters(n)}.farm.example:80")
    assert some.folded("GET http://a.farm.example/p?a as x", "a.farm.example:80") == (
        "GET http://*.farm.example/p?a as x"
    )
    assert some.folded("http://b.example/", "b.example:80") == "http://b.example/"
    some.visited("one.farm.example:80")
    assert some.many == {"farm.example"}
