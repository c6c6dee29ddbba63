"""A form as a browser would send it: its controls, what each of them says, and where it goes.

Source: HTML standard, sections 4.10.17.3 (who owns a control), 4.10.18.5 (disabled), 4.10.21.4
(constructing the entry list) and 4.10.10 (which option is selected). What a script would change
is not known here; values are not checked (`required`, `pattern`).

In old pages a form often stands in a table where no form may: the parser then leaves it empty
and still lets it own the controls behind it. The tree does not say so, hence `_Owned`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from scraper.core.charsets import REPLACEMENT, name_of
from scraper.core.extract.document import Document
from scraper.core.extract.selectors import quoted
from scraper.core.url import origin_of

_TABLE = frozenset({"table", "tbody", "thead", "tfoot", "tr"})
_ONE_LINE = frozenset({"text", "search", "url", "tel", "email", "password"})
_ENCTYPES = frozenset({"multipart/form-data", "text/plain"})
_URLENCODED = "application/x-www-form-urlencoded"
_WHITE = "\t\n\f\r "
_ONLY_READ = frozenset({"utf-16be", "utf-16le", REPLACEMENT})  # nothing is sent in these

Attributes = Mapping[str, "str | None"]


@dataclass(frozen=True, slots=True)
class Control:
    """A named control and what it sends if nobody touches it."""

    name: str
    values: tuple[str, ...] = ()
    is_file: bool = False
    button: Attributes | None = None  # of a submit button: it sends nothing unless it is pressed


@dataclass(frozen=True, slots=True)
class Form:
    """What a form sends, and how."""

    attributes: Attributes
    controls: tuple[Control, ...]
    charset: str  # WHATWG name of the encoding to send in
    origin: str  # of the page


@dataclass(frozen=True, slots=True)
class Target:
    """Where a form goes."""

    url: str  # http(s), normalised, without fragment
    method: str  # GET or POST
    enctype: str


def read_form(node: LexborNode, document: Document) -> Form:
    """The form that an element is."""
    charset = _charset(node.attributes.get("accept-charset") or "", document.source.charset)
    controls = (
        control
        for each in _owned(node, document)
        if not _is_barred(each)
        for control in _controls(each, charset)
    )
    origin = origin_of(document.source.final_url)
    return Form(node.attributes, tuple(controls), charset, origin)


def target(form: Form, button: Attributes | None, document: Document) -> Target | None:
    """Where a form goes, sent by this button if any; None: to no web page, or it is a dialog's."""
    pressed = button or {}
    said = {
        name: pressed[f"form{name}"] if f"form{name}" in pressed else form.attributes.get(name)
        for name in ("action", "method", "enctype")
    }
    method = (said["method"] or "").lower()
    action = (said["action"] or "").strip(_WHITE)
    try:
        url = document.base.join(action) if action else document.source.final_url
    except ValueError:
        return None
    if method == "dialog" or not url.startswith(("http://", "https://")):
        return None
    enctype = (said["enctype"] or "").lower()
    return Target(
        url.partition("#")[0],
        "POST" if method == "post" else "GET",
        enctype if enctype in _ENCTYPES else _URLENCODED,
    )


def _charset(accepted: str, of_page: str) -> str:
    """The encoding of a form: the first that it names, else the page's."""
    named = (name_of(label) for label in accepted.split())
    found = next((name for name in named if name is not None), of_page)
    return "utf-8" if found in _ONLY_READ else found


# Who owns a control


def _owned(form: LexborNode, document: Document) -> Iterator[LexborNode]:
    """The controls of a form, in the order of the page."""
    root = document.root
    name = form.attributes.get("id")
    first = root.css_first(f"[id={quoted(name)}]") if name else None
    is_named = first is not None and first.mem_id == form.mem_id
    stray: LexborNode | None = None  # the last form that a table has no place for
    for node in root.css("form, button, input, select, textarea"):
        if node.tag == "form":
            stray = node if _parent_tag(node) in _TABLE else None
        elif "form" in node.attributes:
            if is_named and node.attributes["form"] == name:
                yield node
        elif _owner(node, stray) == form.mem_id:
            yield node


def _owner(node: LexborNode, stray: LexborNode | None) -> int | None:
    """The form around a control, else the stray one in whose table it stands."""
    table = None if stray is None else _around(stray, "table")
    is_in_table = False
    for above in _ancestors(node):
        if above.tag == "form":
            return above.mem_id
        is_in_table = is_in_table or (table is not None and above.mem_id == table.mem_id)
    return stray.mem_id if stray is not None and is_in_table else None


def _around(node: LexborNode, tag: str) -> LexborNode | None:
    return next((above for above in _ancestors(node) if above.tag == tag), None)


def _ancestors(node: LexborNode) -> Iterator[LexborNode]:
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def _parent_tag(node: LexborNode) -> str:
    parent = node.parent
    return "" if parent is None else parent.tag or ""


def _is_barred(node: LexborNode) -> bool:
    """Whether a control is disabled, by itself or by what it stands in, or only suggests."""
    if "disabled" in node.attributes:
        return True
    below = node
    for above in _ancestors(node):
        if above.tag == "datalist":
            return True
        if above.tag == "fieldset" and "disabled" in above.attributes:
            legend = next((child for child in above.iter() if child.tag == "legend"), None)
            if legend is None or legend.mem_id != below.mem_id:
                return True
        below = above
    return False


# What a control says


def _controls(node: LexborNode, charset: str) -> Iterator[Control]:
    """What a control sends: one, more with `dirname`, none if it has no name."""
    attributes = node.attributes
    name = attributes.get("name") or ""
    if node.tag == "button":
        yield from _button(name, attributes, (attributes.get("type") or "submit").lower())
    elif node.tag == "input":
        yield from _input(name, attributes, charset)
    elif name and node.tag == "select":
        yield Control(name, _chosen(node))
    elif name:
        yield Control(name, (node.text(),))
    direction = attributes.get("dirname")
    if direction and name and node.tag in ("input", "textarea"):
        yield Control(direction, (_direction(node),))


def _button(name: str, attributes: Attributes, kind: str) -> Iterator[Control]:
    if name and kind not in ("reset", "button"):
        yield Control(name, button=attributes)


def _input(name: str, attributes: Attributes, charset: str) -> Iterator[Control]:
    kind = (attributes.get("type") or "text").lower()
    value = attributes.get("value") or ""
    if kind in ("submit", "image", "reset", "button"):
        yield from _button(name, attributes, kind)
    elif not name:
        return
    elif kind in ("checkbox", "radio"):
        said = (value or ("" if "value" in attributes else "on"),)
        yield Control(name, said if "checked" in attributes else ())
    elif kind == "file":
        yield Control(name, ("",), is_file=True)
    elif kind == "hidden" and name.lower() == "_charset_":
        yield Control(name, (charset.upper() if charset == "utf-8" else charset,))
    else:
        one_line = kind in _ONE_LINE or kind == "text"
        yield Control(name, (value.translate(_NO_LINE_ENDS) if one_line else value,))


_NO_LINE_ENDS = {10: None, 13: None}


def _chosen(select: LexborNode) -> tuple[str, ...]:
    """The values of the selected options; where one must be, the first that can."""
    options = [(node, _is_off(node)) for node in select.css("option")]
    chosen = [pair for pair in options if "selected" in pair[0].attributes]
    if "multiple" not in select.attributes:
        chosen = chosen[-1:]
        if not chosen and (select.attributes.get("size") or "1").strip() in ("", "0", "1"):
            chosen = [pair for pair in options if not pair[1]][:1]
    return tuple(option_value(node) for node, is_off in chosen if not is_off)


def _is_off(option: LexborNode) -> bool:
    """Whether an option cannot be chosen."""
    group = option.parent if _parent_tag(option) == "optgroup" else None
    is_grouped_off = group is not None and "disabled" in group.attributes
    return "disabled" in option.attributes or is_grouped_off


def option_value(node: LexborNode) -> str:
    """What an option stands for: its value, else its text."""
    attributes = node.attributes
    return attributes["value"] or "" if "value" in attributes else " ".join(node.text().split())


def _direction(node: LexborNode) -> str:
    said = (each.attributes.get("dir") or "" for each in (node, *_ancestors(node)))
    return "rtl" if next((word for word in said if word), "").lower() == "rtl" else "ltr"
