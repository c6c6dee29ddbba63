"""The links of a page: from elements, from JSON, from scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.amend import Draft
from scraper.core.errors import ParseError
from scraper.core.extract.document import Document, Source
from scraper.core.extract.links import LinkReader, made_links
from scraper.core.extract.plan import FieldPlan, FollowPlan, IncrementPlan
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


MORE = b"<base href=/><a href=1>1</a><a href=2 rel='x nofollow'>2</a><a href=2>2</a><b>tok</b>"
NEXT = FollowPlan(increment=IncrementPlan("page"), page="p")


def test_while_says_whether_anything_is_followed():
    more, less = FieldPlan("while", css="b"), FieldPlan("while", css="h6")
    assert links(MORE, FollowPlan("a", condition=more)) == [("/1", None), ("/2", None)]
    assert links(MORE, FollowPlan("a", condition=less)) == []
    again = FollowPlan(increment=IncrementPlan("page"), page="p", condition=more)
    assert links(MORE, again, again) == [("/?page=2", "p")]  # once


def test_increment_alone_ends_where_no_item_was_listed():
    document = Document(MORE, SOURCE)
    assert list(LinkReader(NEXT, 1).read(document, set())) == []
    document.listed = 1
    [link] = LinkReader(NEXT, 1).read(document, set(), passes_links=True)  # it is no link
    assert link.url == "http://a.example/?page=2"
    end = FollowPlan(increment=IncrementPlan("page"), limit=1)
    assert list(LinkReader(end, 1).read(document, set())) == []


def test_values_of_the_page_go_into_its_links():
    token = (FieldPlan("t", css="b"),)
    assert links(MORE, FollowPlan("a", set=token)) == [("/1?t=tok", None), ("/2?t=tok", None)]
    assert links(MORE, FollowPlan("a", set=(FieldPlan("t", css="h6"),))) == []


def test_request_with_a_body_is_no_link_of_its_url():
    ask = Draft("http://a.example/", "POST", (("Content-Type", "application/json"),), b"{}")
    document = Document(b'{"n": 5}', Source("http://a.example/", "http://a.example/", ask=ask))
    known = {("http://a.example/", "p")}
    [link] = LinkReader(FollowPlan(set=(FieldPlan("n", json="n"),), page="p"), 1).read(
        document, known
    )
    assert (link.method, link.body) == ("POST", b'{"n":5}')


def test_nofollow_of_a_link_and_of_a_page():
    document = Document(MORE.replace(b"<a href=2>2</a>", b""), SOURCE)
    for plan, found in [(FollowPlan("a"), 1), (FollowPlan("b", attr="x"), 0)]:
        assert len(list(LinkReader(plan, 1, passes_rel=True).read(document, set()))) == found
    assert list(LinkReader(FollowPlan("a"), 1).read(document, set(), passes_links=True)) == []


def test_canonical_link_is_a_link():
    head = b"<head><link rel=canonical href='/the-one?x=1'></head>"
    assert links(head, FollowPlan("link[rel=canonical]")) == [("/the-one?x=1", None)]


def test_links_of_a_function_are_resolved_and_kept_once():
    document, known = Document(MORE, SOURCE), {("http://a.example/old", None)}
    given = [("x#y", None), ("/x", None), ("x", "p"), ("/old", None), ("http://[", None)]
    assert [(link.url, link.page) for link in made_links(given, document, known)] == [
        ("http://a.example/x", None), ("http://a.example/x", "p"),
    ]  # fmt: skip
