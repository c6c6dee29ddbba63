"""The links of a page: from elements, from JSON, from scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import ParseError
from scraper.core.extract.document import Document, Source
from scraper.core.extract.links import LinkReader
from scraper.core.extract.plan import FollowPlan
from scraper.core.model import Link

SOURCE = Source("http://a.example/", "http://a.example/dir/")
PAGE = b"""<base href=/sub/><a href=b#x>1</a><a href=" /c?z=1&amp;y=2 ">2</a><a href="b#y">3</a>
<a href="javascript:x()">4</a><a href=mailto:x@a.example>5</a><a href="http://[">6</a><a>7</a>
<a href>8</a><img src=i.png><script>var next = '/next'; var all = [{"u": "/1"}, {"u": 5},
{"u": "/2"}];</script>"""
API = b'{"next": "?page=2", "items": [{"u": "/1"}, {"u": null}, {"u": ["/2", "/1"]}], "n": 5}'


def links(body: bytes, *plans: FollowPlan, is_xml: bool = False) -> list[tuple[str, str | None]]:
    document, known = Document(body, SOURCE, is_xml=is_xml), set()
    found = [link for plan in plans for link in LinkReader(plan, 0.05).read(document, known)]
    return [(link.url.removeprefix("http://a.example"), link.page) for link in found]


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        (FollowPlan("a"), ["/sub/b", "/c?z=1&y=2"]),
        (FollowPlan("img, a", attr="src"), ["/sub/i.png"]),
        (FollowPlan("a", limit=1), ["/sub/b"]),
        (FollowPlan("a", limit=9), ["/sub/b", "/c?z=1&y=2"]),
        (FollowPlan(script="next = '(.*?)'"), ["/next"]),
        (FollowPlan(script="all = (.*?);", json="[].u"), ["/1", "/2"]),
        (FollowPlan(script="all = (.*?);", json="[].u", limit=1), ["/1"]),
        (FollowPlan("h6"), []),
    ],
)
def test_links_of_a_page(plan, found):
    assert [url for url, _ in links(PAGE, plan)] == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("next", ["/dir/?page=2"]),
        ("items[].u", ["/1"]),
        ("[items[0].u, items[2].u][]", ["/1", "/2"]),
        ("n", []),
        ("nope", []),
    ],
)
def test_links_of_a_json_response(path, found):
    assert [url for url, _ in links(API, FollowPlan(json=path))] == found


def test_a_response_that_is_no_json_fails():
    with pytest.raises(ParseError, match="the page is no JSON"):
        links(PAGE, FollowPlan(json="next"))


def test_an_element_of_xml_is_a_link_by_its_text():
    feed = b"<x-link> /1 </x-link><x-link href='/2'>x</x-link><x-link></x-link>"
    assert links(feed, FollowPlan("x-link"), is_xml=True) == [("/1", None), ("/2", None)]
    assert links(feed, FollowPlan("x-link")) == [("/2", None)]


def test_each_link_is_kept_once_for_each_rule_it_leads_to():
    plans = (FollowPlan("a", page="p"), FollowPlan("a, img"), FollowPlan("a", page="p", limit=1))
    assert links(b"<a href=x><a href=x#y>", *plans) == [("/dir/x", "p"), ("/dir/x", None)]


@given(st.lists(st.text("ab/:#? \\[", max_size=8), max_size=5), st.none() | st.integers(1, 3))
def test_links_are_absolute_and_no_more_than_the_limit(hrefs, limit):
    body = "".join(f"<a href='{href}'>" for href in hrefs).encode()
    document = Document(body, SOURCE)
    found = list(LinkReader(FollowPlan("a", limit=limit), 1).read(document, set()))
    assert all(link == Link(link.url, None) and link.url.startswith("http") for link in found)
    assert len({link.url for link in found}) == len(found) <= (limit or len(hrefs))
