"""XML is read as it is written, safely, and looked into with the same selectors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from scraper.core.errors import ParseError
from scraper.core.extract.plan import EachPlan, FieldPlan, FollowPlan, ItemPlan, PageRule
from scraper.core.extract.selectors import compile_css
from scraper.core.extract.xml import (
    css_in_xml,
    is_xml,
    markup_of_xml,
    rule_in_xml,
    xml_as_html,
)


@pytest.mark.parametrize(
    ("body", "media", "xml"),
    [
        (b"<catalog/>", "application/xml", True),
        (b"<svg/>", "image/svg+xml", True),
        (b"", "text/xml", True),
        (b"<html><p>", "application/xhtml+xml", False),
        (b"<h1>", "application/xhtml+xml", False),
        (b"<HTML>", "text/xml", False),
        (b"<?xml version='1.0'?>\n<!-- <a> --><!DOCTYPE html SYSTEM 'x'><html>", "text/xml", False),
        (b"<?xml version='1.0'?><catalog>", "text/html", True),
        (b" <!DOCTYPE rss [<!ENTITY a 'b'>]><rss>", "text/plain", True),
        (b"<rdf:RDF>", "", True),
        (b"<catalog>", "text/html", False),
        (b"<?xml?>", "", False),
        (b"<p>", "", False),
        (b'{"a": 1}', "", False),
        (b"<!--" * 2000, "", False),
    ],
)
def test_what_is_xml(body, media, xml):
    assert is_xml(body, media) is xml


@pytest.mark.parametrize(
    ("xml", "html"),
    [
        ("<a>x &amp; &lt;<b c='\"'/></a>", '<x-a>x &amp; &lt;<x-b c="&quot;"></x-b></x-a>'),
        ("<a><![CDATA[<p>&nbsp;]]></a>", "<x-a>&lt;p&gt;&amp;nbsp;</x-a>"),
        ("<a>&eacute;&nope;<!-- c --><?pi x?></a>", "<x-a>\u00e9&amp;nope;</x-a>"),
        ("<dc:a xmlns:dc='u'/>", '<x-dc:a xmlns:dc="u"></x-dc:a>'),
        ("<?xml version='1.0' encoding='latin1'?><a>\u00e9</a>", "<x-a>\u00e9</x-a>"),
        ("<!DOCTYPE a SYSTEM 'http://127.0.0.1/x.dtd' [%p;]><a>&nbsp;</a>", "<x-a>\u00a0</x-a>"),
    ],
)
def test_every_element_gets_a_name_that_means_nothing_to_html(xml, html):
    assert xml_as_html(xml.encode()).decode() == html


BOMB = "<!DOCTYPE a [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><a>&b;</a>"
FILE = "<!DOCTYPE a [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><a>&a;</a>"
PARAMETER = "<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1/'> %p;]><a/>"


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        ("", "the XML is broken: no element found"),
        ("<a><b></a>", "mismatched tag: line 1"),
        ("<a>\0</a>", "the XML is broken"),
        ("<a>" * 1001, "nested too deeply"),
        *((hostile, "declares entities") for hostile in (BOMB, FILE, PARAMETER)),
    ],
)
def test_what_is_broken_or_hostile_is_refused(xml, why):
    with pytest.raises(ParseError, match=f"parse_error: .*{why}"):
        xml_as_html(xml.encode())


def test_markup_is_shown_as_the_page_has_it():
    assert markup_of_xml("<x-a>x-b<x-x-c></x-x-c></x-a>") == "<a>x-b<x-c></x-c></a>"


@pytest.mark.parametrize(
    ("written", "in_xml"),
    [
        ("item > title, link", ":is( x-item > x-title, x-link )"),
        ("dc:creator", "x-dc\\:creator"),
        ("*[url] a.b#c:first-child", "*[url] x-a.b#c:first-child"),
        ("a[b='c d'][e]::text", "x-a[b='c d'][e]"),
        ("a:not(b, c:has(> d))", "x-a:not(x-b, x-c:has(> x-d))"),
        ("a:nth-child(odd)", "x-a:nth-child(odd)"),
        (
            "a:contains('b c')",
            'x-a:is(:lexbor-contains("b c"), *:has(:lexbor-contains("b c")))',
        ),
        ("\u00e9", "x-\u00e9"),
    ],
)
def test_selectors_name_what_the_page_was_made_into(written, in_xml):
    assert css_in_xml(compile_css(written)) == in_xml


@pytest.mark.parametrize("written", ["(a) b", "a) b", "'a\\'b' \"c\" d"])
def test_what_is_no_selector_is_passed_on(written):
    assert css_in_xml(written).replace("x-", "") == written


def test_all_selectors_of_a_rule_are_written_for_xml():
    inner = FieldPlan("n", css="", attr="isPermaLink")
    fields = (
        FieldPlan("a", css="a", remove="b", fields=(inner,)),
        FieldPlan("b", any=(FieldPlan("", next="c"), FieldPlan("", table="d"))),
    )
    follow = (FollowPlan("link", attr="HREF"), FollowPlan(json="a"))
    items = (ItemPlan("i", fields, "item"), ItemPlan("j", (), EachPlan("a")), ItemPlan("k", ()))
    made = rule_in_xml(PageRule("p", items=items, follow=follow, valid="rss"))
    assert made.follow == (FollowPlan("x-link", attr="href"), FollowPlan(json="a"))
    more = FollowPlan(set=(FieldPlan("c", css="cursor"),), condition=FieldPlan("w", css="more"))
    (made_more,) = rule_in_xml(PageRule("p", follow=(more,))).follow
    assert (made_more.set[0].css, made_more.condition) == (
        "x-cursor", FieldPlan("w", css="x-more"),
    )  # fmt: skip
    assert made.valid == "x-rss"
    assert [item.each for item in made.items] == ["x-item", EachPlan("a"), None]
    assert made.items[0].fields == (
        FieldPlan(
            "a", css="x-a", remove="x-b", fields=(FieldPlan("n", css="", attr="ispermalink"),)
        ),
        FieldPlan("b", any=(FieldPlan("", next="x-c"), FieldPlan("", table="x-d"))),
    )


pieces = st.sampled_from(
    ["<a>", "</a>", "<a:b c='1'>", "</a:b>", "<title/>", "<?xml version='1.0'?>", "<![CDATA[",
     "]]>", "<!--", "-->", "&amp;", "&x;", "<!DOCTYPE a", "[", "]>", "<!ENTITY b 'c'>", "t"]
)  # fmt: skip


@given(st.lists(pieces, max_size=15).map("".join) | st.binary(max_size=40))
def test_any_page_becomes_html_or_is_refused(page):
    body = page if isinstance(page, bytes) else page.encode()
    is_xml(body, "")
    try:
        made = xml_as_html(body)
    except ParseError:
        return
    assert LexborHTMLParser(made).css_first("body > *") is not None


@given(st.recursive(st.text("ab<&>\"' \u00e9", max_size=5), lambda i: st.lists(i, max_size=3)))
def test_the_text_of_an_element_is_that_of_the_page(tree):
    from html import escape

    def written(node: object) -> str:
        return (
            escape(node) if isinstance(node, str) else f"<link>{''.join(map(written, node))}</link>"
        )

    def told(node: object) -> str:
        return node if isinstance(node, str) else "".join(map(told, node))

    page = LexborHTMLParser(xml_as_html(f"<title>{written(tree)}</title>".encode()))
    assert page.css_first("x-title").text() == told(tree)
