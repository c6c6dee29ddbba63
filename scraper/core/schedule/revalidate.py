"""Asking whether a page has changed, instead of for the page (RFC 9110 sections 8.8 and 13).

What a server said of a version is kept as it came and sent back as it came. A weak ETag does for
that, and is compared by the server. A `Last-Modified` of the very second in which the page was sent
does not: the page may have changed later in that second (section 8.8.2.2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from scraper.core.model import Reading, Request, Response, Validators

MOST_CHARACTERS = 512
_ETAG = re.compile(r'(?:W/)?"[!#-~]*"')  # without the obs-text of section 8.8.3: sent in ASCII
_DATE = re.compile(r"[A-Z][a-z]{2,8},? [0-9A-Za-z :-]{8,30}")  # section 5.6.7, all three forms

Headers = tuple[tuple[str, str], ...]


def validators_of(request: Request, response: Response) -> tuple[str | None, str | None]:
    """ETag and Last-Modified of the version that a page was read in; GET and 200 alone."""
    if response.status != 200 or request.method != "GET" or request.body is not None:
        return None, None
    return _said(response.headers)


def conditions(request: Request) -> Headers:
    """The headers that ask whether the page has changed; none: it is asked for.

    The validators belong to the URL that has answered: another hop is asked without them.
    """
    known = request.validators
    if known is None or request.method != "GET" or known.url != request.asked:
        return ()
    etag = (("If-None-Match", known.etag),) if known.etag else ()
    date = (("If-Modified-Since", known.last_modified),) if known.last_modified else ()
    return etag + date


def renewed(validators: Validators, response: Response) -> Reading:
    """The reading that a 304 confirms; what it says anew of the version counts from now on.

    Source: RFC 9110 section 15.4.5, RFC 9111 section 4.3.4.
    """
    etag, last_modified = _said(response.headers)
    return Reading(
        None,
        validators.basis,
        etag=etag or validators.etag,
        last_modified=last_modified or validators.last_modified,
    )


def _said(headers: Mapping[str, str]) -> tuple[str | None, str | None]:
    etag, date = headers.get("etag"), headers.get("last-modified")
    if etag is not None and (len(etag) > MOST_CHARACTERS or not _ETAG.fullmatch(etag)):
        etag = None
    if date is not None and (date == headers.get("date") or not _DATE.fullmatch(date)):
        date = None
    return etag, date
