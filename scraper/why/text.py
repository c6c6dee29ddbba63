"""What became of a URL, in words; see `why`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from scraper.core.insight.estimate import span
from scraper.core.schedule.retry import RETRYABLE
from scraper.core.url import shown
from scraper.logs import escape

ITEMS_SHOWN = 10
_LATER = "in a cycle that begins after `refresh`, or with --fresh"
_NEXT = {  # of what is skipped
    "robots_disallowed": f"judged anew {_LATER}",
    "max_pages": f"{_LATER}, if scope.max_pages has room for it then",
    "trap": "not unless a seed or a link leads to it in a later cycle",
}
_NO_STATUS = {  # what came of a visit without one
    "host_unreachable": "it was not asked for: its host had been given up",
    "private_address": "it was not asked for",
    "dns": "no connection",
    "connect": "no connection",
    "tls": "no connection",
    "redirects": "a redirect that was not followed",
    "content_type": "an answer that was not read",
    "too_large": "an answer that was not read to its end",
    "truncated": "an answer that was not whole",
    "encoding": "an answer that cannot be decompressed",
}


def as_text(told: Mapping[str, Any]) -> str:
    """The same for a person; what a page contains cannot move a terminal's cursor."""
    return "\n".join(escape(shown(line)) for line in _lines(told))


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    if not told["known"]:
        yield from _of_no_request(told)
    for request in told["requests"]:
        yield from _of_request(request)
    for url in told["redirected_from"]:
        yield f"  {url} redirects to it"


def _of_no_request(told: Mapping[str, Any]) -> Iterator[str]:
    if told["redirected_from"]:
        yield f"{told['url']}: read as the page that others redirect to"
        return
    yield f"{told['url']}: never seen: no seed and no followed link led to it so far"
    yield "  links     that are out of scope, too deep or passed over are not kept"
    yield "  try it    `scraper try CONFIG URL` reads it, and says where its links lead"


def _of_request(request: Mapping[str, Any]) -> Iterator[str]:
    method = "" if request["method"] == "GET" else f"{request['method']} "
    reason = f": {request['reason']}" if request["reason"] else ""
    yield f"{method}{request['url']}: {request['state']}{reason}"
    if request["because"]:
        said = request["detail"]
        detail = f" ({said})" if said and said != request["because"] else ""
        yield f"  because   {request['because']}{detail}"
    if request["gone"] is not None:
        yield f"  missing   {_of_gone(request['gone'])}"
    yield from _of_visit(request)
    yield from _of_place(request)
    if request["reading"]:
        yield f"  says so   {_of_reading(request['reading'])}"
    yield from _of_items(request)
    kept = request["kept"]
    yield f"  kept      {_of_kept(kept) if kept else 'no raw page'}"


def _of_gone(gone: Mapping[str, Any]) -> str:
    many = "1 cycle" if gone["cycles"] == 1 else f"{gone['cycles']} cycles running"
    judged = "not judged gone yet" if gone["run"] is None else f"gone since run {gone['run']}"
    return f"not there in {many}: {judged}"


def _of_visit(request: Mapping[str, Any]) -> Iterator[str]:
    visit, url = request["visit"], request["url"]
    if visit is None:
        return
    when = f"{visit['at']} in run {visit['run']}"
    if visit["state"] == "skipped":
        yield f"  judged    {when}: {_not_asked(visit['final_url'])}"
        return
    yield f"  visited   {when}: {_came(visit)}"
    if visit["final_url"] not in (None, url):
        how = "led to    " if visit["status"] is None else "answered  by "
        yield f"  {how}{visit['final_url']}"
    if visit["status"] is not None:
        yield f"  page rule {visit['rule'] or 'none'}"
    if visit["noindex"]:
        yield "  noindex   it asks robots not to list it; its items are kept all the same"
    if visit["links_found"]:
        outside = f"{visit['links_out_of_scope']:,} of them not in scope"
        yield f"  links     {visit['links_found']:,} found, {outside}"


def _not_asked(led_to: str | None) -> str:
    """What was not asked for."""
    if led_to is None:
        return "it was not asked for"
    return f"it was asked for, and redirects led to {led_to}, which was not"


def _came(visit: Mapping[str, Any]) -> str:
    """What came of a visit."""
    status = visit["status"]
    if status is None:
        return _NO_STATUS.get(visit["reason"], "no answer")
    if status == 304 and visit["state"] == "done":
        return "status 304, it has not changed since it was read, its server says"
    return f"status {status}, {visit['body_bytes']:,} bytes"


def _of_place(request: Mapping[str, Any]) -> Iterator[str]:
    origin = "a seed" if request["seed"] else f"a link, {request['depth']} deep"
    named = f", for the page rule {request['page']}" if request["page"] else ""
    yield f"  known as  {origin}{named}; attempts {request['attempts']}, cycle {request['cycle']}"
    if request["state"] == "waiting":
        yield from _on_its_way(request)
    yield f"  next      {_next(request)}"
    if request["state"] == "waiting" and request["host_paused_until"]:
        yield f"  host      {request['host']} rests until {request['host_paused_until']}"
    if request["state"] == "waiting" and request["host_slow_s"]:
        each = f"a run begins with one start each {span(request['host_slow_s'])}"
        yield f"  host      {request['host']} was in trouble: {each}"


def _on_its_way(request: Mapping[str, Any]) -> Iterator[str]:
    hop, sent_at = request["hop"], request["sent_at"]
    if sent_at is not None:
        yield f"  sent      {sent_at}; without an answer it is failed, and not sent again unasked"
    if hop is not None:
        times = "a redirect" if hop["redirects"] == 1 else f"{hop['redirects']} redirects"
        method = "" if hop["method"] == "GET" else f"{hop['method']} "
        yield f"  hop       {times} led to {method}{hop['url']}, where it is asked for next"


def _next(request: Mapping[str, Any]) -> str:
    """When it is visited, as far as the database knows."""
    if request["state"] == "waiting":
        return (
            "as soon as a run comes to it"
            if request["is_due"]
            else f"not before {request['due_at']}"
        )
    if request["state"] == "skipped":
        otherwise = "not unless the config lets it in and a link or seed leads to it again"
        return _NEXT.get(request["reason"], otherwise)
    if (request["gone"] or {}).get("run") is not None and not request["seed"]:
        return "not unless a seed or a page that is read leads to it again: it is gone"
    if request["state"] == "failed" and request["reason"] in RETRYABLE:
        return "in the next cycle"
    return _learnt(request["learnt"]) if request["learnt"] else _LATER


def _learnt(told: Mapping[str, Any]) -> str:
    """What `refresh: auto` makes of it."""
    when = f"in a cycle that begins after {told['at']}, or with --fresh"
    if not told["is_known"]:
        return f"{when}: how often it changes is not known yet"
    often, after = span(told["every_s"]), span(told["after_s"])
    return f"{when}: it changes every {often} or so, and is due {after} after a visit"


def _of_items(request: Mapping[str, Any]) -> Iterator[str]:
    items = request["items"]
    for item in items[:ITEMS_SHOWN]:
        name = f"{item['type']} {json.dumps(item['key'], ensure_ascii=False)}"
        changed = item["changed_run"] != item["first_run"]
        later = f", changed in run {item['changed_run']}" if changed else ""
        later += f", gone since run {item['gone_run']}" if item["gone_run"] else ""
        yield f"  item      {name}: new in run {item['first_run']}{later}"
    if len(items) > ITEMS_SHOWN:
        yield f"  item      and {len(items) - ITEMS_SHOWN:,} more"
    for each in request["rejected"]:
        yield f"  rejected  {each['type']}: {each['field']} is {each['reason']}"


def _of_reading(reading: Mapping[str, Any]) -> str:
    times = reading["changes"]
    changed = f", after {times:,} change{'' if times == 1 else 's'}" if times else ""
    asked = " or ".join(filter(None, (reading["etag"], reading["last_modified"])))
    then = f"; the next time it is asked whether it is still {asked}" if asked else ""
    return f"since {reading['since']}{changed}; seen last {reading['at']}{then}"


def _of_kept(kept: Mapping[str, Any]) -> str:
    sizes = f"{kept['bytes']:,} bytes, {kept['packed_bytes']:,} packed"
    return f"the raw page of {kept['at']}, status {kept['status']}: {sizes}"
