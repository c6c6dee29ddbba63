"""Extraction: a pure function from the bytes of a page to what a rule finds on it.

Read `extractor.py` first: items, their keys, links. `fields.py` holds the steps of one value,
`types.py` and `dates.py` the conversions, `selectors.py` what is done to a selector when the
config is compiled.
"""

from scraper.core.extract.document import Source
from scraper.core.extract.extractor import Extractor
from scraper.core.extract.plan import PageRule
from scraper.core.model import Page

__all__ = ["Extractor", "Source", "extract"]


def extract(body: bytes, rule: PageRule, source: Source) -> Page:
    """Extract one page; for many pages of one rule keep an `Extractor`.

    Args:
        body: UTF-8; see `core.content.as_utf8`.

    Raises:
        ParseError: the page cannot be extracted. Nothing else is raised, whatever the bytes.
    """
    return Extractor(rule)(body, source)
