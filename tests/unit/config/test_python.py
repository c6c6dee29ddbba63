# ruff: noqa: E501  # messages stand here as they are
"""`python` in a config: refused unless the command line allows it, and looked at before a run."""

import pickle
from pathlib import Path

import pytest

from scraper.config import explain, load
from scraper.core.errors import ConfigError

S = "seeds: {urls: [http://a.example/]}\nfetch: {user_agent: x (+http://a.b)}\n"
MODULE = """
def parse(page): return {}, []
def clean(item, page): return item
wrong = 7
"""


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("conf").mkdir()
    Path("conf/config_python_site.py").write_text(MODULE)


def page(text: str) -> str:
    return f"{S}pages: {{p: {{{text}}}}}\n".replace("M:", "config_python_site:")


BOOK = "items: {book: {fields: {t: {from: python}}}}"
BROKEN = [
    (
        "python: os:system",
        "3:21: pages.p.python: runs code of os: allow it on the command line with --python os",
    ),
    (
        "items: {book: {python: 'os:x', fields: {t: h1}}}",
        "3:36: pages.p.items.book.python: runs code of os: allow it on the command line with --python os",
    ),
    ("python: M:nope", "3:21: pages.p.python: config_python_site has no function nope"),
    ("python: M:wrong", "3:21: pages.p.python: config_python_site has no function wrong"),
    ("python: M:clean", "3:21: pages.p.python: is called with (page), which it does not take"),
    (
        "items: {book: {python: 'M:parse', fields: {t: h1}}}",
        "3:36: pages.p.items.book.python: is called with (item, page), which it does not take",
    ),
    (
        "python: not_there_at_all:f",
        "3:21: pages.p.python: not_there_at_all cannot be imported: ModuleNotFoundError: No module named 'not_there_at_all'",
    ),
    ("python: parse", "3:21: pages.p.python: must be module:function, got parse"),
    ("python: 'a b:c'", "3:21: pages.p.python: must be module:function, got 'a b:c'"),
    (
        BOOK,
        "3:47: pages.p.items.book.fields.t.from: is given by a function: add python: module:function to the page or item",
    ),
    (
        "python: M:parse, items: {book: {each: b, fields: {t: {from: python}}}}",
        "3:62: pages.p.items.book.each: means nothing: the page's function gives these items, as from: python says",
    ),
    (
        "python: M:parse, items: {book: {fields: {t: {css: a, fields: {u: {from: python}}}}}}",
        "3:102: pages.p.items.book.fields.t.fields.u.from: python gives the fields of an item alone: take it out",
    ),
    (
        "follow: [{css: a, while: {from: python}}]",
        "3:45: pages.p.follow[1].while.from: python gives the fields of an item alone: take it out",
    ),
    (
        "items: {book: {python: 'M:clean', fields: {t: {from: t}}}}, follow: [{css: a, carry: [t]}]",
        "3:73: pages.p.items.book.fields.t: t is carried here, which a function of your own does not see: take out this field, or python",
    ),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_mistake_is_told_with_its_place(text: str, message: str) -> None:
    Path("conf/c.yaml").write_text(page(text), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load("conf/c.yaml", env={}, python=["config_python_site", "not_there_at_all"])
    assert str(caught.value) == f"conf/c.yaml:{message}"


def test_function_is_told_of_and_travels_by_its_name() -> None:
    text = f"python: M:parse, {BOOK[:-1]}, other: {{python: 'M:clean', fields: {{t: h1, u: {{from: python}}}}}}}}"
    Path("conf/c.yaml").write_text(page(text), encoding="utf-8")
    loaded = load("conf/c.yaml", env={}, python=["config_python_site"])
    (rule,) = pickle.loads(pickle.dumps(loaded.plan.pages))
    assert rule.python.name == "config_python_site:parse"
    assert rule.python.path[-1] == str(Path("conf").absolute())
    assert rule.python.pages == ("p",)
    assert rule.items[1].python.name == "config_python_site:clean"
    lines = [line.strip() for line in explain(loaded).splitlines()]
    assert "hands the page to config_python_site:parse, in a worker process" in lines
    assert "hands each other to config_python_site:clean, in a worker process" in lines
    assert "takes book, as the function gives them, known by its content: t" in lines


def test_config_without_functions_looks_for_none() -> None:
    Path("conf/c.yaml").write_text(page("items: {b: {fields: {t: h1}}}"), encoding="utf-8")
    (rule,) = load("conf/c.yaml", env={}, python=["anything"]).plan.pages
    assert (rule.python, rule.items[0].python) == (None, None)
