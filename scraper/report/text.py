"""A report for a person: some lines, the verdict last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scraper.core.gone import unsought_in_words
from scraper.core.insight.attribution import seconds, short
from scraper.core.url import shown
from scraper.logs import escape
from scraper.report.refresh import refresh_text

HOSTS_SHOWN = 3
FIELDS_SHOWN = 5
TROUBLES_SHOWN = 5
_MIB = 1024 * 1024
_NO_HELP = {
    "host": " More cores or more concurrency would not help.",
    "seed": " More cores or more concurrency would not help.",
}


def text(report: Mapping[str, Any]) -> str:
    """The report as lines; what pages contained cannot move a terminal's cursor."""
    return "\n".join(escape(shown(line)) for line in _lines(report))


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    yield from _run(report["run"])
    yield from _pages(report)
    yield from _seeds(report.get("seeds"))
    if report.get("reparse"):
        yield from _reparse(report["reparse"])
    else:
        yield from _fetches(report)
    for trap in report.get("traps") or ():
        yield f"  TRAP      {trap['what']}: {trap['why']}; `scope.deny` ends it sooner, "
        yield "            `scope.traps: ignore` never"
    for name, counts in report["items"].items():
        yield from _items(name, counts)
    for name, live in (report.get("unsought") or {}).items():
        yield f"  UNSOUGHT  {unsought_in_words(name, live)}"
    yield from _duplicates(report.get("duplicates"))
    yield from refresh_text(report.get("refresh"))
    yield from _kept(report.get("kept"))
    yield from _hosts(report["hosts"], report.get("hosts_rest"))
    for slow in (report.get("hosts_slowed") or ())[:HOSTS_SHOWN]:
        each = f"the next run begins with one start each {seconds(slow['slow_s'])}"
        yield f"  slowed    {short(slow['host'])} was in trouble: {each}"
    yield from _concurrency(report.get("concurrency"))
    yield from _machine(report)
    yield from _plan(report.get("plan"))
    if not report.get("reparse"):
        yield from _verdict(report)


def _run(run: Mapping[str, Any]) -> Iterator[str]:
    why = f" by {run['stopped_by']}" if run["stopped_by"] else ""
    status = "" if run["exit_status"] is None else f", exit status {run['exit_status']}"
    kind = " (reparse)" if run.get("kind") == "reparse" else ""
    yield f"{run['name']}: run {run['id']}{kind} {run['state']}{why}{status}"
    cycle = f"cycle {run['cycle']}, {'ended' if run['cycle_ended'] else 'not ended'}"
    wall = "" if run["wall_s"] is None else f", {seconds(run['wall_s'])}"
    yield f"  time      {run['started_at']} to {run['ended_at'] or '?'}{wall}; {cycle}"
    yield from _waits(run.get("waits"))
    for missed in run["missed"]:
        yield f"  MISSED    {_missed(missed)}"


def _waits(waits: Mapping[str, Any] | None) -> Iterator[str]:
    if waits is None:
        return
    for wait in waits["first"][:HOSTS_SHOWN]:
        yield f"  waits     for {_wait(wait)}: {wait['pages']:,} pages"
    if waits["seeds"]:
        yield f"  waits     for {_wait(waits['seeds'])}: the next seeds"
    if waits["hosts"] > HOSTS_SHOWN:
        yield f"            and for {waits['hosts'] - HOSTS_SHOWN:,} hosts more in --json"


def _wait(wait: Mapping[str, Any]) -> str:
    until = wait["until"]
    when = "till its robots.txt is had elsewhere" if until is None else f"until {until}"
    return f"{short(wait['host'])} {when}"


def _missed(missed: Mapping[str, Any]) -> str:
    if missed["wanted"] is None:
        return str(missed["what"])
    before = "" if missed["before"] is None else f", before {missed['before']}"
    return f"{missed['what']}: wanted {missed['wanted']}, got {missed['got']}{before}"


def _pages(report: Mapping[str, Any]) -> Iterator[str]:
    pages = report["requests"]
    skipped = sum(pages["skipped"].values())
    gone = f" ({pages['gone']:,} gone)" if pages.get("gone") else ""
    balance = "" if pages["balanced"] else "  DOES NOT BALANCE"
    yield (
        f"  pages     {pages['known']:,} known: {pages['done']:,} done, "
        f"{pages['failed']:,} failed{gone}, {skipped:,} skipped, "
        f"{pages['waiting']:,} waiting{balance}"
    )
    for name, reasons in (("failed", report["failures"]), ("skipped", pages["skipped"])):
        if reasons:
            yield f"  {name:<9} {_counts(reasons)}"


def _duplicates(found: Mapping[str, Any] | None) -> Iterator[str]:
    """Pages that say the same; the largest group shows soft errors."""
    for label, how, groups in (
        ("same", "the same", found),
        ("near", "nearly the same", found and found["near"]),
    ):
        if groups and groups["pages"]:
            largest = groups["groups"][0]
            first, last = largest["examples"]
            yield (
                f"  {label:<9} {groups['pages']:,} pages say {how} as another; "
                f"{largest['count']:,} such as {first} and {last}"
            )


def _kept(kept: Mapping[str, int] | None) -> Iterator[str]:
    if kept and kept["pages"]:
        sizes = f"{_size(kept['bytes'])}, {_size(kept['packed_bytes'])} packed"
        yield f"  kept      {kept['pages']:,} raw pages: {sizes}"


def _fetches(report: Mapping[str, Any]) -> Iterator[str]:
    fetches, pages, links = report["fetches"], report["pages"], report["links"]
    attempts, wall_s = fetches["attempts"], report["run"]["wall_s"]
    rate = f", {attempts / wall_s:,.1f}/s" if attempts and wall_s else ""
    resent = f", {fetches['resent']:,} sent again" if fetches.get("resent") else ""
    yield (
        f"  fetched   {_number(attempts)} attempts{rate}: {fetches['ok']:,} ok, "
        f"{fetches['not_modified']:,} not modified, {_number(fetches['retries'])} retries{resent}; "
        f"{_size(fetches['body_bytes'])}, {_size(fetches['wire_bytes'])} on the wire"
    )
    if pages["changed"] or pages["unchanged"]:
        again = pages["changed"] + pages["unchanged"]
        yield f"  changed   {pages['changed']:,} of {again:,} pages that were known before"
    if pages.get("noindex"):
        yield f"  noindex   {pages['noindex']:,} pages ask robots not to list them; items are kept"
    if links["found"]:
        yield (
            f"  links     {links['found']:,} found: {links['new']:,} new, "
            f"{links['known']:,} known, {links['out_of_scope']:,} out of scope{_by(links)}"
            + (f", {links['trap']:,} into traps" if links.get("trap") else "")
        )


def _reparse(figures: Mapping[str, Any]) -> Iterator[str]:
    failed = f"; {_counts(figures['failed'])}" if figures["failed"] else ""
    yield f"  reparse   {figures['pages']:,} kept pages extracted again{failed}"
    if figures["unread"]:
        yield f"  UNREAD    {_counts(figures['unread'])}: left as they were"


def _by(links: Mapping[str, Any]) -> str:
    """Which keys of `scope` kept links out, most first."""
    counts = sorted((links.get("out_of_scope_by") or {}).items(), key=lambda each: -each[1])
    told = ", ".join(f"{key} {count:,}" for key, count in counts)
    return f" ({told})" if told else ""


def _seeds(seeds: Mapping[str, Any] | None) -> Iterator[str]:
    """What sitemaps gave; other seeds are pages like all."""
    if seeds is None or not (seeds["sitemaps"] or seeds["missed"]):
        return
    rest = f", {seeds['resting']:,} not changed since" if seeds["resting"] else ""
    yield f"  sitemaps  {seeds['sitemaps']:,} read: {seeds['listed']:,} pages{rest}"
    for trouble in seeds["troubles"][:TROUBLES_SHOWN]:
        yield f"  MISSING   {trouble}"
    if seeds["missed"] > TROUBLES_SHOWN:
        yield f"            and {seeds['missed'] - TROUBLES_SHOWN:,} more in --json"


def _items(name: str, counts: Mapping[str, Any]) -> Iterator[str]:
    removed = f"{counts['removed']:,} removed, " if "removed" in counts else ""
    if counts["seen"] is None:
        yield (
            f"  items     {name}: {counts['new']:,} new, {removed}{counts['rejected']:,} rejected"
        )
        return
    gone = "" if counts["gone"] is None else f"{counts['gone']:,} gone, "
    yield (
        f"  items     {name}: {counts['seen']:,} seen, {counts['new']:,} new, "
        f"{counts['changed']:,} changed, {gone}{removed}{counts['rejected']:,} rejected"
    )
    least = sorted((share, field) for field, share in counts["filled"].items() if share < 1)
    if least:
        shown = ", ".join(f"{field} {_percent(share)}" for share, field in least[:FIELDS_SHOWN])
        yield f"  filled    {name}: {shown}"
    if counts["invalid"]:
        yield f"  invalid   {name}: {_counts(counts['invalid'])}"


def _hosts(hosts: list[Mapping[str, Any]], beyond: Mapping[str, Any] | None) -> Iterator[str]:
    for host in hosts[:HOSTS_SHOWN]:
        p95 = host["latency_s"]["p95"]
        latency = "" if p95 is None else f", p95 {p95 * 1000:,.0f} ms"
        paused = f", paused {seconds(host['paused_s'])}" if host["paused_s"] else ""
        yield (
            f"  host      {short(host['host'])}: {host['done']:,} done, {host['failed']:,} failed, "
            f"{host['retries']:,} retries{latency}{paused}"
        )
    if len(hosts) > HOSTS_SHOWN:
        rest = [*hosts[HOSTS_SHOWN:], *([beyond] if beyond else [])]
        done, failed, retries = (
            sum(each[name] for each in rest) for name in ("done", "failed", "retries")
        )
        many = len(hosts) - HOSTS_SHOWN + (beyond["hosts"] if beyond else 0)
        yield (
            f"            and {many:,} host{'s' * (many > 1)} more: {done:,} done, "
            f"{failed:,} failed, {retries:,} retries; "
            f"--json names {len(hosts) - HOSTS_SHOWN:,} of them"
        )


def _concurrency(found: Mapping[str, Any] | None) -> Iterator[str]:
    """Where `concurrency: auto` has ended, and why."""
    if found and found["auto"]:
        yield (
            f"  open      {found['reached']:,} at a time, found from {found['started_at_level']:,} "
            f"in {found['changes']:,} steps: {found['why']}"
        )


def _machine(report: Mapping[str, Any]) -> Iterator[str]:
    lag, cpu, memory = (report[key] for key in ("loop_lag_s", "cpu_s", "memory_peak_bytes"))
    if lag["p99"] is None:
        return
    yield (
        f"  machine   CPU {_both(cpu, seconds)}, memory {_both(memory, _size)}, "
        f"loop lag p99 {lag['p99'] * 1000:.0f} ms, most {lag['max'] * 1000:.0f} ms"
    )


def _both(figures: Mapping[str, Any], spell: Any) -> str:  # noqa: ANN401 - seconds or bytes
    main, workers = figures["main"], figures["workers"]
    told = "?" if main is None else spell(main)
    return f"{told} and {spell(workers)} in workers" if workers else told


def _plan(plan: Mapping[str, Any] | None) -> Iterator[str]:
    if plan is not None and plan["cause"] != "none":
        yield f"  foretold  {plan['text']}"


def _verdict(report: Mapping[str, Any]) -> Iterator[str]:
    verdict = report["verdict"]
    if verdict["bound"] != "none":
        parts = {name: share for name, share in report["wall_share_s"].items() if share}
        most = sorted(parts, key=lambda name: -parts[name])
        yield f"  spent     {', '.join(f'{name} {seconds(parts[name])}' for name in most)}"
    yield f"  verdict   {verdict['text']}.{_NO_HELP.get(verdict['bound'], '')}"
    for change in report["what_if"]:
        settings = " ".join(f"--set {key}={value}" for key, value in (change["set"] or {}).items())
        how = f" ({settings})" if settings else ""
        yield f"  what if   {change['change']}{how}: {seconds(change['predicted_wall_s'])}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _number(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def _size(value: float) -> str:
    return f"{value / _MIB:,.1f} MiB" if value >= _MIB / 10 else f"{value / 1024:,.1f} KiB"


def _percent(share: float) -> str:
    return f"{share * 100:.1f}%"
