"""One page without a crawl: `try` and `new`."""
