"""What a crawl will do, in words. What came from the environment is shown as it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scraper.config.load import Loaded
from scraper.config.model_pages import FollowConfig, ItemConfig, PageConfig
from scraper.config.models import Config
from scraper.config.places import Path
from scraper.config.source import Document
from scraper.config.units import say_seconds, say_size
from scraper.config.values import Secret
from scraper.core.plan import Plan
from scraper.core.ranges import size

_MOST_SHOWN = 5


def explain(loaded: Loaded) -> str:
    """Lines for a person, the warnings last."""
    teller = _Teller(loaded.config, loaded.plan, loaded.document)
    lines = [f"{teller.say(('name',), loaded.plan.name)}: the config is right. The crawl"]
    lines += [f"  {line}" for line in teller.lines()]
    lines += [f"warning: {warning}" for warning in loaded.warnings]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Teller:
    config: Config
    plan: Plan
    document: Document

    def say(self, path: Path, value: object) -> str:
        """A value, or what the file says where the environment was asked for it."""
        return self.document.written(path) or str(value)

    def time(self, path: Path, value_s: float) -> str:
        return self.say(path, say_seconds(value_s))

    def lines(self) -> Iterator[str]:
        yield f"starts from {_joined(self._seeds())}"
        yield self._scope()
        yield from self._politeness()
        yield from self._fetch()
        for name, page in self.config.pages.items():
            yield from self._page(name, page)
        path = self.say(("store", "path"), self.plan.store.path)
        yield f"writes to {path}, keeps the last {self.plan.store.keep_runs} runs"
        yield from self._run()

    def _seeds(self) -> Iterator[str]:
        seeds = self.config.seeds
        if seeds.urls:
            # a bound that came from the environment is not counted out loud
            counted = all(not isinstance(url, Secret) for url in seeds.urls)
            total = f"{sum(map(size, seeds.urls)):,} URLs" if counted else "URLs"
            shown = [_shown(url) for url in seeds.urls[:_MOST_SHOWN]]
            yield f"{total} ({', '.join([*shown, *(['...'] if seeds.urls[_MOST_SHOWN:] else [])])})"
        for file in self.plan.seeds.files:
            index = self.plan.seeds.files.index(file)
            name = _shown(seeds.file[index].path)
            what = "standard input" if name == "-" else name
            column = file.column and _shown(seeds.file[index].column or seeds.column or file.column)
            yield f"the column {column} of {what}" if column else f"the list {what}"
        if seeds.requests:
            yield f"{len(seeds.requests)} requests written out"

    def _scope(self) -> str:
        scope = self.config.scope
        where = {"seeds": "the hosts of its seeds", "any": "any host"}
        if isinstance(scope.hosts, str):
            text = f"follows links to {where[scope.hosts]}"
        else:
            text = f"follows links to {', '.join(map(_shown, scope.hosts))}"
        text += f" that fit {_globs(scope.allow)}" if scope.allow else ""
        text += f", never to {_globs(scope.deny)}" if scope.deny else ""
        if scope.max_depth is not None:
            text += f", at most {self.say(('scope', 'max_depth'), scope.max_depth)} links deep"
        if scope.max_pages is not None:
            text += (
                f", at most {self.say(('scope', 'max_pages'), scope.max_pages)} pages in a cycle"
            )
        return text

    def _politeness(self) -> Iterator[str]:
        polite, at = self.config.politeness, ("politeness",)
        robots = "obeys" if polite.robots == "obey" else "IGNORES"
        per_host = self.say((*at, "per_host"), polite.per_host)
        delay = self.time((*at, "delay"), polite.delay)
        yield f"{robots} robots.txt; opens at most {per_host} requests to a host, {delay} between two starts"
        for (host, rule), plan in zip(
            polite.hosts.items(), self.plan.politeness.hosts.values(), strict=False
        ):
            at = ("politeness", "hosts", host)
            limit = plan.per_host if rule.per_host is not None else per_host
            wait = say_seconds(plan.delay_s) if rule.delay is not None else delay
            yield f"  {host}: at most {self.say((*at, 'per_host'), limit)}, {self.say((*at, 'delay'), wait)}"

    def _fetch(self) -> Iterator[str]:
        fetch, at = self.config.fetch, ("fetch",)
        agent = _shown(fetch.user_agent or self.plan.fetch.user_agent)
        yield f"opens at most {self.say((*at, 'concurrency'), fetch.concurrency)} requests in all, as {agent}"
        yield (
            f"gives a page {self.time((*at, 'timeout'), fetch.timeout)},"
            f" {self.say((*at, 'max_body'), say_size(fetch.max_body))}"
            f" and {self.say((*at, 'retry', 'attempts'), fetch.retry.attempts)} attempts"
        )
        allowed = fetch.private_addresses
        if allowed is True:
            yield "may reach private addresses"
        elif allowed:
            yield f"may reach of the private addresses {', '.join(map(_shown, allowed))}"

    def _page(self, name: str, page: PageConfig) -> Iterator[str]:
        fits = "all pages" if page.match is None else f"pages {_globs(page.match)}"
        nothing = "" if page.items or page.follow else ": fetches them and takes nothing"
        yield f"{name}: {fits}{nothing}"
        for kind, item in page.items.items():
            yield f"  {_item(kind, item)}"
        for link in page.follow:
            yield f"  {_follow(link)}"

    def _run(self) -> Iterator[str]:
        run, at = self.config.run, ("run",)
        busy = {"fail": "refuses to start", "skip": "does nothing", "wait": "waits"}
        refresh = self.time((*at, "refresh"), run.refresh)
        yield f"{busy[run.if_running]} when another run holds it; visits a page again after {refresh}"
        if run.max_time is not None:
            yield f"stops after {self.time((*at, 'max_time'), run.max_time)}, to be continued"


def _item(kind: str, item: ItemConfig) -> str:
    one = "one" if item.each is None else f"one for each {_shown(item.each)}"
    if item.key is not None:
        key = f"known by {' and '.join(map(_shown, item.key))}"
    else:
        key = "known by the page's URL" if item.each is None else "known by its content"
    return f"takes {kind}, {one}, {key}: {', '.join(item.fields)}"


def _follow(link: FollowConfig) -> str:
    return f"follows {_shown(link.css)}" + (f" as {_shown(link.page)}" if link.page else "")


def _shown(text: str) -> str:
    return text.written if isinstance(text, Secret) else str(text)


def _globs(globs: Iterable[str]) -> str:
    return " or ".join(map(_shown, globs))


def _joined(parts: Iterable[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last
