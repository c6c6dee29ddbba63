"""`scraper plan`: what a run will do and how long that takes at least."""
