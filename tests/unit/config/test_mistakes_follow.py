# ruff: noqa: E501  # messages stand here as they are
"""Mistakes in `increment`, `set`, `while` and `nofollow`: where, what, and what to write instead."""

from pathlib import Path

import pytest

from scraper.config import explain, load
from scraper.core.errors import ConfigError

S = "seeds: {urls: [http://a.example/]}\nfetch: {user_agent: x (+http://a.b)}\n"


def page(follow: str, more: str = "") -> str:
    return f"{S}pages: {{p: {{{more}follow: [{follow}]}}}}\n"


BROKEN = [
    (
        page("{increment: page}"),
        "3:23: pages.p.follow[1]: would never end: no item of this page has `each`; give while",
    ),
    (
        page("{increment: page, css: a}"),
        "3:22: pages.p.follow[1]: increment makes a request of its own: take out css, json or script",
    ),
    (
        page("{increment: {by: 20}, while: b}"),
        "3:34: pages.p.follow[1].increment: names no parameter: give name, query, json or form",
    ),
    (
        page("{increment: {query: a, json: b}, while: b}"),
        "3:34: pages.p.follow[1].increment: names more than one parameter: give query or json",
    ),
    (
        page("{increment: 'header:X', while: b}"),
        "3:34: pages.p.follow[1].increment: a header alone makes no new request: give query, json or form",
    ),
    (
        page("{increment: {query: a, by: 0}, while: b}"),
        "3:49: pages.p.follow[1].increment.by: must be at least 1, got 0",
    ),
    (
        page("{increment: {query: a, first: one}, while: b}"),
        "3:52: pages.p.follow[1].increment.first: must be a whole number, got one",
    ),
    (
        page("{increment: {query: a, first: 10000000000000000}, while: b}"),
        "3:52: pages.p.follow[1].increment.first: is too large",
    ),
    (
        page("{increment: {qery: a}, while: b}"),
        '3:35: pages.p.follow[1].increment.qery: unknown key; did you mean "query"?',
    ),
    (
        page("{while: {json: more}}"),
        "3:22: pages.p.follow[1]: has no source: give css, json, script, increment or set",
    ),
    (
        page("{set: {'header:X-Token': {json: t}}}"),
        "3:22: pages.p.follow[1]: set: headers alone make no new request: add a value for the query or the body, or css, json or script",
    ),
    (
        page("{css: a, set: {'json:x': {css: b}}}"),
        "3:22: pages.p.follow[1]: set: a link has no body: write query: instead of json:",
    ),
    (
        page("{set: {'query:': {json: t}}}"),
        "3:22: pages.p.follow[1]: set: 'query:' names no parameter",
    ),
    (
        page("{css: a, set: {'header:a b': {json: t}}}"),
        "3:22: pages.p.follow[1]: set: 'a b' is no name of a header",
    ),
    (
        page("{css: a, set: {'header:Host': {json: t}}}"),
        "3:22: pages.p.follow[1]: set: the header Host is set by the crawler: take it out",
    ),
    (
        page("{set: {x: {json: t, required: true}}}"),
        "3:22: pages.p.follow[1]: set.x: required means nothing outside of items: take it out",
    ),
    (
        page("{css: a, while: {json: t, fields: {a: {json: b}}}}"),
        "3:22: pages.p.follow[1]: while: fields mean nothing here: name one value",
    ),
    (
        page("{set: {x: {json: 'a['}}}"),
        "3:39: pages.p.follow[1].set.x.json: cannot read the JMESPath 'a[': it ends too early",
    ),
    (
        page("{set: {x: {}}}"),
        "3:32: pages.p.follow[1].set.x: has no source: give css, json, jsonld, meta, script, table, next, any, from or const",
    ),
    (
        page("{set: {x: {from: nope}}}"),
        "3:39: pages.p.follow[1].set.x.from: there is no nope: write url, final_url, status, header:NAME, a column of a CSV seed list or a field that a link carries here",
    ),
    (
        page("{css: a, while: {from: nope}}"),
        "3:45: pages.p.follow[1].while.from: there is no nope: write url, final_url, status, header:NAME, a column of a CSV seed list or a field that a link carries here",
    ),
    (
        page("{css: a, while: {next: b}}"),
        "3:39: pages.p.follow[1].while.next: looks behind an element that is `each`: write css",
    ),
    (
        page("{set: {x: {json: t}}, attr: href}"),
        "3:22: pages.p.follow[1]: attr means nothing without css: take it out",
    ),
    (
        page("{css: a}", "nofollow: obay, "),
        '3:23: pages.p.nofollow: must be obey or ignore, got obay; did you mean "obey"?',
    ),
]


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_mistake_is_told_with_its_place(text: str, message: str) -> None:
    Path("c.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load("c.yaml", env={})
    assert str(caught.value) == f"c.yaml:{message}"


EACH = "items: {t: {each: {json: a}, key: b, fields: {b: {json: b}}}}, "
SAID = [
    (
        page("{increment: page}", EACH),
        "asks again with page 1 higher, until a page has no items, at most 10,000 pages in a row",
    ),
    (
        page("{increment: {query: o, by: 20}, while: {json: more}, limit: 5}"),
        "asks again with query:o 20 higher, as long as json more is true, at most 5 pages in a row",
    ),
    (
        page("{set: {c: {json: next}, 'header:T': {meta: t}}, page: p}"),
        "asks again with c from json next and header:T from meta t as p, while all are there, at most 10,000 pages in a row",
    ),
    (
        page(
            "{css: a, set: {t: '#t', u: {attr: x}, v: {any: [{css: a}]}, w: {const: 1}}, while: {script: '(x)'}}"
        ),
        "follows a, with t from #t and u from @x and v from one of several and w from a constant, as long as script (x) is true",
    ),
]


@pytest.mark.parametrize(("text", "said"), SAID)
def test_check_says_what_is_asked_next(text: str, said: str) -> None:
    Path("c.yaml").write_text(text, encoding="utf-8")
    lines = explain(load("c.yaml", env={})).splitlines()
    assert [line.strip() for line in lines if "ask" in line or "follows a," in line] == [said]


@pytest.mark.parametrize(
    ("nofollow", "robots", "rule"),
    [
        ("", "obey", "page"),
        ("", "ignore", ""),
        ("nofollow: obey, ", "ignore", "rel"),
        ("nofollow: ignore, ", "obey", ""),
    ],
)
def test_nofollow_goes_with_robots_unless_it_is_said(nofollow: str, robots: str, rule: str) -> None:
    text = page("{css: a}", nofollow) + f"politeness: {{robots: {robots}}}\n"
    Path("c.yaml").write_text(text, encoding="utf-8")
    assert load("c.yaml", env={}).plan.pages[0].nofollow == rule


def test_first_page_is_1_and_the_first_offset_is_0() -> None:
    for by, first in [(1, 1), (20, 0)]:
        text = page(f"{{increment: {{query: a, by: {by}}}, while: b}}")
        Path("c.yaml").write_text(text, encoding="utf-8")
        (follow,) = load("c.yaml", env={}).plan.pages[0].follow
        assert follow.increment is not None
        assert (follow.increment.first, follow.page) == (first, "p")
