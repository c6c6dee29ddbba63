"""Which page rule a request belongs to."""

from __future__ import annotations

from scraper.core.extract.plan import PageRule
from scraper.core.globs import Pattern
from scraper.core.model import Request
from scraper.core.url import path_of


class Router:
    """The page rules of a crawl, in the order of the config."""

    __slots__ = ("_by_name", "_rules", "rules")

    def __init__(self, pages: tuple[PageRule, ...]) -> None:
        self.rules = pages
        self._by_name = {rule.name: rule for rule in pages}
        self._rules = tuple((rule, Pattern(rule.match) if rule.match else None) for rule in pages)

    def __repr__(self) -> str:
        return f"<Router {' '.join(self._by_name)}>"

    def rule(self, request: Request) -> PageRule | None:
        """Return the rule that the request names, else the first that fits its URL, else None.

        The URL is the requested one, wherever redirects led. A name that the config no longer has
        (the request was stored by an earlier run) counts as no name.
        """
        return self.choose(request.page, request.url)

    def choose(self, page: str | None, url: str) -> PageRule | None:
        """As `rule`, of a request that names this page and asks for this URL."""
        if page is not None and page in self._by_name:
            return self._by_name[page]
        path = path_of(url)
        for rule, pattern in self._rules:
            if pattern is None or pattern.fits(path, url):
                return rule
        return None
