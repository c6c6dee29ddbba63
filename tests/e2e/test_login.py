"""Login and auth: what is fetched behind them, and that no secret is left anywhere."""

import base64
import json
from urllib.parse import parse_qs

from tests.e2e.conftest import Crawl
from tests.site import as_json, computed, html, status
from tests.sites.members import PASSWORD, USER, Members

CONFIG = """
seeds: {urls: ["$SITE/m/0"]}
login:
  url: "$SITE/login"
  form: form
  fill: {user: "${USER_NAME}", password: "${PASSWORD}"}
  ok: "a[href='/logout']"
  expired: "form[action='/login']"
pages:
  start: {match: /m/0, follow: [{css: a.member, page: member}]}
  member: {items: {member: {key: name, fields: {name: {css: h1, required: true}}}}}
"""
ENV = {"USER_NAME": USER, "PASSWORD": PASSWORD}


def test_pages_behind_a_login_that_expires_in_mid_crawl(crawl: Crawl):
    members = Members(lives=(3, 7))
    members.on(crawl.site)
    crawl.config(CONFIG)
    ended = crawl("run", "crawl.yaml", "-v", **ENV)
    assert ended.status == 0, ended
    assert sorted(item["name"] for item in crawl.items()) == sorted(
        f"Member {n}" for n in range(1, 21)
    )
    assert set(crawl.states().values()) == {"done"}
    assert members.logins == 3
    first = [path for path in crawl.site.paths() if path != "/robots.txt"][:3]
    assert first == ["/login", "/login", "/m/0"]
    left_behind(crawl, ended.out + ended.err, USER, PASSWORD)


def left_behind(crawl: Crawl, said: str, *secrets: str) -> None:
    """Nothing of a secret is in the folder (the database and its WAL), in what was said, or in
    exports and reports, in any of the ways in which it could be written."""
    (crawl.folder / "crawl.yaml").unlink()
    report = json.dumps(crawl.report())
    items = crawl("export", "crawl.db").out
    everything = [path.read_bytes() for path in crawl.folder.iterdir() if path.is_file()]
    everything += [text.encode() for text in (said, report, items)]
    for secret in secrets:
        for form in written(secret):
            assert not any(form in data for data in everything), form


def written(secret: str) -> set[bytes]:
    from urllib.parse import quote, quote_plus

    texts = {secret, quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}
    return {text.encode() for text in texts} | {base64.b64encode(secret.encode())}


def test_login_that_is_refused_ends_with_2_and_says_what_was_seen(crawl: Crawl):
    Members().on(crawl.site)
    crawl.config(CONFIG)
    wrong = {"USER_NAME": USER, "PASSWORD": "not-the-password"}
    ended = crawl("run", "crawl.yaml", **wrong)
    assert ended.status == 2, ended
    said = ended.err.strip().splitlines()[-1]
    assert said == (
        f"login refused: {crawl.site.url('/login')} answered 200, titled 'Sign in Wrong: ***':"
        " nothing fits login.ok a[href='/logout'], with the form again:"
        " are the values of login.fill right?"
    )
    assert crawl.asked() == ["/login", "/login"]
    assert crawl.rows("SELECT state, exit_status FROM run") == [("broken", 2)]
    left_behind(crawl, ended.out + ended.err, USER, "not-the-password")


def test_try_logs_in_first(crawl: Crawl):
    Members().on(crawl.site)
    crawl.site.route("/never/1", html("<form action='/login'>"))
    crawl.config(CONFIG)
    ended = crawl("try", "crawl.yaml", crawl.site.url("/m/3"), "--json", **ENV)
    assert ended.status == 0, ended
    assert json.loads(ended.out)["items"][0]["data"] == {"name": "Member 3"}
    never = crawl("try", "crawl.yaml", crawl.site.url("/never/1"), **ENV)
    assert never.status == 1
    assert "error: login: it shows login.expired right after a login" in never.out
    refused = crawl("try", "crawl.yaml", crawl.site.url("/m/3"), **ENV | {"PASSWORD": "wrong-one"})
    assert refused.status == 2
    assert "login refused: " in refused.err
    assert "wrong-one" not in refused.err
    checked = crawl("check", "crawl.yaml", **ENV)
    assert "fills user, password into form" in checked.out
    assert PASSWORD not in checked.out + checked.err


AUTH = """
seeds: {urls: ["$SITE/a", "http://127.0.0.2:$PORT/b"]}
fetch:
  user_agent: bot (+https://my.site)
  private_addresses: true
  headers: {X-Api-Key: "${KEY}"}
  auth: {"127.0.0.1": {basic: "${LOGIN}"}, "127.0.0.2:1": {bearer: "${TOKEN}"}}
pages: {p: {items: {p: {key: at, fields: {at: {from: url}, text: h1}}}}}
"""


def test_auth_goes_to_its_host_alone_and_is_left_nowhere(crawl: Crawl):
    login, token, key = "ada:pass-word-1é", "token-of-another-port", "key-for-everyone"
    basic = f"Basic {base64.b64encode(login.encode()).decode()}"
    elsewhere = crawl.site.url("/there", host="127.0.0.2")
    heads = {"Location": elsewhere}
    crawl.site.route("/a", computed(lambda visit: status(302, headers=heads)))
    for path in ("/b", "/there"):
        crawl.site.route(path, html("<h1>here"))
    crawl.config(AUTH)
    ended = crawl("run", "crawl.yaml", "-v", LOGIN=login, TOKEN=token, KEY=key)
    assert ended.status == 0, ended
    sent = {(v.host.partition(":")[0], v.headers.get("authorization")) for v in crawl.site.visits}
    assert sent == {("127.0.0.1", basic), ("127.0.0.2", None)}
    assert {v.path for v in crawl.site.visits} == {"/robots.txt", "/a", "/b", "/there"}
    left_behind(crawl, ended.out + ended.err, login, "pass-word-1é", token, key)


def test_cookies_stay_with_their_host(crawl: Crawl):
    def page(visit):
        here = visit.host.partition(":")[0]
        return html("<h1>x", headers={"Set-Cookie": f"of={here}; Path=/"})

    crawl.site.route("/*", computed(page))
    seeds = '["$SITE/{1..3}", "http://127.0.0.2:$PORT/{1..3}"]'
    text = f"seeds: {{urls: {seeds}}}\npages: {{p: {{}}}}\npoliteness: {{per_host: 1}}\n"
    crawl.run(text + "fetch: {cookies: true, private_addresses: true, user_agent: b (+http://x)}")
    told = {(v.host.partition(":")[0], v.headers.get("cookie")) for v in crawl.site.visits}
    assert {cookie for _, cookie in told} == {None, "of=127.0.0.1", "of=127.0.0.2"}
    assert all(cookie in (None, f"of={host}") for host, cookie in told)
    assert b"of=127" not in crawl.db.read_bytes()


REQUESTS = """
seeds:
  requests:
    - url: "$SITE/api"
      json: {page: 1, token: "${TOKEN}"}
      headers: {X-Key: "key ${TOKEN}"}
      page: api
    - {url: "$SITE/form", form: {token: "${TOKEN}"}}
pages:
  api:
    items: {hit: {key: at, fields: {at: {json: at}}}}
    follow: [{increment: "json:page", while: {json: more}}]
"""


def test_what_a_request_takes_from_the_environment_is_sent_and_stored_nowhere(crawl: Crawl):
    """That of a body and of a header, and of the pages that are made of the request."""
    token, asked = 'hush "&+ 7', []

    def answer(visit):
        asked.append((visit.headers.get("x-key"), visit.body))
        page = json.loads(visit.body)["page"] if visit.path == "/api" else 0
        return as_json({"at": page, "more": page < 3})

    for path in ("/api", "/form"):
        crawl.site.route(path, computed(answer))
    crawl.config(REQUESTS)
    ended = crawl("run", "crawl.yaml", "-v", TOKEN=token)
    assert ended.status == 0, ended
    bodies = [json.loads(body) for key, body in asked if key == f"key {token}"]
    assert sorted(body["page"] for body in bodies) == [1, 2, 3]
    assert {body["token"] for body in bodies} == {token}
    assert parse_qs(next(body for key, body in asked if key is None)) == {
        b"token": [token.encode()]
    }
    assert len(crawl.items()) == 3
    left_behind(crawl, ended.out + ended.err, token)
