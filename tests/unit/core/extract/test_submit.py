# ruff: noqa: E501  # pages as they are
"""Forms as requests: what is filled in, how many there are, and that the rest is left as it is."""

from itertools import product
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import ParseError
from scraper.core.extract import submit
from scraper.core.extract.document import Document, Source
from scraper.core.extract.plan import FieldPlan, FillPlan, SubmitPlan
from scraper.core.extract.submit import SubmitReader
from scraper.core.model import Link
from scraper.core.request import OF_FORM

SOURCE = Source("http://a.example/", "http://a.example/p", carry={"tag": "tea", "all": ["x", 2]})
KIND = (
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Origin", "http://a.example"),
    OF_FORM,
)
FILTER = """<form name=filter method=post action=/f?x=1>
<input type=hidden name=__VIEWSTATE value="/wEP+=">
<select id=author name=author><option value=''>--<option value=A>Ada<option value=B><option value=A>
</select><select id=tag name=tag><option>t1<option>t2</select>
<input type=submit name=go value=Go><button name=go value=Other formaction=/other></button></form>"""


def each(name: str, css: str, attr: str | None = "value") -> FillPlan:
    return FillPlan(name, field=FieldPlan(name, css=css, attr=attr, all=True), each=True)


def field(name: str, **plan: object) -> FillPlan:
    return FillPlan(name, field=FieldPlan(name, **plan))


def read(body: str, *fill: FillPlan, form: str = "form", page: str | None = None):
    notes: list[str] = []
    document = Document(body.encode("utf-8", "replace"), SOURCE)
    links = list(SubmitReader(SubmitPlan(form, fill, page), 1.0).read(document, notes))
    assert document.invalid == {}
    return links, notes


def pairs(link: Link) -> list[tuple[str, str]]:
    text = (link.body or b"").decode() or link.url.partition("?")[2]
    return parse_qsl(text, keep_blank_values=True)


def test_a_form_as_it_stands():
    (link,), notes = read(FILTER, page="next")
    assert link == Link(
        "http://a.example/f?x=1", "next", method="POST", headers=KIND,
        body=b"__VIEWSTATE=%2FwEP%2B%3D&author=&tag=t1",
    )  # fmt: skip
    assert notes == []


def test_each_value_is_a_request_and_the_view_state_goes_with_it():
    links, notes = read(FILTER, each("author", "select#author option"))
    assert [link.body for link in links] == [
        b"__VIEWSTATE=%2FwEP%2B%3D&author=A&tag=t1",
        b"__VIEWSTATE=%2FwEP%2B%3D&author=B&tag=t1",
    ]
    assert notes == []


def test_several_each_are_every_combination():
    fills = each("author", "#author option"), each("tag", "#tag option", None)
    links, _ = read(FILTER, *fills)
    found = [(dict(pairs(link))["author"], dict(pairs(link))["tag"]) for link in links]
    assert found == list(product("AB", ["t1", "t2"]))


def test_get_replaces_the_query():
    (link,), _ = read(
        "<form action='/s?old=1#x'><input name=q><input name=n value=1></form>",
        FillPlan("q", ("tea & é",)),
    )
    assert link == Link("http://a.example/s?q=tea+%26+%C3%A9&n=1", None, headers=(OF_FORM,))


@pytest.mark.parametrize(
    ("fill", "sent", "note"),
    [
        (FillPlan("author", ("x", "y")), [("author", "x"), ("author", "y"), ("tag", "t1")], ""),
        (FillPlan("author"), [("tag", "t1")], ""),
        (FillPlan("new", ("1",)), [("author", ""), ("tag", "t1"), ("new", "1")],
         "form form: has no new, which is added"),
        (FillPlan("new"), [("author", ""), ("tag", "t1")], ""),
        (field("tag", source="tag"), [("author", ""), ("tag", "tea")], ""),
        (field("tag", source="all"), [("author", ""), ("tag", "x"), ("tag", "2")], ""),
        (field("tag", css="option", attr="value"), [("author", ""), ("tag", "")], ""),
        (FillPlan("go", ("Go",)), [("author", ""), ("tag", "t1"), ("go", "Go")], ""),
    ],
)  # fmt: skip
def test_what_is_filled_in(fill: FillPlan, sent, note: str):
    (link,), notes = read(FILTER, fill)
    assert pairs(link)[1:] == sent
    assert notes == [note] * bool(note)


def test_button_says_where_the_form_goes():
    urls = [read(FILTER, FillPlan("go", values))[0][0].url for values in [("Other",), ("Odd",), ()]]
    assert urls == [
        "http://a.example/other", "http://a.example/f?x=1", "http://a.example/f?x=1"
    ]  # fmt: skip
    assert read("<form><input type=submit name=a>", FillPlan("a", ("",)))[0][0].url.endswith("?a=")


@pytest.mark.parametrize(
    ("body", "fill", "note"),
    [
        ("<p>", (), "form form.x: is not on the page"),
        ("<div class=x>", (), "form form.x: is not on the page"),
        ("<form class=x method=dialog>", (), "form form.x: leads to no web page"),
        ("<form class=x><input name=a>", (each("a", "option"),),
         "form form.x: nothing was found to fill in a, so it is not sent"),
        ("<form class=x><input name=a>", (field("a", css="b"),),
         "form form.x: nothing was found to fill in a, so it is not sent"),
        ("<form class=x><input name=a>", (field("a", css="form", type="int"),),
         "form form.x: nothing was found to fill in a, so it is not sent"),
        ("<form class=x><button name=a>", (each("a", "option"),),
         "form form.x: nothing was found to fill in a, so it is not sent"),
    ],
)  # fmt: skip
def test_a_form_that_is_not_sent_is_noted(body: str, fill, note: str):
    assert read(body, *fill, form="form.x") == ([], [note])


def test_a_form_may_be_named_by_what_it_stands_in():
    assert len(read("<div id=s><form><input name=q></form></div>", form="#s")[0]) == 1
    assert read("<div id=s></div>", form="#s")[1] == ["form #s: is not on the page"]


def test_equal_requests_are_one():
    fills = each("a", "option"), FillPlan("b", ("1",))
    links, _ = read("<form><select name=a><option value=x></select><option value=x>", *fills)
    assert len(links) == 1
    doubled = FillPlan("a", field=FieldPlan("a", css="option", all=True), each=True)
    links, _ = read("<form method=post><option>é<option>&amp;#233;<option>x", doubled)
    assert len(links) == 3


def test_equal_bytes_of_different_texts_are_one_request():
    source = Source("http://a.example/", "http://a.example/p", charset="iso-8859-5")
    body = "<form method=post><option>é</option><option>&amp;#233;</option></form>".encode()
    reader = SubmitReader(SubmitPlan("form", (each("a", "option", None),)), 1.0)
    assert len(list(reader.read(Document(body, source), []))) == 1


def test_more_than_can_be_sent_is_refused(monkeypatch: pytest.MonkeyPatch):
    options = "<option>".join(map(str, range(102)))
    fills = [each(name, "option", None) for name in "ab"]
    with pytest.raises(ParseError, match="form form: 10404 combinations are more than 10000"):
        read(f"<form><option>{options}", *fills)
    monkeypatch.setattr(submit, "MOST_CONTROLS", 200)
    with pytest.raises(ParseError, match="102 requests of 2 controls are too much"):
        read(f"<form><input name=a><input name=c><option>{options}", fills[0])
    monkeypatch.setattr(submit, "MOST_BYTES", 1000)
    for method in ("get", "post"):
        with pytest.raises(ParseError, match="its requests take more than 1000 bytes"):
            read(f"<form method={method}><option>{options}", fills[0])


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.text("xyz&=é", max_size=3)), max_size=5),
    st.dictionaries(st.sampled_from("abcd"), st.lists(st.text("uv +", max_size=2), max_size=2)),
    st.booleans(),
)
def test_what_is_not_filled_in_stays(controls, filled, post):
    inputs = "".join(
        f"<input name={name} value='{value.replace('&', '&amp;')}'>" for name, value in controls
    )
    method = "post" if post else "get"
    fills = [FillPlan(name, tuple(values)) for name, values in filled.items()]
    (link,), _ = read(f"<form method={method}>{inputs}</form>", *fills)
    sent = pairs(link)
    assert [pair for pair in sent if pair[0] not in filled] == [
        pair for pair in controls if pair[0] not in filled
    ]
    for name, values in filled.items():
        assert [value for key, value in sent if key == name] == values


@given(st.binary(max_size=80), st.sampled_from(["get", "post' enctype='multipart/form-data"]))
def test_any_bytes_give_requests_or_none(body: bytes, method: str):
    """Never an exception, and whatever is sent is an http(s) URL."""
    document = Document(f"<form method='{method}'><select name=a><option>".encode() + body, SOURCE)
    reader = SubmitReader(SubmitPlan("form", (each("a", "option", None),)), 1.0)
    for link in reader.read(document, []):
        assert link.url.isascii()
        assert link.url.startswith("http://a.example/")
