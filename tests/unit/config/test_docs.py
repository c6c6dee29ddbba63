"""The reference and the schema say what the models say."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from scraper.config import docs, schema
from scraper.config.mistakes import keys
from scraper.config.section import Section
from scraper.config.sentences import sentences

ROOT = Path(__file__).parents[3]


def test_every_key_has_a_sentence() -> None:
    for section in Section.__subclasses__():
        assert set(sentences(section)) == set(section.model_fields), section


def test_reference_names_every_section_and_key() -> None:
    page = docs.document()
    for section in Section.__subclasses__():
        for key in keys(section):
            assert f"| `{key}` |" in page
        for key in section.LATER:
            assert f"`{key}`" in page


def test_reference_is_up_to_date() -> None:
    assert (ROOT / "docs" / "config.md").read_text(encoding="utf-8") == docs.document()


def test_check_says_whether_the_reference_is_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("docs").mkdir()
    assert docs.main(["--check"]) == 1
    assert "run make docs" in capsys.readouterr().err
    assert (docs.main([]), docs.main(["--check"])) == (0, 0)
    docs.PATH.write_text("old")
    assert docs.main(["--check"]) == 1


def test_links_of_the_reference_lead_somewhere() -> None:
    page = docs.document()
    titles = {
        re.sub(r"[^a-z_-]", "", line[3:].lower().replace(" ", "-"))
        for line in page.splitlines()
        if line.startswith("## ")
    }
    assert set(re.findall(r"\(#([^)]*)\)", page)) <= titles


def test_schema_describes_every_key() -> None:
    made = json.loads(json.dumps(schema()))
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert made["required"] == ["seeds"]
    for properties in objects(made):
        assert all("description" in written for written in properties.values())


def objects(schema: object) -> Iterator[dict[str, dict[str, object]]]:
    if isinstance(schema, dict):
        if schema.get("additionalProperties") is False:
            yield schema["properties"]
        for inner in schema.values():
            yield from objects(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from objects(inner)


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda p: p.name)
def test_schema_knows_the_keys_of_the_examples(path: Path) -> None:
    made = schema()
    assert set(yaml.safe_load(path.read_text(encoding="utf-8"))) <= set(made["properties"])
