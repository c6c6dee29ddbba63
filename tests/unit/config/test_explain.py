# ruff: noqa: E501  # lines that are printed
from pathlib import Path

import pytest

from scraper.config import explain, load

SEEDS = "seeds: {urls: [http://a.example/]}\n"
GONE = (
    "after 404 or 410 in 2 cycles running, an item when no page shows it any more, at most 10% of "
    "a type at once"
)


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def warnings(text: str) -> list[str]:
    Path("c.yaml").write_text("fetch: {user_agent: x (+https://x.example)}\n" + text)
    return list(load("c.yaml", env={}).warnings)


def lines(text: str) -> list[str]:
    Path("c.yaml").write_text(text, encoding="utf-8")
    return explain(load("c.yaml", env={})).splitlines()


def test_crawl_is_said_in_words() -> None:
    text = """\
name: books
seeds:
  urls: ["https://books.example/page-{1..50}.html"]
  file: [{path: c.csv, column: link}, "-"]
  requests: [{url: https://books.example/api, page: book}]
scope: {hosts: [books.example], allow: ["/**"], deny: [/a, /b], max_depth: 3, max_pages: 99, traps: ignore}
politeness: {per_host: 1, per_domain: 8, per_address: 1, delay: 250ms, hosts: {x.example: {delay: 2s}}}
fetch: {user_agent: bot (+https://x.example), private_addresses: [10.0.0.0/8], retry: {attempts: 2}}
pages:
  listing:
    match: "/page-*.html"
    follow: [{css: li a, page: book}, {css: p a}, {json: u, limit: 2}]
  book:
    items:
      book: {key: [a, b], fields: {a: h1, b: h2}}
      row: {each: tr, fields: {c: td}}
      one: {fields: {d: p}}
      api: {each: {json: "a[]"}, key: e, fields: {e: {json: e}}}
      var: {each: {script: "x = (.*)"}, key: e, fields: {e: {json: e}}}
  none: {refresh: 90m}
run: {if_running: skip, max_time: 90s, max_wait: 5m, refresh: 6h}
"""
    assert lines(text) == [
        "books: the config is right. The crawl",
        (
            "  starts from 50 URLs (https://books.example/page-{1..50}.html), the list c.csv, column link,"
            " standard input and 1 request written out"
        ),
        (
            "  follows links to books.example that fit /**, never to /a or /b, at most 3 links deep,"
            " at most 99 pages in a cycle, into traps too"
        ),
        "  obeys robots.txt",
        "  opens to one host at most 1 request, 250ms between two starts",
        "    to all hosts of one domain at most 8 requests",
        "    to all hosts at one address at most 1 request",
        "    to x.example at most 1 request, 2s between two starts",
        "  opens at most 100 requests in all, as bot (+https://x.example)",
        "  gives a page 1m, 10MiB and 2 attempts",
        "  may reach of the private addresses 10.0.0.0/8",
        "  listing: pages /page-*.html",
        "    follows li a as book",
        "    follows p a",
        "    follows u",
        "  book: all pages",
        "    takes book, one, known by a and b: a, b",
        "    takes row, one for each tr, known by its content: c",
        "    takes one, one, known by the page's URL: d",
        "    takes api, one for each a[], known by e: e",
        "    takes var, one for each @ in the script x = (.*), known by e: e",
        "  none: all pages: fetches them and takes nothing",
        "    visits them again after 90m",
        "  writes to data/books.db, keeps the visits of 30 runs",
        "  does nothing when another run holds it",
        "  visits a page again after 6h",
        f"  a page is gone {GONE}",
        "  stops after 90s; the next run continues",
        "  stops when all that is left waits longer than 5m; the next run continues",
        "warning: c.yaml:4:10: seeds.file: c.csv is not there yet: the run needs it",
        "warning: c.yaml:20:3: pages.none: is never reached: book above has no match, so it takes all",
        (
            "warning: c.yaml:16:7: pages.book.items.row: has no key, so a changed item is a new one:"
            " name what identifies it"
        ),
    ]


def test_what_is_learnt_of_when_pages_change_has_a_budget_and_bounds() -> None:
    pages = "pages: {p: {refresh: {budget: 5000, max: 7d}}}\n"
    likely = "when it is likely to have changed"
    each = "as many visits as after 1d each, none before 1h, all within 30d"
    assert {
        f"    visits them again {likely}: 5000 visits a day, none before 1h, all within 7d",
        f"  visits a page again {likely}: {each}",
    } <= set(lines(SEEDS + pages + "run: {refresh: auto}\n"))


def test_many_seeds_are_not_all_said() -> None:
    text = "seeds: {urls: [" + ", ".join(f"http://a.example/{n}" for n in range(9)) + "]}\n"
    assert lines(text)[1].endswith("http://a.example/4, ...)")


def test_any_host_and_all_private_addresses() -> None:
    text = SEEDS + "scope: {hosts: any}\nfetch: {private_addresses: true}\n"
    assert {"  follows links to any host", "  may reach private addresses"} <= set(lines(text))


def test_contact_address_is_asked_for() -> None:
    for text in (SEEDS, SEEDS + "fetch: {user_agent: bot}\n"):
        Path("c.yaml").write_text(text, encoding="utf-8")
        assert any("contact address" in warning for warning in load("c.yaml", env={}).warnings)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("", "c.yaml:1:1: pages: there are none: pages are fetched and nothing is taken"),
        ("pages: {p: {}}\npoliteness: {robots: ignore}\n", "c.yaml:4:22: politeness.robots: robots.txt is ignored"),
    ],
)  # fmt: skip
def test_what_is_perhaps_not_meant_is_said(text: str, warning: str) -> None:
    assert warnings(SEEDS + text) == [warning]


def test_dangers_of_fetch_are_said() -> None:
    text = "pages: {p: {}}\nfetch:\n  user_agent: x@y.example\n  headers: {Authorization: x}\n"
    text += "  stall: 2m\n  verify_tls: no\n"
    Path("c.yaml").write_text(SEEDS + text, encoding="utf-8")
    assert list(load("c.yaml", env={}).warnings) == [
        "c.yaml:5:13: fetch.headers.Authorization: is sent to every host that the config names",
        "c.yaml:6:10: fetch.stall: is longer than timeout, so it never ends a page",
        "c.yaml:7:15: fetch.verify_tls: certificates are not checked",
    ]


def test_a_timeout_below_the_stall_that_nobody_wrote_is_no_mistake() -> None:
    text = "pages: {p: {}}\nfetch: {user_agent: x@y.example, timeout: 3s}\n"
    Path("c.yaml").write_text(SEEDS + text, encoding="utf-8")
    assert load("c.yaml", env={}).warnings == ()


def test_rule_behind_one_for_all_pages_is_reached_by_name() -> None:
    rules = "pages: {all: {follow: [{css: a, page: named}]}, named: {}}\n"
    assert warnings(SEEDS + rules) == []


def test_what_is_carried_is_said_and_that_nobody_reads_it() -> None:
    text = SEEDS + "pages:\n  p:\n    items: {i: {fields: {a: h1, b: h2, c: {from: a}}}}\n"
    text += "    follow: [{css: a, carry: [a, b]}, {css: a, page: q, carry: a}]\n  q: {}\n"
    assert "    follows a, carrying a and b" in lines(text)
    assert warnings(text) == [
        "c.yaml:6:30: pages.p.follow[1].carry: no field of any page is {from: b}: it is carried for nothing",
        "c.yaml:6:64: pages.p.follow[2].carry: no field of page q is {from: a}: it is carried for nothing",
    ]


def test_list_that_is_there_needs_no_warning() -> None:
    Path("a.txt").write_text("http://a.example/\n")
    assert warnings("seeds: {file: [a.txt, '-']}\npages: {p: {}}\n") == []


def test_sitemaps_and_the_rules_of_urls_are_said() -> None:
    text = """\
seeds: {urls: http://a.example/, sitemaps: [http://a.example/s.xml, robots]}
url: {sort_query: true, drop: [utm_*, ref], sessions: keep}
"""
    told = lines(text)
    assert told[1:5] == [
        "  starts from 1 URL (http://a.example/), the sitemap http://a.example/s.xml and the sitemaps that robots.txt names",
        "  takes out of each URL the parameters utm_* and ref",
        "  sorts the query of each URL",
        "  takes URLs that differ in a session identifier for different pages",
    ]


FORMS = (
    SEEDS
    + """\
fetch: {auth: {a.example: {basic: "u:p"}, b.example: {bearer: t}}}
login: {url: "http://a.example/in", form: form, fill: {user: "${U}", token: null}, ok: a.out, expired: form.in}
pages:
  p:
    submit:
      - {form: form.f, fill: {a: {each: "o @v"}, b: {css: i}, c: {from: url}, d: [1, 2], e: null}, page: q}
      - {form: form.g, fill: {a: {each: {json: x}}}}
      - {form: form.h}
  q: {}
"""
)


def test_forms_and_logins_are_said_in_words() -> None:
    Path("c.yaml").write_text(FORMS, encoding="utf-8")
    loaded = load("c.yaml", env={"U": "ada"})
    text = explain(loaded).splitlines()
    first = text.index("  logs in at a.example with a password")
    assert text[first : first + 9] == [
        "  logs in at a.example with a password",
        "  logs in at b.example with a token",
        "  logs in at http://a.example/in: fills user, token into form",
        "    is let in where a.out shows, else ends with exit status 2",
        "    logs in again where form.in shows",
        "  p: all pages",
        "    sends the form form.f with a each of o @v, b of i, c from url, d = 1 and 2 and e left out as q",
        "    sends the form form.g with a each that is found",
        "    sends the form form.h",
    ]
    assert "ada" not in repr(loaded)
    plan = loaded.plan
    assert "ada" not in repr(plan.login)
    assert plan.fetch.auth == {"a.example": "Basic dTpw", "b.example": "Bearer t"}
    assert "dTpw" not in repr(plan.fetch)


def test_passwords_over_http_are_advised_against_unless_they_stay_on_this_machine() -> None:
    plain = "is sent without encryption, as anybody on the way can read: use https"
    login = "login: {url: URL, form: form, fill: {a: b}, ok: a}\npages: {p: {}}\n"
    assert warnings(SEEDS + login.replace("URL", "'http://a.example/in'")) == [
        f"c.yaml:3:14: login.fill: {plain}"
    ]
    for url in ("'https://a.example/in'", "'http://127.0.0.1:8000/in'", "'http://localhost/in'"):
        assert warnings(SEEDS + login.replace("URL", url)) == []
    auth = "seeds: {urls: ['http://a.example/', 'http://b.example/{1..3}']}\npages: {p: {}}\n"
    Path("c.yaml").write_text(
        auth
        + "fetch: {user_agent: x@y.example, auth: {a.example: {bearer: x}, c.example: {bearer: x}}}\n"
    )
    assert load("c.yaml", env={}).warnings == (f"c.yaml:3:41: fetch.auth.a.example: {plain}",)


def test_concurrency_that_is_found_is_said() -> None:
    told = lines(SEEDS + "fetch: {concurrency: auto, user_agent: x (+https://x.example)}\n")
    assert (
        "  opens up to 1,000 requests in all, as many as bring more pages a second,"
        " as x (+https://x.example)"
    ) in told
