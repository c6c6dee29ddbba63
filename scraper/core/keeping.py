"""Which raw pages are kept beside their items.

One body is kept for a request: the latest that was read. What is no longer the latest would bring
back old items, so it goes away when a newer page is not kept. An HTTP error is no newer version of
a page: it takes no good page's place.
"""

from __future__ import annotations

from enum import Enum

from scraper.core.model import PageResult, Response, State

NONE, FAILED, ZSTD = "none", "failed", "zstd"  # what `store.bodies` may be
SECRET_HEADERS = frozenset({"set-cookie", "set-cookie2", "authentication-info"})


class Fate(Enum):
    """What a visit does to the body that is kept for its request."""

    KEEP = "keep"  # the page that was read takes its place
    DROP = "drop"  # it is no longer the latest
    LEAVE = "leave"


def wanted(mode: str, result: PageResult, response: Response) -> bool:
    """Whether the answer that a visit ended with is kept.

    Args:
        mode: `failed` or `zstd`: with `none` nobody asks.
    """
    if result.again is not None or result.state not in (State.DONE, State.FAILED):
        return False
    if not is_success(response.status):
        return bool(response.body)
    if result.rule is None:  # no rule would read it
        return False
    return mode == ZSTD or result.state == State.FAILED or bool(result.page.rejected)


def fate(result: PageResult, before: int | None) -> Fate:
    """What becomes of the kept body of a page that was visited.

    Args:
        before: the status that the kept body came with; None: none is kept.
    """
    answer = result.answer
    if answer is not None:
        good = before is not None and is_success(before)
        return Fate.LEAVE if good and not is_success(answer.status) else Fate.KEEP
    if before is None or result.status is None or not is_success(result.status):
        return Fate.LEAVE
    return Fate.DROP


def is_success(status: int) -> bool:
    """Whether an answer is a page (RFC 9110 section 15.3)."""
    return 200 <= status < 300


def headers(response: Response) -> dict[str, str]:
    """The headers that are kept: all but those that let somebody in."""
    return {name: text for name, text in response.headers.items() if name not in SECRET_HEADERS}
