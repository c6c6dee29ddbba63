"""What the Dockerfile promises; `make image-test` builds and starts it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
LINES = re.sub(r"\\\n\s*", " ", DOCKERFILE).splitlines()
SECRET = re.compile(
    r"secret|token|password|credential|\.netrc|\.ssh|pip\.conf|index-url|\.env\b", re.IGNORECASE
)


def all_of(word: str) -> list[str]:
    return [line.partition(" ")[2].strip() for line in LINES if line.startswith(word + " ")]


def the(word: str) -> str:
    """The one instruction of that name."""
    (found,) = all_of(word)
    return found


def test_user_is_a_number_and_not_root() -> None:
    assert re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", the("USER"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (the("ENTRYPOINT"), ["scraper"]),
        (the("HEALTHCHECK").partition(" CMD ")[2], ["python", "-m", "scraper.health", "/data"]),
    ],
    ids=["entry point", "health check"],
)
def test_commands_are_in_exec_form(text: str, words: list[str]) -> None:
    """A shell in between would keep the signals to itself."""
    assert json.loads(text) == words


def test_it_stops_as_a_crawl_does() -> None:
    assert the("STOPSIGNAL") == "SIGTERM"


def test_data_is_the_one_writable_place() -> None:
    assert the("VOLUME") == "/data"
    assert all_of("WORKDIR")[-1] == "/data"
    assert "PYTHONDONTWRITEBYTECODE=1" in DOCKERFILE


def test_volume_comes_after_its_owner_is_set() -> None:
    """What is changed below a volume afterwards may be lost."""
    assert DOCKERFILE.index("chown") < DOCKERFILE.index("\nVOLUME")


def test_everything_installed_is_locked() -> None:
    installs = [
        part
        for run in all_of("RUN")
        for part in run.split("&&")
        if re.search(r"pip\b.* install\b", part)
    ]
    assert installs
    assert all("--require-hashes" in i or "--no-deps --no-index" in i for i in installs)


def test_build_tools_stay_in_the_first_stage() -> None:
    stages = all_of("FROM")
    assert len(stages) == 2
    assert all(re.match(r"python:3\.\d+-slim\b", stage) for stage in stages)
    last = DOCKERFILE[DOCKERFILE.rindex("\nFROM") :]
    assert re.findall(r"^COPY.*", last, re.MULTILINE) == [
        "COPY --from=build /opt/scraper /opt/scraper"
    ]
    assert "pip " not in last


def test_no_secret_and_nothing_from_elsewhere_is_in_a_layer() -> None:
    assert not all_of("ADD")
    assert not all_of("ARG")
    assert "://" not in DOCKERFILE
    assert not [line for line in LINES if SECRET.search(line)]


def test_only_what_is_named_reaches_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    admitted = {rule[1:] for rule in rules if rule.startswith("!")}
    assert admitted == {
        "LICENSE", "README.md", "pyproject.toml", "requirements.lock", "requirements-build.lock",
        "scraper", "config/demo.yaml",
    }  # fmt: skip
    assert all((ROOT / name).exists() for name in admitted)
