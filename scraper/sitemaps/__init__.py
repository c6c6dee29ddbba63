"""Sitemaps as seeds: read as a stream, each in its host's turn."""
