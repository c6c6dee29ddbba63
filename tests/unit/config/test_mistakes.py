# ruff: noqa: E501  # messages stand here as they are
"""Every broken config gets one line that says where, what, and what to write instead."""

from pathlib import Path

import pytest

from scraper.config import load
from scraper.core.errors import ConfigError

S = "seeds: {urls: [http://a.example/]}\n"
SUB = S + "pages: {p: {submit: ["
L = S + "login: {url: 'http://a.example/in', form: form, ok: a, "
P = S + "pages:\n  p:\n    items:\n      book:\n"
F = P + "        fields:\n"
C = """\
pages:
  p:
    items:
      i: {fields: {title: h1, both: h2}}
      j: {fields: {other: h1}}
      k: {each: li, fields: {n: b, both: i}}
"""

# what is written, and `line:column: message`
BROKEN = [
    ("", "1:1: seeds: is missing: give it"),
    ("- a\n", "1:1: a config is a mapping: write key: value"),
    ("just text\n", "1:1: a config is a mapping: write key: value"),
    (
        "a: [1\n",
        "1:4: the [ is opened here and not closed: add ]",
    ),
    (
        S + "\tname: x\n",
        "2:1: a tab: indent with spaces, two for each level",
    ),
    (
        "name: a: b\nseeds: {urls: [http://a.example/]}\n",
        '1:8: a text with ": " in it needs quotes: write name: "a: b"',
    ),
    (
        S + "---\nseeds: {urls: [http://a.example/]}\n",
        '2:1: a second document begins here: take out the line "---"',
    ),
    (S + "name: *x\n", '2:7: a text cannot begin with *: put quotes around it, as in "*x"'),
    (S + 'name: "a\n', '2:7: the quote " is opened here and not closed: close it, or take it out'),
    (S + "name: x\nname: y\n", "3:1: name: is given twice, first in line 2: keep one"),
    (
        S + "fetch: {timeout: 1s, timeout: 2s}\n",
        "2:22: timeout: is given twice, first in line 2: keep one",
    ),
    (S + "nmae: x\n", '2:1: nmae: unknown key; did you mean "name"?'),
    (S + "delay: 1s\n", '2:1: delay: unknown key; did you mean "politeness.delay"?'),
    (S + "fetch:\n  timeuot: 1s\n", '3:3: fetch.timeuot: unknown key; did you mean "timeout"?'),
    (
        S + "zzz: 1\n",
        "2:1: zzz: unknown key; known are version, name, include, seeds, url, scope, politeness, fetch, login, pages, parse, store, run",
    ),
    (S + "version: 2\n", "2:10: version: must be 1, the only version there is, got 2"),
    ("name: x\n", "1:1: seeds: is missing: give it"),
    ("seeds:\n", "1:7: seeds: has nothing to start from: give urls, file, sitemaps or requests"),
    (
        "seeds: {urls: []}\n",
        "1:8: seeds: has nothing to start from: give urls, file, sitemaps or requests",
    ),
    ("seeds: [http://a.example/]\n", "1:8: seeds: must be a mapping (key: value), got a list"),
    (S + "name: ../x\n", "2:7: name: '../x' cannot name a file: write letters, digits, - and _"),
    (
        S + "name: [x]\n",
        "2:7: name: must be a text, got a list: put quotes around a text that begins with [",
    ),
    (
        "seeds: {urls: [books.example]}\n",
        "1:16: seeds.urls[1]: must be an http or https URL, got books.example: write https://books.example",
    ),
    (
        "seeds: {urls: ['ftp://a.example/']}\n",
        "1:16: seeds.urls[1]: must be an http or https URL, got 'ftp://a.example/'",
    ),
    (
        "seeds: {urls: ['http://a.example/{a..z}']}\n",
        "1:16: seeds.urls[1]: {a..z} is no range: write whole numbers such as {1..50}",
    ),
    (
        "seeds: {urls: ['http://a.example/{1..}']}\n",
        "1:16: seeds.urls[1]: {1..} is no range: write whole numbers such as {1..50}",
    ),
    (
        "seeds: {sitemaps: robot}\n",
        '1:19: seeds.sitemaps[1].url: must be a URL or robots, got robot; did you mean "robots"?',
    ),
    (
        "seeds: {sitemaps: [a.example/s.xml]}\n",
        "1:20: seeds.sitemaps[1].url: must be an http or https URL, got 'a.example/s.xml': write https://a.example/s.xml",
    ),
    (
        "seeds: {sitemaps: ['http://a.example/s{1..3}.xml']}\n",
        "1:20: seeds.sitemaps[1].url: ranges are for seeds.urls: write one sitemap each",
    ),
    (
        "seeds: {sitemaps: {url: http://a.example/s.xml, page: nowhere}}\n",
        "1:55: seeds.sitemaps.page: no page is named nowhere",
    ),
    (
        "seeds: {sitemaps: [{url: http://a.example/s.xml, lastmod: no}]}\n",
        "1:59: seeds.sitemaps[1].lastmod: must be use or ignore, got no",
    ),
    ("seeds: {sitemaps: [{lastmod: use}]}\n", "1:20: seeds.sitemaps[1].url: is missing: give it"),
    (
        "seeds: {sitemaps: [{loc: http://a.example/s.xml, url: http://a.example/}]}\n",
        "1:21: seeds.sitemaps[1].loc: unknown key; known are url, page, lastmod",
    ),
    (
        "seeds: {sitemaps: [http://a.example/s.xml, robots]}\n",
        "1:44: seeds.sitemaps[2]: robots is about the hosts of other seeds: give urls, file or requests too",
    ),
    (
        "seeds: {urls: http://a.example/, sitemaps: {url: robots}}\npoliteness: {robots: ignore}\n",
        "1:50: seeds.sitemaps.url: robots reads what politeness.robots ignores: write obey there, or a URL here",
    ),
    (
        "seeds: {requests: {url: http://a.example/}}\n",
        "1:19: seeds.requests: must be a list: write [...] or lines that begin with -, got a mapping",
    ),
    ("seeds: {requests: [{method: GET}]}\n", "1:20: seeds.requests[1].url: is missing: give it"),
    (
        "seeds: {requests: [{url: http://a.example/, json: {}, form: {a: 1}}]}\n",
        "1:20: seeds.requests[1]: has two bodies: give json or form",
    ),
    (
        "seeds: {requests: [{url: 'http://a.example/{1..3}'}]}\n",
        "1:26: seeds.requests[1].url: ranges are for seeds.urls: write one request each",
    ),
    (
        "seeds: {requests: [{url: http://a.example/, page: x}]}\n",
        "1:51: seeds.requests[1].page: no page is named x",
    ),
    (
        "seeds: {requests: [{url: http://a.example/, method: 'GE T'}]}\n",
        "1:53: seeds.requests[1].method: must be one word such as GET or POST, got 'GE T'",
    ),
    (
        "seeds: {requests: [{url: http://a.example/, form: {a: {b: 1}}}]}\n",
        "1:20: seeds.requests[1]: form.a: must be a value or a list of values",
    ),
    ("seeds: {file: {column: x}}\n", "1:9: seeds.file[1].path: is missing: give it"),
    (
        S + "scope: {hosts: seed}\n",
        '2:16: scope.hosts: must be seeds, any or a list of hosts, got seed; did you mean "seeds"?',
    ),
    (
        S + "scope: {hosts: books.example}\n",
        "2:16: scope.hosts: must be seeds, any or a list of hosts, got books.example: write [books.example]",
    ),
    (
        S + "scope: {hosts: [http://x]}\n",
        "2:16: scope.hosts: 'http://x' is no host: give a name, without scheme and path",
    ),
    (
        S + "scope: {hosts: []}\n",
        "2:16: scope.hosts: must be seeds, any or a list of hosts, got a list",
    ),
    (
        S + "scope: {allow: ['catalogue/*']}\n",
        '2:17: scope.allow[1]: glob \'catalogue/*\' must begin with "/" or "*": it sees the path only; write "re:..." to match the whole URL',
    ),
    (
        S + "scope: {deny: ['re:(']}\n",
        "2:16: scope.deny[1]: regular expression '(': missing ) at position 1",
    ),
    (S + "scope: {max_depth: -1}\n", "2:20: scope.max_depth: must be at least 0, got -1"),
    (S + "scope: {max_depth: many}\n", "2:20: scope.max_depth: must be a whole number, got many"),
    (
        S + "scope: {types: [htlm]}\n",
        '2:17: scope.types[1]: must be html, json, xml or text, got htlm; did you mean "html"?',
    ),
    (
        S + "scope: {types: []}\n",
        "2:16: scope.types: is an empty list: give one, or leave the key out",
    ),
    (
        S + "scope: {order: deep}\n",
        '2:16: scope.order: must be breadth or depth, got deep; did you mean "depth"?',
    ),
    (
        S + "politeness: {robots: obay}\n",
        '2:22: politeness.robots: must be obey or ignore, got obay; did you mean "obey"?',
    ),
    (S + "politeness: {robots: on}\n", "2:22: politeness.robots: must be obey or ignore, got on"),
    (
        S + "politeness: {per_host: 0}\n",
        "2:24: politeness.per_host: must be from 1 to 10000, got 0",
    ),
    (
        S + "politeness: {delay: 5}\n",
        "2:21: politeness.delay: must be a duration such as 250ms, 30s, 5m, 2h or 1d, got 5: write 5s",
    ),
    (S + "politeness: {delay: -1s}\n", "2:21: politeness.delay: must be 0 or longer, got -1s"),
    (
        S + "politeness: {hosts: {'http://x': {delay: 1s}}}\n",
        "2:22: politeness.hosts: 'http://x' is no host: give a name, without scheme and path",
    ),
    (
        S + "politeness: {hosts: {x: {dely: 1s}}}\n",
        '2:26: politeness.hosts.x.dely: unknown key; did you mean "delay"?',
    ),
    (
        S + "politeness: {hosts: {'*.x': {delay: 1s}}}\n",
        "2:22: politeness.hosts: '*.x' must be host or host:port, without *",
    ),
    (
        S + "politeness: {max_crawl_delay: 60}\n",
        "2:31: politeness.max_crawl_delay: must be a duration such as 250ms, 30s, 5m, 2h or 1d, got 60: write 60s",
    ),
    (S + "fetch:\n    timeout: -1s\n", "3:14: fetch.timeout: must be longer than 0, got -1s"),
    (S + "fetch: {timeout: 0s}\n", "2:18: fetch.timeout: must be longer than 0, got 0s"),
    (
        S + "fetch: {timeout: soon}\n",
        "2:18: fetch.timeout: must be a duration such as 250ms, 30s, 5m, 2h or 1d, got soon",
    ),
    (S + "fetch: {timeout: 5000d}\n", "2:18: fetch.timeout: must be at most 3650d, got 5000d"),
    (
        S + "fetch: {max_body: 10}\n",
        "2:19: fetch.max_body: must be a size such as 64KiB, 10MiB or 2MB, got 10",
    ),
    (
        S + "fetch: {max_body: big}\n",
        "2:19: fetch.max_body: must be a size such as 64KiB, 10MiB or 2MB, got big",
    ),
    (
        S + "fetch: {max_body: 0MB}\n",
        "2:19: fetch.max_body: must be a size such as 64KiB, 10MiB or 2MB, got 0MB",
    ),
    (
        S + "fetch: {concurrency: Auto}\n",
        "2:22: fetch.concurrency: must be a whole number or auto, got Auto",
    ),
    (
        S + "fetch: {concurrency: -1}\n",
        "2:22: fetch.concurrency: must be from 1 to 10000, got -1",
    ),
    (S + "fetch: {concurrency: 012}\n", "2:22: fetch.concurrency: must be a whole number, got 012"),
    (S + "fetch: {concurrency: 1.5}\n", "2:22: fetch.concurrency: must be a whole number, got 1.5"),
    (
        S + "fetch: {concurrency: 99999}\n",
        "2:22: fetch.concurrency: must be from 1 to 10000, got 99999",
    ),
    (
        S + "fetch: {retry: {first: 10m}}\n",
        "2:16: fetch.retry: first must not be longer than longest, which is 5m",
    ),
    (S + "fetch: {cookies: maybe}\n", "2:18: fetch.cookies: must be true or false, got maybe"),
    (S + "fetch: {headers: {'a b': x}}\n", "2:19: fetch.headers: 'a b' is no name of a header"),
    (
        S + 'fetch: {headers: {a: "x\\r\\ny: z"}}\n',
        "2:22: fetch.headers.a: cannot go into a header: it has control characters, got 'x\\r\\ny: z'",
    ),
    (
        S + "fetch: {private_addresses: 127.0.0.1}\n",
        '2:28: fetch.private_addresses: must be true, false or a list such as ["127.0.0.1:8080", "10.1.0.0/16"], got 127.0.0.1',
    ),
    (
        S + "fetch: {private_addresses: [127.0.0.1]}\n",
        "2:28: fetch.private_addresses: must be host:port or a network such as 10.1.0.0/16, got 127.0.0.1",
    ),
    (
        S + "fetch: {private_addresses: [10.1.2.3/16]}\n",
        "2:28: fetch.private_addresses: must be a network such as 10.1.0.0/16, got '10.1.2.3/16': write 10.1.0.0/16",
    ),
    (
        S + "fetch: {private_addresses: [localhost:99999]}\n",
        "2:28: fetch.private_addresses: must be host:port or a network such as 10.1.0.0/16, got localhost:99999",
    ),
    (S + "fetch: 5\n", "2:8: fetch: must be a mapping (key: value), got 5"),
    (
        S + "fetch: {headers: {User-Agent: x}}\n",
        "2:19: fetch.headers.User-Agent: is set by the crawler: write fetch.user_agent",
    ),
    (S + "expect: {failed: 1}\n", "2:1: expect: not supported yet: take it out"),
    (S + "notify: []\n", "2:1: notify: not supported yet: take it out"),
    (S + "pages: [a]\n", "2:8: pages: must be a mapping of names, got a list"),
    (
        S + "pages: {1p: {}}\n",
        "2:9: pages: the name '1p' must begin with a letter: write letters, digits, - and _",
    ),
    (
        S + "pages: {p: {match: []}}\n",
        "2:20: pages.p.match: is an empty list: give one, or leave the key out",
    ),
    (
        F + "          a: h1\n        key: []\n",
        "8:14: pages.p.items.book.key: is an empty list: give one, or leave the key out",
    ),
    (
        S + "pages: {p: {match: x}}\n",
        '2:20: pages.p.match[1]: glob \'x\' must begin with "/" or "*": it sees the path only; write "re:..." to match the whole URL',
    ),
    (
        S + "pages: {p: {match: '/a?b'}}\n",
        "2:20: pages.p.match[1]: glob '/a?b' sees the path only, which has no query and no fragment; write \"re:...\" to match the whole URL",
    ),
    (
        S + "pages: {p: {follow: {css: a}}}\n",
        "2:21: pages.p.follow: must be a list: write [...] or lines that begin with -, got a mapping",
    ),
    (
        S + "pages: {p: {follow: [{page: p}]}}\n",
        "2:22: pages.p.follow[1]: has no source: give css, json, script, increment or set",
    ),
    (
        S + "pages: {p: {follow: [{css: a, script: (b)}]}}\n",
        "2:22: pages.p.follow[1]: has more than one source: give css or script",
    ),
    (
        S + "pages: {p: {follow: [{json: a, attr: href}]}}\n",
        "2:22: pages.p.follow[1]: attr means nothing without css: take it out",
    ),
    (
        S + "pages: {p: {follow: [{json: 'a['}]}}\n",
        "2:29: pages.p.follow[1].json: cannot read the JMESPath 'a[': it ends too early",
    ),
    (
        S + "pages: {p: {follow: [{css: a, limit: 0}]}}\n",
        "2:38: pages.p.follow[1].limit: must be at least 1, got 0",
    ),
    (
        S + "pages: {p: {valid: 'h1 @id'}}\n",
        "2:20: pages.p.valid: selects elements: take out the attribute, got 'h1 @id'",
    ),
    (
        S + "pages: {p: {charset: utf-9}}\n",
        "2:22: pages.p.charset: must be an encoding such as utf-8 or windows-1252, got utf-9",
    ),
    (
        S + "pages: {p: {follow: [{css: a, page: boks}]}, books: {}}\n",
        '2:37: pages.p.follow[1].page: no page is named boks; did you mean "books"?',
    ),
    (
        S + "pages: {p: {follow: [{css: a, carry: [x]}]}}\n",
        "2:39: pages.p.follow[1].carry[1]: no item of this page has a field x",
    ),
    (
        S + C + "    follow: [{css: a, carry: [titel]}]\n",
        '8:31: pages.p.follow[1].carry[1]: no item of this page has a field titel; did you mean "title"?',
    ),
    (
        S + C + "    follow: [{css: a, carry: [title, n]}]\n",
        "8:30: pages.p.follow[1].carry: these are fields of several items: carry those of the one that holds the link",
    ),
    (
        S + C + "    follow: [{css: a, carry: both}]\n",
        "8:30: pages.p.follow[1].carry: i and k both have these fields: name them differently, so that one item is meant",
    ),
    (
        S + C + "    follow: [{json: a, carry: [n]}]\n",
        "8:31: pages.p.follow[1].carry: json finds no link in an item of k: look for it as `each` does",
    ),
    (
        S + C + "    follow: [{css: a, carry: status}]\n",
        "8:30: pages.p.follow[1].carry: from: status means that of the page: give the field another name",
    ),
    (
        S + C + "    follow: [{css: a, carry: []}]\n",
        "8:30: pages.p.follow[1].carry: is an empty list: give one, or leave the key out",
    ),
    (
        S
        + "pages:\n  p:\n    items:\n      i:\n        fields:\n"
        + "          a: {from: b, replace: {x: xx}}\n          b: {any: [h1, {from: a}]}\n"
        + "    follow: [{css: a, carry: [a, b]}]\n",
        "7:11: pages.p.items.i.fields.a: is carried in a circle and may grow for ever: take replace and fields out of it",
    ),
    (P + "        key: x\n", "5:7: pages.p.items.book.fields: is missing: give it"),
    (P + "        fields: {}\n", "6:9: pages.p.items.book: has no fields: give them by name"),
    (
        S + "pages:\n  p:\n    items:\n      request:\n        fields:\n          a: h1\n",
        "5:7: pages.p.items: the name 'request' is the name of a table in the database: choose another",
    ),
    (
        S + "pages:\n  p:\n    items:\n      sqlite_x:\n        fields:\n          a: h1\n",
        "5:7: pages.p.items: the name 'sqlite_x' is the name of a table in the database: choose another",
    ),
    (
        S + "pages:\n  p:\n    items:\n      _x:\n        fields:\n          a: h1\n",
        "5:7: pages.p.items: the name '_x' must begin with a letter: write letters, digits and _",
    ),
    (
        S + "pages:\n  p:\n    items:\n      my items:\n        fields:\n          a: h1\n",
        "5:7: pages.p.items: the name 'my items' may hold nothing but letters, digits and _",
    ),
    (
        F + f"          {'a' * 64}: h1\n",
        f"7:11: pages.p.items.book.fields: the name {'a' * 64!r} is longer than 63 characters",
    ),
    (
        F + "          a: h1\n          A: h2\n",
        "8:11: pages.p.items.book.fields: 'A' and 'a' differ in case alone: rename one",
    ),
    (
        F + "          _a: h1\n",
        "7:11: pages.p.items.book.fields: the name '_a' must begin with a letter: write letters, digits, - and _",
    ),
    (
        F + "          a: 'h1 >> b'\n",
        "7:14: pages.p.items.book.fields.a.css: cannot read the selector 'h1 >> b': '> b' is not understood, at position 4",
    ),
    (
        F + "          a: 'h1:nope'\n",
        "7:14: pages.p.items.book.fields.a.css: cannot read the selector 'h1:nope': ':nope' is not understood, at position 2",
    ),
    (
        F + "          a: //h1\n",
        "7:14: pages.p.items.book.fields.a.css: cannot read the selector '//h1': this looks like XPath, only CSS is understood: write div.a > h1 for //div[@class='a']/h1",
    ),
    (
        F + "          a: {css: h1, type: number}\n",
        "7:30: pages.p.items.book.fields.a.type: must be text, int, float, decimal, bool, date, datetime, url or json, got number",
    ),
    (
        F + "          a: {css: h1, regex: '('}\n",
        "7:31: pages.p.items.book.fields.a.regex: is no regular expression: missing ) at position 1",
    ),
    (
        F + "          a: {css: h1, order: dmy}\n",
        "7:14: pages.p.items.book.fields.a: order is of dates: give type: date or datetime, or take it out",
    ),
    (
        F + "          a: {css: h1, type: date, order: european}\n",
        "7:43: pages.p.items.book.fields.a.order: must be dmy, mdy or ymd, got european",
    ),
    (
        F + "          a: {css: h1, required: true, default: 1}\n",
        "7:14: pages.p.items.book.fields.a: required and default contradict each other: take one out",
    ),
    (
        F + "          a: {css: h1, from: url}\n",
        "7:14: pages.p.items.book.fields.a: has more than one source: give css or from",
    ),
    (
        F + "          a: {type: int}\n",
        "7:14: pages.p.items.book.fields.a: has no source: give css, json, jsonld, meta, script, table, next, any, from or const",
    ),
    (
        F + "          a: {from: sku}\n",
        "7:21: pages.p.items.book.fields.a.from: there is no sku: write url, final_url, status, header:NAME, a column of a CSV seed list or a field that a link carries here",
    ),
    (
        F + "          a: {from: ulr}\n",
        '7:21: pages.p.items.book.fields.a.from: there is no ulr: write url, final_url, status, header:NAME, a column of a CSV seed list or a field that a link carries here; did you mean "url"?',
    ),
    (
        F + "          a: {jsonld: 'Product[0].sku'}\n",
        "7:23: pages.p.items.book.fields.a.jsonld: 'Product[0].sku' must be a type and a JMESPath inside it: write Product.sku",
    ),
    (
        F + "          a: {jsonld: 'Product.a['}\n",
        "7:23: pages.p.items.book.fields.a.jsonld: cannot read the JMESPath 'a[': it ends too early",
    ),
    (
        F + "          a: {json: 'a b'}\n",
        "7:21: pages.p.items.book.fields.a.json: cannot read the JMESPath 'a b': 'b' at position 2 is not understood",
    ),
    (
        F + "          a: {json: 'lenght(a)'}\n",
        "7:21: pages.p.items.book.fields.a.json: cannot read the JMESPath 'lenght(a)': there is no function lenght()",
    ),
    (
        F + "          a: {script: 'data = .*;'}\n",
        "7:23: pages.p.items.book.fields.a.script: 'data = .*;' has no group: put what to take in parentheses, as in 'var data = (.*?);'",
    ),
    (
        F + "          a: {script: '('}\n",
        "7:23: pages.p.items.book.fields.a.script: is no regular expression: missing ) at position 1",
    ),
    (
        F + "          a: {meta: a, json: b}\n",
        "7:14: pages.p.items.book.fields.a: has more than one source: give meta or json",
    ),
    (
        F + "          a: {jsonld: A, script: (b), json: c}\n",
        "7:14: pages.p.items.book.fields.a: has more than one source: give jsonld or script",
    ),
    (
        F + "          a: {meta: a, attr: content}\n",
        "7:14: pages.p.items.book.fields.a: attr means nothing beside meta: take it out",
    ),
    (
        F + "          a: {meta: a, fields: {b: i}}\n",
        "7:14: pages.p.items.book.fields.a: fields mean nothing beside meta: take them out",
    ),
    (
        F + "          a: {script: (b), fields: {b: {json: i}}}\n",
        "7:14: pages.p.items.book.fields.a: fields mean nothing beside script alone: add json",
    ),
    (
        F + "          a: {css: p, json: b, fields: {b: {json: i}}}\n",
        "7:14: pages.p.items.book.fields.a: fields mean nothing beside css with json: take one out",
    ),
    (
        F + "          a: {any: []}\n",
        "7:14: pages.p.items.book.fields.a: any is an empty list: give sources such as [{css: h1}]",
    ),
    (
        F + "          a: {any: [h1, {css: h2, default: x}]}\n",
        "7:14: pages.p.items.book.fields.a: any[2]: default means nothing in a source: write it beside any",
    ),
    (
        F + "          a: {any: [{css: h1, required: true}, h2]}\n",
        "7:14: pages.p.items.book.fields.a: any[1]: required means nothing in a source: write it beside any",
    ),
    (
        F + "          a: {css: h1, map: {}}\n",
        "7:14: pages.p.items.book.fields.a: map is empty, so that all becomes null: give words and values",
    ),
    (
        F + "          a: {any: [h1, {jsnld: x}]}\n",
        '7:26: pages.p.items.book.fields.a.any[2].jsnld: unknown key; did you mean "jsonld"?',
    ),
    (
        F + "          a: {any: [h1, {from: nope}]}\n",
        "7:32: pages.p.items.book.fields.a.any[2].from: there is no nope: write url, final_url, status, header:NAME, a column of a CSV seed list or a field that a link carries here",
    ),
    (
        P + "        each: {json: a}\n        fields: {a: h1}\n",
        "7:18: pages.p.items.book.fields.a: css looks in HTML, but this is in JSON: write {json: ...}",
    ),
    (
        P + "        each: {script: (a)}\n        fields: {a: {any: [{json: b}, {css: h1}]}}\n",
        "7:40: pages.p.items.book.fields.a.any[2].css: looks in HTML, but this is in JSON: write json, or page: true beside it",
    ),
    (
        P + "        each: li\n        fields: {a: {json: b}}\n",
        "7:22: pages.p.items.book.fields.a.json: looks in a response that is JSON, but this is in an element: write css",
    ),
    (
        F + "          a: {json: a, fields: {b: {css: h1}}}\n",
        "7:37: pages.p.items.book.fields.a.fields.b.css: looks in HTML, but this is in JSON: write json, or page: true beside it",
    ),
    (
        P + "        each: {}\n        fields: {a: h1}\n",
        "6:15: pages.p.items.book.each: has no source: give css, json or script",
    ),
    (
        P + "        each: {css: li, json: a}\n        fields: {a: {from: url}}\n",
        "6:15: pages.p.items.book.each: has more than one source: give css or json",
    ),
    (
        F + "          a: {css: h1, split: ''}\n",
        "7:31: pages.p.items.book.fields.a.split: is empty: give a text, or leave the key out",
    ),
    (
        F + "          a: {css: h1, replace: {'(': x}}\n",
        "7:14: pages.p.items.book.fields.a: replace: '(' is no regular expression: missing ) at position 1",
    ),
    (
        F + "          a: {css: h1, replace: {'(a)': '\\2'}}\n",
        "7:14: pages.p.items.book.fields.a: replace: '\\\\2' names group 2, but '(a)' has not so many",
    ),
    (
        F + "          a: {css: h1, html: true, markdown: true}\n",
        "7:14: pages.p.items.book.fields.a: markdown means nothing beside html: take it out",
    ),
    (
        F + "          a: {css: img @src, html: true}\n",
        "7:14: pages.p.items.book.fields.a: css takes an attribute, which contradicts html: take it out",
    ),
    (
        F + "          a: {css: h1, remove: 'b @src'}\n",
        "7:32: pages.p.items.book.fields.a.remove: selects elements: take out the attribute, got 'b @src'",
    ),
    (
        F + "          a: {table: table, regex: x}\n",
        "7:14: pages.p.items.book.fields.a: regex means nothing beside table: take it out",
    ),
    (
        F + "          a: {next: h1}\n",
        "7:15: pages.p.items.book.fields.a.next: looks behind an element that is `each`: write css",
    ),
    (
        P + "        each: li\n        fields: {a: {css: b, fields: {c: {next: i}}}}\n",
        "7:43: pages.p.items.book.fields.a.fields.c.next: looks behind an element that is `each`: write css",
    ),
    (
        P + "        each: {json: a}\n        fields: {a: {table: b}}\n",
        "7:22: pages.p.items.book.fields.a.table: looks in HTML, but this is in JSON: write json, or page: true beside it",
    ),
    (
        F + "          a: {css: h1, text: row}\n",
        '7:30: pages.p.items.book.fields.a.text: must be raw, got row; did you mean "raw"?',
    ),
    (
        F + "          a: {css: h1, all: true, default: x}\n",
        "7:14: pages.p.items.book.fields.a: default must be a list where all is true",
    ),
    (
        F + "          a: {css: tr, fields: {b: td, c: {css: td, tpye: int}}}\n",
        '7:53: pages.p.items.book.fields.a.fields.c.tpye: unknown key; did you mean "type"?',
    ),
    (
        F + "          a: {css: tr, type: int, fields: {b: td}}\n",
        "7:14: pages.p.items.book.fields.a: type means nothing beside fields: take it out",
    ),
    (
        F + "          a: {const: 1, all: true}\n",
        "7:14: pages.p.items.book.fields.a: all means nothing beside const: take it out",
    ),
    (
        F + "          a: {css: 'img @src', attr: alt}\n",
        "7:14: pages.p.items.book.fields.a: css takes an attribute, which contradicts attr: take it out",
    ),
    (
        F + "          a: {css: h1, map: [One]}\n",
        "7:29: pages.p.items.book.fields.a.map: must be a mapping of names, got a list",
    ),
    (
        F + "          a:\n",
        "7:13: pages.p.items.book.fields.a: has no source: give css, json, jsonld, meta, script, table, next, any, from or const",
    ),
    (
        P + "        each: 'li @id'\n        fields: {a: h1}\n",
        "6:15: pages.p.items.book.each.css: selects elements: take out the attribute, got 'li @id'",
    ),
    (
        P + "        key: isbm\n        fields: {isbn: h1}\n",
        '6:14: pages.p.items.book.key: isbm is no field of this item; did you mean "isbn"?',
    ),
    (
        P + "        feilds: {isbn: h1}\n",
        '5:7: pages.p.items.book.fields: is missing: give it\n6:9: pages.p.items.book.feilds: unknown key; did you mean "fields"?',
    ),
    (
        S
        + "pages:\n  a: {items: {x: {key: i, fields: {i: h1}}}}\n  b: {items: {x: {fields: {i: h1}}}}\n",
        "4:15: pages.b.items.x: must have the same key as pages.a.items.x",
    ),
    (
        S + "pages:\n  a: {items: {x: {fields: {i: h1}}, X: {fields: {i: h1}}}}\n",
        "3:37: pages.a.items: 'X' and 'x' differ in case alone: rename one",
    ),
    (
        S + "parse: {processes: 0}\n",
        "2:20: parse.processes: must be auto or a number from 1 to 256, got 0",
    ),
    (
        S + "parse: {offload: nevr}\n",
        '2:18: parse.offload: must be auto, never, always or a size such as 128KiB, got nevr; did you mean "never"?',
    ),
    (
        S + "store: {bodies: zst}\n",
        '2:17: store.bodies: must be none, failed or zstd, got zst; did you mean "zstd"?',
    ),
    (S + "store: {bodies: all}\n", "2:17: store.bodies: must be none, failed or zstd, got all"),
    (S + "store: {keep_runs: 0}\n", "2:20: store.keep_runs: must be at least 1, got 0"),
    (S + "run: {if_running: stop}\n", "2:19: run.if_running: must be skip, wait or fail, got stop"),
    (
        S + "run: {refresh: sometimes}\n",
        "2:16: run.refresh: must be a duration such as 250ms, 30s, 5m, 2h or 1d, got sometimes; or write auto",
    ),
    (S + "run: {ping: http://x}\n", "2:7: run.ping: not supported yet: take it out"),
    (S + "run: {max_time: 0s}\n", "2:17: run.max_time: must be longer than 0, got 0s"),
    (
        S + "name: ${NOPE}\n",
        "2:7: the environment variable NOPE is not set: set it, or write ${NOPE:-default}",
    ),
    (
        S + "name: ${}\n",
        '2:7: "${" begins ${NAME} or ${NAME:-default}; write "$${" for the two signs',
    ),
    (
        S + "name: 'a${b c}'\n",
        '2:7: "${" begins ${NAME} or ${NAME:-default}; write "$${" for the two signs',
    ),
    (
        S + "name: !!python/name:os.system x\n",
        "2:7: the tag tag:yaml.org,2002:python/name:os.system means nothing here: take it out",
    ),
    (S + "name: !x y\n", "2:7: the tag !x means nothing here: take it out"),
    (S + "? [a]\n: b\n", "2:3: a key is a text: put quotes around a text that begins with { or ["),
    (S + "a: &a [*a]\n", "2:4: nested too deeply, or repeated too often by aliases: write it out"),
    (S + "fetch:\n  <<: 5\n", "3:7: <<: wants a mapping that has an anchor: <<: *name"),
    (
        "seeds: {file: a.txt, carry: [x, ]}\npages: {p: {items: {b: {fields: {a: {from: y}}}}}}\n",
        "2:44: pages.p.items.b.fields.a.from: there is no y: write url, final_url, status, header:NAME, a column of a CSV seed list or a field that a link carries here",
    ),
    (
        "seeds: {file: a.csv, carry: [x]}\npages: {p: {items: {b: {fields: {a: {from: y}}}}}}\n",
        "2:44: pages.p.items.b.fields.a.from: there is no y: write url, final_url, status, header:NAME, a column of a CSV seed list or a field that a link carries here",
    ),
    (S + "url: {sort_qery: true}\n", '2:7: url.sort_qery: unknown key; did you mean "sort_query"?'),
    (S + "url: {sort_query: 2}\n", "2:19: url.sort_query: must be true or false, got 2"),
    (
        S + "url: {drop: ['utm_*=']}\n",
        "2:14: url.drop[1]: must be the name of a query parameter such as utm_*, got 'utm_*='",
    ),
    (
        S + "url: {sessions: kep}\n",
        '2:17: url.sessions: must be ignore or keep, got kep; did you mean "keep"?',
    ),
    (S + "after: []\n", "2:1: after: not supported yet: take it out"),
    (S + "run: {jitter: 5m}\n", "2:7: run.jitter: not supported yet: take it out"),
    (S + "run: {max_wait: 0s}\n", "2:17: run.max_wait: must be longer than 0, got 0s"),
    (S + "run: {metrics: ':9100'}\n", "2:7: run.metrics: not supported yet: take it out"),
    (S + "run: {metrics_file: x}\n", "2:7: run.metrics_file: not supported yet: take it out"),
    (S + "run: {gone: {after: 0}}\n", "2:21: run.gone.after: must be at least 1, got 0"),
    (
        S + "run: {gone: {at_most: 0.1}}\n",
        "2:23: run.gone.at_most: must be a share from 0% to 100% such as 10%, got 0.1",
    ),
    (
        S + "run: {gone: {at_most: 101%}}\n",
        "2:23: run.gone.at_most: must be a share from 0% to 100% such as 10%, got 101%",
    ),
    (
        S + "politeness: {per_domain: 0}\n",
        "2:26: politeness.per_domain: must be from 1 to 10000, got 0",
    ),
    (
        S + "politeness: {per_address: 4}\nfetch: {proxies: ['http://p:1']}\n",
        "2:14: politeness.per_address: which address a host has is up to fetch.proxies: take one of the two out",
    ),
    (
        S + "pages: {p: {refresh: {budget: 0}}}\n",
        "2:31: pages.p.refresh.budget: must be a number of visits a day such as 5000, or the duration of a `refresh` that makes as many such as 1d, got 0",
    ),
    (
        S + "run: {refresh: {min: 2d, max: 1d}}\n",
        "2:16: run.refresh: min is longer than max: 2d and 1d",
    ),
    (
        S + "run: {refresh: {least: 2d}}\n",
        "2:17: run.refresh.least: unknown key; known are budget, min, max",
    ),
    (
        S + "pages: {p: {follow: [{css: a @href, attr: src}]}}\n",
        "2:22: pages.p.follow[1]: css takes an attribute, which contradicts attr: take one out",
    ),
    (
        S + "fetch: {headers: {X-A: 1, x-a: 2}}\n",
        "2:27: fetch.headers: 'x-a' and 'X-A' differ in case alone: rename one",
    ),
    (SUB + "{fill: {a: b}}]}}\n", "2:22: pages.p.submit[1].form: is missing: give it"),
    (
        SUB + "{form: 'form:nope'}]}}\n",
        "2:29: pages.p.submit[1].form: cannot read the selector 'form:nope': ':nope' is not understood, at position 4",
    ),
    (
        SUB + "{form: form @id}]}}\n",
        "2:29: pages.p.submit[1].form: selects elements: take out the attribute, got 'form @id'",
    ),
    (
        SUB + "{form: form, fill: {}}]}}\n",
        "2:22: pages.p.submit[1]: fill is empty: give names and values, or leave the key out",
    ),
    (
        SUB + "{form: form, fill: }]}}\n",
        "2:22: pages.p.submit[1]: fill is empty: give names and values, or leave the key out",
    ),
    (
        SUB + "{form: form, fill: [a]}]}}\n",
        "2:41: pages.p.submit[1].fill: must be a mapping of names, got a list",
    ),
    (
        SUB + "{form: form, fill: {a: {}}}]}}\n",
        "2:45: pages.p.submit[1].fill.a: has no source: give value, each, css or from",
    ),
    (
        SUB + "{form: form, fill: {a: {each: }}}]}}\n",
        "2:45: pages.p.submit[1].fill.a: each is empty: give a CSS selector such as 'select#author option @value'",
    ),
    (
        SUB + "{form: form, fill: {a: {each: {}}}}]}}\n",
        "2:52: pages.p.submit[1].fill.a.each: has no source: give css, json, jsonld, meta, script, table, next, any, from or const",
    ),
    (
        SUB + "{form: form, fill: {a: {each: {const: [x]}}}}]}}\n",
        "2:45: pages.p.submit[1].fill.a: each takes texts of the page: take out const",
    ),
    (
        SUB + "{form: form, fill: {a: {each: 'a:nope'}}}]}}\n",
        "2:52: pages.p.submit[1].fill.a.each.css: cannot read the selector 'a:nope': ':nope' is not understood, at position 1",
    ),
    (
        SUB + "{form: form, fill: {a: {each: o, css: i}}}]}}\n",
        "2:45: pages.p.submit[1].fill.a: has more than one source: give each or css",
    ),
    (
        SUB + "{form: form, fill: {a: {from: url, attr: x}}}]}}\n",
        "2:45: pages.p.submit[1].fill.a: attr means nothing here: give it beside a css without @attribute",
    ),
    (
        SUB + "{form: form, fill: {a: {from: sku}}}]}}\n",
        "2:52: pages.p.submit[1].fill.a.from: there is no sku: write url, final_url, status, header:NAME or a column of a CSV seed list",
    ),
    (
        S
        + C
        + "    follow: [{css: a, carry: title, page: q}]\n"
        + "  q:\n    items: {x: {fields: {t: {from: title}}}}\n"
        + "    submit: [{form: form, fill: {a: {from: title}}}]\n",
        "11:44: pages.q.submit[1].fill.a.from: title is carried by links, which a form does not see: take it out",
    ),
    (
        SUB + "{form: form, fill: {a: [{b: c}]}}]}}\n",
        "2:45: pages.p.submit[1].fill.a.value: must be a text, got a mapping: put quotes around a text that begins with {",
    ),
    (
        SUB + "{form: form, page: nope}]}}\n",
        "2:41: pages.p.submit[1].page: no page is named nope",
    ),
    (S + "login:\n", "2:7: login: is empty: give url, form, fill and ok, or take it out"),
    (
        S + "login: {url: 'http://a.example/in', form: form, fill: {a: b}}\n",
        "2:1: login.ok: is missing: give it",
    ),
    (L + "fill: {}}\n", "2:8: login: fill is empty: give names and values"),
    (
        L + "fil: {a: b}}\n",
        '2:1: login.fill: is missing: give it\n2:56: login.fil: unknown key; did you mean "fill"?',
    ),
    (
        L + "fill: {a: {each: o}}}\n",
        "2:8: login: fill.a: each means nothing here: give value or css",
    ),
    (
        L + "fill: {a: {from: url}}}\n",
        "2:8: login: fill.a: from means nothing here: give value or css",
    ),
    (
        L + "fill: {a: b}}\nfetch: {cookies: no}\n",
        "3:18: fetch.cookies: login needs them: take it out",
    ),
    (
        S + "fetch: {auth: {x: {}}}\n",
        '2:19: fetch.auth.x: has no source: give basic: "user:password" or bearer: TOKEN',
    ),
    (
        S + "fetch: {auth: {x: {basic: 'a:b', bearer: c}}}\n",
        "2:19: fetch.auth.x: has both basic and bearer: take one out",
    ),
    (
        S + "fetch: {auth: {x: {basic: ab}}}\n",
        "2:19: fetch.auth.x: basic must be user:password, got ab",
    ),
    (
        S + "fetch: {auth: {x: {bearer: a b}}}\n",
        "2:19: fetch.auth.x: bearer must be one word in ASCII, got 'a b'",
    ),
    (S + "fetch: {auth: {x: {bearer: ''}}}\n", "2:19: fetch.auth.x: bearer is empty"),
    (
        S + "fetch: {auth: {'http://x': {bearer: a}}}\n",
        "2:16: fetch.auth: 'http://x' is no host: give a name, without scheme and path",
    ),
]


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(text: str) -> list[str]:
    Path("c.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load("c.yaml", env={})
    return str(caught.value).splitlines()


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_mistake_is_told_with_its_place(text: str, message: str) -> None:
    assert refused(text) == [f"c.yaml:{line}" for line in message.splitlines()]


def test_all_mistakes_are_told_in_the_order_of_the_file() -> None:
    text = """\
seeds:
  urls: [books.example]
  file: {path: a.txt, page: nowhere}
fetch:
  timeout: 5
  auht: {}
pages:
  listing:
    follow: [{css: "a:nope", page: bok}]
  book:
    items: {host: {key: x, fields: {a: {css: "h1 >> b"}, A: h1}}}
name: ${UNSET}
"""
    places = [line.split(": ")[0].removeprefix("c.yaml:") for line in refused(text)]
    assert places == [
        "2:10", "3:29", "5:12", "6:3", "9:20", "9:36", "11:13", "11:25", "11:46", "11:58", "12:7",
    ]  # fmt: skip


def test_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"^no.yaml: cannot be read: No such file"):
        load("no.yaml", env={})


def test_file_that_is_not_utf8() -> None:
    Path("c.yaml").write_bytes(b"name: x\nseeds: {file: b\xfccher.txt}\n")
    with pytest.raises(ConfigError, match=r"^c.yaml:2:16: is not UTF-8"):
        load("c.yaml", env={})


def test_control_character_has_a_place() -> None:
    assert refused("name: x\nseeds: a\x00b\n") == ["c.yaml:2:9: control characters are not allowed"]


def test_nested_too_deeply_is_refused_at_once() -> None:
    for text in ("a: " + "[" * 5000, "[" * 900 + "]" * 900, "a: " + "{x: " * 200 + "}" * 200):
        assert len(refused(text)) == 1


def test_alias_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (line,) = refused("\n".join(lines))
    assert "repeated too often by aliases" in line


def test_merges_of_merges_cost_no_more_than_they_hold() -> None:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 40)]
    assert len(refused("\n".join(lines))) == 41  # unknown keys, and no seeds


def test_file_named_so_that_it_cannot_name_a_run() -> None:
    Path("a;b.yaml").write_text(S, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"a;b.yaml:1:1: name: the file's name 'a;b' cannot"):
        load("a;b.yaml", env={})
