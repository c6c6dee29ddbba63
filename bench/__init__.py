"""Measures the scraper beside others; see `__main__`."""
