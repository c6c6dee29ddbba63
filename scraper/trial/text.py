"""A trial for a person: lines, and on a terminal a table for each type of item.

What a page contains is shown as text only: it cannot move a cursor, whatever it holds.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

from scraper.logs import escape

if TYPE_CHECKING:
    from rich.table import Table

_MOST_CHARACTERS = 200  # of a value in a line
_LEAST_WIDTH = 8  # of a column
_MOST_ROWS = 20  # of a table
_MOST_LINKS = 30  # of one fate
_UNSAFE_IN_JSON = re.compile(
    "[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"  # the rest JSON escapes itself
)


def as_text(trial: dict[str, Any]) -> str:
    """The trial as plain lines."""
    return "\n".join(escape(line) for line in (*_head(trial), *_items(trial), *_tail(trial)))


def as_json(trial: dict[str, Any]) -> str:
    """The trial as JSON that a terminal can be shown."""
    text = json.dumps(trial, indent=2, ensure_ascii=False)
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def show(trial: dict[str, Any], stream: TextIO) -> None:
    """The trial on a terminal: as the lines, with tables for the items."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False)
    for line in _head(trial):
        console.print(Text(escape(line)), soft_wrap=True)
    for type_, items in _by_type(trial).items():
        console.print(Text(f"{type_}, {_many(len(items), 'item')}", style="bold"))
        console.print(_table(items, console.width))
        if len(items) > _MOST_ROWS:
            console.print(Text(f"... and {len(items) - _MOST_ROWS} more"))
        hidden = (
            [] if len(items) == 1 else list(items[0])[len(_shown(list(items[0]), console.width)) :]
        )
        if hidden:
            console.print(
                Text(f"no room for {', '.join(hidden)}: --json shows them"), soft_wrap=True
            )
    for line in _tail(trial):
        style = "yellow" if line.startswith(("empty", "rejected", "invalid")) else ""
        console.print(Text(escape(line), style=style), soft_wrap=True)


def _head(trial: dict[str, Any]) -> Iterator[str]:
    yield f"{trial['url']}  status {trial['status'] or 'none'}"
    if trial["final_url"] not in (None, trial["url"]):
        yield f"redirected to {trial['final_url']}"
    if trial["error"]:
        yield from f"error: {trial['error']}".splitlines()
    if trial["status"] is None:
        return
    yield f"page rule: {trial['rule'] or 'none fits'}"
    for name, why in trial["why_not"].items():
        yield f"  not {name}: {why}"


def _by_type(trial: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for item in trial["items"]:
        found.setdefault(item["type"], []).append(item["data"])
    return found


def _items(trial: dict[str, Any]) -> Iterator[str]:
    for item in trial["items"]:
        yield f"{item['type']}  key {_short(item['key'], _MOST_CHARACTERS)}"
        for name, value in item["data"].items():
            text = json.dumps(value, ensure_ascii=False)
            yield f"  {name}: {_short(text, _MOST_CHARACTERS)}"


def _table(items: list[dict[str, Any]], width: int) -> Table:
    """One row an item; of one item one row a field."""
    from rich.table import Table
    from rich.text import Text

    names = list(items[0])
    table = Table()
    if len(items) == 1:
        table.show_header = False
        longest = max(map(len, names))
        for name, value in items[0].items():
            table.add_row(Text(name, style="bold"), Text(_cell(value, width - longest - 7)))
        return table
    shown = _shown(names, width)
    widths = _widths([[_cell(item[name], _MOST_CHARACTERS) for item in items] for name in shown],
                     shown, width - 1 - 3 * len(shown))  # fmt: skip
    for name, room in zip(shown, widths, strict=True):
        table.add_column(Text(_cell(name, room)), no_wrap=True, min_width=room)
    for item in items[:_MOST_ROWS]:
        table.add_row(*(Text(_cell(item[n], room)) for n, room in zip(shown, widths, strict=True)))
    return table


def _shown(names: list[str], width: int) -> list[str]:
    """The columns there is room for."""
    return names[: max(1, (width - 1) // (_LEAST_WIDTH + 3))]


def _widths(columns: list[list[str]], names: list[str], room: int) -> list[int]:
    """How wide each column is: as it needs, and where there is no room the widest give way."""
    wanted = [max(map(len, (name, *cells))) for name, cells in zip(names, columns, strict=True)]
    widest = max(wanted)
    while widest > _LEAST_WIDTH and sum(min(each, widest) for each in wanted) > room:
        widest -= 1
    return [min(each, widest) for each in wanted]


def _cell(value: object, room: int) -> str:
    """A value in so many characters; of a URL the end, which tells it from others."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = "" if value is None else escape(text)
    if len(text) > room and text.startswith(("http://", "https://")):
        return f"...{text[len(text) - max(1, room - 3) :]}"
    return _short(text, max(4, room))


def _tail(trial: dict[str, Any]) -> Iterator[str]:
    """What is amiss, where the links lead, how long it took."""
    if trial["error"]:
        return
    yield from _left_out(trial)
    for empty in trial["empty"]:
        yield f"empty {empty}"
    for type_, names in trial["carried"].items():
        yield f"carried {type_}: null here, as the links to a page bring it: {', '.join(names)}"
    yield from _filled(trial)
    for type_, counts in trial["invalid"].items():
        for field, count in counts.items():
            values = "value does" if count == 1 else "values do"
            shown = trial["misfits"].get(type_, {}).get(field)
            example = f", as {shown}" if shown else ""
            yield f"invalid {type_}.{field}: {count} {values} not convert{example}"
    if trial["nofollow"]:
        yield "links are passed over, as the page asks (nofollow); nofollow: ignore follows them"
    yield from _links(trial["links"])
    yield from trial["notes"]
    seconds = "  ".join(f"{k} {v:.3f} s" for k, v in trial["time_s"].items() if v is not None)
    followed = sum(link["fate"] == "followed" for link in trial["links"])
    links = f"{_many(len(trial['links']), 'link')}, {followed} followed"
    yield f"{_many(len(trial['items']), 'item')}, {links}  {seconds}".rstrip()


def _left_out(trial: dict[str, Any]) -> Iterator[str]:
    """Items that are none."""
    for rejected in trial["rejected"]:
        yield f"rejected {rejected['type']}: field {rejected['field']} is {rejected['reason']}"
    for type_, count in trial["doubles"].items():
        yield f"doubled {type_}: {_many(count, 'item')} left out, since one before has the same key"


def _filled(trial: dict[str, Any]) -> Iterator[str]:
    """Fields that some items have and others do not."""
    for type_, items in _by_type(trial).items():
        counts = Counter(
            name for item in items for name, value in item.items() if value not in (None, "", [])
        )
        for name, count in counts.items():
            if count < len(items):
                yield f"filled {type_}.{name}: in {count} of {len(items)} items"


def _links(links: list[dict[str, Any]]) -> Iterator[str]:
    shown: Counter[str] = Counter()
    for link in links:
        shown[link["fate"]] += 1
        if shown[link["fate"]] <= _MOST_LINKS:
            method = "" if link["method"] == "GET" else f"{link['method']} "
            why = f" {link['why']}" if link["fate"] == "followed" else f": {link['why']}"
            yield f"link {method}{_short(link['url'], _MOST_CHARACTERS)}: {link['fate']}{why}"
            yield from _sent(link)
    for fate, count in shown.items():
        if count > _MOST_LINKS:
            yield f"... and {count - _MOST_LINKS} more links: {fate}"


def _sent(link: dict[str, Any]) -> Iterator[str]:
    for name, value in link["headers"].items():
        yield f"  {name}: {_short(value, _MOST_CHARACTERS)}"
    if link["body"] is not None:
        yield f"  body {_short(link['body'], _MOST_CHARACTERS)}"
    for name, value in link["carry"].items():
        text = json.dumps(value, ensure_ascii=False)
        yield f"  carries {name}: {_short(text, _MOST_CHARACTERS)}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."
