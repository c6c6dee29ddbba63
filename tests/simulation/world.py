"""A web from a seed: its hosts, pages and troubles, and how the crawl of it is set up.

The world knows two things that the crawl does not: what each address answers, and every way in
which a visit may rightly end (`ends`). The laws compare what was stored with the latter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from scraper.core.extract.plan import FieldPlan, FollowPlan, ItemPlan, PageRule
from scraper.core.model import Reason
from scraper.core.plan import (
    FetchPlan,
    HostRule,
    Plan,
    PolitenessPlan,
    RetryPlan,
    RunPlan,
    ScopePlan,
    SeedPlan,
    SeedRequest,
    SeedSitemap,
    StorePlan,
)
from scraper.core.schedule.auto import Auto
from scraper.core.schedule.host import rule_of
from scraper.core.url import key as url_key

DAY_S = 86_400.0
HUNG_S = 60.0  # the fetcher's time-out
MAPPED = 20  # hosts with sitemaps, at most: each of them names all seeds
PASSING = (
    *(Reason.TIMEOUT, Reason.CONNECT, Reason.DNS, Reason.TLS, Reason.RESET, Reason.TRUNCATED),
    *(Reason.PROTOCOL, "http_408", "http_429", "http_500", "http_503"),
)
LASTING = (
    *(Reason.TOO_LARGE, Reason.ENCODING, Reason.CONTENT_TYPE, Reason.PRIVATE_ADDRESS),
    *("http_403", "http_404", "http_410", "http_501"),
)
NEVER_ACCEPTED = ("http_429", "http_503", Reason.CONNECT, Reason.DNS, Reason.TLS)
RULE = PageRule(
    "page",
    items=(ItemPlan("book", (FieldPlan("name"),)),),
    follow=(FollowPlan("a"), FollowPlan("a.next", page="page")),
)
OFTEN = PageRule(  # named by nothing: chosen by its match
    "often", match=("/private/*",), items=RULE.items, follow=RULE.follow, refresh_s=DAY_S / 3
)
LEARNING = range(60, 150)  # the tales of other small seeds are known: mutants, faults of the past
LEARNT = Auto(like_s=DAY_S, least_s=DAY_S / 3, most_s=2 * DAY_S)
TELLS = frozenset({"", "redirect", "away"})  # there is a robots.txt, here or elsewhere
SILENT = frozenset({Reason.CONNECT, Reason.DNS, Reason.TLS, Reason.RESET, Reason.TIMEOUT})


@dataclass(eq=False)
class Site:
    """One host, and what is wrong with it."""

    host: str
    wait_s: float = 0.1
    delay_s: float = 0.0  # robots.txt's Crawl-delay
    private: str = ""  # what robots.txt disallows; "/": everything
    robots: str = ""  # "http_404", a reason why there is none, "redirect", "away", "hangs"
    moved_to: Site | None = None  # with "away"
    robots_fails: int = 0  # so often it is 503 first
    throttle: int = 0  # every so many answers it wants a rest
    rest_s: float = 0.0
    down: tuple[float, float, float] = (0.0, 0.0, 0.0)  # period, from, until
    hangs: bool = False
    pages: list[Page] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return "http://" + self.host.removesuffix(":80")

    def is_down(self, at: float) -> bool:
        period, start, end = self.down
        return bool(period) and start <= at % period < end

    @property
    def robots_text(self) -> bytes:
        rules = f"Disallow: {self.private}\n" if self.private else ""
        delay = f"Crawl-delay: {self.delay_s}\n" if self.delay_s else ""
        return f"User-agent: *\n{delay}{rules}".encode()

    @property
    def may_be_given_up(self) -> bool:
        """Whether it may fail several times in a row."""
        shut = self.robots_fails or self.robots not in {"", "redirect", "http_404"}
        silent = any(page.fails in SILENT for page in self.pages)
        return bool(self.down[0] or self.hangs or shut or silent)

    @property
    def troubles(self) -> set[str]:
        """Why any visit may fail, at the wrong moment."""
        troubles = {str(Reason.CONNECT)} if self.down[0] else set()
        if self.robots_fails:
            troubles.add("http_503")
        if self.may_be_given_up:
            troubles.add(Reason.HOST_UNREACHABLE)
        return troubles | ({"http_429", "http_503"} if self.throttle else set())


@dataclass(eq=False)
class Page:
    """One address: what it answers, and where it leads."""

    url: str
    site: Site
    name: str
    method: str = "GET"
    fails: str | None = None  # with this reason
    times: int = 0  # so often; 0: always
    to: Page | str | None = None  # it redirects; a text leads to no page
    status: int = 302
    unreadable: bool = False
    links: list[tuple[Page, str | None]] = field(default_factory=list)  # a page's name: pagination
    shared: str | None = None  # an item that other pages have, too
    dies: range = range(0)  # cycles in which it is not there
    dies_as: str = "http_404"
    sheds: range = range(0)  # cycles in which nothing is on it
    every: int = 1  # cycles; then it has changed
    fickle: bool = False  # it shows the shared item every other time
    validates: str = ""  # by "ETag", by "Last-Modified" or by both

    def version(self, cycle: int) -> int:
        """The cycle in which it got what it says."""
        return cycle - (cycle - 1) % self.every

    def items(self, cycle: int) -> dict[str, str]:
        """What it shows, by key."""
        if cycle in self.sheds:
            return {}
        version = self.version(cycle)
        told = f"{self.name} of {version}"
        shows = self.shared and not (self.fickle and version // self.every % 2)
        return {self.name: told} | ({self.shared: told} if self.shared and shows else {})


@dataclass(eq=False)
class World:
    """A web and a crawl of it."""

    seed: int
    plan: Plan
    sites: list[Site]
    pages: list[Page]
    seeds: list[Page]
    sitemaps: dict[str, bytes]  # on hosts where little is wrong; they name seeds
    workers: int
    window: int
    disk_s: float  # one call
    stall: tuple[float, float]  # now and then one takes much longer: how often, how long

    def __post_init__(self) -> None:
        self.by_host = {site.host: site for site in self.sites}
        addresses = Random(f"at {self.seed}")
        self.address = {  # of each host; None: it is not found when it is looked up before
            name: addresses.choice((None, "10.0.0.1", "10.0.0.2", "10.0.0.3"))
            for name in dict.fromkeys(site.host.partition(":")[0] for site in self.sites)
        }
        self.validates = any(page.validates for page in self.pages)
        self._by_key = {url_key(page.url): page for page in self.pages}
        self._by_url: dict[str, Page] = {}
        self.rules = _rules(self.plan, self.sites)
        self._seed_hosts = {page.site.host.partition(":")[0] for page in self.seeds}
        self._joined = {
            hop.site.host.partition(":")[0] for page in self.seeds for hop in self.hops(page)
        }

    def __repr__(self) -> str:
        plan = self.plan
        return (
            f"world {self.seed}: {len(self.pages)} pages on {len(self.sites)} hosts, "
            f"{len(self.seeds)} seeds, concurrency {plan.fetch.concurrency}, "
            f"{self.workers} workers, window {self.window}, disk {self.disk_s:.4f} s "
            f"{self.stall}\n{plan.politeness}\n{plan.scope}\n{plan.fetch.retry}"
        )

    def edit(self, rng: Random) -> None:
        """Somebody changes how fast the crawl is to be, between two cycles."""
        politeness, fetch = self.plan.politeness, self.plan.fetch
        default = HostRule(rng.choice((1, 2, 4)), rng.choice((0.0, 0.25, 1.0, 5.0)))
        caps = {"per_domain": rng.choice((None, 1, 2)), "per_address": rng.choice((None, 1, 2))}
        self.plan = replace(
            self.plan,
            politeness=replace(politeness, default=default, hosts={}, **caps),
            fetch=replace(fetch, concurrency=rng.choice((1, 5, 20))),
        )
        self.rules = _rules(self.plan, self.sites)

    def page(self, url: str) -> Page:
        """The page at an address, however it is written."""
        page = self._by_url.get(url)
        if page is None:
            page = self._by_url[url] = self._by_key[url_key(url)]
        return page

    def rule(self, page: Page, named: str | None) -> PageRule:
        """Which rule reads the page."""
        path = page.url.removeprefix(page.site.origin)
        return self.plan.pages[0] if not named and path.startswith("/private/") else RULE

    def delay_s(self, site: Site) -> float:
        """Between two starts on a host, once its robots.txt is known."""
        return max(self.rules[site.host].delay_s, site.delay_s if self.obeys(site) else 0.0)

    def obeys(self, site: Site) -> bool:
        """Whether the host has a robots.txt that counts."""
        return self.plan.politeness.robots and site.robots in TELLS

    def allows(self, page: Page) -> bool:
        """Whether robots.txt lets us visit the page."""
        site = page.site
        path = page.url.removeprefix(site.origin)
        return not (self.obeys(site) and site.private and path.startswith(site.private))

    def is_in_scope(self, page: Page) -> bool | None:
        """None: once a seed has been redirected to its host."""
        hosts, name = self.plan.scope.hosts, page.site.host.partition(":")[0]
        if hosts == "any" or name in (self._seed_hosts if hosts == "seeds" else hosts):
            return True
        return None if hosts == "seeds" and name in self._joined else False

    def hops(self, page: Page) -> Iterator[Page]:
        """The page and where its redirects lead, as far as they are followed."""
        seen: list[Page] = []
        step: Page | str | None = page
        while isinstance(step, Page) and step not in seen:
            yield step
            seen.append(step)
            if len(seen) > self.plan.fetch.max_redirects:
                return
            step = step.to

    def content(self, page: Page) -> Page:
        """The page that answers in the end."""
        return list(self.hops(page))[-1]

    def ends(self, page: Page, *, seed: bool) -> set[str]:
        """Every way in which a visit may end: "done" or a reason."""
        ends: set[str] = {Reason.UNANSWERED} if page.method == "POST" else set()
        passing: set[str] = set()
        spent, hop = 0, page
        for hop in self.hops(page):
            scope = True if seed else self.is_in_scope(hop)
            if not scope:
                ends.add(Reason.SCOPE)
            if scope is False:
                return ends
            ends |= hop.site.troubles | ({hop.dies_as} if hop.dies else set())
            certain = self._certain(hop)
            if certain:
                return ends | passing | {certain}
            if hop.fails:
                spent += hop.times
                passing.add(hop.fails)
            if spent and (ends or spent >= self.plan.fetch.retry.attempts):
                ends |= passing
        if hop.to is not None:
            return ends | {Reason.REDIRECTS}
        return ends | {Reason.PARSE_ERROR if hop.unreadable else "done"}

    def _certain(self, page: Page) -> str | None:
        """The reason why the page cannot be had, if there is one."""
        site = page.site
        if self.plan.politeness.robots and site.robots not in TELLS | {"http_404"}:
            return site.robots
        if not self.allows(page):
            return Reason.ROBOTS_DISALLOWED
        if site.hangs:
            return Reason.TIMEOUT
        return page.fails if page.fails and not page.times else None

    @property
    def patience_s(self) -> float:
        """How long what could start may wait for reads and commits."""
        often, long_s = self.stall
        mean_s = self.disk_s + often * long_s
        return 1.0 + 12 * long_s + 4 * len(self.sites) * mean_s

    @property
    def longest_s(self) -> float:
        """No run takes longer."""
        retry, total_s = self.plan.fetch.retry, 0.0
        for site in self.sites:
            per_visit_s = 2 * self.delay_s(site) + (HUNG_S if site.hangs else site.wait_s + 1.0)
            per_visit_s += site.rest_s + sum(HUNG_S for p in site.pages if p.fails == "timeout")
            total_s += (3 + len(site.pages)) * per_visit_s * 4
        again_s = retry.attempts * (retry.longest_s + 2 * HUNG_S)
        return 600 + (total_s + again_s) * 4 + len(self.pages) * 40 * self.patience_s


def _rules(plan: Plan, sites: list[Site]) -> dict[str, HostRule]:
    hosts, default = plan.politeness.hosts, plan.politeness.default
    return {site.host: rule_of(site.host, hosts, default=default) for site in sites}


def build(seed: int, path: str, *, hosts: int | None = None) -> World:
    """The world of a seed; `hosts`: so many, whatever the seed says."""
    rng = Random(f"world {seed}")
    mischief, moved = rng.choice((0.0, 0.1, 0.3, 0.6)), rng.choice((0.0, 0.1, 0.4))
    count = hosts or rng.choice((1, 1, 2, 3, 5, 8, 13, rng.randint(14, 60)))
    sites = [_site(rng, number, mischief) for number in range(count)]
    _move(rng, sites)
    for site in sites:
        _fill(rng, site, most=rng.choice((2, 8, 20, 60)) if not hosts else rng.choice((1, 2, 4)))
    pages = [page for site in sites for page in site.pages]
    rng.shuffle(pages)
    pages.sort(key=lambda page: page.name.endswith(".0") and rng.random() < 0.5, reverse=True)
    reach = rng.choice((1, 5, 50, 5000))
    for place, page in enumerate(pages):
        _spoil(rng, page, mischief)
        if rng.random() < moved:
            page.to = rng.choice(page.site.pages if rng.random() < 0.5 else pages)
            page.status = rng.choice((301, 302, 303, 307, 308))
        if place:
            parent = pages[rng.randint(max(0, place - reach), place - 1)]
            parent.links.append((page, rng.choice((None, None, "page"))))
        for _ in range(rng.choice((0, 0, 1, 3))):
            page.links.append((rng.choice(pages), rng.choice((None, None, "page"))))
    _refresh(Random(f"refresh {seed}"), pages)
    seeds = [pages[0], *rng.sample(pages, rng.randint(0, min(len(pages), max(3, count))))]
    forms = [_form(rng, rng.choice(sites), pages, n) for n in range(rng.choice((0, 1, 2, 5)))]
    maps = _sitemaps(Random(f"sitemaps {seed}"), seeds)
    plan = _plan(rng, path, sites, seeds, forms, maps)
    caps = Random(f"addresses {seed}").choice((None, None, None, 1, 2))
    plan = replace(plan, politeness=replace(plan.politeness, per_address=caps))
    if Random(f"rules {seed}").random() < 0.25:
        plan = replace(plan, pages=(OFTEN, RULE))
    if (seed in LEARNING or seed >= 50_000) and Random(f"learnt {seed}").random() < 0.25:
        plan = replace(plan, run=replace(plan.run, auto=LEARNT))
    return World(
        seed=seed,
        plan=plan,
        sites=sites,
        pages=[*pages, *forms],
        seeds=[*seeds, *forms],
        sitemaps=maps,
        workers=max(1, plan.fetch.concurrency + rng.choice((0 if plan.fetch.auto else -2, 0, 4))),
        window=rng.choice((3 * count + 6, 3 * count + 6, 6 * count + 6, 20_000)),  # a row of each
        disk_s=10 ** rng.uniform(-4, -2),
        stall=rng.choice(((0.0, 0.0), (0.01, 0.5), (0.02, 3.0))),
    )


def _site(rng: Random, number: int, mischief: float) -> Site:
    name, port = number, rng.choice((80, 80, 80, 8080))
    if number % 7 >= 5:  # two hosts of one name
        name, port = number - number % 7, 81 + number % 7
    site = Site(f"h{name}.example:{port}", wait_s=rng.choice((0.02, 0.2, 1.0)))
    if rng.random() < mischief / 2:
        site.delay_s = rng.choice((0.5, 2.0, 10.0))
    if mischief and rng.random() < 0.25:
        site.private = rng.choice(("/private/", "/private/", "/private/", "/"))
    some = ("http_404", "redirect", "http_500", Reason.CONNECT, Reason.TIMEOUT)
    start = rng.uniform(0, 20)
    troubles: tuple[dict[str, Any], ...] = (
        {"wait_s": 10.0},
        {"hangs": True},
        {"robots": rng.choice(some)},
        {"robots_fails": rng.randint(1, 3)},
        {"throttle": rng.randint(2, 9), "rest_s": rng.choice((0.0, 2.0, 20.0))},
        {"throttle": rng.randint(2, 5), "rest_s": 2.0},
        {"down": (1e9, start, start + rng.uniform(1, 200))},
        {"down": (rng.uniform(1, 20), 0.0, rng.uniform(0.2, 5))},
    )
    return replace(site, **rng.choice(troubles)) if rng.random() < mischief else site


def _move(rng: Random, sites: list[Site]) -> None:
    """Some keep their robots.txt on another host, which answers as it does."""
    well = [site for site in sites if not (site.may_be_given_up or site.throttle)]
    for site in well:
        if len(well) > 1 and rng.random() < 0.1:
            site.robots = "away"
            site.moved_to = rng.choice([other for other in well if other is not site])


def _fill(rng: Random, site: Site, *, most: int) -> None:
    for n in range(min(most, int(rng.paretovariate(0.5)))):
        name = f"{site.host}.{n}"
        path = f"/private/{n}" if rng.random() < 0.2 else f"/{n}"
        query = "?b=1&a=2" if rng.random() < 0.2 else ""
        site.pages.append(Page(f"{site.origin}{path}{query}", site, name))


def _spoil(rng: Random, page: Page, mischief: float) -> None:
    if rng.random() < 0.3:
        page.shared = f"shared {rng.randrange(5)}"
    if rng.random() >= mischief / 2:
        return
    kind = rng.choice(["passing", "passing", "lasting", "endless", "away", "unreadable"])
    if kind == "passing":
        page.fails, page.times = rng.choice(PASSING), rng.randint(1, 2)
    elif kind in {"lasting", "endless"}:
        page.fails = rng.choice(LASTING if kind == "lasting" else PASSING)
    elif kind == "unreadable":
        page.unreadable = True
    else:
        page.to = "mailto:nobody"


def _refresh(rng: Random, pages: list[Page]) -> None:
    """Let pages of some worlds stay the same, and their servers say so."""
    if rng.random() < 0.6:
        return
    for page in pages:
        page.every = rng.choice((1, 2, 2, 3, 9))
        page.fickle = rng.random() < 0.3
        page.validates = rng.choice(("", "ETag", "ETag", "Last-Modified", "both"))


def _form(rng: Random, site: Site, pages: list[Page], number: int) -> Page:
    form = Page(f"{site.origin}/form/{number}", site, f"form {number}", method="POST")
    if rng.random() < 0.3:
        form.fails, form.times = rng.choice(PASSING), 1
    elif rng.random() < 0.2:
        form.to, form.status = rng.choice(pages), 303
    return form


def _sitemaps(rng: Random, seeds: list[Page]) -> dict[str, bytes]:
    """By their address."""
    sites = list({seed.site: None for seed in seeds if not seed.site.may_be_given_up})
    urls = "".join(f"<url><loc>{seed.url}</loc></url>".replace("&", "&amp;") for seed in seeds)
    return {
        f"{site.origin}/sitemap{number}.xml": f"<urlset>{urls}</urlset>".encode()
        for site in sites[:MAPPED]
        for number in range(rng.choice((0, 0, 1, 3)))
        if not site.throttle
    }


def _plan(
    rng: Random,
    path: str,
    sites: list[Site],
    seeds: list[Page],
    forms: list[Page],
    sitemaps: dict[str, bytes],
) -> Plan:
    default = HostRule(rng.choice((1, 2, 4)), rng.choice((0.0, 0.0, 0.0, 0.25, 1.0)))
    some = rng.sample(sites, min(len(sites), rng.choice((0, 2))))
    hosts = {
        site.host if rng.random() < 0.5 else site.host.partition(":")[0]: HostRule(
            rng.choice((1, 2, 8)), rng.choice((0.0, 0.1, 3.0))
        )
        for site in some
    }
    names = tuple({site.host.partition(":")[0]: None for site in sites})
    scope = rng.choice(("any", "any", "seeds", names[: 1 + len(names) // 2]))
    return Plan(
        name="simulation",
        seeds=SeedPlan(
            urls=(seeds[0].url,) * rng.choice((1, 1, 100)) + tuple(seed.url for seed in seeds),
            requests=tuple(SeedRequest(form.url, "POST", body=b"x") for form in forms),
            sitemaps=tuple(map(SeedSitemap, sitemaps)),
        ),
        fetch=FetchPlan(
            user_agent="simulation",
            concurrency=(slots := rng.choice((1, 1, 2, 5, 20, 100))),
            auto=slots >= 20 and bool(len(sites) % 2),  # takes no chance: seeds stay what they were
            timeout_s=HUNG_S,
            max_redirects=rng.choice((1, 3, 10)),
            retry=RetryPlan(4, rng.choice((0.1, 1.0)), rng.choice((5.0, 60.0))),
        ),
        store=StorePlan(path, keep_runs=rng.choice((1, 30))),
        scope=ScopePlan(
            hosts=scope,
            max_depth=rng.choice((None, None, 2, 3)),
            max_pages=rng.choice((None, None, None, 5, 40)),
        ),
        politeness=PolitenessPlan(
            rng.random() < 0.9,
            default,
            hosts,
            per_domain=Random(f"caps {len(sites)} {len(seeds)} {len(forms)}").choice((None, 1, 2)),
        ),
        pages=(RULE,),
        run=RunPlan(refresh_s=DAY_S),
    )
