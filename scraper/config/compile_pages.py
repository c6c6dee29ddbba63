"""From the pages as written to their rules, which travel to worker processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from scraper.config.carrying import each_kind, kind_of, may_hold
from scraper.config.model_again import IncrementConfig
from scraper.config.model_fields import FieldConfig
from scraper.config.model_pages import EachConfig, FollowConfig, ItemConfig, PageConfig
from scraper.config.model_refresh import compile_refresh
from scraper.core.extract.join import asked
from scraper.core.extract.plan import (
    EachPlan,
    FieldPlan,
    FollowPlan,
    IncrementPlan,
    ItemPlan,
    PageRule,
    PythonPlan,
)
from scraper.core.extract.selectors import parse_selector
from scraper.core.model import Json


def every_field(page: PageConfig) -> Iterator[FieldConfig]:
    """All fields of a page, those within fields and those of `follow` too."""
    for item in page.items.values():
        yield from deep_fields(item.fields.values())
    for link in page.follow:
        yield from deep_fields(link.set_.values())
        if link.while_ is not None:
            yield from deep_fields((link.while_,))


def deep_fields(fields: Iterable[FieldConfig]) -> Iterator[FieldConfig]:
    """These fields and those within them."""
    for field in fields:
        yield field
        yield from deep_fields(field.fields.values())
        yield from deep_fields(field.any_)


def compile_page(
    name: str, page: PageConfig, *, polite: bool, robot: str, python: PythonPlan
) -> PageRule:
    """The rule of a page.

    Args:
        polite: robots are obeyed.
        robot: the product token of the user agent.
        python: what all functions of this config have in common.
    """
    refresh_s, auto = compile_refresh(page.refresh)
    return PageRule(
        name=name,
        match=plain_texts(page.match or ()),
        items=tuple(_item(kind, item, python) for kind, item in page.items.items()),
        follow=tuple(_follow(name, link, page.items) for link in page.follow),
        valid=None if page.valid is None else compile_selector(page.valid)[0],
        charset=plain_text(page.charset),
        refresh_s=refresh_s,
        auto=auto,
        python=_python(page.python, python),
        nofollow=_nofollow(page.nofollow, polite=polite),
        robot=robot,
    )


def _nofollow(said: str | None, *, polite: bool) -> str:
    if said is None:
        return "page" if polite else ""
    return "rel" if said == "obey" else ""


def _follow(rule: str, follow: FollowConfig, items: Mapping[str, ItemConfig]) -> FollowPlan:
    css, attr = (None, None) if follow.css is None else compile_selector(follow.css)
    return FollowPlan(
        css=css,
        attr=attr or str(follow.attr or "href"),
        page=plain_text(follow.page) or (rule if follow.is_again else None),
        json=plain_text(follow.json_path),
        script=plain_text(follow.script),
        limit=follow.limit,
        carry=plain_texts(follow.carry or ()),
        item=_holder(follow, items) if follow.carry else None,
        increment=None if follow.increment is None else _increment(follow.increment),
        set=tuple(compile_field(name, field) for name, field in follow.set_.items()),
        condition=None if follow.while_ is None else compile_field("while", follow.while_),
    )


def _increment(increment: IncrementConfig) -> IncrementPlan:
    first = increment.first
    if first is None:
        first = 1 if increment.by == 1 else 0
    return IncrementPlan(spot=increment.spot(), by=increment.by, first=first)


def _python(name: str | None, python: PythonPlan) -> PythonPlan | None:
    return None if name is None else replace(python, name=str(name))


def _holder(follow: FollowConfig, items: Mapping[str, ItemConfig]) -> str | None:
    """The item type whose fields go with the links; the lint has seen that there is one."""
    kind = kind_of(follow.model_fields_set)
    names = set(follow.carry or ())
    return next(
        (
            str(name)
            for name, item in items.items()
            if names <= item.fields.keys() and may_hold(_each_kind(item), kind)
        ),
        None,
    )


def _each_kind(item: ItemConfig) -> str:
    return each_kind(None if item.each is None else item.each.model_fields_set)


def with_carries(rules: Iterable[PageRule]) -> tuple[PageRule, ...]:
    """The rules, each item knowing what it reads of carries, where links carry any of it to it."""
    rules = tuple(rules)
    return tuple(
        replace(rule, items=tuple(_reading(item, carried_to(rule, rules)) for item in rule.items))
        for rule in rules
    )


def carried_to(rule: PageRule, rules: Iterable[PageRule]) -> frozenset[str]:
    """The names that links may carry to the pages of a rule."""
    links = (link for one in rules for link in one.follow)
    return frozenset(n for link in links if link.page in (None, rule.name) for n in link.carry)


def _reading(item: ItemPlan, carried: frozenset[str]) -> ItemPlan:
    names = tuple(dict.fromkeys(asked(item.fields)))
    return item if carried.isdisjoint(names) else replace(item, reads=names)


def _item(kind: str, item: ItemConfig, python: PythonPlan) -> ItemPlan:
    return ItemPlan(
        type=kind,
        fields=tuple(compile_field(name, field) for name, field in item.fields.items()),
        each=None if item.each is None else _each(item.each),
        key=plain_texts(item.key or ()),
        python=_python(item.python, python),
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
        order=field.order or "",
        language=field.language or "",
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
