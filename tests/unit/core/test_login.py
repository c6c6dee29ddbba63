"""What the pages of a login say."""

import pytest

from scraper.core.extract import Source, extract
from scraper.core.extract.plan import FillPlan, PageRule
from scraper.core.login import Seen, login_rule, no_entry, no_form, rules_of, seen
from scraper.core.model import Response
from scraper.core.plan import FetchPlan, LoginPlan, Plan, SeedPlan, StorePlan

PLAN = LoginPlan(
    "http://a.example/in", "form", (FillPlan("user", ("ada",)), FillPlan("x")), "a.out", "form.in"
)
FORM = "<title>Hi ada</title><form class=in method=post action=/go><input name=user></form>"
ANSWER = Response("http://a.example/in?token=1", 200, {}, b"")


def look(body: str, plan: LoginPlan = PLAN) -> Seen:
    url = "http://a.example/in"
    return seen(extract(body.encode(), login_rule(plan), Source(url, url)))


def test_form_is_found_and_filled_in():
    found = look(FORM)
    assert (found.ok, found.expired, found.title) == (False, True, "Hi ada")
    assert found.form is not None
    assert (found.form.url, found.form.body) == ("http://a.example/go", b"user=ada")


def test_page_of_somebody_who_is_logged_in():
    assert look("<a class=out>") == Seen(ok=True, expired=False, form=None, title="")
    assert not look(FORM, LoginPlan("http://a.example/in", "form", (), "a.out")).expired


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            FORM,
            (
                "http://a.example/in answered 200, titled 'Hi ***': nothing fits login.ok a.out,"
                " with the form again: are the values of login.fill right?"
            ),
        ),
        ("<p>", "http://a.example/in answered 200: nothing fits login.ok a.out"),
    ],
)
def test_refusal_says_what_was_seen_and_nothing_of_what_was_filled_in(body: str, said: str):
    assert no_entry(PLAN, look(body), ANSWER) == said


def test_missing_form_is_told():
    said = no_form(PLAN, look("<title>Down"), ANSWER)
    assert said == "http://a.example/in answered 200, titled 'Down': nothing fits login.form form"


def test_rules_of_a_crawl():
    pages = (PageRule("p"),)
    plan = Plan("x", SeedPlan(), FetchPlan("bot"), StorePlan("x.db"), pages=pages)
    assert rules_of(plan) == pages
    with_login = Plan("x", SeedPlan(), FetchPlan("b"), StorePlan("x.db"), pages=pages, login=PLAN)
    assert rules_of(with_login) == (*pages, login_rule(PLAN))
