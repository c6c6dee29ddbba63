"""One kept page of a database, named as `DATABASE:URL`."""

from __future__ import annotations

import re
from pathlib import Path

from scraper.core.errors import UsageError
from scraper.core.model import Request, Response
from scraper.store import find, open_reader

_TARGET = re.compile(r"(?P<database>.+?):(?P<url>https?://.*)", re.DOTALL)


def kept_page(target: str) -> tuple[Request, Response] | None:
    """The kept page that is meant, and its request; None: the target is something else.

    Raises:
        UsageError: there is no such database, or the page is not kept in it.
    """
    match = _TARGET.fullmatch(target)
    if match is None or target.startswith(("http://", "https://")) or Path(target).is_file():
        return None
    database, url = Path(match["database"]), match["url"]
    with open_reader(database) as reader:
        try:
            page = find(reader.connection, url)
        except ValueError as error:
            raise UsageError(str(error)) from error
        if page is None:
            raise UsageError(
                f"{database}: the page {url} is not kept: `scraper why {database} URL` says what "
                "became of it; `store.bodies: zstd` in the config keeps every page"
            )
    try:
        return page.request, page.whole()
    except ValueError as error:
        raise UsageError(f"{database}: {url}: {error}: fetch it again") from error
