"""Selectors as people type them become what lexbor reads, or an error that names the part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from scraper.core.errors import SelectorError
from scraper.core.extract.selectors import (
    as_written,
    compile_css,
    parse_selector,
    split_shorthand,
)

PAGE = LexborHTMLParser(
    b"""<table><tr><th id=1>UPC</th><td id=2>a1</td></tr>
    <tr><th id=3><b id=b>The UPC</b> is</th><td id=4>a2</td></tr>
    <tr><th id=5>upc</th><td id=6>it's (so) "x" \\ y</td></tr></table>"""
)


def ids(selector: str) -> list[str | None]:
    return [node.id for node in PAGE.css(compile_css(selector))]


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("th:contains('UPC')", ["1", "3"]),
        ('th:contains("UPC") + td', ["2", "4"]),
        ("th:contains(UPC)", ["1", "3"]),
        ("th:CONTAINS( upc )", ["5"]),
        ("th:not(:contains('UPC'))", ["5"]),
        ("td:contains('it\\'s')", ["6"]),
        ("td:contains('it\\27 s')", ["6"]),
        ("td:contains((so))", ["6"]),
        ("td:contains('\"x\" \\\\ y')", ["6"]),
        ("td:contains('\\0\\110000 ')", []),
        ("b:contains('UPC')::text, th:contains('upc')::text", ["b", "5"]),
    ],
)
def test_contains_is_case_sensitive_and_looks_into_children(selector, found):
    assert ids(selector) == found


def test_contains_in_a_string_is_left_alone():
    assert compile_css("a[title=':contains(x)']") == "a[title=':contains(x)']"


@pytest.mark.parametrize(
    ("written", "css", "attr"),
    [
        ("h1", "h1", None),
        (" img.cover  @src ", "img.cover", "src"),
        ("a@href", "a", "href"),
        ("@href", "", "href"),
        ("::text", "", None),
        ("::attr(href)", "", "href"),
        ("a::text", "a", None),
        ("a ::text", "a", None),
        ("a::ATTR( 'data-x' )", "a", "data-x"),
        ("a::attr(x), b::attr(x)", ":is( a, b )", "x"),
        ("a[href$='@x']", "a[href$='@x']", None),
        ("a[x='b @c']", "a[x='b @c']", None),
        ('a[href="x"] @title', 'a[href="x"]', "title"),
    ],
)
def test_shorthand_and_pseudo_elements_say_what_is_taken(written, css, attr):
    assert parse_selector(written) == (css, attr)


def test_split_shorthand_leaves_the_selector_as_written():
    assert split_shorthand("img:contains(x) @src") == ("img:contains(x)", "src")
    assert split_shorthand("a[x=\\[] @y") == ("a[x=\\[]", "y")
    assert split_shorthand(" h1 ") == ("h1", None)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "no selector"),
        ("a\0b", "no selector"),
        ("a" * 20_001, "no selector"),
        ("p:nope(3) > a", "':nope(3)' is not understood"),
        ("a, b:eq(0).c, d", "':eq(0)' is not understood"),
        ("a::text b", "'::text' is not understood"),
        (":scope > p", "':scope' is not understood"),
        ("> a", "cannot begin with a combinator"),
        ("//a", "XPath"),
        ("../a", "XPath"),
        ("a, , b", "cannot read the selector 'a, , b'"),
        (f"{'a ' * 400}%", "'%' is not understood, at position 800"),
        ("a\ud800", "cannot read the selector"),
        ("a:contains('x", "not closed"),
        ("a::attr(x), b::attr(y)", "all parts of a list"),
        ("a::text, ::text", "all parts of a list"),
    ],
)
def test_a_wrong_selector_says_which_part(written, says):
    with pytest.raises(SelectorError) as error:
        compile_css(written)
    assert says in str(error.value)


pieces = st.sampled_from(
    [*"abc.#[]()>+~*,:@\"'\\ =|^$\n", "::text", "::attr(x)", ":contains(", ":not(", ":has(", "@x"]
)


@given(st.one_of(st.text(max_size=30), st.lists(pieces, max_size=12).map("".join)))
def test_any_text_gives_a_selector_that_runs_or_a_selector_error(text):
    try:
        css, attr = parse_selector(text)
    except SelectorError:
        return
    if css:
        PAGE.css(css)
    assert attr is None or attr


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12))
def test_contains_finds_exactly_the_text_it_was_given(words):
    page = LexborHTMLParser(b"<p>")
    node = page.css_first("p")
    node.insert_child("x" + words + "x")
    quoted = words.replace("\\", "\\\\").replace("'", "\\'")
    assert [n.tag for n in page.css(compile_css(f"p:contains('{quoted}')"))] == ["p"]


@given(st.text())
def test_a_contained_text_is_shown_as_a_person_writes_it(words):
    try:
        translated = compile_css(
            "p:contains(" + '"' + words.replace("\\", "").replace('"', "") + '")'
        )
    except SelectorError:
        return
    assert as_written(translated).startswith('p:contains("')
    assert compile_css(as_written(translated)) == translated


parts = st.sampled_from(
    ["th", "td", "tr", "tr > th", "b", "th:contains('UPC')", "td:not([id='4'])"]
)


@given(st.lists(parts, min_size=1, max_size=4))
def test_a_list_finds_what_its_parts_find_once_each_in_the_order_of_the_page(written):
    each = [node.mem_id for part in written for node in PAGE.css(compile_css(part))]
    listed = compile_css(", ".join(written))
    assert [n.mem_id for n in PAGE.css(listed)] == [
        node.mem_id for node in PAGE.css("*") if node.mem_id in each
    ]
    assert as_written(listed) == ", ".join(written).replace("'UPC'", '"UPC"')


@pytest.mark.parametrize(
    ("written", "css"),
    [
        ("dc:creator", "dc\\:creator"),
        ("dc|creator", "dc\\:creator"),
        ("h1|x", "h1\\:x"),
        ("atom:link", "atom\\:link"),
        (
            "item > media:group:first-child media:title",
            "item > media\\:group:first-child media\\:title",
        ),
        ("li:not(dc:x, b)", "li:not(dc\\:x, b)"),
        ("a:b.c", "a:b.c"),
        ("x:y.z", "x\\:y\\.z"),
        ("item:first-child", "item:first-child"),
        ("[lang|=en]", "[lang|=en]"),
        ("a[b='c:d']", "a[b='c:d']"),
        ("my-element:hover", "my-element:hover"),
        ("p:lexbor-contains('dc:x')", "p:lexbor-contains('dc:x')"),
    ],
)
def test_a_name_may_have_a_prefix(written, css):
    if written == "a:b.c":  # an element of HTML: a pseudo-class is meant
        with pytest.raises(SelectorError):
            compile_css(written)
        return
    assert compile_css(written) == css
    assert as_written(css) == css.replace("\\:", ":")


NESTED = LexborHTMLParser(
    b"<main class=b><div class=a><div><p class=a>1</p></div><p>2</p></div>"
    b"<p class=b>3</p><p>4</p></main>"
)
compounds = st.sampled_from(
    [
        "p",
        ".a",
        ":not(.a)",
        ":is(.a, main)",
        ":where(div)",
        ":has(p)",
        ":HAS(> .a, > .b)",
        "div:not(.a)",
    ]
)


@given(compounds, st.sampled_from([" ", " > ", " ~ ", " + "]), compounds)
def test_a_combinator_looks_at_all_that_its_left_side_finds(left, combinator, right):
    lefts = {node.mem_id for node in NESTED.css(compile_css(left))}
    expected = [
        node.mem_id
        for node in NESTED.css(compile_css(right))
        if any(one.mem_id in lefts for one in RELATED[combinator](node))
    ]
    assert [node.mem_id for node in NESTED.css(compile_css(left + combinator + right))] == expected
    assert as_written(compile_css(left + combinator + right)) == left + combinator + right


def _steps(node, name):
    """What is reached by steps of one kind that leads to elements."""
    while (node := getattr(node, name)) is not None:
        if node.tag not in ("-text", "-undef"):
            yield node


RELATED = {
    " ": lambda node: _steps(node, "parent"),
    " > ": lambda node: list(_steps(node, "parent"))[:1],
    " ~ ": lambda node: _steps(node, "prev"),
    " + ": lambda node: list(_steps(node, "prev"))[:1],
}
