"""Every error that `scraper` raises on purpose, and what becomes of each."""


class ScraperError(Exception):
    """Base of all errors of this package: says what, where, and what to do."""


class UsageError(ScraperError):
    """The command was asked for something it cannot do: exit status 2."""


class ConfigError(UsageError):
    """A crawl config is wrong; each line of the message is `file:line:column: what`."""


class LoginError(UsageError):
    """A site does not let us in; says what it showed instead."""


class SelectorError(UsageError):
    """A selector, regular expression or glob cannot be read."""


class FetchError(ScraperError):
    """One HTTP exchange failed; it becomes the page's reason and never ends the run.

    Args:
        reason: a member of `core.model.Reason`, or `http_NNN`.
        detail: for people, e.g. the library's own words.
        sent: whether the request may have reached the server (a POST is then not sent again).
        again_in_s: before that another try is known to be in vain; None: nothing is known.
        shut: not the page failed but its host, whose robots.txt cannot be had.
        rests: the host has asked to be left alone until then (Retry-After).
    """

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        sent: bool = True,
        again_in_s: float | None = None,
        shut: bool = False,
        rests: bool = False,
    ) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.sent = sent
        self.again_in_s = again_in_s
        self.shut = shut
        self.rests = rests


class TooSoonError(FetchError):
    """The host may be asked for it again only in another turn; it loses no attempt."""

    def __init__(self, host: str, early_s: float) -> None:
        super().__init__("too_soon", f"{host} may be asked in {early_s:.1f} s", sent=False)


class ParseError(ScraperError):
    """A page could not be extracted; it becomes the page's reason and never ends the run."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class StoreError(ScraperError):
    """The database cannot be trusted or written: the run breaks, exit status 3."""


class LockedError(ScraperError):
    """Another run holds the crawl (exit status 75, unless `run.if_running` says otherwise)."""
