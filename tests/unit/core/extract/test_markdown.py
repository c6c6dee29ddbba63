"""Markdown says what the page says: read back, it shows the same text."""

from html import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

from scraper.core.extract.markdown import to_markdown

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def written(html: str, css: str = "body") -> str:
    node = LexborHTMLParser(html.encode("utf-8", "replace")).css_first(css)
    assert node is not None
    return to_markdown(node, lambda href: f"http://a.example/{href}")


def shown(html: str) -> str:
    """The text of a page, white space apart."""
    return "".join((LexborHTMLParser(html.encode("utf-8", "replace")).body or "").text().split())


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<h2>A <b>b</b><br>c</h2><h3> </h3>", "## A **b** c"),
        ("<p>a<br>b  c</p><p> </p><div>d</div>e", "a  \nb c\n\nd\n\ne"),
        ("<p>a<b> b </b>c <i></i><em> </em><s>d</s><u>e</u>", "a **b** c ~~d~~e"),
        ("<a href='x y(1)'>t</a> <a>u</a> <a href=z> </a>", "[t](http://a.example/x%20y%281%29) u"),
        ("<img src=i.png alt='a [b]'><img alt=only><img>", "![a \\[b\\]](http://a.example/i.png)only"),
        ("<a href=x><div>in</div></a>", "[in](http://a.example/x)"),
        ("<ul><li>a<li><p>b<p>c<li></ul>", "- a\n- b\n\n  c"),
        ("<ol start=9><li>a<ul><li>b</ul><li>c</ol>", "9. a\n   - b\n10. c"),
        ("<ol start=x><li>a</ol><ul></ul><ul>x<p>y</p></ul>", "1. a\n\n- y"),
        ("<blockquote>a<p>b</blockquote><blockquote> </blockquote>", "> a\n>\n> b"),
        ("<pre>\n a\n  b\n</pre><pre> </pre>", "```\n a\n  b\n```"),
        ("<pre><code class='x language-py'>a ``` b</code></pre>", "````py\na ``` b\n````"),
        ("<code>a`b</code> <code>`c</code> <code></code>", "``a`b`` `` `c ``"),
        (
            "<table><tr><th>A<th>B|<tr><td><code>x|y</code><tr></table><table></table>",
            "| A | B\\| |\n| --- | --- |\n| `x\\|y` |  |",
        ),
        ("a<hr>b", "a\n\n---\n\nb"),
        ("<p>1. a<p>2) b<p># c<p>- d", "1\\. a\n\n2\\) b\n\n\\# c\n\n\\- d"),
        ("<p>> e<p>+ f<p>--", "\\> e\n\n\\+ f\n\n\\--"),
        ("snake_case _x_ * [a] &amp;lt; a | b", "snake_case \\_x\\_ \\* \\[a\\] \\&lt; a \\| b"),
        ("<script>x</script><style>y</style><!-- --><span>a<svg><text>t</text></svg></span>", "a"),
        ("<my-element>a<p>b</my-element>", "a\n\nb"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_written(html, markdown):
    assert written(html) == markdown


def test_the_element_itself_counts():
    assert written("<ul><li>a</ul>", "ul") == "- a"
    assert written("<p><b>a</b>", "b") == "**a**"
    assert written("<p><script>a</script>", "script") == ""


@pytest.mark.parametrize("tag", ["div", "b", "ul", "blockquote"])
def test_what_is_nested_too_deeply_is_plain_text(tag):
    html = f"<{tag}>" * 300 + "deep *text*" + f"</{tag}>" * 300
    made = written(html)
    assert "deep \\*text\\*" in made
    assert len(made) < 2000


texts = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r\x0b\x0c", exclude_categories=["Cc"])
) | st.lists(st.sampled_from([*"ab1_*`[]()<>&#+-.!|~\\=: ", "&lt;", "1. ", "](", "---"])).map(
    "".join
)


@given(texts, st.sampled_from(["<p>%s</p>", "<ul><li>%s</ul>", "<b>%s</b> x", "<blockquote>%s",
    "<h1>%s</h1>", "<a href=u>%s</a>", "<table><tr><th>%s</table>"]))  # fmt: skip
@example("a\n---", "<p>%s</p>")
@example("#", "<h1>%s</h1>")
@example("__0__ >0", "<p>%s</p>")
@example(">0", "<p>%s</p>")
def test_a_reader_of_markdown_sees_the_text_of_the_page(text, html):
    page = html % escape(text)
    assert shown(READER.render(written(page))) == shown(page)


pieces = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<ul>",
        "<li>",
        "</ul>",
        "<ol",
        "start=99999999>",
        "<a",
        "href=x>",
        "</a>",
        "<b>",
        "</b>",
        "<pre>",
        "</pre>",
        "<table>",
        "<tr>",
        "<td>",
        "<th",
        "colspan=3>",
        "</table>",
        "<blockquote>",
        "text",
        "<br>",
        "<img",
        "src=y>",
        "<h1>",
        "<code>",
        "`",
        "|",
        "<svg>",
    ]
)


@given(st.lists(pieces, max_size=25).map("".join))
def test_any_page_becomes_markdown_the_same_each_time(html):
    made = written(html)
    assert made == written(html)
    assert "\0" not in made
