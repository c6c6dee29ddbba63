"""What can be asked of a config before a run: `check`, `plan` and `schema`."""

from __future__ import annotations

import json

from scraper.commands.ending import as_json_text
from scraper.commands.loading import load
from scraper.commands.options import AsJson, Config, Db, Fresh, Limit, Python, Seeds, Set
from scraper.output import say


def check(
    config: Config,
    *,
    set_: Set = None,
    seeds: Seeds = None,
    db: Db = None,
    python: Python = None,
) -> None:
    """Find every mistake in a config, and say in words what the crawl will do."""
    from scraper.config import explain

    say(explain(load(config, set_=set_, seeds=seeds, db=db, python=python)))


def plan(
    config: Config,
    *,
    seeds: Seeds = None,
    db: Db = None,
    set_: Set = None,
    python: Python = None,
    limit: Limit = None,
    fresh: Fresh = False,
    as_json: AsJson = False,
) -> None:
    """Say what a run would do: hosts, pages, robots.txt, and how long it takes at least."""
    from scraper.app.plan import plan_crawl
    from scraper.logs import setup
    from scraper.planning.text import as_text

    loaded = load(config, set_=set_, seeds=seeds, db=db, python=python)
    setup(format=None, verbosity=-1).hide(loaded.secrets)
    told = plan_crawl(loaded.plan, limit=limit, fresh=fresh)
    say(json.dumps(told, indent=2, ensure_ascii=True) if as_json else as_text(told))


def schema() -> None:
    """Print the JSON Schema of the config, for editors."""
    from scraper.config import schema as make_schema

    say(as_json_text(make_schema()))
