"""What a login looks for on a page, and what it says when it was refused."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from scraper.core.extract.plan import FieldPlan, ItemPlan, PageRule, SubmitPlan
from scraper.core.extract.selectors import as_written
from scraper.core.model import Link, Page, Response
from scraper.core.plan import LoginPlan, Plan

RULE = "login form"  # no rule of a config has a name like this
_LONGEST_TITLE = 80


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page says about the login."""

    ok: bool  # it is a page of somebody who is logged in
    expired: bool  # it is one of somebody who is not any more
    form: Link | None  # the form, filled in
    title: str


def login_rule(plan: LoginPlan) -> PageRule:
    """The rule that reads the login's pages."""
    looks_for = {"ok": plan.ok, "expired": plan.expired}
    fields = [FieldPlan(name, css=css, count=True) for name, css in looks_for.items() if css]
    item = ItemPlan("seen", (*fields, FieldPlan("title", css="title")))
    return PageRule(RULE, items=(item,), submit=(SubmitPlan(plan.form, plan.fill),))


def rules_of(plan: Plan) -> tuple[PageRule, ...]:
    """What pages are read by, those of the login too."""
    return plan.pages if plan.login is None else (*plan.pages, login_rule(plan.login))


def seen(page: Page) -> Seen:
    """What was found on a page by that rule."""
    data = json.loads(page.items[0].data)
    form = page.links[0] if page.links else None
    return Seen(bool(data["ok"]), bool(data.get("expired")), form, data["title"] or "")


def no_form(plan: LoginPlan, found: Seen, response: Response) -> str:
    """Why there is nothing to fill in."""
    return f"{_answered(plan, found, response)}: nothing fits login.form {as_written(plan.form)}"


def no_entry(plan: LoginPlan, found: Seen, response: Response) -> str:
    """What came instead of a page of somebody who is logged in."""
    again = ", with the form again: are the values of login.fill right?" if found.form else ""
    said = f"nothing fits login.ok {as_written(plan.ok)}"
    return f"{_answered(plan, found, response)}: {said}{again}"


def _answered(plan: LoginPlan, found: Seen, response: Response) -> str:
    values = {value for fill in plan.fill for value in fill.values}
    title = _hidden(found.title, values)[:_LONGEST_TITLE]
    titled = f", titled {title!r}" if title else ""
    return f"{response.url.partition('?')[0]} answered {response.status}{titled}"


def _hidden(text: str, values: Iterable[str]) -> str:
    for value in sorted(filter(None, values), key=len, reverse=True):
        text = text.replace(value, "***")
    return text
