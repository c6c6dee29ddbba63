"""Texts in languages of their own that say where a value is: JMESPath, JSON-LD, scripts."""

from __future__ import annotations

from typing import Annotated

from scraper.config.scalars import Reads, text
from scraper.config.values import RefusedError, Secret
from scraper.core.errors import SelectorError


def json_path(value: object) -> str:
    """A JMESPath."""
    from scraper.core.extract.jsonpath import compile_path

    written = text(value)
    try:
        compile_path(written)
    except SelectorError as error:
        raise _refused(written, str(error), "JMESPath") from None
    return written


def jsonld(value: object) -> str:
    """A type of JSON-LD, maybe with a JMESPath inside it."""
    from scraper.core.extract.jsonld import split_type
    from scraper.core.extract.jsonpath import compile_path

    written = text(value)
    try:
        compile_path(split_type(written)[1])
    except SelectorError as error:
        raise _refused(written, str(error), "type and JMESPath") from None
    return written


def script(value: object) -> str:
    """A regular expression with a group."""
    from scraper.core.extract.script import ScriptPattern

    written = text(value)
    try:
        ScriptPattern(written)
    except SelectorError as error:
        raise _refused(written, str(error), "regular expression with a group") from None
    return written


def check_replacement(pattern: str, text: str) -> None:
    """A pair of `replace`."""
    from scraper.core.extract.replacement import compile_replacement

    try:
        compile_replacement(pattern, text)
    except SelectorError as error:
        if isinstance(pattern, Secret) or isinstance(text, Secret):
            raise RefusedError("replace: a value of the environment cannot be read") from None
        raise RefusedError(f"replace: {error}") from None


def _refused(written: str, why: str, kind: str) -> RefusedError:
    """The words of the core, unless they could hold a secret."""
    if isinstance(written, Secret):
        return RefusedError(f"the value of {written.written} is no {kind}")
    return RefusedError(why)


_STRING = {"type": "string"}
JsonPath = Annotated[str, Reads(json_path, _STRING, "JMESPath")]
JsonLd = Annotated[str, Reads(jsonld, _STRING, "type and JMESPath")]
Script = Annotated[str, Reads(script, _STRING, "regular expression")]
