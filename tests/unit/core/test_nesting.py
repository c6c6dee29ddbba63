"""Markup that makes lexbor slow is suspected; pages as they are written are not."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from scraper.core.nesting import suspicious

Make = Callable[[int], bytes]


def numbered(pattern: bytes, count: int, between: bytes = b"") -> bytes:
    return between.join(pattern % n for n in range(count))


# What was found slow by measuring, made of n repetitions; the last figure is an n by which some
# 15 ms are spent.
KILLERS: dict[str, tuple[Make, int]] = {
    "div": (lambda n: b"<div>" * n, 8000),
    "section closed at the end": (lambda n: b"<section>" * n + b"</section>" * n, 6000),
    "ul li": (lambda n: b"<ul><li>" * n, 4000),
    "dl dd div": (lambda n: b"<dl><dd><div>" * n, 2000),
    "select option": (lambda n: b"<select>" + b"<option>" * n, 5000),
    "optgroup": (lambda n: b"<optgroup>" * n, 6000),
    "rt": (lambda n: b"<rt>" * n, 6000),
    "form": (lambda n: b"<form><div>" * n, 5000),
    "table div": (lambda n: b"<table>" + b"<div>" * n, 6000),
    "span hr": (lambda n: b"<span>" * n + b"<hr>" * n, 3000),
    "span li": (lambda n: b"<span>" * n + b"<li>" * n, 4000),
    "span and wrong ends": (lambda n: b"<span>" * n + b"</x>" * n, 4000),
    "mismatched": (lambda n: b"<div></span>" * n, 6000),
    "ends of p": (lambda n: b"<div></p>" * n, 6000),
    "adoption by a": (lambda n: b"<a><div></a>" * n, 5000),
    "adoption by b": (lambda n: b"<b><div>" * n + b"</b>" * n, 4000),
    "font in p": (lambda n: numbered(b"<p><font size=%d>x</p>", n), 600),
    "font in p, ended late": (lambda n: numbered(b"<p><i id=%d>x</p>", n) + b"</i>" * n, 600),
    "b in li": (lambda n: b"<ul>" + numbered(b"<li><b id=%d>x", n), 600),
    "b in div": (lambda n: numbered(b"<div><b id=%d>x</div>", n), 600),
    "100 font, then p": (
        lambda n: b"<p>" + numbered(b"<font size=%d>", 100) + b"</p>" + b"<p>x</p>" * n,
        4000,
    ),
    "font alone": (lambda n: numbered(b"<font size=%d>", n), 4000),
    "attributes": (lambda n: b"<a " + numbered(b"a%d=1", n, b" ") + b">", 5000),
    "attributes without values": (lambda n: b"<a " + numbered(b"a%d", n, b" ") + b">", 5000),
    "attributes without spaces": (lambda n: b"<a " + numbered(b'a%d=""', n) + b">", 5000),
    "attributes by slashes": (lambda n: b"<a " + numbered(b"a%d", n, b"/") + b">", 5000),
    "attributes of an open tag": (lambda n: b"<a " + numbered(b"a%d", n, b" "), 5000),
    "attributes with >": (lambda n: b"<a " + numbered(b'a%d=">"', n, b" ") + b">", 5000),
    "attributes of body": (lambda n: numbered(b"<body a%d>", n), 5000),
}
CARD = (
    b'<div class="card"><h3><a href="/item/%d" title="Some > name">A <b>good</b> name</a></h3>'
    b'<p class="price">12.34<br><img src="/i/%d.jpg" alt="x"><ul><li>one<li>two</ul></div>\n'
)


@pytest.mark.parametrize("name", KILLERS)
def test_known_killers_are_suspected(name):
    make, count = KILLERS[name]
    assert suspicious(make(count))


@pytest.mark.parametrize("name", KILLERS)
def test_a_little_of_it_is_no_offence(name):
    make, _ = KILLERS[name]
    assert not suspicious(make(50))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!doctype html><title>t</title>" + b"".join(CARD % (n, n) for n in range(40)),
        b"<!doctype html><title>t</title>" + b"".join(CARD % (n, n) for n in range(1200)),
        b"<table>" + b"<tr><td>a<td>b<td>c" * 3000,
        b"<p>text<br>" * 4000,
        b"<p>" + b"word " * 2000,
        b"<pre>" + b"a line of text\n" * 150 + b"</pre>" + b"<p>x</p>" * 500,
        b"<script>" + b"if(a>b){f()}" * 2000 + b"</script>",
        b"<svg>" + b'<path d="M0 0"/>' * 3000 + b"</svg>",
        b"<html>" + b"<b>a</b> <i>b</i> " * 3000,
        b"<div>" * 200 + b"<p>x</p>" * 3000 + b"</div>" * 200,
        b"<img src='data:image/png;base64," + b"QUJD" * 4000 + b"'>",
    ],
)
def test_pages_as_they_are_written_are_not_suspected(body):
    assert not suspicious(body)


tags = st.sampled_from(
    [b"div", b"p", b"b", b"font size=%d", b"ul", b"li", b"a href=%d", b"td", b"option", b"hr", b"x"]
)
patterns = st.lists(st.tuples(tags, st.booleans()), min_size=1, max_size=4)


@given(patterns, patterns)
def test_what_is_acquitted_is_parsed_soon(first, second):
    """A pattern repeated 600 times, then another: no more work than the bound, or suspected.

    Work is counted in nodes, not in time: of the killers, those that multiply nodes.
    """
    body = b"".join(_repeated(first)) + b"".join(_repeated(second))
    if not suspicious(body):
        made = len(LexborHTMLParser(body).css("*"))
        assert made < 40 * body.count(b"<") + 100


def _repeated(pattern: list[tuple[bytes, bool]]) -> list[bytes]:
    out = []
    for n in range(600):
        for tag, ends in pattern:
            out.append(b"<%s>" % (tag % n if b"%" in tag else tag))
            if ends:
                out.append(b"x</%s>" % tag.split()[0])
    return out


@given(st.binary(max_size=6000))
def test_any_bytes_are_judged_the_same_each_time(body):
    assert suspicious(body) == suspicious(body)
