"""`increment` and the names of `set`: what changes when a page's own request is made again."""

from typing import Annotated, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from scraper.config.checks import is_token
from scraper.config.scalars import Reads, Text, count, whole
from scraper.config.section import Section
from scraper.config.values import RefusedError
from scraper.core.amend import spot_of
from scraper.core.request import MOST_IN_A_ROW

_SPOTS = ("name", "query", "json", "form")
_LARGEST = 10**15
_TAKEN = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "te"}
    | {"upgrade", "expect", "keep-alive", "trailer", "user-agent", "content-type"}
    | {"if-none-match", "if-modified-since"}
)


def _first(value: object) -> int:
    number = whole(value)
    if abs(number) > _LARGEST:
        raise RefusedError("is too large")
    return number


class IncrementConfig(Section):
    """A number in the request that grows from page to page; a text alone is its `name`."""

    name: Text | None = None
    """The parameter: in the query if it is there, else in the body of a request that has a JSON or
    form body, else in the query."""

    query: Text | None = None
    """The parameter in the query."""

    json_path: Text | None = Field(None, alias="json")
    """The key in the JSON body; dots lead into objects: `page.number`."""

    form: Text | None = None
    """The name in the form that is the body."""

    by: Annotated[int, count(1)] = 1
    """How much it grows: the size of a page where the number is an offset."""

    first: Annotated[int | None, Reads(_first, {"type": "integer"}, "whole number")] = None
    """What a request without the number stands for; default 1, and 0 where `by` is more than 1."""

    @model_validator(mode="after")
    def _one_spot(self) -> Self:
        given = [name for name in _SPOTS if self.at(name) is not None]
        if not given:
            raise RefusedError("names no parameter: give name, query, json or form")
        if len(given) > 1:
            raise RefusedError(f"names more than one parameter: give {' or '.join(given)}")
        if given == ["name"] and spot_of(self.name or "").kind == "header":
            raise RefusedError("a header alone makes no new request: give query, json or form")
        return self

    def at(self, key: str) -> str | None:
        """What stands under one of the four keys."""
        found: str | None = getattr(self, "json_path" if key == "json" else key)
        return found

    def spot(self) -> str:
        """Where the number is, as `core.amend` reads it."""
        if self.name is not None:
            return str(self.name)
        return next(f"{key}:{self.at(key)}" for key in _SPOTS if self.at(key) is not None)


def _name_alone(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


Increment_: TypeAlias = Annotated[
    IncrementConfig, BeforeValidator(_name_alone, json_schema_input_type=str | IncrementConfig)
]


def check_spot(text: str) -> None:
    """A key of `set`."""
    spot = spot_of(text)
    if not spot.name.strip():
        raise RefusedError(f"set: {text!r} names no parameter")
    if spot.kind == "header" and not is_token(spot.name):
        raise RefusedError(f"set: {spot.name!r} is no name of a header")
    if spot.kind == "header" and spot.name.lower() in _TAKEN:
        raise RefusedError(f"set: the header {spot.name} is set by the crawler: take it out")


assert MOST_IN_A_ROW == 10_000  # noqa: S101 - as the sentence of `limit` says
