"""Extraction: a pure function from the bytes of a page to what a rule finds on it.

Read `extractor.py` first: items and their keys. `fields.py` holds the kinds of fields, `take.py`
what is taken of an element, `sources.py` what does not come from one (`jsonld.py`, `script.py`,
`table.py`), `steps.py` the way from there to a value, `types.py` and `dates.py` the conversions;
`links.py` where a page leads, `submit.py` the forms that are sent (`forms.py` what a form says,
`formdata.py` the bytes of it), `xml.py` how XML is looked into, `selectors.py` what is done to a
selector when the config is compiled.
"""

from scraper.core.extract.document import Source
from scraper.core.extract.extractor import Extractor, takes_nothing
from scraper.core.extract.plan import PageRule
from scraper.core.model import Page

__all__ = ["Extractor", "Source", "extract", "takes_nothing"]


def extract(body: bytes, rule: PageRule, source: Source) -> Page:
    """Extract one page; for many pages of one rule keep an `Extractor`.

    Args:
        body: UTF-8; see `core.content.as_utf8`.

    Raises:
        ParseError: the page cannot be extracted. Nothing else is raised, whatever the bytes.
    """
    return Extractor(rule)(body, source)
