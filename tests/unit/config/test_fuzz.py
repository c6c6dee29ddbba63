# ruff: noqa: E501  # lists of odd things
"""Whatever is written: a config is loaded, or refused with places; nothing else ever happens."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scraper.config import explain, load
from scraper.core.errors import ConfigError

ROOT = Path(__file__).parents[3]
EXAMPLES = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "config").glob("*.yaml"))]
LINE = re.compile(r"c\.yaml:\d+:\d+: .")
ODD = st.sampled_from(
    ["{", "}", "[", "]", ":", "- ", "\n", "  ", "'", '"', "&a ", "*a", "<<: ", "!x ", "# ", "|", "\t",
     "${", "$${", "${S}", "null", "~", "-1", "012", "1e9", "\u2028", "\x00", "\ud7ff", "{1..}", "@"]
)  # fmt: skip
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
KEYS = [
    "seeds", "seeds.urls", "seeds.file", "seeds.requests", "scope", "scope.hosts", "politeness.hosts",
    "fetch.headers", "fetch.private_addresses", "fetch.retry", "pages", "pages.product",
    "pages.product.match", "pages.product.follow", "pages.product.items",
    "pages.product.items.product", "pages.product.items.product.key",
    "pages.product.items.product.fields", "pages.product.items.product.fields.name", "name", "run",
    "login", "login.fill", "fetch.auth", "pages.product.submit", "fetch.cookies",
]  # fmt: skip
relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def mistakes(*overrides: str) -> list[str]:
    try:
        explain(load("c.yaml", env={"S": "x"}, overrides=overrides))
    except ConfigError as error:
        return str(error).split("\n")
    return []


@relaxed
@given(st.sampled_from(EXAMPLES), st.lists(st.tuples(st.floats(0, 1), ODD), min_size=1, max_size=3))
def test_torn_config_is_loaded_or_refused(text: str, cuts: list[tuple[float, str]]) -> None:
    for share, odd in cuts:
        at = round(share * len(text))
        text = text[:at] + odd + text[at:]
    Path("c.yaml").write_text(text, encoding="utf-8")
    assert all(LINE.match(line) for line in mistakes())


@relaxed
@given(st.sampled_from(KEYS), TREES)
def test_any_value_at_any_key_is_loaded_or_refused(key: str, value: object) -> None:
    Path("c.yaml").write_text(EXAMPLES[1], encoding="utf-8")
    lines = mistakes(f"{key}={json.dumps(value)}")
    assert all(line.startswith((f"--set {key}: ", "c.yaml:")) for line in lines)
