"""From the pages as written to their rules, which travel to worker processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scraper.config.model_fields import FieldConfig
from scraper.config.model_pages import EachConfig, FollowConfig, ItemConfig, PageConfig
from scraper.core.extract.plan import EachPlan, FieldPlan, FollowPlan, ItemPlan, PageRule
from scraper.core.extract.selectors import parse_selector
from scraper.core.model import Json


def every_field(page: PageConfig) -> Iterator[FieldConfig]:
    """All fields of a page, those within fields too."""
    for item in page.items.values():
        yield from deep_fields(item.fields.values())


def deep_fields(fields: Iterable[FieldConfig]) -> Iterator[FieldConfig]:
    """These fields and those within them."""
    for field in fields:
        yield field
        yield from deep_fields(field.fields.values())
        yield from deep_fields(field.any_)


def compile_page(name: str, page: PageConfig) -> PageRule:
    """The rule of a page."""
    return PageRule(
        name=name,
        match=plain_texts(page.match or ()),
        items=tuple(_item(kind, item) for kind, item in page.items.items()),
        follow=tuple(map(_follow, page.follow)),
        valid=None if page.valid is None else compile_selector(page.valid)[0],
        charset=plain_text(page.charset),
    )


def _follow(follow: FollowConfig) -> FollowPlan:
    css, attr = (None, None) if follow.css is None else compile_selector(follow.css)
    return FollowPlan(
        css=css,
        attr=attr or str(follow.attr or "href"),
        page=plain_text(follow.page),
        json=plain_text(follow.json_path),
        script=plain_text(follow.script),
        limit=follow.limit,
    )


def _item(kind: str, item: ItemConfig) -> ItemPlan:
    return ItemPlan(
        type=kind,
        fields=tuple(compile_field(name, field) for name, field in item.fields.items()),
        each=None if item.each is None else _each(item.each),
        key=plain_texts(item.key or ()),
    )


def _each(each: EachConfig) -> str | EachPlan:
    if each.css is not None:
        return compile_selector(each.css)[0]
    return EachPlan(json=str(each.json_path or "@"), script=plain_text(each.script))


def compile_field(name: str, field: FieldConfig) -> FieldPlan:
    """One field."""
    css, attr = (None, None) if field.css is None else compile_selector(field.css)
    following, next_attr = (None, None) if field.next is None else compile_selector(field.next)
    if css is None and following is None and field.attr is not None:
        css = ""
    return FieldPlan(
        name=name,
        css=css,
        attr=attr or next_attr or plain_text(field.attr),
        next=following,
        table=None if field.table is None else compile_selector(field.table)[0],
        page=field.page,
        remove=None if field.remove is None else compile_selector(field.remove)[0],
        html=field.html,
        markdown=field.markdown,
        source=plain_text(field.from_),
        json=plain_text(field.json_path),
        script=plain_text(field.script),
        jsonld=plain_text(field.jsonld),
        meta=plain_text(field.meta),
        any=tuple(compile_field(name, one) for one in field.any_),
        const=_json(field.const),
        is_const="const" in field.model_fields_set,
        all=field.all,
        count=field.count,
        raw_text=field.text == "raw",
        regex=plain_text(field.regex),
        replace=tuple((str(pattern), str(text)) for pattern, text in (field.replace or {}).items()),
        split=plain_text(field.split),
        strip=plain_text(field.strip),
        map=None if field.map is None else {key: _json(value) for key, value in field.map.items()},
        type="int" if field.count else field.type or "",
        default=_json(field.default),
        required=field.required,
        fields=tuple(compile_field(inner, one) for inner, one in field.fields.items()),
    )


def compile_selector(css: str) -> tuple[str, str | None]:
    """A selector as lexbor reads it, and the attribute to take."""
    return parse_selector(css) if css.strip() else ("", None)


def _json(value: Json) -> Json:
    """The same value, its texts plain."""
    if isinstance(value, list):
        return [_json(one) for one in value]
    if isinstance(value, dict):
        return {key: _json(one) for key, one in value.items()}
    return str(value) if isinstance(value, str) else value


def plain_texts(values: Iterable[str]) -> tuple[str, ...]:
    """The same texts, plain: what they remember of the file stays here."""
    return tuple(map(str, values))


def plain_text(value: str | None) -> str | None:
    """The same text, plain."""
    return None if value is None else str(value)
