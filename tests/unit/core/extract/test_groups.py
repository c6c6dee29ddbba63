import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from scraper.core.extract.groups import find_groups
from tests.unit.core.extract import practice


def best(html):
    groups = find_groups(LexborHTMLParser(html))
    return (groups[0].css, groups[0].count) if groups else None


@pytest.mark.parametrize(
    ("html", "css", "count"),
    [
        (practice.quotes(), "div.quote", 10),
        (practice.books(), "article.product_pod", 20),
        (practice.table(), "tr:has(td)", 12),
        (practice.table(headers=False), "tr:has(td)", 12),
    ],
)
def test_items_of_practice_layouts_are_found(html, css, count):
    assert best(html) == (css, count)


def items(tag, n, inner="<b>Name {0}</b> <i>{0} pieces of it</i> <u>and {0} more</u>"):
    return "".join(f"<{tag}>{inner.format(i)}</{tag.split()[0]}>" for i in range(n))


def test_elements_without_a_class_are_told_by_what_holds_them():
    menu = f"<ul>{items('li', 4, '<a href=x>m{0}</a>')}</ul>"
    assert best(f"{menu}<div id=main><ul>{items('li', 9)}</ul></div>") == ("#main li", 9)
    inside = f"<li>x<ul>{items('li', 3, 'y{0}')}</ul></li>"
    assert best(f"<div class=main><ul>{items('li', 9)}{inside}</ul></div>") == (
        "div.main > ul:nth-of-type(1) > li", 10,
    )  # fmt: skip
    assert best(f"<ul>{items('li', 3, 'y{0}')}</ul><ul>{items('li', 9)}</ul>") == (
        "body > ul:nth-of-type(2) > li", 9,
    )  # fmt: skip


def test_rows_of_one_of_two_tables_are_told_apart():
    two = "<table><tr><td>a<td>b</table>" + f"<div id=it>{practice.table()}</div>"
    assert best(two) == ("#it tr:has(td)", 12)
    assert best("<table>" + "<tr><th>x</th></tr>" * 5 + "</table>") is None


def test_a_menu_counts_for_little():
    menu = f"<nav><ul>{items('li class=entry', 30)}</ul></nav>"
    assert best(menu + f"<main>{items('div class=card', 4)}</main>") == ("div.card", 4)


def test_cards_in_rows_are_one_group():
    rows = ""
    for r in range(5):
        cards = items("div class=card", 3, f"<h2>Name {r} {{0}}</h2><p>text {r} {{0}}</p>")
        rows += f"<div class=row>{cards}</div>"
    assert best(f"<main>{rows}</main>") == ("div.card", 15)


def test_what_says_nothing_is_no_group():
    assert best("<p>x") is None
    assert best("<div></div>" * 5) is None
    assert best("<x:y>a<b>c</b></x:y>" * 5) is None
    assert find_groups(LexborHTMLParser("")) == []


def test_hints_are_classes_of_the_elements_and_of_what_holds_them():
    (group, *_) = find_groups(LexborHTMLParser(f"<div id=books><ul>{items('li', 9)}</ul></div>"))
    assert group.hints == ("books",)
    assert not group.is_rows


@given(st.text(alphabet="<>/ =ab\"'ulidvtrp1", max_size=200))
def test_each_selector_selects_its_members_whatever_the_page(html):
    parser = LexborHTMLParser(html * 4)
    for group in find_groups(parser):
        assert len(parser.css(group.css)) == group.count >= 3
