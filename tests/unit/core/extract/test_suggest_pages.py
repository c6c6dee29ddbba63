import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.document import Document, Source
from scraper.core.extract.suggest_pages import find_more
from scraper.core.model import Json

URL = "https://a.example/api"


def more(value: Json, url: str = URL, count: int = 3):
    return find_more(value, count, Document(json.dumps(value).encode(), Source(url, url)))


def more_while(condition: str, number: Json = "page"):
    return {"increment": number, "while": {"json": condition}}


def given_on(name: str, path: str):
    return {"set": {name: {"json": path}}}


SPRING = {"query": "page", "first": 0}
PAGES = 'page < "total pages"'


@pytest.mark.parametrize(
    ("value", "query", "written", "onward", "sure"),
    [
        ({"has_next": True}, "?page=4", more_while("has_next"), "?page=5", True),
        ({"hasMore": False}, "", more_while("hasMore"), "", False),
        (
            {"a": {"last": False}, "number": 0},
            "",
            more_while("!(a.last)", SPRING),
            "?page=1",
            False,
        ),
        ({"next_cursor": "x y"}, "", given_on("cursor", "next_cursor"), "?cursor=x+y", False),
        ({"next_cursor": None}, "?cursor=a", given_on("cursor", "next_cursor"), "", True),
        ({"nextPageToken": "t"}, "", given_on("pageToken", "nextPageToken"), "?pageToken=t", False),
        ({"info": {"endCursor": "e"}}, "", given_on("after", "info.endCursor"), "?after=e", False),
        ({"next": 2}, "", given_on("page", "next"), "?page=2", False),
        ({"next": "abc"}, "", given_on("cursor", "next"), "?cursor=abc", False),
        ({"page": 2, "total pages": 5}, "?page=2", more_while(PAGES), "?page=3", True),
        (
            {"offset": 0, "limit": 20, "total": 90},
            "",
            {"increment": {"query": "offset", "by": 20}},
            "?offset=20",
            False,
        ),
        ({"total": 90}, "?start=3", {"increment": {"query": "start", "by": 3}}, "?start=6", False),
        ([], "?p=1", {"increment": "p"}, "?p=2", False),
    ],
)
def test_what_apis_call_it(value, query, written, onward, sure):
    found = more(value, URL + query)
    assert (dict(found.written), found.sure) == (written, sure)
    assert found.example.replace("%20", "+") == (URL + onward if onward else "")


@pytest.mark.parametrize(
    "value",
    [
        {"quotes": [], "total": 5},
        {"page": 1},
        {"total_pages": 4},
        {"next_cursor": True},
        {"a": {"b": {"c": {"d": {"has_next": True}}}}},
        {"next_cursor": {"a": 1}},
        {"next_id": "x" * 70_000},
    ],
)
def test_where_nothing_is_said_nothing_is_proposed(value):
    assert more(value) is None


names = st.sampled_from(["next", "page", "offset", "has_more", "last", "total_pages", "cursor", ""])
scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5)
values = st.recursive(scalars, lambda inner: st.dictionaries(names | st.text(max_size=4), inner))


@given(values, st.sampled_from(["", "?page=x", "?offset=1", "?p=&cursor"]))
def test_no_response_raises(value, query):
    assert more(value, URL + query) == more(value, URL + query)
