"""What a crawl will do, in words. What came from the environment is shown as it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scraper.config.carry import PYTHON
from scraper.config.load import Loaded
from scraper.config.model_again import IncrementConfig
from scraper.config.model_fields import FieldConfig
from scraper.config.model_forms import FillConfig, SubmitConfig
from scraper.config.model_pages import EachConfig, FollowConfig, ItemConfig, PageConfig
from scraper.config.model_refresh import AutoConfig, in_words
from scraper.config.models import Config
from scraper.config.places import Path
from scraper.config.tree import written
from scraper.config.units import say_seconds, say_size
from scraper.config.values import Secret
from scraper.core.plan import Plan
from scraper.core.ranges import size
from scraper.core.request import MOST_IN_A_ROW
from scraper.core.url import shown

_MOST_SHOWN = 5
_BODIES = {
    "failed": "the raw pages that failed or had an item rejected",
    "zstd": "every raw page, so that `scraper reparse` needs no network",
}


def explain(loaded: Loaded) -> str:
    """Lines for a person, the warnings last."""
    teller = _Teller(loaded.config, loaded.plan, loaded.tree)
    lines = [f"{teller.say(('name',), loaded.plan.name)}: the config is right. The crawl"]
    lines += [f"  is told of in {name} too" for name in loaded.included]
    lines += [f"  {line}" for line in teller.lines()]
    lines += [f"warning: {warning}" for warning in loaded.warnings]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Teller:
    config: Config
    plan: Plan
    tree: Mapping[str, object]

    def say(self, path: Path, value: object) -> str:
        """A value, or what the file says where the environment was asked for it."""
        return written(self.tree, path) or str(value)

    def time(self, path: Path, value_s: float) -> str:
        return self.say(path, say_seconds(value_s))

    def lines(self) -> Iterator[str]:
        yield f"starts from {shown(_joined(self._seeds()))}"
        yield from self._url()
        yield self._scope()
        yield from self._politeness()
        yield from self._fetch()
        yield from self._login()
        for name, page in self.config.pages.items():
            yield from self._page(name, page)
        yield from self._run()

    def _seeds(self) -> Iterator[str]:
        seeds = self.config.seeds
        if seeds.urls:
            yield _urls(seeds.urls)
        for file, plan in zip(seeds.file, self.plan.seeds.files, strict=True):
            name = "standard input" if plan.path == "-" else f"the list {_shown(file.path)}"
            column = _shown(file.column or seeds.column or plan.column or "")
            yield name + (f", column {column}" if plan.column else "")
        for sitemap in seeds.sitemaps:
            if sitemap.url == "robots":
                yield "the sitemaps that robots.txt names"
            else:
                yield f"the sitemap {_shown(sitemap.url)}"
        if seeds.requests:
            yield f"{_many(len(seeds.requests), 'request')} written out"

    def _url(self) -> Iterator[str]:
        url = self.config.url
        if url.drop:
            yield f"takes out of each URL the parameters {_joined(map(_shown, url.drop))}"
        if url.sort_query:
            yield "sorts the query of each URL"
        if url.sessions == "keep":
            yield "takes URLs that differ in a session identifier for different pages"

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
        text += ", the deepest first" if scope.order == "depth" else ""
        text += ", into traps too" if scope.traps == "ignore" else ""
        text += f"; reads {' and '.join(scope.types)} alone" if scope.types else ""
        return text

    def _politeness(self) -> Iterator[str]:
        polite = self.config.politeness
        robots = "obeys" if polite.robots == "obey" else "IGNORES"
        per_host = self.say(("politeness", "per_host"), polite.per_host)
        delay = self.time(("politeness", "delay"), polite.delay)
        yield f"{robots} robots.txt"
        yield f"opens to one host {_requests(per_host)}, {delay} between two starts"
        for key, whom in (("per_domain", "of one domain"), ("per_address", "at one address")):
            if (most := getattr(polite, key)) is not None:
                yield f"  to all hosts {whom} {_requests(self.say(('politeness', key), most))}"
        for host, rule in polite.hosts.items():
            at = ("politeness", "hosts", host)
            own = per_host if rule.per_host is None else self.say((*at, "per_host"), rule.per_host)
            wait = delay if rule.delay is None else self.time((*at, "delay"), rule.delay)
            yield f"  to {host} {_requests(own)}, {wait} between two starts"

    def _fetch(self) -> Iterator[str]:
        fetch = self.config.fetch
        agent = _shown(fetch.user_agent or self.plan.fetch.user_agent)
        at = ("fetch", "concurrency")
        if fetch.concurrency == "auto":
            most = f"up to {self.plan.fetch.concurrency:,} requests in all"
            yield f"opens {self.say(at, most)}, as many as bring more pages a second, as {agent}"
        else:
            yield f"opens {_requests(self.say(at, fetch.concurrency))} in all, as {agent}"
        yield (
            f"gives a page {self.time(('fetch', 'timeout'), fetch.timeout)},"
            f" {self.say(('fetch', 'max_body'), say_size(fetch.max_body))}"
            f" and {self.say(('fetch', 'retry', 'attempts'), fetch.retry.attempts)} attempts"
        )
        yield from self._proxies()
        allowed = fetch.private_addresses
        if isinstance(allowed, tuple):
            yield f"may reach of the private addresses {', '.join(map(_shown, allowed))}"
        elif allowed:
            yield "may reach private addresses"

    def _proxies(self) -> Iterator[str]:
        written, plan = self.config.fetch.proxies, self.plan.fetch.proxies
        if isinstance(written, tuple):
            pairs = zip(written, plan.http, strict=True)
            shown = [one.written if isinstance(one, Secret) else str(proxy) for one, proxy in pairs]
            yield f"goes through {_joined(shown)}"
        elif written is not None:
            for scheme, found in (("http", plan.http), ("https", plan.https)):
                yield f"goes to {scheme} pages {f'through {found[0]}' if found else 'directly'}"

    def _login(self) -> Iterator[str]:
        for host, auth in self.config.fetch.auth.items():
            yield f"logs in at {host} with a {'password' if auth.basic is not None else 'token'}"
        login = self.config.login
        if login is None:
            return
        names = ", ".join(login.fill)
        yield f"logs in at {_shown(login.url)}: fills {names} into {_shown(login.form)}"
        yield f"  is let in where {_shown(login.ok)} shows, else ends with exit status 2"
        if login.expired is not None:
            yield f"  logs in again where {_shown(login.expired)} shows"

    def _page(self, name: str, page: PageConfig) -> Iterator[str]:
        fits = "all pages" if page.match is None else f"pages {_globs(page.match)}"
        nothing = (
            ""
            if page.items or page.follow or page.submit or page.python
            else ": fetches them and takes nothing"
        )
        yield f"{name}: {fits}{nothing}"
        if page.refresh is not None:
            yield f"  visits them again {self._again(('pages', name, 'refresh'), page.refresh)}"
        if page.python is not None:
            yield f"  hands the page to {page.python}, in a worker process"
        for kind, item in page.items.items():
            given = any(field.from_ == PYTHON for field in item.fields.values())
            is_made = given and page.python is not None
            yield f"  {_item(kind, item, is_made=is_made)}"
            if item.python is not None:
                yield f"  hands each {kind} to {item.python}, in a worker process"
        for link in page.follow:
            yield f"  {_follow(link)}"
        for form in page.submit:
            yield f"  {_submit(form)}"

    def _again(self, path: Path, refresh: float | AutoConfig) -> str:
        if isinstance(refresh, AutoConfig):
            return in_words(refresh, lambda key, value: self.say((*path, key), value))
        return f"after {self.time(path, refresh)}"

    def _gone(self) -> str:
        gone = self.config.run.gone
        after = self.say(("run", "gone", "after"), gone.after)
        at_most = self.say(("run", "gone", "at_most"), f"{gone.at_most * 100:.6g}%")
        return (
            f"a page is gone after 404 or 410 {_times(after)}, an item when no page shows it"
            f" any more, at most {at_most} of a type at once"
        )

    def _run(self) -> Iterator[str]:
        named = self.say(("name",), self.plan.name)
        default = self.plan.store.path if self.config.store.path else f"data/{named}.db"
        path = self.say(("store", "path"), default)
        runs = self.say(("store", "keep_runs"), self.plan.store.keep_runs)
        yield f"writes to {path}, keeps the visits of {runs} runs"
        if kept := _BODIES.get(self.plan.store.bodies):
            yield f"keeps {kept}"
        run = self.config.run
        busy = {"fail": "refuses to start", "skip": "does nothing", "wait": "waits"}
        yield f"{busy[run.if_running]} when another run holds it"
        yield f"visits a page again {self._again(('run', 'refresh'), run.refresh)}"
        yield self._gone()
        if run.max_time is not None:
            limit = self.time(("run", "max_time"), run.max_time)
            yield f"stops after {limit}; the next run continues"
        if run.max_wait is not None:
            limit = self.time(("run", "max_wait"), run.max_wait)
            yield f"stops when all that is left waits longer than {limit}; the next run continues"


def _times(number: str) -> str:
    return "once" if number == "1" else f"in {number} cycles running"


def _urls(urls: tuple[str, ...]) -> str:
    shown = [_shown(url) for url in urls[:_MOST_SHOWN]]
    more = ["..."] if len(urls) > _MOST_SHOWN else []
    if any(isinstance(url, Secret) for url in urls):  # a bound of a range may be one
        return ", ".join([*shown, *more])
    return f"{_many(sum(map(size, urls)), 'URL')} ({', '.join([*shown, *more])})"


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _requests(most: str) -> str:
    return f"at most {most} request{'' if most == '1' else 's'}"


def _item(kind: str, item: ItemConfig, *, is_made: bool) -> str:
    if is_made:
        one = "as the function gives them"
    else:
        one = "one" if item.each is None else f"one for each {_where(item.each)}"
    if item.key is not None:
        key = f"known by {' and '.join(map(_shown, item.key))}"
    else:
        is_one = item.each is None and not is_made
        key = "known by the page's URL" if is_one else "known by its content"
    return f"takes {kind}, {one}, {key}: {', '.join(item.fields)}"


def _where(source: EachConfig | FollowConfig) -> str:
    """What items or links are."""
    if source.css is not None:
        return _shown(source.css)
    in_script = f" in the script {_shown(source.script)}" if source.script is not None else ""
    return f"{_shown(source.json_path or '@')}{in_script}"


def _follow(link: FollowConfig) -> str:
    if link.is_again:
        text = "asks again " + " and ".join(_changes(link))
    else:
        text = f"follows {_where(link)}"
        text += f", with {' and '.join(_sets(link))}" if link.set_ else ""
    text += f" as {_shown(link.page)}" if link.page else ""
    text += f", carrying {' and '.join(map(_shown, link.carry))}" if link.carry else ""
    text += f", as long as {_source(link.while_)} is true" if link.while_ is not None else ""
    if link.is_again:
        text += _end(link)
    return text


def _changes(link: FollowConfig) -> Iterator[str]:
    if link.increment is not None:
        yield f"with {_shown(_spot(link.increment))} {link.increment.by} higher"
    if link.set_:
        yield f"with {' and '.join(_sets(link))}"


def _spot(increment: IncrementConfig) -> str:
    return increment.name if increment.name is not None else increment.spot()


def _sets(link: FollowConfig) -> Iterator[str]:
    return (f"{name} from {_source(field)}" for name, field in link.set_.items())


def _source(field: FieldConfig) -> str:
    """What a field looks at."""
    if field.css is not None:
        return _shown(field.css) or "the page"
    for key in ("jsonld", "meta", "script", "table", "from_"):
        if (text := getattr(field, key)) is not None:
            return f"{key.strip('_')} {_shown(text)}"
    if field.json_path is not None:
        return f"json {_shown(field.json_path)}"
    if field.any_:
        return "one of several"
    return f"@{_shown(field.attr)}" if field.attr is not None else "a constant"


def _end(link: FollowConfig) -> str:
    """When the page's own request is not made again."""
    if link.while_ is None and not link.set_:
        text = ", until a page has no items"
    else:
        text = ", while all are there" if link.set_ else ""
    if link.limit is not None:
        return text + f", at most {link.limit:,} pages in a row"
    return text + f", at most {MOST_IN_A_ROW:,} pages in a row"


def _submit(form: SubmitConfig) -> str:
    filled = [f"{name} {_filled(fill)}" for name, fill in (form.fill or {}).items()]
    said = f"sends the form {_shown(form.form)}" + (f" with {_joined(filled)}" if filled else "")
    return said + (f" as {_shown(form.page)}" if form.page else "")


def _filled(fill: FillConfig) -> str:
    if fill.each is not None:
        return f"each of {_shown(fill.each.css)}" if fill.each.css else "each that is found"
    if fill.css is not None:
        return f"of {_shown(fill.css)}"
    if fill.from_ is not None:
        return f"from {_shown(fill.from_)}"
    return f"= {' and '.join(map(_shown, fill.value))}" if fill.value else "left out"


def _shown(text: str) -> str:
    return text.written if isinstance(text, Secret) else str(text)


def _globs(globs: Iterable[str]) -> str:
    return " or ".join(map(_shown, globs))


def _joined(parts: Iterable[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last
