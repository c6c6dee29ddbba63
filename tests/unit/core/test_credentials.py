"""Names of headers that hold a secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.credentials import is_credential, is_plain

SECRET = [
    "Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "Api-Key", "ApiKey", "X-Auth",
    "X-Auth-Token", "X-Access-Token", "X-Amz-Security-Token", "X-CSRF-Token", "X-Session-Id",
    "Ocp-Apim-Subscription-Key", "X-Shopify-Access-Token", "Client-Secret", "X-Password", "Key",
    "X-Vault-Token", "X-Signature", "X-JWT-Assertion", "Set-Cookie2",
]  # fmt: skip
HARMLESS = [
    "Accept", "Accept-Language", "User-Agent", "Referer", "X-Requested-With", "Content-Type",
    "If-None-Match", "Origin", "DNT", "X-Keyboard", "X-Monkey", "Cache-Control", "Range",
]  # fmt: skip


@pytest.mark.parametrize("name", SECRET)
def test_known_secrets_are_known_in_any_case(name):
    assert is_credential(name)
    assert is_credential(name.lower())
    assert is_credential(name.upper())


@pytest.mark.parametrize("name", HARMLESS)
def test_what_every_browser_sends_is_none(name):
    assert not is_credential(name)


@given(st.sampled_from([*SECRET, "X-Site", "X-Accept-Language"]))
def test_only_what_never_holds_a_secret_is_plain(name):
    assert not is_plain(name)
    assert is_plain("ACCEPT-Language")


@given(st.sampled_from(SECRET), st.from_regex(r"([A-Za-z]{1,5}-){0,3}", fullmatch=True))
def test_a_longer_name_hides_no_secret(name, before):
    assert is_credential(before + name)
