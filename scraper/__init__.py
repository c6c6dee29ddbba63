"""An asynchronous web scraper: the same command, run again, finishes the job."""

__version__ = "0.1.0"
