"""One HTTP exchange. The door of this package is `Fetcher`."""

from scraper.fetch.client import Fetcher

__all__ = ["Fetcher"]
