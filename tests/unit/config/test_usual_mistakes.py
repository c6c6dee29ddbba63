# ruff: noqa: E501  # messages stand here as they are
"""The mistakes that people make who know CSS and not YAML: what is said, word for word."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scraper.config import load
from scraper.config.syntax import explained
from scraper.core.errors import ConfigError

S = "seeds: {urls: [http://a.example/]}\n"
F = S + "pages:\n  p:\n    items:\n      book:\n        fields:\n"

USUAL = [
    (S + "fetch:\n\ttimeout: 5s\n", "3:1: a tab: indent with spaces, two for each level"),
    (
        S + "fetch:\n  timeout: 5s\n\tstall: 1s\n",
        "4:1: a tab: indent with spaces, two for each level",
    ),
    ("name:books\n" + S, "1:1: name:books is no key with a value: write name: books"),
    ("name = books\n" + S, "1:1: 'name = books' is no key with a value: write name: books"),
    (
        S + "fetch:\n  timeout: 5s\n   stall: 1s\n",
        "4:4: this line is indented deeper than the line above, which has a value already: begin it in column 3",
    ),
    (
        S + "fetch:\n  timeout: 5s\n stall: 1s\n",
        "4:2: this line begins in column 2, and its neighbours do not: begin it in column 1 or 3",
    ),
    (
        S + "pages:\n  p:\n    follow:\n      - css: a\n        page: p\n      css: b\n",
        '7:7: a key stands where a list goes on: begin it with "- ", or indent it as another key',
    ),
    (S + "pages:\n- p: {}\nname: x\n", "3:1: pages: must be a mapping of names, got a list"),
    (
        "seeds:\n  urls:\n  - http://a.example/\nname: a\n- http://b.example/\n",
        "5:1: a list stands among the keys of a mapping: indent it deeper than its key",
    ),
    (
        F + "          title: #main\n",
        '7:18: pages.p.items.book.fields.title: is empty, since # begins a comment: put quotes, as in "#main"',
    ),
    (
        F + "          title: {css: #main}\n",
        '7:24: what begins with # is a comment: put quotes around it, as in "#main"',
    ),
    (
        F + "          a: h1\n          title: #main h1\n          b: [#x]\n",
        '9:15: what begins with # is a comment: put quotes around it, as in "#x"',
    ),
    (
        S + "pages:\n  p:\n    items:\n      q:\n        each: #quotes\n        fields: {a: b}\n",
        '6:15: pages.p.items.q.each: is empty, since # begins a comment: put quotes, as in "#quotes"',
    ),
    (
        F + "          title: @href\n",
        '7:18: a text cannot begin with @: put quotes around it, as in "@href"',
    ),
    (
        F + "          link: {css: a, attr: @href}\n",
        '7:32: a text cannot begin with @: put quotes around it, as in "@href"',
    ),
    (
        F + "          title: *\n",
        '7:18: a text cannot begin with *: put quotes around it, as in "*"',
    ),
    (
        S + "scope: {hosts: *.a.example}\n",
        '2:16: a text cannot begin with *: put quotes around it, as in "*.a.example"',
    ),
    (
        S + "scope:\n  deny: [**/print/**]\n",
        '3:10: a text cannot begin with *: put quotes around it, as in "**/print/**"',
    ),
    (
        F + "          title: > h1\n",
        '7:18: a text cannot begin with >: put quotes around it, as in "> h1"',
    ),
    (
        F + "          title: & h1\n",
        '7:18: a text cannot begin with &: put quotes around it, as in "& h1"',
    ),
    (
        F + "          title: - h1\n",
        '7:18: a list begins on a line of its own: put "- " there, or quotes around the text',
    ),
    (
        F + "          title: %h1\n",
        '7:18: a text cannot begin with %: put quotes around it, as in "%h1"',
    ),
    (
        F + "          title: `h1`\n",
        '7:18: a text cannot begin with `: put quotes around it, as in "`h1`"',
    ),
    (
        F + "          title: [itemprop=name]\n",
        "7:18: pages.p.items.book.fields.title: must be a CSS selector or a mapping, got a list: put quotes around a text that begins with [",
    ),
    (
        F + "          title: [itemprop=name] b\n",
        "7:34: something stands behind what is closed here: put quotes around the whole text",
    ),
    (
        F + "          title: {css: [itemprop=name]}\n",
        "7:24: pages.p.items.book.fields.title.css: must be a text, got a list: put quotes around a text that begins with [",
    ),
    (
        F + "          title: {css: a[href], attr: href}\n",
        '7:25: a comma or a closing bracket is missing before this, or quotes around a text with one of { } [ ] , or ": " in it, as in "a[href]" or "${NAME}"',
    ),
    (
        F + "          title: {css: h1 type: int}\n",
        '7:31: a comma or a closing bracket is missing before this, or quotes around a text with one of { } [ ] , or ": " in it, as in "a[href]" or "${NAME}"',
    ),
    (F + "          title: {css: h1\n", "7:18: the { is opened here and not closed: add }"),
    (
        F + "          title: 'it's'\n",
        "7:22: something stands behind what is closed here: put quotes around the whole text",
    ),
    (
        F + '          title: "h1\n',
        '7:18: the quote " is opened here and not closed: close it, or take it out',
    ),
    (
        F + '          n: {css: h1, regex: "\\d+"}\n',
        "7:32: between \" \" a backslash begins an escape such as \\n: write two, or put the text between ' '",
    ),
    (
        F + "          t: {css: td, regex: Price: (.*)}\n",
        '7:36: a comma or a closing bracket is missing before this, or quotes around a text with one of { } [ ] , or ": " in it, as in "a[href]" or "${NAME}"',
    ),
    (
        F + "          t: Price: h1\n",
        '7:19: a text with ": " in it needs quotes: write t: "Price: h1"',
    ),
    (
        F + "          t: {css: //h1/text()}\n",
        "7:20: pages.p.items.book.fields.t.css: cannot read the selector '//h1/text()': this looks like XPath, only CSS is understood: write div.a > h1 for //div[@class='a']/h1",
    ),
    (
        F + "          t: h1/text()\n",
        "7:14: pages.p.items.book.fields.t.css: cannot read the selector 'h1/text()': this looks like XPath, only CSS is understood: write div.a > h1 for //div[@class='a']/h1",
    ),
    (
        F + "          t: {css: 'h1['}\n",
        "7:20: pages.p.items.book.fields.t.css: cannot read the selector 'h1[': '[' is not understood, at position 2",
    ),
    (
        F + "          t: 'div..a'\n",
        "7:14: pages.p.items.book.fields.t.css: cannot read the selector 'div..a': '.' is not understood, at position 3",
    ),
    (
        F + "          t: '> a'\n",
        "7:14: pages.p.items.book.fields.t.css: cannot read the selector '> a': it cannot begin with a combinator: name the element on its left",
    ),
    (
        F + "          t: 'a:first'\n",
        "7:14: pages.p.items.book.fields.t.css: cannot read the selector 'a:first': ':first' is not understood, at position 1",
    ),
    (
        F + "          t: 'h1, '\n",
        "7:14: pages.p.items.book.fields.t.css: cannot read the selector 'h1,': it ends too early",
    ),
    (
        F + "          t: {xpath: //h1}\n",
        '7:15: pages.p.items.book.fields.t.xpath: unknown key; write "css"',
    ),
    (
        F + "          t: {selector: h1}\n",
        '7:15: pages.p.items.book.fields.t.selector: unknown key; write "css"',
    ),
    (
        F + "          t: {css: h1, attribute: href}\n",
        '7:24: pages.p.items.book.fields.t.attribute: unknown key; write "attr"',
    ),
    (
        "start_urls: [http://a.example/]\n",
        '1:1: seeds: is missing: give it\n1:1: start_urls: unknown key; write "seeds.urls"',
    ),
    ("seeds: {url: http://a.example/}\n", '1:9: seeds.url: unknown key; write "urls"'),
    (
        "seeds: http://a.example/\n",
        "1:8: seeds: must be a mapping (key: value), got 'http://a.example/'",
    ),
    (
        "seeds:\n  urls: [a.example]\n",
        "2:10: seeds.urls[1]: must be an http or https URL, got a.example: write https://a.example",
    ),
    (
        S + "politeness: {delay: 0.5}\n",
        "2:21: politeness.delay: must be a duration such as 250ms, 30s, 5m, 2h or 1d, got 0.5: write 0.5s",
    ),
    (
        S + "politeness: {delay: 1 sec}\n",
        "2:21: politeness.delay: must be a duration such as 250ms, 30s, 5m, 2h or 1d, got '1 sec': write 1s",
    ),
    (
        S + "fetch: {timeout: 30 seconds}\n",
        "2:18: fetch.timeout: must be a duration such as 250ms, 30s, 5m, 2h or 1d, got '30 seconds': write 30s",
    ),
    (
        S + "fetch: {max_body: 5M}\n",
        "2:19: fetch.max_body: must be a size such as 64KiB, 10MiB or 2MB, got 5M",
    ),
    (
        S + "fetch: {timeout: null}\n",
        "2:18: fetch.timeout: must be a duration such as 250ms, 30s, 5m, 2h or 1d, got nothing",
    ),
    (S + "politeness: {robots: yes}\n", "2:22: politeness.robots: must be obey or ignore, got yes"),
    (S + "fetch: {retry: 3}\n", "2:16: fetch.retry: must be a mapping (key: value), got 3"),
    (
        F + "          n: {css: i, type: integer}\n",
        '7:29: pages.p.items.book.fields.n.type: must be text, int, float, decimal, bool, date, datetime, url or json, got integer; did you mean "int"?',
    ),
    (
        F + "          n: {css: i, type: int, default: n/a}\n",
        "7:43: pages.p.items.book.fields.n.default: 'n/a' is no int, which type says: write a value such as 3, or null",
    ),
    (
        F + "          n: {css: i, type: decimal, default: none}\n",
        '7:47: pages.p.items.book.fields.n.default: none is no decimal, which type says: write a value such as "9.99", or null',
    ),
    (
        F + "          n: {css: i, type: bool, default: 0}\n",
        "7:44: pages.p.items.book.fields.n.default: 0 is no bool, which type says: write a value such as true, or null",
    ),
    (
        F + "          n: {css: i, type: int, map: {One: 1, Two: two}}\n",
        "7:53: pages.p.items.book.fields.n.map.Two: two is no int, which type says: write a value such as 3",
    ),
    (
        F + "          d: {css: i, type: date, default: 2026-13-01}\n",
        '7:44: pages.p.items.book.fields.d.default: 2026-13-01 is no date, which type says: write a value such as "2026-01-31", or null',
    ),
    (
        F + "          n: {css: i, all: true, type: int, default: [1, x]}\n",
        "7:58: pages.p.items.book.fields.n.default: x is no int, which type says: write a value such as 3, or null",
    ),
    (
        F + "        t: h1\n",
        "7:9: pages.p.items.book.t: unknown key; known are each, key, fields, python; indent t deeper if it is a field",
    ),
    (
        S + "pages:\n  p:\n  items:\n    q: {fields: {a: b}}\n",
        "5:5: pages.items.q: unknown key; known are match, items, follow, python, nofollow, submit, valid, refresh, charset; indent items deeper if it belongs to the page above",
    ),
    (
        S + "pages:\n  p:\n    match: p/*\n",
        '4:12: pages.p.match[1]: glob \'p/*\' must begin with "/" or "*": it sees the path only; write "re:..." to match the whole URL',
    ),
    (
        S + "pages:\n  p:\n    match: /a.example/p?q=*\n",
        "4:12: pages.p.match[1]: glob '/a.example/p?q=*' sees the path only, which has no query and no fragment; write \"re:...\" to match the whole URL",
    ),
    (
        S + "pages:\n  p:\n    match: http://a.example/p\n",
        '4:12: pages.p.match[1]: glob \'http://a.example/p\' must begin with "/" or "*": it sees the path only; write "re:..." to match the whole URL',
    ),
    (
        S + "pages:\n  p:\n    follow: [{css: a, page: q}]\n  quotes: {}\n",
        "4:29: pages.p.follow[1].page: no page is named q",
    ),
    (
        S + "pages:\n  p:\n    follow: a.next\n",
        "4:13: pages.p.follow: must be a list: write [...] or lines that begin with -, got a.next",
    ),
    (
        S + "name: ${HOME\n",
        '2:7: "${" begins ${NAME} or ${NAME:-default}; write "$${" for the two signs',
    ),
    (S + "Name: x\n", '2:1: Name: unknown key; did you mean "name"?'),
    (
        S + "---\nseeds: {urls: [http://a.example/]}\n",
        '2:1: a second document begins here: take out the line "---"',
    ),
    (
        F + "          t: {css: h1}}\n",
        "7:23: something stands behind what is closed here: put quotes around the whole text",
    ),
    (
        F + "          t: (h1\n",
        "7:14: pages.p.items.book.fields.t.css: cannot read the selector '(h1': '(h1' is not understood, at position 0",
    ),
    (
        F + "          t: {css: h1, regex: '[a-z'}\n",
        "7:31: pages.p.items.book.fields.t.regex: is no regular expression: unterminated character set at position 4",
    ),
    (
        F + "          t: {json: 'a..b'}\n",
        "7:21: pages.p.items.book.fields.t.json: cannot read the JMESPath 'a..b': '.b' at position 2 is not understood",
    ),
    (
        S
        + "pages:\n  p:\n    items:\n      b:\n        key:\n          - #x\n        fields: {x: h1}\n",
        '7:13: pages.p.items.b.key[1]: is empty, since # begins a comment: put quotes, as in "#x"',
    ),
]

MET = S.replace("a.example/", "a.example/list")
FILE = "seeds: {file: '-'}\n"
QUIET = "fetch: {user_agent: x (+https://x.example)}\n"

# what is right and perhaps not meant
WARNED = [
    (
        MET + "pages:\n  a: {match: /**}\n  b: {match: /list}\n",
        "5:3: pages.b: is never reached: a above takes all that fits /list",
    ),
    (
        MET
        + "pages:\n  a: {match: [/x, '/l**']}\n  b: {match: '/li*/*'}\n  c: {match: '/list*'}\n",
        "5:3: pages.b: is never reached: a above takes all that fits /li*/*\n6:3: pages.c: is never reached: a above takes all that fits /list*",
    ),
    (
        MET + "pages:\n  a: {match: '/list*'}\n  b: {match: '/**/c'}\n",
        "5:3: pages.b: is never reached: no seed fits it and no follow leads to it: write page in a follow, or mend match",
    ),
    (
        MET
        + "pages:\n  a: {match: /list, follow: [{css: a, page: b}]}\n  b: {match: /b}\n  c: {match: /c}\n",
        "6:3: pages.c: is never reached: no seed fits it and no follow leads to it: write page in a follow, or mend match",
    ),
    (
        "seeds: {urls: ['http://a.example/{1-5}']}\npages: {p: {}}\n",
        "2:16: seeds.urls[1]: {1-5} is no range and stays as it is: write {1..5}",
    ),
    (
        "seeds: {urls: ['http://a.example/{1,3,four}']}\npages: {p: {}}\n",
        "2:16: seeds.urls[1]: {1,3,four} is no choice and stays as it is: write one URL for each",
    ),
    (
        MET
        + "pages:\n  a:\n    items: {x: {fields: {t: h1}}}\n    follow:\n      - css: div #main a\n",
        '7:18: pages.a.follow[1].css: ends before #main a, since # begins a comment: if it is meant, write "div #main a"',
    ),
]

# what is right
SILENT = [
    MET + "pages:\n  a: {match: /list, follow: [{css: a}]}\n  b: {match: /b/**}\n",
    FILE
    + "pages:\n  a: {match: '/*/b'}\n  b: {match: '/**/b', follow: [{css: a, page: a}]}\n  c: {}\n",
    MET + "pages:\n  a: {match: '/**', follow: [{css: a, page: b}]}\n  b: {match: '/b'}\n",
    "seeds: {file: '-'}\npages:\n  a: {match: /a}\n  b: {match: /b}\n",
    "seeds: {urls: ['http://a.example/{1..9999}']}\npages:\n  a: {match: /9000}\n  b: {}\n",
    "seeds: {requests: [{url: http://a.example/a}, {url: http://a.example/c, page: b}]}\npages:\n  a: {match: /a}\n  b: {match: /b}\n",
    MET + "pages:\n  a: # the only one\n    match: /list # comment\n    follow: []\n",
    FILE
    + "pages:\n  a: {match: 're:list'}\n  b: {match: 're:list|b', follow: [{css: a}]}\n  c: {match: /ü}\n  d: {}\n",
    MET
    + "pages:\n  a: {items: {x: {fields: {n: {css: i, type: decimal, default: 0}, m: {css: i, type: float, map: {a: 1, b: null}, default: null}}}}}\n",
]


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("text", "message"), USUAL)
def test_usual_mistake_is_told_in_plain_words(text: str, message: str) -> None:
    Path("c.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load("c.yaml", env={})
    assert str(caught.value).splitlines() == [f"c.yaml:{line}" for line in message.splitlines()]


def test_there_are_many() -> None:
    assert len(USUAL) >= 60


def warnings(text: str) -> list[str]:
    Path("c.yaml").write_text(QUIET + text, encoding="utf-8")
    return [line.removeprefix("c.yaml:") for line in load("c.yaml", env={}).warnings]


@pytest.mark.parametrize(("text", "message"), WARNED)
def test_what_is_perhaps_not_meant_is_told(text: str, message: str) -> None:
    assert warnings(text) == message.splitlines()


@pytest.mark.parametrize("text", SILENT)
def test_what_is_right_is_passed_over(text: str) -> None:
    assert warnings(text) == []


@given(st.text(alphabet="ab:-#'\"{}[]&*!|>%@`, \n\t\\=.", max_size=40))
def test_whatever_is_no_yaml_is_explained_within_the_text(text: str) -> None:
    try:
        yaml.compose(text, yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        row, column, said = explained(error, text)
        assert 1 <= row <= text.count("\n") + 2
        assert column >= 1
        assert said
        assert "\n" not in said
