"""The JSON Schema of the config, for editors."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from scraper.config.mistakes import keys
from scraper.config.models import Config
from scraper.config.section import Section
from scraper.config.sentences import sentences


def schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12; what each key does is its description."""
    made = Config.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    _describe(Config, made)
    for section in sections(Config):
        if definition := made["$defs"].get(section.__name__):
            _describe(section, definition)
    return {"$schema": GenerateJsonSchema.schema_dialect, **made, "title": "scraper config"}


def sections(top: type[Section]) -> list[type[Section]]:
    """All kinds of sections, the base excepted."""
    return [kind for kind in Section.__subclasses__() if kind is not top]


def _describe(section: type[Section], definition: dict[str, Any]) -> None:
    said = sentences(section)
    for key, name in zip(keys(section), section.model_fields, strict=True):
        written = definition["properties"][key]
        written["description"] = said[name]
        if isinstance(section.model_fields[name].default, Section):
            written.pop("default", None)  # it would repeat the defaults of the section
