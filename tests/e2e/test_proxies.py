"""A whole crawl through two proxies, of which one is dead."""

import re
import socket

from tests.e2e.conftest import Crawl
from tests.proxy import HttpProxy, ProxyThread
from tests.site import SiteThread, html, redirect, text


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def test_a_crawl_through_a_live_proxy_and_a_dead_one(crawl: Crawl):
    dead = f"http://who:mallow7@127.0.0.1:{closed_port()}"
    crawl.site.route("/robots.txt", text("User-agent: *\nDisallow: /no\n"))
    crawl.site.route("/p/*", html(lambda visit: f"<h1>{visit.path}</h1>"))
    with (
        SiteThread() as other,
        ProxyThread(HttpProxy(login="who:sesame9")) as proxy,
    ):
        other.route("/*", html("<h1>other</h1>"))
        crawl.site.route("/to", redirect(other.url("/landed")))
        proxy.reach = {f"h{n}.example": ("127.0.0.1", crawl.port) for n in range(10)}
        hosts = "".join(f'"http://h{n}.example/p/{n}", ' for n in range(10))
        config = f"""
seeds: {{urls: [{hosts} "$SITE/p/x", "$SITE/no", "$SITE/to"]}}
fetch:
  user_agent: bot (+https://my.site)
  private_addresses: true
  retry: {{attempts: 2, first: 50ms, longest: 1s}}
  proxies: ["{dead}", "${{PROXY}}"]
  headers: {{X-Api-Key: heather5}}
pages: {{p: {{items: {{page: {{fields: {{title: h1}}}}}}}}}}
"""
        crawl.config(config)
        ended = crawl("run", "crawl.yaml", "-v", "--log-format", "json", PROXY=proxy.url)
        assert ended.status == 0, ended
        assert set(crawl.states().values()) == {"done", "skipped: robots_disallowed"}
        assert len(crawl.items()) == 12
        assert set(proxy.asked) == {
            *(f"h{n}.example:80" for n in range(10)),
            f"127.0.0.1:{crawl.port}",
            f"127.0.0.1:{other.port}",
        }
        assert ended.err.count("is set aside for 5 s") == 1, ended.err
        for visit in crawl.site.visits:
            wanted = None if visit.path == "/robots.txt" else "heather5"
            assert visit.headers.get("x-api-key") == wanted
            assert "proxy-authorization" not in visit.headers
        assert [visit.path for visit in other.visits] == ["/robots.txt", "/landed"]
        assert "heather5" not in repr(list(other.visits))

        exported = crawl("export", "crawl.db", "--format", "jsonl").out
        stored = crawl.db.read_bytes()
        for word in ("sesame9", "mallow7"):
            assert word not in ended.out + ended.err + exported
            assert word.encode() not in stored

    # both are dead now
    failed = crawl("run", "crawl.yaml", "--fresh", PROXY=proxy.url)
    assert "failed: connect" in set(crawl.states().values()), failed
    details = {row[0] for row in crawl.rows("SELECT detail FROM visit WHERE reason = 'connect'")}
    assert details
    assert all(re.search(r"proxy http://127\.0\.0\.1:\d+", detail) for detail in details), details
    assert not any(word in "".join(details) + failed.err for word in ("sesame9", "mallow7"))


def test_a_certificate_that_is_none_and_a_proxy_that_is_none_are_usage_errors(crawl: Crawl):
    crawl.config('seeds: {urls: ["$SITE/"]}\nfetch: {ca_file: no.pem, proxies: ["p"]}\n')
    ended = crawl("run", "crawl.yaml")
    assert ended.status == 2
    assert "crawl.yaml:2:18: fetch.ca_file: no.pem cannot be read" in ended.err
    assert "crawl.yaml:2:36: fetch.proxies[1]: p is no proxy" in ended.err
    assert not crawl.db.exists()
