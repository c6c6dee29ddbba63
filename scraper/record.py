"""Recorded tests: pages saved beside a config with what they give, and replayed without a network.

A recording is two files that a person can read and git can compare: the body as it came
(`NAME.body.html`) and what is said of it (`NAME.json`). No cookie and no header but those that the
rule reads is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Protocol, cast

from scraper.core.content import media_type
from scraper.core.errors import ParseError, ScraperError, UsageError
from scraper.core.extract.custom import plans
from scraper.core.extract.join import whole
from scraper.core.extract.plan import PageRule
from scraper.core.keeping import SECRET_HEADERS
from scraper.core.model import Json, Page, Parsed, Request, Response
from scraper.core.plan import Plan
from scraper.core.recorded import Told, differences, header_names, told
from scraper.core.request import make_request
from scraper.core.route import Router
from scraper.core.url import parse, without_login

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MOST_CHARACTERS = 80  # of a name
_ENDINGS = {"application/json": "json", "application/xml": "xml", "text/plain": "txt"}
_GIVES = ("rule", "error", "items", "rejected", "links")


class Parser(Protocol):
    """Extraction."""

    async def parse(self, response: Response, rule: PageRule, request: Request) -> Parsed:
        """Extract one page."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A saved page and what it is expected to give."""

    name: str
    url: str
    page: str | None  # the rule that was named; None: chosen by `match`
    final_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    gives: Told = field(default_factory=dict)
    body_file: str = ""


def folder_of(config: Path, given: str | None) -> Path:
    """Where the recordings of a config are."""
    return config.with_suffix(".recorded") if given is None else Path(given)


async def record(plan: Plan, request: Request, response: Response, parser: Parser) -> Recording:
    """A page as it was answered, with what it gives."""
    rule = Router(plan.pages).rule(request)
    names = header_names(rule)
    if rule is not None and plans(rule):  # its functions may look at all
        names = frozenset(response.headers) - SECRET_HEADERS
    headers = {name: response.headers[name] for name in sorted(names & response.headers.keys())}
    name = _name(request)
    recording = Recording(
        name=name,
        url=without_login(request.url),
        page=request.page,
        final_url=without_login(response.url),
        status=response.status,
        headers=headers,
        body=response.body,
        body_file=f"{name}.body.{_ending(headers.get('content-type', ''))}",
    )
    return replace(recording, gives=await replay(plan, recording, parser))


async def replay(plan: Plan, recording: Recording, parser: Parser) -> Told:
    """What a recorded page gives by the config of today."""
    request = make_request(parse(recording.url), page=recording.page, seed=True)
    response = Response(recording.final_url, recording.status, recording.headers, recording.body)
    rule = Router(plan.pages).rule(request)
    if rule is None:
        return told(None, Page())
    try:
        parsed = await parser.parse(response, rule, request)
    except ParseError as error:
        return told(rule.name, Page(), str(error))
    return told(rule.name, whole(rule, parsed.page, request.carry, url=request.url))


def save(folder: Path, recording: Recording) -> Path:
    """Write a recording, in the place of one of the same page; returns the file to read.

    Raises:
        ScraperError: it cannot be written.
    """
    text = json.dumps(_written(recording), ensure_ascii=False, indent=2) + "\n"
    path = folder / f"{recording.name}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{recording.name}.body.*"):  # of another content type
            if old.name != recording.body_file:
                old.unlink()
        _write(folder / recording.body_file, recording.body)
        _write(path, text.encode())
    except OSError as error:
        why = error.strerror or error
        raise ScraperError(f"{error.filename or path}: cannot be written: {why}") from error
    return path


def _written(recording: Recording) -> dict[str, Json]:
    return {
        "url": recording.url,
        "page": recording.page,
        "final_url": recording.final_url,
        "status": recording.status,
        "headers": dict(recording.headers),
        "body": recording.body_file,
        **recording.gives,
    }


def _write(path: Path, content: bytes) -> None:
    """Write a file at once; one that is the same is not touched."""
    with suppress(OSError):
        if path.read_bytes() == content:
            return
    beside = path.with_name(f".{path.name}.partial")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def recordings(folder: Path) -> Iterator[Recording]:
    """All recordings of a folder, by name.

    Raises:
        UsageError: there is none, or a file is none.
    """
    files = sorted(path for path in folder.glob("*.json") if not path.name.endswith(".body.json"))
    if not files:
        raise UsageError(
            f"{folder}: no page is recorded: record one with `scraper record CONFIG URL`"
        )
    for path in files:
        yield _read(path)


def _read(path: Path) -> Recording:
    try:
        value = json.loads(path.read_bytes())
        recording = _of(path.stem, value)
        recording = replace(recording, body=(path.parent / recording.body_file).read_bytes())
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}: record the page anew") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        why = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{path}: is no recording ({why}): record the page anew") from error
    return recording


def _of(name: str, value: dict[str, Json]) -> Recording:
    """A recording as it is written; whoever edited it is told what is wrong."""
    gives = {key: value[key] for key in _GIVES}
    for key in ("items", "rejected", "links"):
        _check(gives[key], key)
    for item in cast("list[dict[str, Json]]", gives["items"]):
        _ = item["type"], item["key"], item["data"]  # a KeyError says which is missing
    body_file = str(value["body"])
    if Path(body_file).name != body_file:
        raise ValueError("body must name a file beside it")
    parse(str(value["url"]))
    headers = cast("dict[str, str]", value["headers"])
    return Recording(
        name=name,
        url=str(value["url"]),
        page=cast("str | None", value["page"]),
        final_url=parse(str(value["final_url"])).href,
        status=int(cast("int", value["status"])),
        headers={str(one).lower(): str(text) for one, text in headers.items()},
        body=b"",
        gives=gives,
        body_file=body_file,
    )


def _check(value: Json, key: str) -> None:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ValueError(f"{key} must be a list of objects")


def _name(request: Request) -> str:
    """A file name that tells the page: what a URL contains is never trusted."""
    plain = without_login(request.url).partition("://")[2]
    said = _UNSAFE.sub("-", plain).strip("-.")[:_MOST_CHARACTERS].rstrip("-.")
    identity = request.key + (request.page or "").encode()
    return f"{said}-{blake2b(identity, digest_size=4).hexdigest()}"


def _ending(content_type: str) -> str:
    media = media_type(content_type)
    if media.endswith("+json"):
        return "json"
    if media.endswith("+xml") and media != "application/xhtml+xml":
        return "xml"
    known = media.startswith("text/") or "html" in media or not media
    return _ENDINGS.get(media, "html" if known else "bin")


async def compare(
    plan: Plan, folder: Path, parser: Parser, *, update: bool
) -> tuple[int, list[str]]:
    """Replay all recordings; returns how many differ, and lines that say how.

    Args:
        update: write what they give now.
    """
    lines: list[str] = []
    count = differing = 0
    for recording in recordings(folder):
        count += 1
        gives = await replay(plan, recording, parser)
        found = differences(recording.gives, gives)
        if found:
            differing += 1
            lines.append(f"{folder / recording.name}.json: {recording.url}")
            lines += [f"  {line}" for line in found]
            if update:
                save(folder, replace(recording, gives=gives))
    pages = f"{count} recorded page{'' if count == 1 else 's'}"
    verb = ("differs" if differing == 1 else "differ") if not update else "updated"
    lines.append(f"{pages}: {f'{differing} {verb}' if differing else 'all agree'}")
    return differing, lines
