"""A plan for a person: some lines, and a table of the hosts that need longest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scraper.core.insight.attribution import short
from scraper.core.insight.estimate import span
from scraper.core.url import shown
from scraper.logs import escape

HOSTS_SHOWN = 10
TROUBLES_SHOWN = 5
_BEGINS = {
    "new": "begins",
    "continue": "continues cycle {cycle}",
    "refresh": "begins cycle {cycle}",
    "nothing_due": "has nothing due before {nothing_due_before}: only new seeds are fetched",
}
_TITLES = ("host", "pages", "disallowed", "delay", "open", "latency", "at least")
_UNKNOWN = {
    "links": "pages that links lead to: they come on top",
    "sitemaps": "pages of sitemaps that could not be read: they come on top",
    "robots": "the Crawl-delay of hosts that were not asked",
    "addresses": "where all hosts are: politeness.per_address may let them take longer",
    "latency": "how fast the hosts answer: no run yet was long enough to tell",
}


def as_text(told: Mapping[str, Any]) -> str:
    """The plan as lines; what a server said cannot move a terminal's cursor."""
    return "\n".join(escape(shown(line)) for line in _lines(told))


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    run, database = told["run"], told["database"]
    where = database["path"] if database["exists"] else f"{database['path']}, not there yet"
    yield f"{told['name']}: a run now {_BEGINS[run['begins']].format(**run)} ({where})"
    if database["running"]:
        yield "  running   another run is at it now: this is what it has left"
    yield f"  seeds     {_seeds(told['seeds'])}"
    for trouble in told["seeds"]["troubles"][:TROUBLES_SHOWN]:
        yield f"  TROUBLE   sitemap {trouble}"
    yield f"  pages     {_pages(told['pages'])}"
    yield f"  robots    {_robots(told['robots'])}"
    for host in [each for each in told["hosts"] if each["trouble"]][:TROUBLES_SHOWN]:
        yield f"  TROUBLE   {short(host['host'])}: {host['trouble']}: its pages wait for it"
    yield from _hosts(told)
    yield f"  at least  {_bound(told)}"
    expected = told["expected"]
    if expected is not None:
        yield from _expected(expected)
    yield from _stops(told)
    for name in told["unknown"]:
        yield f"  unknown   {_UNKNOWN[name]}"


def _expected(expected: Mapping[str, Any]) -> Iterator[str]:
    pages, unmodified = f"{expected['pages']:,} pages", expected["not_modified"]
    pages += f", {unmodified:,} of them not changed (304)" if unmodified else ""
    as_run, anew_s = f"as run {expected['as_run']} went", expected["if_read_anew_s"]
    yield f"  expected  {span(expected['expected_s'])} for {pages}, {as_run}"
    if anew_s is not None and span(anew_s) != span(expected["expected_s"]):
        yield f"            {span(anew_s)} if all have changed"


def _stops(told: Mapping[str, Any]) -> Iterator[str]:
    """That a limit ends the run before all is done, as far as is known."""
    longest_s, expected = told["run"]["max_time_s"], told["expected"]
    needs_s = expected["expected_s"] if expected else told["bound"]["bound_s"]
    if longest_s is not None and needs_s > longest_s:
        yield f"  stops     after {span(longest_s)}, as run.max_time says: the next run goes on"
    elif (left := told["run"]["waits_for"]) is not None:
        when = f"when all that is left waits longer than {span(told['run']['max_wait_s'])}"
        who = f"{short(left['host'])} waits {span(left['waits_s'])}"
        yield f"  stops     {when}, as run.max_wait says: {who}; the next run goes on"


def _seeds(seeds: Mapping[str, Any]) -> str:
    parts = [f"{seeds['read']:,} read", f"{seeds['known']:,} different"]
    parts += [f"{seeds['bad']:,} no URL"] if seeds["bad"] else []
    parts += [f"{seeds['denied']:,} denied by scope.deny"] if seeds["denied"] else []
    disallowed = seeds["disallowed"]
    parts += [f"{disallowed:,} disallowed by robots.txt"] if disallowed else []
    sitemaps = seeds["sitemaps"]
    named = f"{seeds['listed']:,} of them named by {sitemaps:,} sitemap{'s' * (sitemaps > 1)}"
    parts += [named] if sitemaps else []
    resting = seeds["resting"]
    parts += [f"{resting:,} not changed since, as lastmod says"] if resting else []
    return ", ".join(parts)


def _pages(pages: Mapping[str, Any]) -> str:
    text = f"{pages['fetched']:,} to fetch"
    if pages["limit"] is not None and pages["fetched"] < pages["due"]:
        text += f" of {pages['due']:,} that are due: a limit of {pages['limit']:,}"
    if pages["found_on_the_way"]:
        text += f", {pages['found_on_the_way']:,} found on the way as the last time"
    if pages["disallowed_before"]:
        text += f", {pages['disallowed_before']:,} disallowed by robots.txt before"
    return text


def _robots(robots: Mapping[str, Any]) -> str:
    if not robots["obey"]:
        return "ignored, as politeness.robots says"
    parts = [f"{robots['fetched']:,} asked"]
    parts += [f"{robots['kept']:,} known from an earlier run"] if robots["kept"] else []
    parts += [f"{robots['unreachable']:,} could not be had"] if robots["unreachable"] else []
    parts += [f"{robots['not_asked']:,} hosts not asked"] if robots["not_asked"] else []
    return ", ".join(parts)


def _hosts(told: Mapping[str, Any]) -> Iterator[str]:
    """A table, its numbers to the right."""
    hosts = told["hosts"][:HOSTS_SHOWN]
    if not hosts:
        return
    rows = [_TITLES, *map(_row, hosts)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *cells in rows:
        right = "  ".join(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield f"    {name.ljust(widths[0])}  {right}"
    more = told["hosts_known"] - len(hosts)
    if more > 0:
        rest = told["pages"]["due"] - sum(host["pages"] for host in hosts)
        yield f"    and {more:,} more with {rest:,} pages, which need no longer"


def _row(host: Mapping[str, Any]) -> tuple[str, ...]:
    latency, refused = host["latency_s"], host["disallowed"]
    return (
        short(host["host"])[:60],
        f"{host['pages']:,}",
        "?" if refused is None else f"{refused:,}",
        span(host["delay_s"]) if host["delay_s"] else "-",
        str(host["per_host"]),
        "?" if latency is None else span(latency),
        span(host["bound_s"]) if host["bound_s"] else "-",
    )


def _bound(told: Mapping[str, Any]) -> str:
    if not told["pages"]["fetched"]:
        return "no time: no page is to be fetched"
    if told["bound"]["cause"] == "none":
        if told["run"]["waits_for"] is not None:
            return "no time: it need not wait for what is left"
        return "no time that is known: no delay, and no answer was timed"
    return str(told["bound"]["text"]).removeprefix("at least ")
