"""`url`: what is made of each URL before it is known and fetched."""

from typing import Annotated

from scraper.config.scalars import Reads, Truth, one_of, text
from scraper.config.section import OneOrMore, Section
from scraper.config.values import RefusedError, shown


def parameter(value: object) -> str:
    """The name of a query parameter, with `*` for any text."""
    written = text(value)
    if any(char in written for char in "=&?#"):
        raise RefusedError(
            f"must be the name of a query parameter such as utm_*, got {shown(written)}"
        )
    return written


class UrlConfig(Section):
    """What is made of each link and seed before it is known and fetched."""

    sort_query: Truth = False
    """Sort the query by the names of its parameters."""

    drop: OneOrMore[
        Annotated[str, Reads(parameter, {"type": "string"}, "name of a parameter")]
    ] = ()
    """Query parameters that are taken out, by name; `*` is any text: `utm_*`."""

    sessions: Annotated[str, one_of("ignore", "keep")] = "ignore"
    """URLs that differ in a session identifier alone (`;jsessionid=`, `PHPSESSID=`, `sid=` with
    16 hexadecimal digits or more, and their like) are one page, visited as it was first seen;
    `keep`: they are many."""
