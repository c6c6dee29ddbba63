"""Whose a host is."""

import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.domain import owner, registrable_domain

SUITE = (files("publicsuffixlist") / "test_psl.txt").read_text("utf-8")
CHECK = re.compile(r"^checkPublicSuffix\((?:'(.*?)'|null), (?:'(.*?)'|null)\);$", re.MULTILINE)


@pytest.mark.parametrize(("host", "domain"), CHECK.findall(SUITE))
def test_the_lists_own_suite(host: str, domain: str):
    assert registrable_domain(host) == (domain or None)


def test_the_suite_is_whole():
    assert len(CHECK.findall(SUITE)) == SUITE.count("\ncheckPublicSuffix(") > 70


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("www.shop.example:443", "shop.example"),
        ("shop.example.:80", "shop.example"),
        ("a.github.io:443", "a.github.io"),
        ("github.io:443", "github.io"),
        ("localhost:8080", "localhost"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("[::1]:80", "::1"),
    ],
)
def test_who_owns_a_host(host: str, expected: str):
    assert owner(host) == expected


@given(host=st.text(max_size=30))
def test_any_text_has_an_owner(host: str):
    assert owner(f"{host}:80") == owner(f"{host}:81")
