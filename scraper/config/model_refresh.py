"""`refresh`: when a page is visited again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Self

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from scraper.config.scalars import DURATION_SCHEMA, Duration, Reads, duration, wait, whole
from scraper.config.section import Section
from scraper.config.units import say_seconds
from scraper.config.values import RefusedError, shown
from scraper.core.schedule.auto import Auto

_MOST_A_DAY = 10**9
_BUDGET = {"anyOf": [{"type": "integer", "minimum": 1}, *DURATION_SCHEMA["anyOf"][:1]]}


def _budget(value: object) -> int | float:
    """Visits a day, or the seconds of the fixed `refresh` that makes as many."""
    for read in (whole, duration):
        try:
            found = read(value)
        except ValueError:
            continue
        if 0 < found <= _MOST_A_DAY:
            return found
    raise RefusedError(
        "must be a number of visits a day such as 5000, or the duration of a `refresh` that makes"
        f" as many such as 1d, got {shown(value)}"
    )


class AutoConfig(Section):
    """How visits are shared out where `refresh` is `auto`."""

    budget: Annotated[
        int | float, Reads(_budget, _BUDGET, "number of visits a day, or duration")
    ] = Field(86400.0, json_schema_extra={"default": "1d"})
    """How many visits there may be in the mean: so many a day, or as many as a fixed `refresh` of
    this duration would make. Rules that say nothing share that of `run.refresh`."""

    min: Duration = Field(3600.0, json_schema_extra={"default": "1h"})
    """No page is due sooner, however often it changes."""

    max: Duration = Field(30 * 86400.0, json_schema_extra={"default": "30d"})
    """No page is due later, however seldom it changes, whatever the budget is."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min > self.max:
            shortest, longest = say_seconds(self.min), say_seconds(self.max)
            raise RefusedError(f"min is longer than max: {shortest} and {longest}")
        return self


class _Again(Reads):
    """A duration, the word `auto`, or a mapping of what `auto` may do."""

    def __get_pydantic_core_schema__(self, _: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = handler.generate_schema(AutoConfig)
        written = core_schema.wrap_serializer_function_ser_schema(_plain, schema=inner)
        return core_schema.no_info_wrap_validator_function(_again, inner, serialization=written)

    def __get_pydantic_json_schema__(
        self, schema: object, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        inner: Any = schema
        words = [*DURATION_SCHEMA["anyOf"], {"const": "auto"}]
        return {"anyOf": [*words, handler(inner)]}


def _plain(value: object, handler: core_schema.SerializerFunctionWrapHandler) -> object:
    return handler(value) if isinstance(value, AutoConfig) else value


def _again(value: object, handler: core_schema.ValidatorFunctionWrapHandler) -> object:
    if isinstance(value, dict):
        return handler(value)
    if value == "auto":
        return AutoConfig()
    try:
        return wait(value)
    except RefusedError as error:
        raise RefusedError(f"{error}; or write auto") from None


Refresh = Annotated[
    float | AutoConfig, _Again(wait, {}, "duration, `auto`, or [its bounds](#runrefresh)")
]


def compile_refresh(refresh: float | AutoConfig | None) -> tuple[float | None, Auto | None]:
    """The seconds of a fixed one, or what is learnt; None: it is not said."""
    if not isinstance(refresh, AutoConfig):
        return refresh, None
    auto = Auto(least_s=refresh.min, most_s=refresh.max)
    if isinstance(refresh.budget, int):
        return None, replace(auto, per_day=refresh.budget)
    return None, replace(auto, like_s=refresh.budget)


def in_words(auto: AutoConfig, say: Callable[[str, str], str]) -> str:
    """When pages are visited again.

    Args:
        say: a value of a key, or what the file says in its place.
    """
    if isinstance(auto.budget, int):
        budget = f"{say('budget', str(auto.budget))} visits a day"
    else:
        budget = f"as many visits as after {say('budget', say_seconds(auto.budget))} each"
    shortest, longest = say("min", say_seconds(auto.min)), say("max", say_seconds(auto.max))
    return (
        f"when it is likely to have changed: {budget}, none before {shortest}, all within {longest}"
    )
