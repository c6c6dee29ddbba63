# ruff: noqa: E501  # pages and configs as they are
"""From YAML to plan, key by key."""

import pickle
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from scraper import __version__
from scraper.config import load
from scraper.core.errors import ConfigError
from scraper.core.extract.plan import EachPlan, FieldPlan, FollowPlan, ItemPlan, PageRule
from scraper.core.plan import (
    FetchPlan,
    GonePlan,
    HostRule,
    ParsePlan,
    Plan,
    PolitenessPlan,
    PrivatePlan,
    RetryPlan,
    RunPlan,
    ScopePlan,
    SeedFile,
    SeedPlan,
    SeedRequest,
    SeedSitemap,
    StorePlan,
    UrlPlan,
)
from scraper.core.schedule.auto import DAY_S, Auto

SEEDS = "seeds: {urls: [http://a.example/]}\n"

EVERYTHING = """\
version: 1
name: books
seeds:
  urls: ["https://books.example/catalogue/page-{01..50}.html", https://b.example]
  file:
    - seeds.txt
    - {path: a.csv.gz, carry: sku, page: book}
    - {path: b.txt, column: link}
    - "-"
  requests:
    - {url: https://books.example/api, method: post, json: {q: tea, n: [1, null]}, page: book}
    - {url: https://books.example/form, form: {a: x y, b: [1, true]}, headers: {X-A: 1}}
    - {url: https://books.example/raw}
scope: {hosts: ["books.example", "*.books.example"], allow: "/**", deny: ["**/print/**"], max_depth: 5, max_pages: 10000}
politeness:
  robots: ignore
  per_host: 3
  per_domain: 5
  per_address: 6
  delay: 250ms
  hosts: {"API.books.example": {per_host: 1, delay: 2s}, "books.example:8080": {delay: 0}}
fetch:
  concurrency: 50
  timeout: 30s
  stall: 5s
  connect_timeout: 4s
  max_body: 1MB
  max_redirects: 0
  retry: {attempts: 2, first: 2s, longest: 1m}
  user_agent: "books-bot (+https://example.org/bot)"
  headers: {Accept-Language: en}
  cookies: yes
  verify_tls: false
  private_addresses: ["LocalHost:8080", "10.1.0.0/16"]
pages:
  listing:
    match: "/catalogue/page-*.html"
    follow:
      - {css: "li.next a", page: listing}
      - {css: "link[rel=next] @href"}
      - {css: option, attr: value}
      - {json: "items[].url", limit: 5}
      - {script: "next = '(.*?)'", page: listing}
    valid: "ul.books"
    charset: latin1
  book:
    match: ["/catalogue/*/index.html", "re:/b/\\\\d+$"]
    items:
      book:
        each: article
        key: [upc]
        fields:
          title: h1
          image: "img.cover @src"
          itself: "@id"
          upc: {css: td.upc, required: true, type: int, regex: "(\\\\d+)"}
          rating: {css: p, attr: class, map: {One: 1, two: x}, default: 0}
          tags: {css: a.tag::text, all: true, text: raw}
          offers: {css: tr, all: true, fields: {price: {css: td, type: decimal}}}
          seen_on: {from: url}
          shop: {const: 012}
          nothing: {const: null}
          sku: {from: sku}
          brand: {jsonld: Product.brand}
          cover: {meta: "og:image"}
          data: {script: "x = (.*);", json: "[]", type: text}
          size: {any: [h3, {css: p, json: size}], type: int}
          list: {jsonld: A.b, fields: {b: {json: c}}}
      row:
        each: tr
        fields:
          text: {css: p, remove: .ad, replace: {"a": "b", "c": ""}, split: ",", strip: "()"}
          md: {css: article, markdown: true, page: true}
          raw: {css: article, html: true}
          below: {next: "a @href", all: true}
          title: {next: b, attr: title}
          specs: {table: "#specs", page: true}
      of_json: {each: {json: "a[]"}, fields: {b: {json: c}}}
      of_script: {each: {script: (a)}, fields: {b: {json: c}}}
  rest: {}
parse: {processes: 2, offload: 128KiB, timeout: 10s}
store: {path: data/x.db, bodies: zstd, keep_runs: 5}
run: {if_running: wait, max_time: 30m, max_wait: 5m, refresh: 0, gone: {after: 3, at_most: 12.5%}}
"""

PLAN = Plan(
    name="books",
    seeds=SeedPlan(
        urls=("https://books.example/catalogue/page-{01..50}.html", "https://b.example"),
        files=(
            SeedFile("seeds.txt"),
            SeedFile("a.csv.gz", column="url", carry=("sku",), page="book"),
            SeedFile("b.txt", column="link", carry=("sku",)),
            SeedFile("-"),
        ),
        requests=(
            SeedRequest(
                "https://books.example/api",
                method="POST",
                headers=(("Content-Type", "application/json"),),
                body=b'{"q":"tea","n":[1,null]}',
                page="book",
            ),
            SeedRequest(
                "https://books.example/form",
                method="POST",
                headers=(("X-A", "1"), ("Content-Type", "application/x-www-form-urlencoded")),
                body=b"a=x+y&b=1&b=true",
            ),
            SeedRequest("https://books.example/raw"),
        ),
    ),
    scope=ScopePlan(("books.example", "*.books.example"), ("/**",), ("**/print/**",), 5, 10000),
    politeness=PolitenessPlan(
        robots=False,
        default=HostRule(3, 0.25),
        hosts={"api.books.example": HostRule(1, 2.0), "books.example:8080": HostRule(3, 0.0)},
        rest_s=2.0,
        per_domain=5,
        per_address=6,
    ),
    fetch=FetchPlan(
        user_agent="books-bot (+https://example.org/bot)",
        concurrency=50,
        timeout_s=30.0,
        stall_s=5.0,
        connect_timeout_s=4.0,
        max_body_bytes=1_000_000,
        max_redirects=0,
        retry=RetryPlan(2, 2.0, 60.0),
        headers=(("Accept-Language", "en"),),
        cookies=True,
        verify_tls=False,
        keeps_names=True,
        private=PrivatePlan(hosts=frozenset({"localhost:8080"}), networks=("10.1.0.0/16",)),
    ),
    pages=(
        PageRule(
            "listing",
            ("/catalogue/page-*.html",),
            follow=(
                FollowPlan("li.next a", page="listing"),
                FollowPlan("link[rel=next]"),
                FollowPlan("option", attr="value"),
                FollowPlan(json="items[].url", limit=5),
                FollowPlan(script="next = '(.*?)'", page="listing"),
            ),
            valid="ul.books",
            charset="latin1",
            robot="books-bot",
        ),
        PageRule(
            "book",
            ("/catalogue/*/index.html", r"re:/b/\d+$"),
            items=(
                ItemPlan(
                    "book",
                    each="article",
                    key=("upc",),
                    fields=(
                        FieldPlan("title", css="h1"),
                        FieldPlan("image", css="img.cover", attr="src"),
                        FieldPlan("itself", css="", attr="id"),
                        FieldPlan("upc", css="td.upc", required=True, type="int", regex=r"(\d+)"),
                        FieldPlan(
                            "rating", css="p", attr="class", map={"One": 1, "two": "x"}, default=0
                        ),
                        FieldPlan("tags", css="a.tag", all=True, raw_text=True),
                        FieldPlan(
                            "offers",
                            css="tr",
                            all=True,
                            fields=(FieldPlan("price", css="td", type="decimal"),),
                        ),
                        FieldPlan("seen_on", source="url"),
                        FieldPlan("shop", const="012", is_const=True),
                        FieldPlan("nothing", const=None, is_const=True),
                        FieldPlan("sku", source="sku"),
                        FieldPlan("brand", jsonld="Product.brand"),
                        FieldPlan("cover", meta="og:image"),
                        FieldPlan("data", script="x = (.*);", json="[]", type="text"),
                        FieldPlan(
                            "size",
                            any=(
                                FieldPlan("size", css="h3"),
                                FieldPlan("size", css="p", json="size"),
                            ),
                            type="int",
                        ),
                        FieldPlan("list", jsonld="A.b", fields=(FieldPlan("b", json="c"),)),
                    ),
                ),
                ItemPlan(
                    "row",
                    each="tr",
                    fields=(
                        FieldPlan(
                            "text",
                            css="p",
                            remove=".ad",
                            replace=(("a", "b"), ("c", "")),
                            split=",",
                            strip="()",
                        ),
                        FieldPlan("md", css="article", markdown=True, page=True),
                        FieldPlan("raw", css="article", html=True),
                        FieldPlan("below", next="a", attr="href", all=True),
                        FieldPlan("title", next="b", attr="title"),
                        FieldPlan("specs", table="#specs", page=True),
                    ),
                ),
                ItemPlan("of_json", (FieldPlan("b", json="c"),), each=EachPlan("a[]")),
                ItemPlan("of_script", (FieldPlan("b", json="c"),), each=EachPlan(script="(a)")),
            ),
            robot="books-bot",
        ),
        PageRule("rest", robot="books-bot"),
    ),
    parse=ParsePlan(2, 131072, 10.0),
    store=StorePlan("data/x.db", 5, "zstd"),
    run=RunPlan("wait", 1800.0, 300.0, 0.0, GonePlan(3, 0.125)),
)


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def compiled(text: str, *, name: str = "c.yaml", env: Mapping[str, str] | None = None) -> Plan:
    Path(name).write_text(text, encoding="utf-8")
    return load(name, env=env or {}).plan


def test_every_key_reaches_the_plan() -> None:
    assert compiled(EVERYTHING) == PLAN


def test_defaults_are_those_of_the_plan() -> None:
    plan = compiled(SEEDS, name="my-shop.yaml")
    assert plan == Plan(
        name="my-shop",
        seeds=SeedPlan(urls=("http://a.example/",)),
        fetch=FetchPlan(user_agent=f"scraper/{__version__}"),
        store=StorePlan("data/my-shop.db"),
    )


def test_who_wants_no_retries_hears_sooner_of_a_dead_host() -> None:
    assert compiled(SEEDS).politeness.rest_s == 1.0
    assert compiled(SEEDS + "fetch: {retry: {attempts: 1}}\n").politeness.rest_s == 0.25


def test_database_is_named_after_the_run() -> None:
    assert compiled(SEEDS + "name: shop-2\n").store.path == "data/shop-2.db"


def test_private_addresses_all_or_none() -> None:
    assert compiled(SEEDS + "fetch: {private_addresses: true}\n").fetch.private.every
    assert compiled(SEEDS + "fetch: {private_addresses: false}\n").fetch.private == PrivatePlan()


def test_shared_column_and_carry_are_for_csv_lists_alone() -> None:
    text = "seeds: {file: [a.csv, b.txt, {path: c.csv, column: d}], column: link, carry: [x, y]}\n"
    assert compiled(text).seeds.files == (
        SeedFile("a.csv", column="link", carry=("x", "y")),
        SeedFile("b.txt"),
        SeedFile("c.csv", column="d", carry=("x", "y")),
    )


def test_piped_list_is_csv_if_a_column_is_named() -> None:
    assert compiled("seeds: {file: '-', column: link}\n").seeds.files == (
        SeedFile("-", column="link"),
    )


def test_columns_that_fields_name_are_carried() -> None:
    text = """\
seeds: {file: a.csv}
pages:
  p:
    items:
      i: {fields: {a: {from: x}, b: {from: status}, c: {css: p, fields: {d: {from: y}}}, e: {from: x}}}
"""
    assert compiled(text).seeds.files[0].carry == ("x", "y")


CARRYING = """\
pages:
  list:
    match: /l
    items:
      row: {each: li, fields: {a: b, b: {from: column}}}
      all: {fields: {c: h1}}
      val: {each: {json: x}, fields: {d: {json: d}}}
    follow:
      - {css: a, page: detail, carry: [a, b]}
      - {css: h1 a, carry: c}
      - {json: u, page: detail, carry: d}
      - {script: "u = '(.*)'", page: other, carry: c}
  detail:
    match: /d
    items:
      x: {fields: {a: {any: [h1, {from: a}]}, f: {css: p, fields: {c: {from: c}}}, u: {from: url}}}
      y: {fields: {a: h1}}
  other: {items: {z: {fields: {a: {from: a}, k: {from: column}}}}}
"""


def test_links_know_whose_fields_they_carry_and_items_what_they_read() -> None:
    plan = compiled("seeds: {file: a.csv}\n" + CARRYING)
    listing, detail, other = plan.pages
    assert [(link.carry, link.item) for link in listing.follow] == [
        (("a", "b"), "row"), (("c",), "all"), (("d",), "val"), (("c",), "all"),
    ]  # fmt: skip
    assert [item.reads for item in listing.items] == [(), (), ()]  # a column alone
    assert [item.reads for item in detail.items] == [("a", "c"), ()]
    assert [item.reads for item in other.items] == [()]  # no link carries `a` there
    assert plan.seeds.files[0].carry == ("column", "a")  # `a` of other


def test_own_content_type_is_kept() -> None:
    text = "seeds: {requests: [{url: http://a.example, json: 1, headers: {content-type: a/b}}]}"
    assert compiled(text).seeds.requests[0].headers == (("content-type", "a/b"),)


def test_two_rules_may_yield_one_type() -> None:
    text = SEEDS + "pages:\n"
    text += "  a: {match: /a, items: {x: {key: i, fields: {i: h1}}}}\n"
    text += "  b: {items: {x: {key: [i], fields: {i: h2, j: h3}}}}\n"
    assert [page.items[0].type for page in compiled(text).pages] == ["x", "x"]


def test_plan_holds_plain_texts_alone() -> None:
    """It travels to processes that know nothing of the config."""
    text = EVERYTHING.replace("https://b.example", "'${U}'").replace("h1", "${H}")
    text = text.replace("x y", "'${V}'").replace("en}", "'${V}'}").replace("LocalHost", "${V}")
    plan = compiled(text, env={"U": "http://u.example/", "H": "h2", "V": "value"})
    assert {type(value) for value in leaves(plan) if isinstance(value, str)} == {str}
    assert pickle.loads(pickle.dumps(plan.pages)) == plan.pages


def leaves(value: object) -> Iterator[object]:
    if is_dataclass(value):
        for field in fields(value):
            yield from leaves(getattr(value, field.name))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from leaves(inner)
    elif isinstance(value, tuple | list | frozenset):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def test_sitemaps_and_the_rules_of_urls() -> None:
    text = """
seeds: {urls: http://a.example/, sitemaps: [http://a.example/s.xml, robots, {url: http://b.example/, page: p, lastmod: ignore}]}
url: {sort_query: true, drop: [utm_*, ref], sessions: keep}
pages: {p: {}}
"""
    plan = compiled(text)
    assert plan.seeds.sitemaps == (
        SeedSitemap("http://a.example/s.xml"),
        SeedSitemap(None),
        SeedSitemap("http://b.example/", "p", lastmod=False),
    )
    assert plan.url == UrlPlan(sort_query=True, drop=("utm_*", "ref"), sessions=False)
    assert compiled("seeds: {sitemaps: http://a.example/}\nurl: {drop: x}").url == UrlPlan(
        drop=("x",)
    )


def test_set_reaches_the_login_of_a_host() -> None:
    Path("c.yaml").write_text("seeds: {urls: [http://a.example/]}\n", encoding="utf-8")
    options = ["fetch.auth.b.example.basic=u:p", "fetch.auth.c.example:8080.bearer=t"]
    assert load("c.yaml", env={}, overrides=options).plan.fetch.auth == {
        "b.example": "Basic dTpw", "c.example:8080": "Bearer t"
    }  # fmt: skip


def test_forms_become_plans() -> None:
    text = """\
seeds: {file: [{path: a.csv}]}
login: {url: "http://a.example/in", form: form, fill: {t: {css: "meta @content"}}, ok: a, expired: form.in}
pages:
  p:
    submit:
      - form: form
        fill:
          a: {each: "select#a option @value"}
          b: {each: {any: [{css: b}, {from: word}]}}
          c: {css: i, attr: title}
          d: {from: column}
          e: [1, "", yes]
          f: null
"""
    Path("c.yaml").write_text(text, encoding="utf-8")
    plan = load("c.yaml", env={}).plan
    (rule,) = plan.pages
    assert rule.expired == "form.in"
    assert [(fill.name, fill.values, fill.each) for fill in rule.submit[0].fill] == [
        ("a", (), True), ("b", (), True), ("c", (), False), ("d", (), False),
        ("e", ("1", "", "yes"), False), ("f", (), False),
    ]  # fmt: skip
    fields = [fill.field for fill in rule.submit[0].fill if fill.field]
    assert fields[0] == FieldPlan("a", css="select#a option", attr="value", all=True)
    assert not fields[1].all
    assert fields[2] == FieldPlan("c", css="i", attr="title")
    assert fields[3] == FieldPlan("d", source="column")
    assert plan.seeds.files[0].carry == ("column", "word")
    assert plan.fetch.cookies
    assert plan.login is not None
    assert plan.login.fill[0].field == FieldPlan("t", css="meta", attr="content")


def test_value_of_the_environment_is_not_put_into_a_form_that_is_stored() -> None:
    text = "seeds: {urls: [http://a.example/]}\npages: {p: {submit: [{form: form, fill: {q: '${Q}'}}]}}\n"
    Path("c.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load("c.yaml", env={"Q": "hush"})
    assert str(caught.value) == (
        "c.yaml:2:22: pages.p.submit[1]: fill.q: would store a value of the environment in the database:"
        " write it out, or use login, fetch.auth or fetch.headers"
    )


def test_what_a_request_takes_from_the_environment_is_a_reference_in_its_row() -> None:
    text = """
seeds:
  requests:
    - {url: http://a.example/a, headers: {X-Key: "k ${K}", X-A: b}, json: {q: ["${K}", 1, "${N:-n}"]}}
    - {url: http://a.example/b, form: {q: ["${K}", x], n: 1}}
    - {url: http://a.example/c, form: {q: "$${K}"}}
"""
    plan = compiled(text, env={"K": "hush"})
    first, second, third = plan.seeds.requests
    assert first.headers[:2] == (("X-Key", "k ${K}"), ("X-A", "b"))
    assert first.headers[3:] == ((":env", '["${K}", "k ${K}"]'),)
    assert first.body == b'{"q":["${K}",1,"n"]}'
    assert second.body == b"q=%24%7BK%7D&q=x&n=1"
    assert len(third.headers) == 1
    assert plan.fetch.references == {"${K}": "hush", "k ${K}": "k hush"}
    assert "hush" not in repr(plan)


def test_what_stands_for_a_value_does_not_stand_for_itself_beside_it() -> None:
    text = 'seeds: {requests: [{url: "http://a.example/", json: {a: "${K}", b: "$${K}"}}]}'
    with pytest.raises(ConfigError, match=r"1:20: seeds.requests\[1\]: \$\{K\} is a value of the"):
        compiled(text, env={"K": "hush"})


def test_a_value_of_the_environment_in_a_url_is_told_to_be_stored() -> None:
    text = """
seeds:
  urls: ["http://a.example/?k=${K}", "http://${H}/x"]
  requests: [{url: "http://a.example/b?k=${K}"}]
"""
    Path("c.yaml").write_text(text, encoding="utf-8")
    warned = load("c.yaml", env={"K": "hush", "H": "b.example"}).warnings
    assert [one for one in warned if "is stored" in one] == [
        f"c.yaml:{place}: the value of {url} is stored, and told in reports:"
        " send what is secret as a header"
        for place, url in [
            ("3:10: seeds.urls[1]", "http://a.example/?k=${K}"),
            ("4:20: seeds.requests[1].url", "http://a.example/b?k=${K}"),
        ]
    ]


def test_concurrency_is_a_number_or_the_most_there_may_be() -> None:
    plan = compiled(SEEDS + "fetch: {concurrency: auto}\n").fetch
    assert (plan.auto, plan.concurrency) == (True, 1000)
    plan = compiled(SEEDS + 'fetch: {concurrency: "${N:-auto}"}\n', env={"N": "7"}).fetch
    assert (plan.auto, plan.concurrency) == (False, 7)


def test_what_is_learnt_has_a_budget_in_visits_a_day_or_as_a_fixed_refresh() -> None:
    pages = "pages: {p: {refresh: {budget: 5000, min: 2h, max: 7d}}, q: {refresh: {budget: 3d}}}\n"
    plan = compiled(SEEDS + pages + "run: {refresh: auto}\n")
    assert (plan.run.auto, plan.run.refresh_s) == (Auto(), DAY_S)
    assert plan.pages[0].auto == Auto(per_day=5000, least_s=7200.0, most_s=7 * DAY_S)
    assert plan.pages[1].auto == Auto(like_s=3 * DAY_S)
    assert compiled(SEEDS + "run: {refresh: 2h}\n").run.auto is None
