"""What all sections of the config have in common."""

from typing import Annotated, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from scraper.config.values import RefusedError, shown

T = TypeVar("T")


class Section(BaseModel):
    """A mapping whose keys are known; the sentence under each field is its documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    LATER: ClassVar[frozenset[str]] = frozenset()
    """Keys that are promised, but not built yet."""

    @model_validator(mode="before")
    @classmethod
    def _is_mapping(cls, value: object) -> object:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise RefusedError(f"must be a mapping (key: value), got {shown(value)}")
        return value


def one_or_more(value: object) -> object:
    """One value, or a list of them, as a list."""
    if isinstance(value, str | dict):
        return [value]
    return _list(value)


def _not_empty(value: object) -> object:
    if value == []:
        raise RefusedError("is an empty list: give one, or leave the key out")
    return value


def _list(value: object) -> object:
    if not isinstance(value, list):
        raise RefusedError(
            f"must be a list: write [...] or lines that begin with -, got {shown(value)}"
        )
    return value


def _named(value: object) -> object:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RefusedError(f"must be a mapping of names, got {shown(value)}")
    return value


OneOrMore = Annotated[
    tuple[T, ...], BeforeValidator(one_or_more, json_schema_input_type=T | list[T])
]
OneAtLeast = Annotated[OneOrMore[T], BeforeValidator(_not_empty)]
Listed = Annotated[tuple[T, ...], BeforeValidator(_list)]
Named = Annotated[dict[str, T], BeforeValidator(_named)]
