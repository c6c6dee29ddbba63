# ruff: noqa: E501  # messages stand here as they are
"""`include`: what is joined, what wins, and where a mistake is told."""

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scraper.config import explain, load
from scraper.config.source import read
from scraper.core.errors import ConfigError

S = "seeds: {urls: [http://a.example/]}\n"


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(**files: str) -> None:
    for name, text in files.items():
        path = Path(name.replace("__", "/") + ".yaml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def refused(**env: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load("c.yaml", env=env)
    return str(caught.value)


def test_mappings_are_joined_and_the_file_that_includes_wins():
    write(
        c=S
        + "include: [shared/one.yaml, shared/two.yaml]\nfetch: {timeout: 5s}\npages: {own: {}}\n",
        shared__one="fetch: {timeout: 1s, stall: 1s, retry: {attempts: 2}, headers: {A: 1}}\n"
        "scope: {allow: [/a, /b]}\npages: {one: {match: /x}}\n",
        shared__two="include: three.yaml\nfetch: {stall: 2s, headers: {B: '$$${X:-y}'}}\n",
        shared__three="scope: {allow: [/c], max_depth: 3}\nfetch: {stall: 3s, retry: {first: 2s}}\n",
    )
    loaded = load("c.yaml", env={})
    fetch, scope = loaded.plan.fetch, loaded.plan.scope
    assert (fetch.timeout_s, fetch.stall_s) == (5.0, 2.0)
    assert (fetch.retry.attempts, fetch.retry.first_s) == (2, 2.0)
    assert dict(fetch.headers) == {"A": "1", "B": "$${X:-y}"}
    assert (scope.allow, scope.max_depth) == (("/c",), 3)  # the later file wins
    assert [rule.name for rule in loaded.plan.pages] == ["own", "one"]
    assert loaded.included == ("shared/one.yaml", "shared/two.yaml", "shared/three.yaml")
    assert "  is told of in shared/two.yaml too" in explain(loaded).splitlines()


def test_equal_configs_have_one_hash_and_options_win():
    write(c=S + "include: d.yaml\n", d="fetch: {stall: 2s}\n", e=S + "fetch: {stall: 2s}\n")
    assert load("c.yaml", env={}).hash == load("e.yaml", env={}).hash
    again = load("c.yaml", env={}, overrides=["fetch.stall=4s"])
    assert again.plan.fetch.stall_s == 4.0


def test_environment_is_read_in_included_files_and_in_their_names():
    write(
        c=S + "include: '${KIND}.yaml'\n",
        shop="include: '${KIND}2.yaml'\nfetch: {headers: {T: '${T}'}}\n",
        shop2="fetch: {stall: '${NO}'}\n",
    )
    assert refused(KIND="shop", T="x") == (
        "${KIND}2.yaml:1:16: the environment variable NO is not set: set it, or write ${NO:-default}"
    )
    assert load("c.yaml", env={"KIND": "shop", "T": "x", "NO": "2s"}).secrets == {"x", "2s"}


BROKEN = [
    ("include: d.yaml\n", "fetch: {\n  stall: 1}", "d.yaml:2:10: fetch.stall: must be a duration such as 250ms, 30s, 5m, 2h or 1d, got 1: write 1s"),
    ("include: d.yaml\nscope: {max_depth: x}\n", "fetch: {stal: 1s}", 'c.yaml:3:20: scope.max_depth: must be a whole number, got x\nd.yaml:1:9: fetch.stal: unknown key; did you mean "stall"?'),
    ("include: d.yaml\n", "name: x\nname: y\n", "d.yaml:2:1: name: is given twice, first in line 1: keep one"),
    ("include: d.yaml\n", "a: [1\n", "d.yaml:1:4: the [ is opened here and not closed: add ]"),
    ("include: d.yaml\n", "- a\n", "d.yaml:1:1: a config is a mapping: write key: value"),
    ("include: d.yaml\n", "include: c.yaml\n", "d.yaml:1:10: include: c.yaml includes itself: take it out"),
    ("include: [d.yaml, ./c.yaml]\n", "", "c.yaml:2:19: include: './c.yaml' includes itself: take it out"),
    ("include: nope.yaml\n", "", "c.yaml:2:10: include: there is no file nope.yaml"),
    ("include: .\n", "", "c.yaml:2:10: include: there is no file ."),
    ("include: '${X}'\n", "", "c.yaml:2:10: include: the environment variable X is not set: set it, or write ${X:-default}"),
    ("include: {a: b}\n", "", "c.yaml:2:10: include: must be a file or a list of files"),
    ("include: [d.yaml, '']\n", "", "c.yaml:2:19: include: must be a file or a list of files"),
    ("include: d.yaml\ninclude: d.yaml\n", "", "c.yaml:3:10: include: is given twice: write one list"),
    ("x: &x {include: d.yaml}\n<<: *x\n", "", "c.yaml:2:1: x: unknown key; known are version, name, include, seeds, url, scope, politeness, fetch, login, pages, parse, store, run\nc.yaml:2:17: include: stands at the top of the file itself, neither in << nor in --set"),
    ("include: d.yaml\na: &a {a: *a}\n", "a: &a {a: *a}\n", "c.yaml:1:1: is nested too deeply"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "included", "message"), BROKEN)
def test_mistake_is_told_with_its_place(more: str, included: str, message: str) -> None:
    write(c=S + more, d=included)
    assert refused() == message


def test_include_is_no_option():
    write(c=S, d="")
    with pytest.raises(ConfigError, match="--set include: include: stands at the top of the file"):
        load("c.yaml", env={}, overrides=["include=d.yaml"])


def test_files_that_include_each_other_twice_are_bounded():
    write(c=S + "include: [f0.yaml, f0.yaml]\n")
    for n in range(40):
        write(**{f"f{n}": f"include: [f{n + 1}.yaml, f{n + 1}.yaml]\n"})
    write(f40="")
    assert "include: more than 100 files: write less" in refused()


trees = st.recursive(
    st.sampled_from(["1", "x", None]) | st.lists(st.sampled_from("ab"), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=9,
)
tops = st.dictionaries(st.sampled_from("abcd"), trees, max_size=4)


def joined(over: object, under: object) -> object:
    if not isinstance(over, dict) or not isinstance(under, dict):
        return over
    names = [*over, *(name for name in under if name not in over)]
    return {n: joined(over[n], under.get(n)) if n in over else under[n] for n in names}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tops, tops, tops)
def test_any_trees_are_joined_by_that_rule(first, second, third):
    write(
        c=yaml.safe_dump({"include": ["d.yaml", "e.yaml"], **first}, sort_keys=False),
        d=yaml.safe_dump(second, sort_keys=False),
        e=yaml.safe_dump(third, sort_keys=False),
    )
    found = read("c.yaml", env={}).data
    expected = joined(first, joined(third, second))
    assert found == expected
    assert list(found) == list(expected)


def test_what_merge_keys_bring_in_is_joined_too():
    write(
        c="x: &x {a: {p: '1'}, b: '1'}\ny: {<<: *x, c: '1'}\ninclude: d.yaml\n",
        d="z: &z {b: '2', e: '2'}\ny: {<<: *z, a: {p: '2', q: '2'}, d: '2', d: '3'}\n",
    )
    document = read("c.yaml", env={})
    assert document.data["y"] == {
        "a": {"p": "1", "q": "2"}, "b": "1", "c": "1", "d": "2", "e": "2",
    } | {"d": document.data["y"]["d"]}  # fmt: skip
    assert [str(one) for one in document.mistakes] == [
        "d.yaml:2:42: d: is given twice, first in line 2: keep one"
    ]
