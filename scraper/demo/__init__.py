"""The built-in demonstration site: a shop of 10,000 products on the loopback interface.

`start()` runs it in a process of its own, `config_path()` is the crawl that reads it,
`pages.truth(n)` what that crawl should find.
"""

from pathlib import Path

from scraper.demo.process import PORT, DemoError, start

__all__ = ["PORT", "DemoError", "config_path", "start"]


def config_path() -> Path:
    """Where `demo.yaml` is: beside this file in an installation, `config/` in a checkout."""
    here = Path(__file__).resolve().parent
    checkout = here.parents[1] / "config" / "demo.yaml"
    return checkout if checkout.is_file() else here / "demo.yaml"
