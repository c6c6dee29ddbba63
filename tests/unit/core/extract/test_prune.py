"""An element without some of what it holds; the page stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from scraper.core.extract.prune import without

PAGE = "<div class=a>x<p class=r>y<b class=r>z</b></p><i>k</i><!-- c --></div><p class=r>out</p>"


@pytest.mark.parametrize(
    ("css", "html"),
    [
        (".r", '<div class="a">x<i>k</i><!-- c --></div>'),
        ("b", '<div class="a">x<p class="r">y</p><i>k</i><!-- c --></div>'),
        ("body > div > i", '<div class="a">x<p class="r">y<b class="r">z</b></p><!-- c --></div>'),
        ("div, i", '<div class="a">x<p class="r">y<b class="r">z</b></p><!-- c --></div>'),
    ],
)
def test_what_is_left(css, html):
    page = LexborHTMLParser(PAGE.encode())
    before = page.html
    assert without(page.css_first(".a"), css).html == html
    assert page.html == before


def test_without_anything_to_remove_it_is_the_element_itself():
    node = LexborHTMLParser(PAGE.encode()).css_first(".a")
    assert without(node, "h6") is node
    assert without(node, ".a") is node


tags = st.sampled_from(["<p>", "</p>", "<div>", "</div>", "<i>x</i>", "<template><i>t</i>", "<b>"])


@given(st.lists(tags, max_size=20).map("".join), st.sampled_from(["i", "p", "div", "p i", "*"]))
def test_what_was_to_be_removed_is_gone_and_the_page_is_unchanged(body, css):
    page = LexborHTMLParser(body.encode())
    before = page.html
    left = without(page.root, css)
    assert page.html == before
    if left is not page.root and css != "*":
        assert left.css(css) == []
