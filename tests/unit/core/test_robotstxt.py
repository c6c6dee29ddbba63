import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.robotstxt import LIMIT_BYTES, Rules, allowed, product

PATTERNS = st.text(st.sampled_from("/ab*$"), max_size=8).map(lambda text: "/" + text)
PATHS = st.text(st.sampled_from("/ab"), max_size=10).map(lambda text: "/" + text)
RULES = st.lists(st.tuples(st.booleans(), PATTERNS), max_size=8)


def written(rules, agent="*"):
    lines = (f"{'Allow' if allow else 'Disallow'}: {pattern}" for allow, pattern in rules)
    return "\n".join([f"User-agent: {agent}", *lines, "Disallow:"])


def naive(rules, path):
    """The meaning, by a regular expression for each rule."""
    best = (-1, True)
    for allow, pattern in rules:
        body = pattern.removesuffix("$")
        expression = ".*".join(re.escape(part) for part in body.split("*"))
        if re.match(expression + (r"\Z" if body != pattern else ""), path):
            best = max(best, (len(pattern.replace("$", "%24") if "$" in body else pattern), allow))
    return best[1]


@given(RULES, PATHS)
def test_the_most_octets_win_and_allow_wins_a_tie(rules, path):
    rules = [(allow, pattern) for allow, pattern in rules if "$" not in pattern[:-1]]
    assert allowed(written(rules), "bot", "http://h" + path) == naive(rules, path)


@given(RULES, PATHS)
def test_the_line_that_refuses_does_so_alone(rules, path):
    url = "http://h" + path
    line = Rules.parse(written(rules), "bot").refusal(url)
    assert (line is None) == allowed(written(rules), "bot", url)
    if line is not None:
        assert not allowed(f"User-agent: *\n{line}", "bot", url)


@pytest.mark.parametrize(
    ("rule", "path", "line"),
    [
        ("/no", "/no/1", "/no"), ("/a*b$", "/acb", "/a*b$"), ("/a$", "/a", "/a$"),
        ("/*.pdf*x", "/1.pdf/x1", "/*.pdf*x*"), ("/%7Ejoe", "/~joe/1", "/~joe"), ("/", "/", "/"),
    ],
)  # fmt: skip
def test_the_line_that_refuses_is_told(rule, path, line):
    text = f"User-agent: *\nDisallow: {rule}\nDisallow: /zz"
    assert Rules.parse(text, "bot").refusal(f"http://h{path}") == f"Disallow: {line}"
    assert Rules.allow_all().refusal("http://h/") is None


@given(RULES, RULES, PATHS, st.randoms(use_true_random=False))
def test_groups_of_one_agent_are_one_wherever_they_stand(one, two, path, random):
    joined = written(one + two, "Bot")
    parts = [written(one, "BOT"), written(two, "bot"), written([(False, "/")], "other")]
    random.shuffle(parts)
    url = "http://h" + path
    assert allowed("\n".join(parts), "bot/1.0", url) == allowed(joined, "bot", url)


@given(RULES, RULES, PATHS)
def test_a_group_of_its_own_hides_the_group_of_all(mine, all_, path):
    text = f"{written(all_)}\n{written(mine, 'bot')}"
    url = "http://h" + path
    assert allowed(text, "bot", url) == allowed(written(mine), "x", url)
    assert allowed(text, "another", url) == allowed(written(all_), "x", url)


JUNK = st.sampled_from(
    [
        "",
        "# note",
        "Sitemap: http://h/s",
        "Noindex: /",
        "nonsense",
        "nonsense here",
        "disallow / please",
        ":",
        "Crawl-delay: 3",
        "Host: h",
    ]
)


@given(st.lists(JUNK, max_size=5), RULES, PATHS, st.sampled_from(["\n", "\r", "\r\n"]))
def test_other_lines_change_nothing_and_end_no_group(junk, rules, path, end):
    plain = written([(False, "/a"), *rules], "bot\nUser-agent: too")
    lines = plain.split("\n")
    noisy = end.join([*junk, lines[0], *junk, lines[1], *junk, *lines[2:], *junk])
    for agent in ("bot", "too"):
        assert allowed(noisy, agent, "http://h" + path) == allowed(plain, agent, "http://h" + path)


@given(RULES, PATHS, st.sampled_from([" ", "\t", "  "]))
def test_a_line_of_two_words_needs_no_colon(rules, path, space):
    """RFC 9309 section 2.3.1.5: what can be parsed is used."""
    rules = [(False, "/a"), *rules]
    plain, url = written(rules, "bot"), "http://h" + path
    assert allowed(plain.replace(": ", space), "bot", url) == allowed(plain, "bot", url)


@given(st.one_of(st.binary(), st.text(), st.text(st.sampled_from("uaUser-agent: *\n#$%/Dislow"))))
def test_every_file_has_rules_for_every_agent_and_url(text):
    rules = Rules.parse(text, "bot")
    for url in ("http://h/a?b", "", "nonsense", "/a b", "//h/\ud800", "mailto:x"):
        assert rules.allows(url) in {True, False}
    assert rules.allows("http://h/robots.txt")
    assert Rules.parse(text, "").allows("http://h/robots.txt")


@given(st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF, exclude_characters="#*$%")))
def test_raw_and_encoded_spellings_are_one(text):
    raw = f"/x{text}".replace("\\", "").replace("?", "").replace("/", "")
    encoded = "".join(f"%{octet:02x}" for octet in raw.encode())
    for rule in (raw, encoded):
        for seen in (raw, encoded):
            assert not allowed(f"User-agent: *\nDisallow: /{rule}", "bot", f"http://h/{seen}") or (
                set(raw) & set("/[]")
            )


@pytest.mark.parametrize(
    ("rule", "path", "fits"),
    [
        ("/foo/bar?baz=quz", "/foo/bar?baz=quz", True),
        ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar", True),
        ("/foo/bar?baz=https%3A%2F%2Ffoo.bar", "/foo/bar?baz=https://foo.bar", True),
        ("/foo/bar/\u30c4", "/foo/bar/%E3%83%84", True),
        ("/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84", True),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz", True),
        ("/foo/bar/baz", "/foo/bar/%62%61%7A", True),
        ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html", True),
        ("/path/foo-%24", "/path/foo-$", True),
        ("/a$b", "/a$b", True),
        ("/a*b", "/a%2Ab", True),
        ("/a%2Ab", "/axb", False),
        ("/a%2Fb", "/a/b", False),
        ("/a/b", "/a%2Fb", False),
        ("/?a=1%26b", "/?a=1&b", False),
        ("/*private", "/?x=/private", True),
        ("/*/private", "/?x=%2Fprivate", True),
        ("/a%", "/a%", True),
        ("/fish*", "/fishheads", True),
        ("*.php", "/a.php", True),
        ("a", "/a", False),
        ("/a$", "/a?b", False),
        ("/a*$", "/abc", True),
        ("/*a$", "/bca", True),
        ("/ab*b$", "/ab", False),
        ("/a b", "/a%20b", True),
    ],
)
def test_how_rules_and_urls_compare(rule, path, fits):
    assert allowed(f"User-agent: bot\nDisallow: {rule}", "bot", f"http://h{path}") is not fits


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("allow: /\nuser-agent: bot\ndisallow: /", "/", False),
        ("disallow: /\nuser-agent: bot\nallow: /x", "/y", True),
        ("user-agent: bot\ndisallow:", "/", True),
        ("user-agent: bot\ndisallow: /\nallow: /", "/", True),
        ("user-agent: bot\ndisallow /", "/", False),
        ("user-agent:\ndisallow: /", "/", True),
        ("  User-Agent :\tBOT/2.0 \n DISALLOW : /x # why", "/x", False),
        ("user-agent: * # all\ndisallow: /", "/", False),
        ("user-agent: *bot\ndisallow: /", "/", True),
        ("user-agent: bothy\ndisallow: /", "/", True),
        ("user-agent: a\nuser-agent: bot\ndisallow: /x\nuser-agent: c\ndisallow: /y", "/y", True),
        ("user-agent: bot\ndisallow: /x\n\n\ndisallow: /y", "/y", False),
        ("user-agent: a\n\nuser-agent: bot\n\ndisallow: /y", "/y", False),
        ("", "/", True),
    ],
)
def test_how_a_file_is_read(text, path, expected):
    assert allowed(text, "Bot/1.0 (+http://x)", f"http://h{path}") is expected


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xef\xbb", b"\xef", b""])
def test_a_byte_order_mark_is_skipped(mark):
    assert not allowed(mark + b"User-agent: *\nDisallow: /", "bot", "http://h/a")


def test_a_longer_rule_wins_over_a_wildcard_and_the_other_way_round():
    text = "User-agent: *\nAllow: /abc\nDisallow: /*c\nDisallow: /*c/long\nAllow: /*c/long"
    assert allowed(text, "bot", "http://h/abc")
    assert not allowed(text, "bot", "http://h/ac")
    assert allowed(text, "bot", "http://h/c/long")
    assert allowed(text, "bot", "http://h/d")


def test_robots_txt_itself_is_always_allowed():
    text = "User-agent: *\nDisallow: /"
    assert allowed(text, "bot", "http://h/robots.txt")
    assert not allowed(text, "bot", "http://h/robots.txt.bak")


def test_text_and_bytes_are_read_alike():
    text = "User-agent: *\nDisallow: /\u30c4"
    for form in (text, "\ufeff" + text, text.encode()):
        assert not allowed(form, "bot", "http://h/\u30c4")
        assert not allowed(form, "bot", "h/\u30c4")
    assert not allowed(b"User-agent: *\nDisallow: /\xe9", "bot", "http://h/%E9")


def test_what_stands_behind_the_limit_is_not_read():
    head = b"User-agent: *\nDisallow: /a\n"
    rule = b"Disallow: /bcd\n"
    filler = b"#" * (LIMIT_BYTES - len(head) - len(rule) - 1) + b"\n"
    assert not allowed(head + filler + rule, "bot", "http://h/bcd")
    cut = head + b"#" + filler + rule + rule
    assert allowed(cut, "bot", "http://h/bcd")
    assert not allowed(cut, "bot", "http://h/a")


@pytest.mark.parametrize(
    ("text", "delay_s"),
    [
        ("User-agent: bot\nCrawl-delay: 2.5", 2.5),
        ("User-agent: bot\nCrawl-delay: 1\nUser-agent: bot\nDisallow: /\nCrawl-delay: 3", 3.0),
        ("User-agent: *\nCrawl-delay: .5", 0.5),
        ("User-agent: *\nCrawl-delay: 5\nDisallow: /x\nUser-agent: bot\nDisallow: /", None),
        (
            "User-agent: *\nCrawl-delay: -1\nCrawl-delay: inf\nCrawl-delay: 1e3\nCrawl-delay: x",
            None,
        ),
        ("Crawl-delay: 5", None),
        ("User-agent: *\nCrawl-delay: " + "9" * 400, None),
    ],
)
def test_crawl_delay_is_that_of_the_chosen_group(text, delay_s):
    assert Rules.parse(text, "bot").crawl_delay_s == delay_s


def test_sitemaps_stand_anywhere():
    text = "Sitemap: http://h/1.xml\nUser-agent: x\nDisallow: /\nsitemap: http://h/\u00e9.xml"
    assert Rules.parse(text, "bot").sitemaps == ("http://h/1.xml", "http://h/\u00e9.xml")


@pytest.mark.parametrize(
    ("agent", "token"),
    [
        ("books-bot/1.0 (+https://example.org/bot)", "books-bot"),
        ("Books_Bot", "books_bot"),
        ("Mozilla/5.0 (compatible; books-bot/1.0; +https://example.org)", "books-bot"),
        ("Mozilla/5.0 (X11; Linux)", "mozilla"),
        ("", ""),
        ("\u30c4", ""),
    ],
)
def test_product_tokens(agent, token):
    assert product(agent) == token


def test_no_file_allows_all():
    assert Rules.allow_all().allows("http://h/")
    assert Rules.allow_all().crawl_delay_s is None
    assert Rules.allow_all().sitemaps == ()


@pytest.mark.parametrize(
    "rules",
    [
        ["*a" * 200_000 + "b"],
        ["*" * 400_000 + "b"],
        [f"/*{n}*b$" for n in range(25_000)],
        ["/" + "a" * n + "b" for n in range(900)],
        ["/" + "%61" * 100_000],
        ["/" + "\u30c4" * 100_000],
    ],
    ids=["parts", "stars", "rules", "lengths", "triplets", "characters"],
)
def test_no_file_is_slow(rules):
    text = "User-agent: *\n" + "\n".join(f"Disallow: {rule}" for rule in rules)
    begun = time.process_time()
    read = Rules.parse(text, "bot")
    parsed = time.process_time()
    read.allows("http://h/" + "a" * 2000)
    assert parsed - begun < 1.0
    assert time.process_time() - parsed < 0.2
