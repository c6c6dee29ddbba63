"""What is taken of an element."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from scraper.core.extract.document import Document, Source
from scraper.core.extract.plan import FieldPlan
from scraper.core.extract.take import is_plain, taker

PAGE = b"""<base href=/shop/><p id=" x ">  a \n <b>b</b> </p><img src=" i.png " srcset="s.png 1x">
<a href>no</a>"""


@pytest.mark.parametrize(
    ("css", "plan", "taken"),
    [
        ("p", {}, "a b"),
        ("p", {"raw_text": True}, "  a \n b "),
        ("p", {"attr": "id"}, "x"),
        ("p", {"html": True}, '<p id=" x ">  a \n <b>b</b> </p>'),
        ("p", {"html": True, "remove": "b"}, '<p id=" x ">  a \n  </p>'),
        ("p", {"markdown": True}, "a **b**"),
        ("p", {"remove": "b"}, "a"),
        ("a", {"markdown": True}, "no"),
        ("p", {"attr": "id", "raw_text": True}, " x "),
        ("p", {"attr": "nope"}, None),
        ("a", {"attr": "href"}, ""),
        ("img", {"attr": "src"}, "http://a.example/shop/i.png"),
        ("img", {"attr": "srcset"}, "http://a.example/shop/s.png 1x"),
    ],
)
def test_text_or_attribute(css, plan, taken):
    document = Document(PAGE, Source("http://a.example/", "http://a.example/"))
    node = document.root.css_first(css)
    assert taker(FieldPlan("f", css=css, **plan))(node, document) == taken
    assert is_plain(FieldPlan("f", css=css, **plan)) == (plan == {})


MARKUP = (
    "<p>", "</p>", "<b>", " x ", "\r\n", "&amp;", "&#0;", "\0", "<!-- c -->", "<svg>", "</svg>",
    "<![CDATA[ d ]]>", "<template>", "</template>", "<script>", "</script>", "<title>", "</title>",
    "<table>", "<tr><td>", "<textarea>", "</textarea>", "<?pi x?>", "<noscript>", "\u00e9",
)  # fmt: skip


@given(st.lists(st.sampled_from(MARKUP), max_size=25))
def test_the_text_is_that_of_all_text_nodes_inside(pieces):
    tree = LexborHTMLParser("".join(pieces))
    document = Document(b"", Source("http://a.example/", "http://a.example/"))
    take = taker(FieldPlan("f", css="p", raw_text=True))
    for node in tree.css("*"):
        assert take(node, document) == node.text()


def test_the_markup_of_xml_is_that_of_the_page():
    document = Document(b"<x-a>b</x-a>", Source("http://a/", "http://a/"), is_xml=True)
    node = document.root.css_first("x-a")
    assert taker(FieldPlan("f", css="x-a", html=True))(node, document) == "<a>b</a>"
