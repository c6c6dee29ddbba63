"""The language of fields as a whole: whatever config is accepted works on whatever page.

Configs are drawn with all sources and steps, as a person could write them. Each that loads is
printed from its model and must load to the same; each gives a page or a `ParseError` on any bytes,
the same one in another process.
"""

from __future__ import annotations

import json
import pickle
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from scraper.config import Loaded, load
from scraper.config.model_fields import _MEANINGLESS, SOURCES
from scraper.config.scalars import Reads
from scraper.core.errors import ConfigError, ParseError
from scraper.core.extract import Extractor, Source
from scraper.core.extract.plan import PageRule
from tests.command import ROOT, environment
from tests.unit.core.extract.test_extractor import bodies

SOURCE = Source("http://a.example/p?b=1", "http://a.example/d/p", headers={"etag": "x"})
selectors = st.sampled_from(
    ["p", "a", "*", "div > p", "p:contains('a')", "a[href] @href", "td::text", "b::attr(class)"]
)
elements = st.sampled_from(["p", "a", "*", "td:has(p)", "p:nth-child(2)", "div, td"])
patterns = st.sampled_from(["a+", r"(\d)(x)?", r"^(.*)$", "(a|b)+", r"\w+ (\w+)"])
paths = st.sampled_from(["@", "a", "[]", "a[].b", "length(a)", "{x: a}", "[?a]", "max_by(@, &a)"])
scalars = (
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "1.5", "yes", "012"])
)
SOURCE_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "css": selectors | st.just(""),
    "json": paths,
    "jsonld": st.sampled_from(["T", "T.a", "T.a[].b"]),
    "meta": st.sampled_from(["a", "og:image"]),
    "script": st.sampled_from(["x = (.*)", "(a|a|b)+?"]),
    "table": elements,
    "next": selectors,
    "from": st.sampled_from(["url", "final_url", "status", "header:ETag"]),
    "const": scalars | st.lists(scalars, max_size=2),
}
STEPS: dict[str, st.SearchStrategy[Any]] = {
    "attr": st.sampled_from(["href", "class", "srcset"]),
    "all": st.booleans(),
    "count": st.booleans(),
    "text": st.just("raw"),
    "page": st.just(True),
    "remove": elements,
    "html": st.just(True),
    "markdown": st.just(True),
    "json": paths,
    "regex": patterns,
    "replace": st.dictionaries(patterns, st.sampled_from(["", "x", r"\0\0"]), max_size=2),
    "split": st.sampled_from([",", "a"]),
    "strip": st.sampled_from(["a", "x,"]),
    "map": st.dictionaries(st.sampled_from(["a", "1", ""]), scalars, max_size=2),
    "type": st.sampled_from(
        ["text", "int", "float", "decimal", "bool", "date", "datetime", "url", "json"]
    ),
    "default": scalars | st.lists(scalars, max_size=1),
    "required": st.booleans(),
}


@st.composite
def fields_(draw: st.DrawFn, depth: int = 2) -> Any:
    kind = draw(st.sampled_from([*SOURCE_VALUES, *(["any", "group"] if depth else [])]))
    if kind == "any":
        written = {"any": draw(st.lists(fields_(0), min_size=1, max_size=3))}
    elif kind == "group":
        source = draw(st.sampled_from(["css", "json", "jsonld", "next", "script"]))
        more = {"json": "@"} if source == "script" else {}
        written = {source: draw(SOURCE_VALUES[source]), **more, "fields": draw(named(depth - 1))}
    else:
        written = {kind: draw(SOURCE_VALUES[kind])}
    if kind == "css" and draw(st.booleans()):
        return written["css"]
    source = next(
        name for name in SOURCES if name in written and (name != "json" or len(written) < 3)
    )
    silent = {*_MEANINGLESS[source], *(_MEANINGLESS["fields"] if kind == "group" else ())}
    may = sorted({*STEPS} - silent - ({"json"} if kind not in ("css", "script") else set()))
    steps = draw(st.lists(st.sampled_from(may), max_size=3, unique=True)) if may else []
    return {**{step: draw(STEPS[step]) for step in steps}, **written}


def named(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from("abcd"), fields_(depth), min_size=1, max_size=3)


eaches = elements | st.fixed_dictionaries({"json": paths})
eaches |= st.just({"script": "x = (.*)", "json": "@"})
items = st.fixed_dictionaries({"fields": named(2)}, optional={"each": eaches, "key": st.just("a")})
links = st.sampled_from(["a", "*", "a[href]", "p a"])
follows = st.fixed_dictionaries({"css": links}, optional={"limit": st.integers(1, 3)})
many_follows = st.lists(follows, max_size=2) | st.just([{"css": "a"}])
many_follows |= st.just([{"json": "[].a", "page": "page"}])
pages = st.fixed_dictionaries(
    {
        "items": st.dictionaries(st.sampled_from(["thing", "other"]), items, min_size=1),
        "follow": many_follows,
    },
    optional={
        "valid": elements,
        "charset": st.just("windows-1252"),
        "match": st.just(["/p*", "re:p"]),
    },
)


def loaded(folder: Path, tree: dict[str, Any]) -> Loaded:
    path = folder / "c.yaml"
    path.write_text(json.dumps(tree), encoding="utf-8")  # JSON is YAML
    return load(path, env={})


def drawn(folder: Path, page: dict[str, Any]) -> Loaded:
    """The config of a drawn page; those that are refused are not of interest here."""
    written = {"version": 1, "seeds": {"urls": ["http://a.example/"]}, "pages": {"page": page}}
    try:
        return loaded(folder, written)
    except ConfigError:
        assume(False)
        raise


def printed(model: BaseModel) -> dict[str, Any]:
    """What a person would have to write for this model."""
    return {
        field.alias or name: _shown(getattr(model, name), field.metadata)
        for name, field in type(model).model_fields.items()
        if name in model.model_fields_set
    }


def _shown(value: Any, metadata: Any) -> Any:
    kinds = {one.kind for one in metadata if isinstance(one, Reads)}
    if isinstance(value, BaseModel):
        return printed(value)
    if isinstance(value, tuple):
        return [_shown(one, ()) for one in value]
    if isinstance(value, dict):
        return {str(name): _shown(one, ()) for name, one in value.items()}
    if isinstance(value, float) and any("duration" in kind for kind in kinds):
        return f"{value:.6f}s"
    return f"{value}B" if "size" in kinds else value


relaxed = settings(
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much, HealthCheck.too_slow
    ],
)  # fmt: skip


@relaxed
@given(pages)
def test_a_config_printed_from_its_model_says_the_same(tmp_path: Path, page: dict[str, Any]):
    first = drawn(tmp_path, page)
    again = loaded(tmp_path, printed(first.config))
    assert again.config == first.config
    assert again.plan == first.plan


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "config").glob("*.yaml")))
def test_an_example_printed_from_its_model_says_the_same(tmp_path: Path, name: str):
    first = load(ROOT / "config" / name, env={})
    again = loaded(tmp_path, printed(first.config))
    assert again.config == first.config
    assert again.plan == first.plan


class Elsewhere:
    """Another process that extracts, with other hashes of texts."""

    CODE = """
import pickle, struct, sys
from scraper.core.errors import ParseError
from scraper.core.extract import Extractor
while head := sys.stdin.buffer.read(4):
    rule, body, source = pickle.loads(sys.stdin.buffer.read(*struct.unpack(">I", head)))
    try:
        found = Extractor(rule)(body, source)
    except ParseError as error:
        found = str(error)
    answer = pickle.dumps(found)
    sys.stdout.buffer.write(struct.pack(">I", len(answer)) + answer)
    sys.stdout.buffer.flush()
"""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", self.CODE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(PYTHONHASHSEED="1"),
        )

    def __call__(self, rule: PageRule, body: bytes) -> Any:
        asked = pickle.dumps((rule, body, SOURCE))
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(struct.pack(">I", len(asked)) + asked)
        self._process.stdin.flush()
        (size,) = struct.unpack(">I", self._process.stdout.read(4))
        return pickle.loads(self._process.stdout.read(size))

    def close(self) -> None:
        self._process.communicate(timeout=30)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    process = Elsewhere()
    yield process
    process.close()


MANY = b"".join(b"<a href=%d><p>a %d</p></a>" % (n, n) for n in range(9))


@relaxed
@given(pages, bodies | bodies.map(MANY.__add__))
def test_any_accepted_config_gives_a_page_of_any_bytes_the_same_everywhere(
    tmp_path: Path, elsewhere: Elsewhere, page: dict[str, Any], body: bytes
):
    (rule,) = drawn(tmp_path, page).plan.pages
    began = time.process_time()
    try:
        found: Any = Extractor(rule)(body, SOURCE)
    except ParseError as error:
        found = str(error)
    assert time.process_time() - began < 10
    assert elsewhere(rule, body) == found


def test_the_drawn_configs_have_every_source():
    assert {*SOURCE_VALUES, "any"} == set(SOURCES)
