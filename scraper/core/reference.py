"""What a request of the config takes from the environment: its row says `${TOKEN}`, not the value.

The texts stand in its headers and its body as the config has them, and a note among the headers
(ADR 11) tells which they are; the plan knows what they stand for, and they are filled in when the
request is sent. A request that is made of such a one (`increment`, `set`) keeps the note. No page
can write it, and what a page puts beside it goes to the origin that knows these values already.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import quote_plus

from scraper.core.errors import FetchError
from scraper.core.model import Reason, Request

_NOTE = ":env"
Headers = tuple[tuple[str, str], ...]


def noted(headers: Headers, texts: Iterable[str]) -> Headers:
    """The headers with the note that these texts stand for others."""
    some = sorted(set(texts))
    return (*headers, (_NOTE, json.dumps(some))) if some else headers


def filled(request: Request, known: Mapping[str, str]) -> Request:
    """The request as it is sent.

    Args:
        known: what texts stand for, by the config of today.

    Raises:
        FetchError: one stands for nothing any more; nothing was sent.
    """
    texts = next((value for name, value in request.headers if name == _NOTE), None)
    if texts is None:
        return request
    values = {text: _known(text, known) for text in json.loads(texts)}
    headers = tuple((name, values.get(value, value)) for name, value in request.headers)
    return replace(request, headers=headers, body=_body(request.body, values))


def _known(text: str, known: Mapping[str, str]) -> str:
    if text not in known:
        raise FetchError(
            Reason.LOGIN, f"no request of the config says any more what {text} is", sent=False
        )
    return known[text]


def _body(body: bytes | None, values: Mapping[str, str]) -> bytes | None:
    """A body of JSON or of a form: a text in it is a whole value, in quotes or behind a "="."""
    if not body:
        return body
    sent = {_in_json(text): _in_json(value) for text, value in values.items()}
    sent |= {_in_form(text): _in_form(value) for text, value in values.items()}
    return re.sub(b"|".join(map(_whole, sent)), lambda found: sent[found[0]], body)


def _whole(text: bytes) -> bytes:
    end = b"(?![^&])" if text.startswith(b"=") else b""
    return re.escape(text) + end


def _in_form(text: str) -> bytes:
    return b"=" + quote_plus(text).encode()


def _in_json(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()
