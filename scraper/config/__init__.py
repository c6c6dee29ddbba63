"""The config: one YAML file says everything about a crawl.

`load` reads it, finds every mistake, and compiles it to a `core.plan.Plan`; `explain` says in words
what it will do. `cli` and `app` alone come here: stages take the plan.
"""

from __future__ import annotations

from scraper.config.explain import explain
from scraper.config.load import Loaded, load
from scraper.config.schema import schema
from scraper.config.units import seconds as duration

__all__ = ["Loaded", "duration", "explain", "load", "schema"]
