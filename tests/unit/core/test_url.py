import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.url import (
    Base,
    Url,
    join,
    key,
    origin_of,
    parse,
    parts,
    path_of,
    shown,
    without_login,
)

HOSTS = st.sampled_from(["a.example", "B.example:80", "bücher.example", "127.1:8080", "[::1]:81"])
AUTHORITIES = st.tuples(st.sampled_from(["", "user@", "user:p%40@"]), HOSTS).map("".join)
PIECES = [*"%2e%2F%65/..?&&==ab~;#\u00e9\t \\", "\ud800", "\U0001f600", "%2e", "%7E", "%", "%%3"]
NASTY = st.lists(st.sampled_from(PIECES), max_size=20).map("".join)
URLS = st.tuples(st.sampled_from(["http://", "https://", "HTTP:"]), AUTHORITIES, NASTY).map(
    lambda parts: f"{parts[0]}{parts[1]}/{parts[2]}"
)


@given(URLS)
def test_the_key_of_a_key_is_the_key(url):
    once = key(url)
    assert key(once) == once


PLAIN = st.text("ab1-._~=?/&%:@", max_size=20)


@given(st.sampled_from(["a.example", "1.a", "a-b.example", "xn--a.example", "a.b1", "1.2"]), PLAIN)
def test_a_url_that_is_its_own_key_is_that_by_the_standard(host, rest):
    for url in (f"http://{host}/{rest}", f"https://{host}{rest}"):
        try:
            parsed = parse(url)
        except ValueError:
            continue
        assert key(url) == parsed.key


@given(st.one_of(st.text(), st.tuples(st.sampled_from(["foo:", "file:", "data:"]), NASTY)))
def test_the_key_of_any_url_is_stable_or_it_is_no_url(url):
    text = url if isinstance(url, str) else "".join(url)
    try:
        once = key(text)
    except ValueError:
        return
    assert key(once) == once


@given(URLS)
def test_parts_agree_with_the_whole(text):
    url = parse(text)
    assert url.key == key(text)
    assert url.host == f"{url.hostname}:{url.port}"
    assert url.href.endswith(url.pathname_query)
    assert url.pathname_query.startswith(url.path)
    assert path_of(url.href) == url.path
    assert parse(url.href) == url
    assert "#" not in url.href
    assert "#" not in url.key
    again = parse(origin_of(url.href) + "/robots.txt")
    assert (again.scheme, again.host, again.path) == (url.scheme, url.host, "/robots.txt")
    assert "@" not in again.href


@given(st.text())
def test_parse_returns_or_says_that_it_is_no_url(text):
    for base in (None, "http://a.example/b?c", text):
        with suppress(ValueError):
            assert isinstance(parse(text, base), Url)


names = st.sampled_from("ab")
pairs = st.lists(st.tuples(names, st.integers(0, 9)), max_size=6)


@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_different_names_does_not_matter_that_of_equal_names_does(pairs, random):
    def url(pairs):
        return "http://a.example/?" + "&".join(f"{name}={value}" for name, value in pairs)

    values = {name: [value for n, value in pairs if n == name] for name in "ab"}
    order = [name for name, _ in pairs]
    random.shuffle(order)
    queues = {name: iter(found) for name, found in values.items()}
    shuffled = [(name, next(queues[name])) for name in order]
    assert key(url(shuffled)) == key(url(pairs))
    swapped = [(n, v) for n in "ab" for v in reversed(values[n])]
    same = all(values[name] == values[name][::-1] for name in "ab")
    assert (key(url(swapped)) == key(url(pairs))) == same


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=8))
def test_triplets_of_unreserved_characters_are_the_characters(text):
    spelled = "".join(f"%{ord(char):02x}" for char in text)
    plain = re.sub(r"[^A-Za-z0-9._~-]", lambda match: f"%{ord(match[0]):02X}", text)
    assert key(f"http://a.example/x{spelled}") == key(f"http://a.example/x{plain}")
    assert key(f"http://a.example/?x{spelled}") == key(f"http://a.example/?x{plain}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://a.example", "HTTP://A.EXAMPLE:80/"),
        ("https://a.example:443/x", "https://a.example/x"),
        ("http://a.example/b/../c", "http://a.example/c#part"),
        ("http://a.example/%7efoo", "http://a.example/~foo"),
        ("http://a.example/%c3%a9", "http://a.example/é"),
        ("http://a.example/?%61=1&B=2", "http://a.example/?B=2&a=1"),
        ("http://127.0.0.1/", "http://0x7f.1/"),
        ("http://127.0.0.1/", "http://2130706433/"),
        ("http://127.0.0.1/", "http://\uff11\uff12\uff17.0.0.1/"),
        ("http://xn--bcher-kva.example/", "http://BÜCHER.example/"),
    ],
)
def test_spellings_of_one_page(one, other):
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://a.example/", "https://a.example/"),
        ("http://a.example/?", "http://a.example/"),  # RFC 3986 section 6.2.3
        ("http://a.example/a%2Fb", "http://a.example/a/b"),
        ("http://a.example/?a=1%26b=2", "http://a.example/?a=1&b=2"),
        ("http://a.example/?a=%2b", "http://a.example/?a=+"),
        ("http://a.example/A", "http://a.example/a"),
        ("http://a.example/%2%65", "http://a.example/."),
    ],
)
def test_pages_that_are_not_one(one, other):
    assert key(one) != key(other)


def test_what_is_fetched_is_the_url_as_seen():
    url = parse("?b=%41&a=%e9;c#x", "http://u:p@a.example:8080/x/y")
    assert url.href == "http://u:p@a.example:8080/x/y".replace("y", "y?b=%41&a=%e9;c")
    assert url.key == "http://u:p@a.example:8080/x/y?a=%E9;c&b=A"
    assert (url.scheme, url.hostname, url.port) == ("http", "a.example", 8080)
    assert url.path == "/x/y"


def test_ipv6_keeps_its_brackets():
    assert parse("http://[::ffff:127.0.0.1]/").host == "[::ffff:7f00:1]:80"
    assert parse("https://[::1]:8443/").host == "[::1]:8443"


@pytest.mark.parametrize("text", ["mailto:x", "file:///etc/passwd", "ftp://a/", "ws://a/", "foo:x"])
def test_only_http_is_parsed_while_join_takes_every_scheme(text):
    assert join("http://a/b", text) == text
    assert join(None, text) == text
    with pytest.raises(ValueError, match="neither http nor https"):
        parse(text, "http://a/b")


@pytest.mark.parametrize(
    "text",
    ["", "/a", "http://", "http://a b/", "http://[::1", "http://1.2.3.4.5", "http://1.2.3.400/"],
)
def test_what_is_no_url_is_refused(text):
    with pytest.raises(ValueError, match="not a URL"):
        parse(text)


def test_lone_surrogates_become_replacement_characters():
    assert join(None, "http://a/\ud800") == "http://a/%EF%BF%BD"
    assert join("http://a/", "\ud83d\ude00") == "http://a/%F0%9F%98%80"
    with pytest.raises(ValueError, match="not a URL"):
        join(None, "\ud800")


segments = st.text("ab.~-_9%é \\:", max_size=4)
references = st.builds(
    lambda start, parts, query: start + "/".join(parts) + query,
    st.sampled_from(["", "/", "//", "../", "./", "?", "#", "http:", "C|/"]),
    st.lists(segments, max_size=4),
    st.sampled_from(["", "?", "?a=1&b=2", "?a b", "?é", "#x", "?a=1#x"]),
)


@given(
    st.sampled_from(
        [
            "http://a.example/",
            "http://a.example/dir/page.html?q=/x#f/g",
            "https://u:p@a.example:8080/dir/",
            "data:text/plain,x",
        ]
    ),
    references,
)
def test_a_base_joins_as_join_does(base, href):
    def told(call):
        try:
            return call()
        except ValueError:
            return None

    assert told(lambda: Base(base).join(href)) == told(lambda: join(base, href))


@given(st.sampled_from(["http", "https"]), st.text(max_size=20))
def test_the_parts_of_a_parsed_url_are_those_of_the_parse(scheme, rest):
    try:
        url = parse(f"{scheme}://a.example:8080/{rest}")
    except ValueError:
        return
    assert parts(url.href) == url


def test_parts_are_those_of_a_web_address():
    with pytest.raises(ValueError, match="neither http nor https"):
        parts("mailto:a@b.example")


@pytest.mark.parametrize(
    ("href", "joined"), [("d", "/b/d"), ("/d?e=1", "/d?e=1"), ("../d", "/d"), ("", "/b/c")]
)
def test_links_of_a_page(href, joined):
    assert Base("http://a.example/b/c").join(href) == f"http://a.example{joined}"


def test_what_is_shown_tells_no_login():
    text = "https://me:sesame@a.example/x@y leads to http://sesame@b.example:8080?u=c@d"
    assert without_login("https://me:sesame@a.example/x@y") == "https://a.example/x@y"
    assert without_login("https://a.example/x") == "https://a.example/x"
    assert shown(text) == "https://***@a.example/x@y leads to http://***@b.example:8080?u=c@d"
