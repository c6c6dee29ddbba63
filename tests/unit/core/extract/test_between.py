"""What stands between an item and the following one, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.extract.between import between
from scraper.core.extract.document import Document, Source

SOURCE = Source("http://a.example/", "http://a.example/")


def found(body: str, each: str, css: str) -> list[list[str]]:
    page = Document(body.encode(), SOURCE)
    made = between(each, css, page)
    assert between(each, css, page) is made  # looked for once
    return [[n.text() for n in made[item.mem_id]] for item in page.root.css(each)]


@pytest.mark.parametrize(
    ("body", "each", "css", "texts"),
    [
        ("<i>0</i><h2>A</h2><i>1</i><p><i>2</i></p><h2>B</h2><h2>C</h2><i>3</i>", "h2", "i",
            [["1", "2"], [], ["3"]]),
        ("<h2>A<i>in</i></h2><i>1</i>", "h2", "i", [["1"]]),
        ("<div><h2>A</h2></div><p>1</p><div><h2>B</h2></div><p>2</p>", "div > h2", "p",
            [["1"], ["2"]]),
        ("<ul><li class=a>A<li>1<li class=a>B<li>2</ul><li>out", "li.a", "li:not(.a)",
            [["1"], ["2"]]),
        ("<section><h2>A</h2><p>1</p></section><p>out</p>", "h2", "p, b", [["1"]]),
        ("<h2>A</h2><p>x</p>", "h2", "h2", [[]]),
        ("<p>x</p>", "h2", "p", []),
        ("<p>x</p>", "html", "p", [[]]),
    ],
)  # fmt: skip
def test_each_element_belongs_to_the_item_before_it(body, each, css, texts):
    assert found(body, each, css) == texts


tags = st.sampled_from(["<h2>", "</h2>", "<p>", "</p>", "<div>", "</div>", "<i>x</i>"])


@given(st.lists(tags, max_size=20).map("".join), st.sampled_from(["h2", "p", "div h2"]))
def test_nothing_belongs_to_two_items_or_stands_in_its_own(body, each):
    page = Document(body.encode(), SOURCE)
    made = between(each, "i", page)
    all_found = [node.mem_id for nodes in made.values() for node in nodes]
    assert len(all_found) == len(set(all_found))
    for item in page.root.css(each):
        inside = {node.mem_id for node in item.css("i")}
        assert not inside & {node.mem_id for node in made[item.mem_id]}
