"""A table of a page as objects: one per row, keyed by the texts of its header.

The header is the row in `<thead>`, else a first row of `<th>` alone, else the first row. Where each
row begins with a `<th>` of its own and there is no header row, the table lies on its side: the
`<th>` are the keys, and each further column is an object. A cell that spans several columns or
rows counts in each of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from scraper.core.model import Json

_MOST_COLUMNS = 1000  # as the HTML standard bounds colspan
_PARTS = frozenset({"thead", "tbody", "tfoot"})


def table_objects(table: LexborNode) -> list[dict[str, Json]]:
    """The rows of a table, or its columns where it lies on its side."""
    rows = list(table_rows(table))
    texts = list(_spread(rows))
    if not texts:
        return []
    if _lies_on_its_side(rows):
        columns = max(map(len, texts)) - 1
        names = _names([row[0] for row in texts])
        turned = [
            [row[at] if at < len(row) else "" for row in texts] for at in range(1, columns + 1)
        ]
        return [dict(zip(names, column, strict=True)) for column in turned]
    names = _names(texts[0])
    padded = ([*row, *[""] * (len(names) - len(row))] for row in texts[1:] if any(row))
    return [dict(zip(names, row, strict=False)) for row in padded]


def table_rows(table: LexborNode) -> Iterator[LexborNode]:
    """The rows of a table, those of tables within it left out."""
    for child in table.iter():  # the parser puts each row into a part
        if child.tag in _PARTS:
            yield from (row for row in child.iter() if row.tag == "tr")


def cells(row: LexborNode) -> list[LexborNode]:
    """The cells of a row."""
    return [cell for cell in row.iter() if cell.tag in ("td", "th")]


def _lies_on_its_side(rows: list[LexborNode]) -> bool:
    """Whether each row is a `<th>` and what belongs to it."""
    for row in rows:
        tags = [cell.tag for cell in cells(row)]
        parent = row.parent
        if tags[:1] != ["th"] or "td" not in tags or (parent and parent.tag == "thead"):
            return False
    return True


def _spread(rows: list[LexborNode]) -> Iterator[list[str]]:
    """The texts of each row, cells that span counted in each of their places."""
    above: dict[int, tuple[int, str]] = {}  # column -> rows to come, text
    for row in rows:
        texts: list[str] = []
        below: dict[int, tuple[int, str]] = {}
        for cell in cells(row):
            _fill(texts, above, below)
            text = " ".join(cell.text().split())
            for _ in range(min(_span(cell, "colspan"), _MOST_COLUMNS - len(texts))):
                below[len(texts)] = (_span(cell, "rowspan") - 1, text)
                texts.append(text)
        _fill(texts, above, below)
        above = {at: one for at, one in below.items() if one[0] > 0}
        if texts:
            yield texts


def _fill(
    texts: list[str], above: dict[int, tuple[int, str]], below: dict[int, tuple[int, str]]
) -> None:
    """Put in the cells of rows above that reach into this one, as long as they come next."""
    while (reaching := above.get(len(texts))) is not None:
        below[len(texts)] = (reaching[0] - 1, reaching[1])
        texts.append(reaching[1])


def _span(cell: LexborNode, attribute: str) -> int:
    written = (cell.attributes.get(attribute) or "").strip()
    return (
        max(1, int(written)) if written.isascii() and written.isdigit() and len(written) < 6 else 1
    )


def _names(texts: list[str]) -> list[str]:
    """Keys that differ: an empty one is its column's number, a repeated one gets a number."""
    names: list[str] = []
    known: set[str] = set()
    for at, text in enumerate(texts, 1):
        name = text or f"column {at}"
        number = 2
        while name in known:
            name, number = f"{text or f'column {at}'} {number}", number + 1
        known.add(name)
        names.append(name)
    return names
