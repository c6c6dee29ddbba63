"""NO_PROXY."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.bypass import Bypass

LABEL = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=3).map(".".join)


@given(NAME, NAME, st.integers(1, 65535), st.sampled_from(["", ".", "*."]))
def test_a_name_covers_itself_and_what_is_below_it(name, above, port, sign):
    bypass = Bypass([f" {sign}{name.upper()} ", ""])
    assert bypass.covers(name, port)
    assert bypass.covers(f"{above}.{name}.".title(), port)
    assert not bypass.covers(f"x{name}", port)
    assert not bypass.covers(f"{name}.9-x", port)


@given(NAME, st.integers(1, 65535), st.integers(1, 65535))
def test_a_port_narrows(name, port, other):
    bypass = Bypass([f"{name}:{port}"])
    assert bypass.covers(name, port)
    assert bypass.covers(name, other) == (other == port)


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), st.integers(0, 32))
def test_a_network_covers_its_addresses(ip, other, bits):
    bypass = Bypass([f"{ip}/{bits}"])
    assert bypass.covers(str(ip), 80)
    same = int(ip) >> (32 - bits) == int(other) >> (32 - bits)
    assert bypass.covers(str(other), 80) == same
    assert not bypass.covers("a.example", 80)


@given(st.ip_addresses(), st.integers(1, 65535))
def test_an_address_covers_itself(ip, port):
    written = f"[{ip}]" if ip.version == 6 else str(ip)
    for entry in (str(ip), written):
        assert Bypass([entry]).covers(written, port)
        assert Bypass([entry]).covers(str(ip), port)
    assert Bypass([f"{written}:{port}"]).covers(written, port)
    assert not Bypass([f"{written}:{port}"]).covers(written, port + 1)


@given(st.one_of(NAME, st.ip_addresses().map(str)), st.integers(1, 65535))
def test_a_star_covers_all_and_nothing_covers_none(host, port):
    assert Bypass(["*"]).covers(host, port)
    assert not Bypass([]).covers(host, port)


@given(st.lists(st.text(max_size=12), max_size=4), NAME)
def test_whatever_is_written_is_an_answer(entries, host):
    assert Bypass(entries).covers(host, 80) in (True, False)


@pytest.mark.parametrize("entry", ["10.0.0.1/8", "fd00::/8", "[::1]"])
def test_an_address_entry_does_not_cover_names(entry):
    assert not Bypass([entry]).covers("fd00.example", 80)
