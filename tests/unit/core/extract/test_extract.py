"""The door of extraction."""

from scraper.core.extract import Extractor, Source, extract
from scraper.core.extract.plan import FieldPlan, ItemPlan, PageRule


def test_extract_is_an_extractor_used_once():
    rule = PageRule("page", items=(ItemPlan("x", (FieldPlan("t", css="h1"),)),))
    source = Source("http://a.example/", "http://a.example/")
    page = extract(b"<h1>t</h1>", rule, source)
    assert page == Extractor(rule)(b"<h1>t</h1>", source)
    assert page.items[0].data == '{"t":"t"}'
