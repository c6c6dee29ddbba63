"""What a request takes from the environment is stored as it is written, and sent as it is meant."""

import json
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import FetchError
from scraper.core.reference import filled, noted
from scraper.core.request import make_request, sent_headers
from scraper.core.url import parse

URL = parse("http://a.example/")
NAMES = st.sampled_from(["${A}", "${B:-b &c}", 'Bearer "${A}" ä'])
KNOWN = st.fixed_dictionaries(
    {name: st.text() for name in ("${A}", "${B:-b &c}", 'Bearer "${A}" ä')}
)
TREES = st.dictionaries(
    st.sampled_from("xyz"), NAMES | st.integers() | st.just("plain"), min_size=1
)


@given(TREES, KNOWN)
def test_what_is_sent_is_what_the_config_means(tree, known):
    """Of a JSON body, of a form and of headers; and of a request that is made of such a one."""
    names = [value for value in tree.values() if value in known]
    meant = {name: known.get(value, value) for name, value in tree.items()}
    headers = noted((("X-A", "${A}"), ("X-B", "b")), [*names, "${A}"])
    texts = {name: str(value) for name, value in tree.items()}
    for body in (json.dumps(tree, ensure_ascii=False), urlencode(texts)):
        request = make_request(URL, method="POST", headers=headers, body=body.encode())
        sent = filled(request, known)
        assert sent_headers(sent.headers) == (("X-A", known["${A}"]), ("X-B", "b"))
        assert (sent.key, sent.url) == (request.key, request.url)
        text = (sent.body or b"").decode("utf-8", "surrogatepass")
        if body.startswith("{"):
            assert json.loads(text) == meant
        else:
            found = parse_qs(text, keep_blank_values=True, errors="surrogatepass")
            assert found == {name: [str(value)] for name, value in meant.items()}


def test_a_request_without_a_note_is_sent_as_it_is():
    request = make_request(URL, headers=noted((("X-A", "${A}"),), []), body=b"${A}")
    assert filled(request, {"${A}": "x"}) is request


def test_a_request_without_a_body_has_none():
    assert filled(make_request(URL, headers=noted((), ["${A}"])), {"${A}": "x"}).body is None


def test_what_the_config_does_not_know_any_more_is_not_sent():
    with pytest.raises(FetchError, match="what \\$\\{A\\} is") as caught:
        filled(make_request(URL, headers=noted((), ["${A}"])), {})
    assert not caught.value.sent
