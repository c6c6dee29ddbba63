"""Laws of redirects, one hop at a time."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import FetchError
from scraper.core.model import Reason, Request, Response
from scraper.core.redirect import is_redirect, next_hop
from scraper.core.request import make_request
from scraper.core.url import parse

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
REDIRECTS = (301, 302, 303, 307, 308)
START = "http://a.example/dir/start?q=1"

methods = st.sampled_from(METHODS)
statuses = st.sampled_from(REDIRECTS)


def request(method: str = "GET", url: str = START) -> Request:
    return make_request(parse(url), method=method)


def follow(asked: Request, status: int, location: str, **options) -> Request:
    hop, url = next_hop(asked, status, location, **{"longest": 10, **options})
    assert hop.url == url.href
    return replace(asked, hop=hop, host=url.host)


@given(st.integers(100, 599))
def test_the_five_statuses_that_redirect(status):
    assert is_redirect(Response("http://a/", status, {"location": "/b"}, b"")) == (
        status in REDIRECTS
    )
    assert not is_redirect(Response("http://a/", status, {}, b""))


@given(methods, statuses)
def test_the_method_as_in_rfc_9110_section_15_4(method, status):
    hopped = follow(request(method), status, "/next")
    if status == 303:
        assert hopped.verb == ("HEAD" if method == "HEAD" else "GET")
    elif status in (307, 308) or method != "POST":
        assert hopped.verb == method
    else:
        assert hopped.verb == "GET"
    assert hopped.method == method  # what the request is does not change


PLACES = {
    "http://a.example/x": True,
    "https://a.example/x": True,  # the same host, better guarded
    "http://a.example:8080/x": False,
    "https://a.example:8443/x": False,
    "http://b.example/x": False,
    "http://www.a.example/x": False,
    "http://a.example@b.example/x": False,
}


@given(methods, statuses, st.sampled_from(sorted(PLACES)), st.booleans())
def test_a_body_goes_to_its_own_origin_alone(method, status, place, has_body):
    asked = replace(request(method), body=b"token=1" if has_body else None)
    if has_body and follow(request(method), status, place).verb == method and not PLACES[place]:
        with pytest.raises(FetchError, match="would send the body on to http"):
            follow(asked, status, place)
    else:
        follow(asked, status, place)


def test_a_body_is_not_sent_from_https_to_http():
    asked = replace(request("POST", "https://a.example/"), body=b"token=1")
    with pytest.raises(FetchError, match="would send the body on to http://a"):
        follow(asked, 307, "http://a.example/")
    assert follow(asked, 303, "http://a.example/").verb == "GET"


@given(methods, st.lists(statuses, min_size=1, max_size=8))
def test_a_method_that_became_get_stays_get(method, answers):
    asked = request(method)
    verbs = []
    for number, status in enumerate(answers):
        asked = follow(asked, status, f"/{number}")
        verbs.append(asked.verb)
    assert set(verbs) <= {method, "GET"}
    assert verbs == sorted(verbs, key=lambda verb: verb == "GET" != method)


@given(st.integers(0, 12), statuses)
def test_exactly_so_many_hops_are_followed(longest, status):
    asked = request()
    for number in range(longest):
        asked = follow(asked, status, f"/{number}", longest=longest)
    with pytest.raises(FetchError, match=f"more than {longest} redirects") as caught:
        follow(asked, status, "/one-more", longest=longest)
    assert caught.value.reason == Reason.REDIRECTS
    assert asked.hop is None or len(asked.hop.seen) == longest


@given(st.lists(st.sampled_from("abcd"), max_size=12), st.sampled_from(["GET", "HEAD"]))
def test_no_url_is_asked_twice(places, method):
    asked = request(method, "http://a.example/a")
    passed = ["a"]
    for place in places:
        if place in passed:
            with pytest.raises(FetchError, match="a loop") as caught:
                follow(asked, 302, f"/{place}#{len(passed)}")
            assert caught.value.reason == Reason.REDIRECTS
            return
        asked = follow(asked, 302, f"/{place}")
        passed.append(place)
        assert asked.hop.seen == tuple(f"http://a.example/{each}" for each in passed[:-1])


@given(st.lists(st.sampled_from("ab"), max_size=12), st.integers(0, 5))
def test_a_site_that_sets_cookies_may_send_back_but_not_for_ever(places, longest):
    asked = request()
    hops = 0
    with suppress(FetchError):
        for place in places:
            asked = follow(asked, 302, f"/{place}", may_repeat=True, longest=longest)
            hops += 1
    assert hops == min(len(places), longest)


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_form_that_answers_at_its_own_address_is_no_loop(status):
    """POST, then GET of the same URL: what many sites do after a form."""
    hopped = follow(request("POST"), status, START)
    assert (hopped.asked, hopped.verb) == (START, "GET")
    with pytest.raises(FetchError, match="a loop"):
        follow(hopped, status, START)
    by_way_of_another = follow(follow(request("POST"), status, "/home"), 302, START)
    with pytest.raises(FetchError, match="a loop"):
        follow(by_way_of_another, 302, "/home")


@pytest.mark.parametrize("status", [307, 308])
def test_a_form_sent_back_to_itself_is_a_loop(status):
    with pytest.raises(FetchError, match="a loop"):
        follow(request("POST"), status, START)


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        ("/other", "http://a.example/other"),
        ("other", "http://a.example/dir/other"),
        ("../up", "http://a.example/up"),
        ("?q=2", "http://a.example/dir/start?q=2"),
        ("//b.example", "http://b.example/"),
        ("https://b.example:8443/x#part", "https://b.example:8443/x"),
        ("HTTP://B.EXAMPLE:80/", "http://b.example/"),
        (" /spaced ", "http://a.example/spaced"),
        ("/caf\u00e9", "http://a.example/caf%C3%A9"),
        ("http:other", "http://a.example/dir/other"),
    ],
)
def test_where_a_location_leads(location, asked):
    assert follow(request(), 302, location).asked == asked


def test_a_relative_location_is_read_against_the_hop_not_the_first_url():
    hopped = follow(request(), 302, "https://b.example/deep/down")
    assert follow(hopped, 302, "x").asked == "https://b.example/deep/x"


@pytest.mark.parametrize("location", ["", "#top", START, START + "#top", "start?q=1"])
def test_a_location_that_leads_nowhere_else_is_a_loop(location):
    with pytest.raises(FetchError, match="a loop"):
        follow(request(), 302, location)


@pytest.mark.parametrize(
    "location",
    [
        "mailto:a@b.example",
        "ftp://b.example/",
        "javascript:alert(1)",
        "file:///etc",
        "data:,x",
        "http://[",
        "http://a b/",
        "https://b.example:99999/",
    ],
)
def test_a_location_that_is_no_web_address_fails_the_page(location):
    with pytest.raises(FetchError, match="no http") as caught:
        follow(request(), 302, location)
    assert caught.value.reason == Reason.REDIRECTS


@given(st.text(), methods, statuses)
def test_any_location_gives_a_hop_or_our_own_error(location, method, status):
    with suppress(FetchError):
        hopped = follow(request(method), status, location)
        assert hopped.asked.startswith(("http://", "https://"))
        assert "#" not in hopped.asked
        assert hopped.host == parse(hopped.asked).host
