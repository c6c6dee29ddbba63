"""`record`, `test`, `why`, and `try` of a kept page: what a person does when a selector breaks."""

from __future__ import annotations

import json

from tests.e2e.conftest import SHOP, Crawl
from tests.site import html, redirect

LINKED = SHOP.replace(
    "pages:\n  product:\n", "pages:\n  product:\n    follow: [{css: a, page: product}]\n"
)
DATED = LINKED.replace("price:", "etag: {from: 'header:etag'}\n          price:")
KEEPING = "store: {path: crawl.db, bodies: zstd}\n"


def test_a_broken_selector_is_found_by_what_was_recorded(shop: Crawl):
    body = "<h1>Thing 1</h1><p class=price>£1.50</p><p class=stock>1 left</p><a href=/p/2>x</a>"
    secrets = {"ETag": '"abc"', "Set-Cookie": "session=geheim", "X-Token": "geheim"}
    shop.site.route("/p/1", html(body, headers=secrets))
    shop.site.route("/old", redirect("/p/3"))
    shop.config(DATED)
    none = shop("test", "crawl.yaml")
    assert (none.status, none.err) == (
        2,
        "crawl.recorded: no page is recorded: record one with `scraper record CONFIG URL`\n",
    )
    for path, page in (("/p/1", []), ("/old", ["--page", "product"])):
        done = shop("record", "crawl.yaml", shop.site.url(path), *page)
        assert done.status == 0, done
        assert "recorded, page rule product, 1 items" in done.out
    folder = shop.folder / "crawl.recorded"
    assert all("geheim" not in path.read_text() for path in folder.iterdir())
    assert min(path.read_text() for path in folder.glob("*.body.html")) == body
    shop.site.route("/p/*", html("<p>everything is new</p>"))
    asked = len(shop.site.visits)
    same = shop("test", "crawl.yaml")
    assert (same.status, same.out) == (0, "2 recorded pages: all agree\n")

    shop.config(DATED.replace("css: .price", "css: .prize").replace("css: a,", "css: b,"))
    differs = shop("test", "crawl.yaml")
    assert differs.status == 1
    assert 'product "Thing 1": price: expected "1.50", found null' in differs.out
    assert f"link {shop.site.url('/p/2')} page product: missing" in differs.out
    assert differs.out.endswith("2 recorded pages: 2 differ\n")
    assert shop("test", "crawl.yaml", "--update").status == 0
    assert shop("test", "crawl.yaml").status == 0
    assert len(shop.site.visits) == asked


def test_what_cannot_be_recorded_or_replayed_says_why(shop: Crawl):
    folder = shop.folder / "crawl.recorded"
    folder.mkdir()
    (folder / "bad.json").write_text("[1]")
    bad = shop("test", "crawl.yaml")
    assert (bad.status, "bad.json: is no recording" in bad.err) == (2, True)
    gone = shop("record", "crawl.yaml", shop.site.url("/nothing"))
    assert (gone.status, gone.err) == (
        1,
        f"{shop.site.url('/nothing')}: http_404: the server answered 404: nothing is recorded\n",
    )


def test_what_became_of_a_url_and_its_page(shop: Crawl):
    shop.site.route("/p/7", html("<p>\x1b[31mnobody</p>"))
    shop.site.route("/p/8", redirect("/p/88"))
    shop.run(SHOP + KEEPING)
    asked = len(shop.site.visits)
    done = shop("why", "crawl.db", shop.site.url("/p/%33#part").replace("http", "HTTP"))
    assert done.status == 0
    assert "/p/3: done\n" in done.out
    assert "  page rule product\n" in done.out
    assert '  item      product "Thing 3": new in run 1\n' in done.out
    assert "  kept      the raw page of 20" in done.out
    told = json.loads(shop("why", "crawl.db", shop.site.url("/p/7"), "--json").out)
    (request,) = told["requests"]
    assert (request["state"], request["visit"]["status"]) == ("done", 200)
    assert request["rejected"] == [{"type": "product", "field": "name", "reason": "missing"}]
    assert request["kept"]["bytes"] == len("<p>\x1b[31mnobody</p>")
    assert (
        f"  answered  by {shop.site.url('/p/88')}"
        in shop("why", "crawl.db", shop.site.url("/p/8")).out
    )
    unseen = shop("why", "crawl.db", shop.site.url("/p/99"))
    assert unseen.status == 0
    assert unseen.out.startswith(f"{shop.site.url('/p/99')}: never seen: no seed and no followed")
    assert shop("why", "crawl.db", "nonsense").status == 2
    assert shop("why", "nothing.db", shop.site.url("/p/3")).status == 2

    tried = shop("try", "crawl.yaml", f"crawl.db:{shop.site.url('/p/3#x')}", "--json")
    assert json.loads(tried.out)["items"][0]["data"]["name"] == "Thing 3"
    recorded = shop("record", "crawl.yaml", f"crawl.db:{shop.site.url('/p/3')}")
    assert recorded.status == 0, recorded
    url = shop.site.url("/p/99")
    missing = shop("try", "crawl.yaml", f"crawl.db:{url}")
    assert missing.status == 2
    assert missing.err == (
        f"crawl.db: the page {url} is not kept: `scraper why crawl.db URL` says what became of it; "
        "`store.bodies: zstd` in the config keeps every page\n"
    )
    assert len(shop.site.visits) == asked
