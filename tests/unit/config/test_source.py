# ruff: noqa: E501  # configs in one line
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.config import Loaded, load
from scraper.config.values import Secret, expand, shown
from scraper.core.errors import ConfigError, UsageError

SEEDS = "seeds: {urls: [http://a.example/]}\n"


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def loaded(
    text: str,
    *overrides: str,
    env: Mapping[str, str] | None = None,
    seeds: str | None = None,
    db: str | None = None,
) -> Loaded:
    Path("c.yaml").write_text(text, encoding="utf-8")
    return load("c.yaml", env=env or {}, overrides=overrides, seeds=seeds, db=db)


def refused(text: str, *overrides: str, env: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(text, *overrides, env=env)
    return str(caught.value).splitlines()


def consts(values: str) -> list[object]:
    plan = loaded(
        SEEDS + f"pages: {{p: {{items: {{i: {{fields: {{f: {{const: {values}}}}}}}}}}}}}"
    ).plan
    found = plan.pages[0].items[0].fields[0].const
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    "text", ["012", "12:30:45", "1e3", "on", "2026-01-01", "1_000", "0x1f", "1"]
)
def test_text_is_what_is_written(text: str) -> None:
    assert loaded(SEEDS + f"fetch: {{headers: {{a: {text}, {text}: b}}}}").plan.fetch.headers == (
        ("a", text), (text, "b"),
    ) if ":" not in text else True  # fmt: skip
    assert loaded(SEEDS + f"fetch: {{headers: {{a: {text}}}}}").plan.fetch.headers == (("a", text),)


def test_free_values_are_what_they_are_in_json_and_else_text() -> None:
    written = "[1, -2, 1.5, true, false, null, ~, '1', 012, 1e3, 12:30, yes, on, 2026-01-01, x]"
    assert consts(written) == [
        1, -2, 1.5, True, False, None, None, "1", "012", "1e3", "12:30", "yes", "on", "2026-01-01", "x",
    ]  # fmt: skip


def test_merge_brings_in_what_is_not_there() -> None:
    text = (
        SEEDS
        + "politeness:\n  hosts:\n    a: &a {delay: 1s, per_host: 2}\n    b: {<<: *a, delay: 2s}\n"
    )
    hosts = loaded(text).plan.politeness.hosts
    assert (hosts["b"].delay_s, hosts["b"].per_host) == (2.0, 2)


def test_byte_order_mark_is_no_key() -> None:
    Path("c.yaml").write_bytes(b"\xef\xbb\xbf" + SEEDS.encode())
    assert load("c.yaml", env={}).plan.name == "c"


# --set, --seeds, --db


def test_override_wins_over_the_file_and_beside_it_nothing_changes() -> None:
    text = SEEDS + "politeness: {delay: 1s, per_host: 7}\n"
    polite = loaded(text, "politeness.delay=125ms").plan.politeness.default
    assert (polite.delay_s, polite.per_host) == (0.125, 7)


def test_override_makes_the_section_it_needs() -> None:
    assert loaded(SEEDS, "fetch.retry.attempts=1").plan.fetch.retry.attempts == 1


def test_override_is_read_as_yaml() -> None:
    assert loaded(SEEDS, "scope.hosts=[a.example, b.example]").plan.scope.hosts == (
        "a.example",
        "b.example",
    )
    assert loaded(SEEDS + "run: {max_time: 1m}", "run.max_time=").plan.run.max_time_s is None


def test_override_of_a_host_whose_name_has_dots() -> None:
    text = SEEDS + "politeness: {hosts: {a.b.example: {per_host: 2}}}\n"
    overrides = ("politeness.hosts.a.b.example.delay=1s", "politeness.hosts.c.d:80={per_host: 3}")
    hosts = loaded(text, *overrides).plan.politeness.hosts
    assert (hosts["a.b.example"].per_host, hosts["a.b.example"].delay_s) == (2, 1.0)
    assert hosts["c.d:80"].per_host == 3


def test_last_override_wins() -> None:
    assert loaded(SEEDS, "name=x", "name=y").plan.name == "y"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("fetch.timeout=soon", "--set fetch.timeout: fetch.timeout: must be a duration such as"),
        (
            "fetch.timout=1s",
            '--set fetch.timout: fetch.timout: unknown key; did you mean "timeout"?',
        ),
        ("run.metrics=x", "--set run.metrics: run.metrics: not supported yet"),
        ("name=[", "--set name: did not find expected node content"),
        ("seeds.urls.0=x", "--set seeds.urls.0: cannot reach into a list"),
        ("name=${NOPE}", "--set name: the environment variable NOPE is not set"),
        ("name=&a [*a]", "--set name: nested too deeply"),
    ],
)
def test_wrong_override_is_told_with_its_option(override: str, message: str) -> None:
    (line,) = refused(SEEDS, override)
    assert line.startswith(message)


@pytest.mark.parametrize("override", ["name", "=x", "a..b=1", ""])
def test_override_without_a_key_or_a_value_is_refused(override: str) -> None:
    with pytest.raises(UsageError, match="write --set key=value"):
        loaded(SEEDS, override)


def test_mistakes_of_the_file_come_before_those_of_options() -> None:
    lines = refused(SEEDS + "nmae: x\n", "fetch.timeout=0s")
    assert [line.split(": ")[0] for line in lines] == ["c.yaml:2:1", "--set fetch.timeout"]


def test_seeds_option_replaces_all_seeds() -> None:
    text = (
        "seeds: {urls: [http://a.example/], file: [x.txt], requests: [{url: http://b.example/}]}\n"
    )
    plan = loaded(text, seeds="my # list.txt").plan.seeds
    assert (plan.urls, [file.path for file in plan.files], plan.requests) == (
        (), ["my # list.txt"], (),
    )  # fmt: skip


def test_seeds_option_that_is_csv_keeps_the_column() -> None:
    plan = loaded("seeds: {file: a.csv, column: link, carry: [sku]}\n", seeds="b.csv.gz").plan.seeds
    assert (plan.files[0].column, plan.files[0].carry) == ("link", ("sku",))


def test_seeds_option_without_columns_leaves_carried_fields_empty() -> None:
    text = "seeds: {file: a.csv}\npages: {p: {items: {i: {fields: {f: {from: sku}}}}}}\n"
    plan = loaded(text, seeds="-").plan
    assert (plan.seeds.files[0].path, plan.seeds.files[0].column) == ("-", None)


def test_db_option_wins() -> None:
    assert loaded(SEEDS + "store: {path: a.db}\n", db="b: c.db").plan.store.path == "b: c.db"


# the environment


def test_environment_is_read_in_any_value() -> None:
    text = "name: ${A}-x\nseeds: {urls: ['${B:-http://b.example}/{1..3}']}\n"
    text += "fetch:\n  concurrency: ${C}\n"
    plan = loaded(text, env={"A": "n", "C": "7"}).plan
    assert (plan.name, plan.seeds.urls, plan.fetch.concurrency) == (
        "n-x", ("http://b.example/{1..3}",), 7,
    )  # fmt: skip


@given(st.text(alphabet=st.characters(exclude_characters="$")))
def test_text_without_a_dollar_sign_stays(text: str) -> None:
    assert expand(text, {}) == text


@given(st.text(), st.text(), st.text(min_size=1))
def test_value_is_put_in_as_it_is_and_never_expanded_again(a: str, b: str, value: str) -> None:
    before, after = a.replace("$", ""), b.replace("$", "")
    found = expand(f"{before}${{X}}{after}", {"X": value})
    assert found == before + value + after
    assert isinstance(found, Secret)
    assert shown(found) == f"the value of {before}${{X}}{after}"


@pytest.mark.parametrize(
    ("text", "value"),
    [("$${X}", "${X}"), ("$$", "$$"), ("a$b", "a$b"), ("${X:-}", ""), ("${E:-d}", "d"), ("${E}", ""),
     ("$$${S}", "$${S}"), ("$${${S}", "${v"), ("${S:-d}", "v"), ("${X:-a:-b}", "a:-b")],
)  # fmt: skip
def test_expansion(text: str, value: str) -> None:
    assert expand(text, {"E": "", "S": "v"}) == value


def test_default_is_no_secret() -> None:
    assert not isinstance(expand("${X:-d}", {}), Secret)


# the hash


def test_hash_is_of_what_is_said_not_of_how() -> None:
    one = loaded(SEEDS + "name: x  # why\n").hash
    assert loaded("name: x\n" + "\n" + SEEDS).hash != loaded(SEEDS + "name: y\n").hash
    assert loaded("# more\n" + SEEDS + "name: 'x'\n").hash == one
    assert loaded(SEEDS, "name=x").hash == one


def test_hash_does_not_depend_on_secrets() -> None:
    text = SEEDS + "fetch: {headers: {a: '${S}'}}\n"
    assert loaded(text, env={"S": "one"}).hash == loaded(text, env={"S": "two"}).hash


def test_text_is_kept_as_written() -> None:
    assert loaded(SEEDS + "name: ${A}\n", env={"A": "x"}).text == SEEDS + "name: ${A}\n"
