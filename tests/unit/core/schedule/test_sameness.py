"""Laws of texts: what says the same and leads to itself alone is led on no more."""

import random
import string

from scraper.core.request import make_request
from scraper.core.schedule import sameness as module
from scraper.core.schedule.kinds import BARREN, MANY, Kinds, kind_of
from scraper.core.schedule.sameness import Sameness, said
from scraper.core.url import parse

H = "http://h.example"


def request(path: str):
    return make_request(parse(H + path))


def words(chance: random.Random) -> str:
    return "".join(chance.choices(string.ascii_lowercase, k=8))


def tree(kinds: Kinds, most: int, text=lambda path: "<h1>Not here</h1>") -> int:
    """How many pages of random links are visited, until none is left."""
    chance, waiting = random.Random(1), [request("/x/start")]
    for visited in range(most):
        if not waiting:
            return visited
        page = waiting.pop(0)
        links = [request(f"/x/{words(chance)}") for _ in range(2)]
        judged = kinds.visited(page, body=text(page.url).encode(), items=(), links=links)
        waiting += links if judged.leads else []
    return most


def test_links_made_up_anew_end_whatever_they_look_like():
    for takes_items in (True, False):
        kinds = Kinds(takes_items=takes_items)
        assert tree(kinds, 9 * BARREN) < 3 * BARREN + 3 * MANY
        assert len(kinds.closed) == 1
    echo = Kinds(takes_items=True)
    assert tree(echo, 9 * BARREN, lambda url: f"<p>{url[len(H) :]} is not here</p>") < 5 * BARREN
    chance = random.Random(2)
    assert tree(Kinds(takes_items=True), 5 * BARREN, lambda _: words(chance)) == 5 * BARREN


def test_a_text_that_leads_to_pages_of_a_form_goes_on():
    kinds = Kinds(takes_items=True)
    for n in range(4 * BARREN):
        links = [request(f"/c{chr(97 + n % 26)}/{'x' * (n % 700)}"), request(f"/p/{n}")]
        assert kinds.visited(
            request(f"/w/{'x' * (n % 700)}"), body=b"", items=(), links=links
        ).leads


def test_what_no_page_that_says_it_has_led_to_goes_on():
    kinds, chance = Kinds(takes_items=True), random.Random(3)
    for _ in range(4 * BARREN):
        page, link = request(f"/w/{words(chance)}"), request(f"/v/{words(chance)}")
        assert kinds.visited(page, body=b"same", items=(), links=[link]).leads


def test_numbers_tags_and_the_words_of_the_url_say_nothing():
    assert said(b"<p class=a>No  page 17 abc</p>", f"{H}/abc") == said(b"<i>No page 5 </i>")
    assert said(b"<p>No page</p>") != said(b"<p>A page</p>")
    assert said(b"<img src=a>") != said(b"<img src=b>")
    assert said(b"same", "", "item") != said(b"same", "", "other")
    assert said(b"x", "not a url") == said(b"x")
    assert said(b"x" * (module.MOST_BYTES + 1)) is None


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "TEXTS", 3)
    monkeypatch.setattr(module, "LINKS", 5)
    monkeypatch.setattr(module, "FORMS", 5)
    texts = Sameness(10, kind_of)
    for n in range(100):
        links = [request(f"/{'x' * n}{'y' * k}") for k in range(3)]
        texts.visited(request(f"/{n}"), str(n % 7), links)
        assert len(texts._texts) <= 3
        assert all(len(one.links) <= 5 >= len(one.forms) for one in texts._texts.values())


def test_a_later_run_counts_on():
    texts = Sameness(10, kind_of)
    texts.remember({"t": 8})
    assert texts.visited(request("/a"), "t", [request("/b")] * 2) == 0
    assert texts.kept(9) == {"t": 9}
    assert texts.visited(request("/b"), "t", []) == 1
    assert texts.visited(request("/c"), "t", []) == 2
