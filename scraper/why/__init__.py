"""`scraper why`: what became of a URL, and which rule decided."""
