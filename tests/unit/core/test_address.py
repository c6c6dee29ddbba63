from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scraper.core.address import Allowed, is_local_name, refused
from scraper.core.plan import PrivatePlan

V4 = st.ip_addresses(v=4)
NETWORKS = ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"]
MORE = ["172.16.0.0/12", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3"]
SPECIAL_V4 = st.sampled_from(NETWORKS + MORE).flatmap(
    lambda network: st.ip_addresses(network=network)
)
ANY_V4 = st.one_of(V4, SPECIAL_V4)
NOTHING = Allowed(PrivatePlan())


@pytest.mark.parametrize(
    ("ip", "why"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("10.1.2.3", "private"),
        ("172.15.255.255", None),
        ("172.31.255.255", "private"),
        ("172.32.0.0", None),
        ("192.168.0.1", "private"),
        ("169.254.169.254", "link-local"),
        ("100.63.255.255", None),
        ("100.100.100.200", "shared"),
        ("100.128.0.0", None),
        ("192.0.0.170", "reserved"),
        ("192.0.2.1", "documentation"),
        ("192.88.99.1", "reserved"),
        ("198.19.0.1", "benchmarking"),
        ("198.51.100.1", "documentation"),
        ("203.0.113.9", "documentation"),
        ("224.0.0.251", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "broadcast"),
        ("8.8.8.8", None),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("[::1]", "loopback"),
        ("::1%lo", "loopback"),
        ("fe80::1%eth0", "link-local"),
        ("fd00::1", "private"),
        ("fec0::1", "private"),
        ("ff02::1", "multicast"),
        ("2001:db8::1", "documentation"),
        ("3fff::1", "documentation"),
        ("2001:2::1", "reserved"),
        ("64:ff9b:1::8.8.8.8", "private"),
        ("100::1", "reserved"),
        ("4000::1", "reserved"),
        ("::8.8.8.8", "reserved"),
        ("::127.0.0.1", "loopback"),
        ("2606:4700::1111", None),
        ("2606:4700::1111%eth0", None),
    ],
)
def test_what_is_not_public(ip, why):
    assert refused(ip) == why
    assert NOTHING.permits("name.example", ip, 80) == (why is None)


@given(ANY_V4)
@example(IPv4Address("8.8.8.8"))
def test_an_address_inside_an_address_is_judged_as_itself(ip):
    why = refused(str(ip))
    assert refused(f"::ffff:{ip}") == why
    assert refused(f"64:ff9b::{ip}") == why
    assert refused(str(IPv6Address(0x2002 << 112 | int(ip) << 80 | 1))) == why
    assert refused(f"::{ip}") is not None


@given(ANY_V4, ANY_V4)
def test_teredo_is_public_when_server_and_client_are(server, client):
    ip = IPv6Address(0x20010000 << 96 | int(server) << 64 | int(client) ^ 0xFFFFFFFF)
    assert (refused(str(ip)) is None) == (refused(str(server)) is refused(str(client)) is None)


@given(st.ip_addresses())
def test_what_python_does_not_call_global_is_refused(address):
    stands_for = ("::ffff:", "64:ff9b::", "2002:", "2001:0:")  # judged as IPv4; versions differ
    if not address.is_global and not address.compressed.startswith(stands_for):
        assert refused(str(address)) is not None


@given(st.text())
@example("127.1")
@example("0x7f.0.0.1")
@example("0177.0.0.1")
@example("2130706433")
@example("\uff11\uff12\uff17.0.0.1")
@example("127.0.0.1%eth0")
def test_what_is_no_address_is_refused(text):
    try:
        ip_address(text.strip("[]"))
    except ValueError:
        assert refused(text) == "not an address"
        assert not NOTHING.permits(text, text, 80)
        assert Allowed(PrivatePlan(every=True)).permits(text, text, 80)


@given(ANY_V4, st.integers(1, 65535), st.integers(1, 65535))
def test_a_host_is_allowed_on_its_port_alone(ip, port, other):
    for entry in (f"{ip}:{port}", f"[::ffff:{ip}]:{port}"):
        allowed = Allowed(PrivatePlan(hosts=frozenset({entry})))
        assert allowed.permits("name.example", str(ip), port)
        assert allowed.permits("name.example", f"::ffff:{ip}", port)
        if other != port and refused(str(ip)):
            assert not allowed.permits("name.example", str(ip), other)


@given(SPECIAL_V4, SPECIAL_V4)
def test_a_network_allows_its_addresses_alone(ip, other):
    allowed = Allowed(PrivatePlan(networks=(f"{ip}/32", "fd00::/8")))
    assert allowed.permits("x", str(ip), 1)
    assert allowed.permits("x", f"::ffff:{ip}", 1)
    assert allowed.permits("x", "fd12::1%eth0", 1)
    assert allowed.permits("x", str(other), 1) == (other == ip)
    assert not allowed.permits("x", f"64:ff9b::{ip}", 1)


def test_a_name_allows_whatever_it_resolves_to():
    allowed = Allowed(PrivatePlan(hosts=frozenset({"Intranet.example:8080", "[0:0::1]:81"})))
    assert allowed.permits("intranet.EXAMPLE.", "10.0.0.1", 8080)
    assert not allowed.permits("intranet.example", "10.0.0.1", 80)
    assert not allowed.permits("other.example", "10.0.0.1", 8080)
    assert allowed.permits("[::1]", "::1", 81)
    assert allowed.permits("localhost", "::1", 81)


def test_a_network_may_be_written_with_an_address_inside_it():
    assert Allowed(PrivatePlan(networks=("10.1.2.3/16",))).permits("x", "10.1.9.9", 1)


def test_repr_shows_what_is_allowed():
    plan = PrivatePlan(hosts=frozenset({"a:1"}), networks=("10.0.0.0/8",))
    assert repr(Allowed(plan)) == "<Allowed a:1 10.0.0.0/8>"
    assert repr(Allowed(PrivatePlan(every=True))) == "<Allowed every>"


@given(st.booleans(), st.integers(1, 65535), st.integers(1, 65535))
def test_who_is_trusted_need_not_be_looked_up(every, port, other):
    allowed = Allowed(PrivatePlan(every=every, hosts=frozenset({f"Box.internal:{port}"})))
    assert allowed.trusts("box.INTERNAL.", port)
    assert allowed.trusts("box.internal", other) == (every or other == port)
    assert allowed.trusts("evil.internal", port) == every
    assert not Allowed(PrivatePlan(networks=("0.0.0.0/0",))).trusts("a.example", port)


@given(
    st.sampled_from(["localhost", "local", "internal", "lan", "corp", "home.arpa", "1", "0x7f"]),
    st.from_regex(r"([a-z]{1,9}\.){0,3}", fullmatch=True),
    st.sampled_from(["", "."]),
)
def test_a_special_suffix_or_a_number_is_no_public_name(suffix, before, dot):
    assert is_local_name(before + suffix + dot)
    assert is_local_name((before + suffix).upper())


@pytest.mark.parametrize(
    "name", ["a.example", "x.arpa", "local.example", "b.xn--p1ai.", "a.b.onion"]
)
def test_other_names_may_be_public(name):
    assert not is_local_name(name)


@given(st.from_regex(r"[a-z0-9-]{0,9}", fullmatch=True))
def test_one_label_is_no_public_name(label):
    assert is_local_name(label)
