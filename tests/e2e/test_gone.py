"""Items and pages that are gone: told, out of sight, and guarded against a bad night."""

from __future__ import annotations

from tests.command import write
from tests.e2e.conftest import Crawl, product
from tests.site import html, status


def test_what_is_gone_is_told_and_out_of_sight_and_too_much_of_it_is_a_missed_promise(
    shop: Crawl,
) -> None:
    shop.run()
    shop.site.route("/p/7", status(404))
    shop.site.route("/p/8", status(403))
    shop.site.route(
        "/p/9", html("<meta name=robots content=noindex><h1>Thing 99</h1>")
    )  # another thing
    shop.run(None, "--fresh")
    told = shop.report()["items"]["product"]
    assert (told["seen"], told["new"], told["gone"]) == (18, 1, 1)
    assert "asks robots not to list it" in shop("why", "crawl.db", shop.site.url("/p/9")).out
    shop.run(None, "--fresh")
    report = shop.report()
    assert report["pages"]["noindex"] == 1
    assert report["items"]["product"]["gone"] == 1
    assert report["requests"]["gone"] == 1
    assert shop.rows("SELECT key FROM item WHERE gone_run IS NOT NULL ORDER BY key") == [
        ("Thing 7",),
        ("Thing 9",),
    ]
    assert "Thing 7" not in shop("export", "crawl.db").out
    assert shop.one("SELECT count(*) FROM product") == 19
    why = shop("why", "crawl.db", shop.site.url("/p/7")).out
    assert "gone since run 3" in why

    shop.site.route("/p/7", html(product("/p/7")))
    shop.site.route("/p/1*", html("<h1>Thing 98</h1>"))
    ended = shop.run(None, "--fresh", status=1)
    assert "11 of 21 items of product would be gone" in ended.err
    report = shop.report()
    (missed,) = report["run"]["missed"]
    assert (missed["what"], missed["wanted"]) == ("items.product.gone", "<= 10%")
    assert missed["examples"][0].startswith(shop.site.url("/p/"))
    assert report["items"]["product"]["gone"] == 0
    assert report["items"]["product"]["new"] == 2  # Thing 7 again, and Thing 98
    shop.run(None, "--fresh", "--set", "run.gone.at_most=60%")
    assert shop.report()["items"]["product"]["gone"] == 11


def test_a_config_that_looks_for_another_type_takes_no_item_for_gone(shop: Crawl) -> None:
    shop.run()
    text = (shop.folder / "crawl.yaml").read_text()
    write(shop.folder, text.replace("      product:\n", "      thing:\n"), "crawl.yaml")
    told = shop.run(None, "--fresh")
    gone = "SELECT type, count(gone_run) FROM item GROUP BY type"
    assert shop.rows(gone) == [("product", 0), ("thing", 0)]
    live = shop.one("SELECT count(*) FROM product")
    assert f"{live} items of product are as they were, for no page rule looks for" in told.out
    shop.run(None, "--fresh", "--set", "run.gone.at_most=100%")
    assert shop.report()["unsought"] == {}
    assert shop.rows(gone) == [("product", live), ("thing", 0)]
