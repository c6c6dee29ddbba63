"""From what pydantic refused to what a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from scraper.config.model_pages import PageConfig
from scraper.config.models import Config
from scraper.config.places import Finding, Path, dotted
from scraper.config.section import Section
from scraper.config.values import closest

_OTHER_WORDS = {  # what other programs call it
    "selector": "css",
    "xpath": "css",
    "attribute": "attr",
    "regexp": "regex",
    "pattern": "regex",
    "multiple": "all",
    "many": "all",
    "list": "all",
    "start_urls": "seeds.urls",
    "start_url": "seeds.urls",
    "url": "urls",
    "user-agent": "fetch.user_agent",
    "download_delay": "politeness.delay",
    "rate_limit": "politeness.delay",
    "links": "follow",
    "rules": "pages",
    "extract": "items",
}


def findings(error: ValidationError) -> Iterator[Finding]:
    """What is wrong, one finding an error."""
    found = error.errors(include_url=False, include_input=False)
    promised = {one["loc"][:-1] for one in found if _is_promised(one)}
    for one in found:
        if one["type"] != "missing" or one["loc"][:-1] not in promised:
            yield _finding(one)


def _is_promised(details: ErrorDetails) -> bool:
    """A key that is not built yet: then nobody needs to hear what is missing beside it."""
    section = _section(details["loc"][:-1]) if details["type"] == "extra_forbidden" else None
    return section is not None and details["loc"][-1] in section.LATER


def _finding(details: ErrorDetails) -> Finding:
    path = details["loc"]
    where = f"{dotted(path)}: " if path else ""
    if details["type"] == "extra_forbidden":
        return Finding(path, where + _unknown(path), at_key=True)
    if details["type"] == "missing":
        return Finding(path, f"{where}is missing: give it", at_key=True)
    if details["type"] == "value_error":
        return Finding(path, f"{where}{details['ctx']['error']}")
    return Finding(path, f"{where}{details['msg']}")


def _unknown(path: Path) -> str:
    word = str(path[-1])
    section = _section(path[:-1])
    if section is None:
        return "unknown key: take it out"
    if word in section.LATER:
        return "not supported yet: take it out"
    known = keys(section)
    other = _OTHER_WORDS.get(word.lower())
    if other in known or (other and "." in other):
        return f'unknown key; write "{other}"'
    if hint := closest(word, known):
        return f"unknown key{hint}"
    if hint := closest(word, sorted(section.LATER)):
        return f"unknown key{hint} That is not supported yet"
    if homes := [top for top, inner in _sections() if word in keys(inner)]:
        return f'unknown key; did you mean "{homes[0]}.{word}"?'
    return f"unknown key; known are {', '.join(known)}{_misplaced(path)}"


def _misplaced(path: Path) -> str:
    """What a wrong indentation made of it."""
    if path[0] == "pages" and len(path) > 2 and path[1] in keys(PageConfig):
        return f"; indent {path[1]} deeper if it belongs to the page above"
    if path[0] == "pages" and len(path) == 5 and path[2] == "items":
        return f"; indent {path[-1]} deeper if it is a field"
    return ""


def _sections() -> Iterator[tuple[str, type[Section]]]:
    for name, field in Config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield name, field.annotation


def keys(section: type[Section]) -> list[str]:
    """The keys of a section as they are written."""
    return [field.alias or name for name, field in section.model_fields.items()]


def _section(path: Sequence[str | int]) -> type[Section] | None:
    """The model of the section at a path."""
    found = _model(Config)
    for step in path:
        found = _model(_field(found, step) if isinstance(found, type) else _value_of(found))
    return found if isinstance(found, type) else None


def _field(section: type[Section], step: str | int) -> Any:  # noqa: ANN401  # an annotation
    fields = section.model_fields.items()
    return next((field.annotation for name, field in fields if (field.alias or name) == step), None)


def _model(annotation: Any) -> Any:  # noqa: ANN401  # an annotation can be anything
    """The section in an annotation, or the container of sections, or None."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    origin = get_origin(annotation)
    if origin in (dict, tuple):
        return annotation
    inner = (_model(one) for one in get_args(annotation))
    return next((one for one in inner if one is not None), None)


def _value_of(container: Any) -> Any:  # noqa: ANN401  # as above
    args = get_args(container) or (None,)
    return args[1] if get_origin(container) is dict else args[0]
