"""`submit`: a form of the page, filled in, as requests.

The form's other controls keep their values, so view state and CSRF tokens go with it. A name that
the form does not have is added behind the others: no browser could, but sites whose scripts do
the same need it. A submit button is sent when it is named, and then says where the form goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod

from scraper.core.errors import ParseError
from scraper.core.extract.document import Document
from scraper.core.extract.fields import Field, compile_fields
from scraper.core.extract.formdata import Entry, FormEncoder
from scraper.core.extract.forms import Control, Form, Target, read_form, target
from scraper.core.extract.plan import FillPlan, SubmitPlan
from scraper.core.extract.selectors import as_written
from scraper.core.extract.steps import Place
from scraper.core.extract.types import as_text
from scraper.core.model import Link, Reason
from scraper.core.request import OF_FORM
from scraper.core.url import parse

MOST_REQUESTS = 10_000  # of one form on one page
MOST_CONTROLS = 1_000_000  # of all these requests together
MOST_BYTES = 32 * 1024 * 1024  # of their bodies and queries

Values = tuple[str, ...]


class SubmitReader:
    """One compiled entry of `submit`."""

    __slots__ = ("_fills", "_plan")

    def __init__(self, plan: SubmitPlan, regex_timeout_s: float) -> None:
        self._plan = plan
        place = Place("", regex_timeout_s, "submit")
        self._fills = tuple((fill, _field(fill, place)) for fill in plan.fill)

    def read(self, document: Document, notes: list[str]) -> Iterator[Link]:
        """The form as requests, each once; what a person should know goes into `notes`.

        Raises:
            ParseError: there are more than `MOST_REQUESTS`, or more than `MOST_BYTES` of them.
        """
        said = f"form {as_written(self._plan.form)}"
        node = document.parser.css_first(self._plan.form)
        if node is not None and node.tag != "form":
            node = node.css_first("form")
        if node is None:
            notes.append(f"{said}: is not on the page")
            return
        form = read_form(node, document)
        choices = self._choices(document, form, said, notes)
        where = target(form, _pressed(form, choices), document)
        if where is None:
            notes.append(f"{said}: leads to no web page")
        else:
            yield from self._links(form, where, choices, said)

    def _choices(
        self, document: Document, form: Form, said: str, notes: list[str]
    ) -> dict[str, list[Values]]:
        """What each name is given, one after the other; without any there is no request."""
        names = {control.name for control in form.controls}
        choices: dict[str, list[Values]] = {}
        for fill, field in self._fills:
            choices[fill.name] = found = _found(fill, field, document)
            if not found:
                notes.append(f"{said}: nothing was found to fill in {fill.name}, so it is not sent")
            elif fill.name not in names and found != [()]:
                notes.append(f"{said}: has no {fill.name}, which is added")
        return choices

    def _links(
        self, form: Form, where: Target, choices: Mapping[str, list[Values]], said: str
    ) -> Iterator[Link]:
        count = prod(map(len, choices.values()))
        if count > MOST_REQUESTS:
            why = f"{said}: {count} combinations are more than {MOST_REQUESTS}"
            raise ParseError(Reason.PARSE_ERROR, why)
        if count * len(form.controls) > MOST_CONTROLS:
            why = f"{said}: {count} requests of {len(form.controls)} controls are too much"
            raise ParseError(Reason.PARSE_ERROR, why)
        made = [(control.name, _as_it_is(control)) for control in form.controls]
        encoder = FormEncoder(where.enctype, form.charset)
        left, known = MOST_BYTES, set[tuple[str, bytes | None]]()
        for values in product(*choices.values()):
            entries = _entries(made, dict(zip(choices, values, strict=True)))
            link = _link(where, encoder, entries, form.origin)
            left -= len(link.body or b"") + len(link.url)
            if left < 0:
                why = f"{said}: its requests take more than {MOST_BYTES} bytes"
                raise ParseError(Reason.PARSE_ERROR, why)
            if (link.url, link.body) not in known:
                known.add((link.url, link.body))
                yield link._replace(page=self._plan.page, headers=(*link.headers, OF_FORM))


def _field(fill: FillPlan, place: Place) -> Field | None:
    return None if fill.field is None else compile_fields((fill.field,), place)[0]


def _found(fill: FillPlan, field: Field | None, document: Document) -> list[Values]:
    """The values that a name gets in turn: one for each request."""
    if field is None:
        return [fill.values]
    value = field.read(document.root, document)
    document.invalid.pop("", None)  # it is no field of an item
    texts = tuple(_texts(value))
    if fill.each:
        return [(text,) for text in dict.fromkeys(texts) if text]
    return [texts] if texts else []


def _texts(value: object) -> Iterator[str]:
    """The texts of what a field found."""
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, str | int | float | list | dict):
            yield as_text(one)


def _pressed(form: Form, choices: Mapping[str, list[Values]]) -> Mapping[str, str | None] | None:
    """The button that is named: of several with one name that of the value, else the first."""
    unnamed: list[list[Values]] = [[], [()]]  # nothing was found for it, or it is left out
    buttons = [
        control
        for control in form.controls
        if control.button is not None and choices.get(control.name, []) not in unnamed
    ]
    for control in buttons:
        if ((control.button or {}).get("value") or "",) in choices[control.name]:
            return control.button
    return buttons[0].button if buttons else None


def _as_it_is(control: Control) -> list[Entry]:
    return [Entry(control.name, value, control.is_file) for value in control.values]


def _entries(controls: Sequence[tuple[str, list[Entry]]], filled: dict[str, Values]) -> list[Entry]:
    """Names and values in the order of the form; what was filled in stands at its first control."""
    entries: list[Entry] = []
    left = dict(filled)
    for name, as_it_is in controls:
        if name not in filled:
            entries += as_it_is
        elif name in left:
            entries += [Entry(name, value) for value in left.pop(name)]
    return entries + [Entry(name, value) for name, values in left.items() for value in values]


def _link(where: Target, encoder: FormEncoder, entries: list[Entry], origin: str) -> Link:
    if where.method == "POST":
        kind, body = encoder.body(entries)
        headers = (("Content-Type", kind), ("Origin", origin))  # sites check it against forgeries
        return Link(where.url, None, method="POST", headers=headers, body=body)
    address = where.url.partition("?")[0]
    return Link(parse(f"{address}?{encoder.query(entries)}").href, None)
