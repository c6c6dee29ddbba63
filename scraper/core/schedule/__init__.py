"""Decisions about time and place: politeness, retries, where a page is parsed."""
