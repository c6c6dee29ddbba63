"""What a run came to and what limited it: for scripts (`build`) and for people (`text`).

The rows of the database are the truth about pages and items. What only the running process could
measure, it stored as the run's `stats` now and then (`stats`), so that a killed run keeps it too.
"""

from scraper.report.build import build
from scraper.report.figures import stats
from scraper.report.text import text

__all__ = ["build", "stats", "text"]
