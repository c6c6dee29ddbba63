import pytest

from scraper.core.extract import Source
from scraper.core.extract.document import Document
from scraper.core.extract.proposal import FieldProposal
from scraper.core.extract.suggest_fields import Choice
from scraper.core.extract.suggest_links import find_details, find_next
from scraper.core.url import parse

HERE = parse("http://a.example/list")


def onward(html):
    document = Document(html.encode(), Source(HERE.href, HERE.href))
    found = find_next(document, HERE)
    return found and (found.written["css"], found.why, found.example)


@pytest.mark.parametrize(
    ("html", "css", "why"),
    [
        ("<a rel='nofollow next' href=/2>x</a>", 'a[rel~="next"]', 'a link with rel="next"'),
        ("<li class=next><a href=/2>Next</a>", "li.next a", 'a link that says "Next"'),
        ("<a class='big nextPage' href=/2>Next page »</a>", "a.nextPage",
         'a link that says "Next page »"'),
        ("<p class=other><a href=/2>Weiter</a>", 'a:contains("Weiter")',
         'a link that says "Weiter"'),
        ("<a href=/2>»</a>", 'a:contains("»")', 'a link that says "»"'),
        ("<div class=big-pager><b class=entry><a href=/2>2</a></b></div>", ".big-pager a",
         "links in an element of class big-pager"),
        ("<a href='?x=1&p=2'>2</a>", 'a[href*="p="]', "links with p=N in their query"),
    ],
)  # fmt: skip
def test_next_page_is_found(html, css, why):
    found = onward(html)
    assert found is not None
    assert found[:2] == (css, why)
    assert found[2].startswith("http://a.example/")


@pytest.mark.parametrize(
    "html",
    ["<p>", "<a href=/list#x>next</a>", "<a href=http://b.example/>next</a>",
     "<a href=mailto:x>next</a>", "<a href=/x>more</a>"],
)  # fmt: skip
def test_other_links_lead_nowhere(html):
    assert onward(html) is None


def details(urls, css="h3 a @href"):
    field = FieldProposal("url", {"css": css})
    return find_details("li", Choice((field,), len(urls), None, tuple(urls)), HERE)


def test_links_of_items_lead_to_details():
    found = details(["http://a.example/1", "http://a.example/2"])
    assert found is not None
    assert (found.written, found.to) == ({"css": "li h3 a"}, "detail")
    assert found.example == "http://a.example/1"


def test_few_or_foreign_links_do_not():
    assert details(["http://a.example/1"] * 3) is None
    assert details(["http://b.example/1", "http://b.example/2", None]) is None
    assert details(["http://a.example/1", "http://a.example/2"], "h3 a") is None
    assert find_details("li", Choice((), 3, None), HERE) is None
