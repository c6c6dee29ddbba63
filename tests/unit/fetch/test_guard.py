"""No socket is made for an address that is refused."""

import socket

import pytest

from scraper.core.plan import PrivatePlan
from scraper.fetch.exchange import CURRENT, Exchange
from scraper.fetch.guard import AddressInfo, Guard, PrivateAddressError


def info(ip: str, port: int = 80) -> AddressInfo:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    address = (ip, port, 0, 0) if ":" in ip else (ip, port)
    return (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)


@pytest.fixture
def exchange():
    exchange = Exchange(name="shop.example")
    token = CURRENT.set(exchange)
    yield exchange
    CURRENT.reset(token)


@pytest.mark.parametrize(
    "ip",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0", "::1", "::ffff:127.0.0.1", "fe80::1"],
)
def test_no_socket_for_an_address_that_is_not_public(exchange, ip):
    with pytest.raises(PrivateAddressError):
        Guard(PrivatePlan())(info(ip))
    assert not exchange.dialled
    assert len(exchange.refused) == 1


@pytest.mark.parametrize("ip", ["93.184.216.34", "2606:2800:220:1::1"])
def test_a_socket_for_a_public_address(exchange, ip):
    with Guard(PrivatePlan())(info(ip)) as sock:
        assert sock.family == (socket.AF_INET6 if ":" in ip else socket.AF_INET)
    assert exchange.dialled
    assert exchange.dialled_at > 0


@pytest.mark.parametrize("entry", ["shop.example:80", "127.0.0.1:80"])
def test_a_listed_name_or_address_is_let_through(exchange, entry):
    with Guard(PrivatePlan(hosts=frozenset({entry})))(info("127.0.0.1")):
        assert exchange.refused == []


@pytest.mark.parametrize("entry", ["other.example:80", "shop.example:81", "127.0.0.2:80"])
def test_another_name_or_port_is_not(exchange, entry):
    with pytest.raises(PrivateAddressError):
        Guard(PrivatePlan(hosts=frozenset({entry})))(info("127.0.0.1"))


def test_the_message_names_the_setting_and_what_to_write(exchange):
    with pytest.raises(PrivateAddressError) as caught:
        Guard(PrivatePlan())(info("127.0.0.1", 8080))
    assert str(caught.value) == (
        "shop.example resolves to 127.0.0.1:8080, a loopback address: "
        'add "127.0.0.1:8080" to fetch.private_addresses to allow it'
    )


def test_the_message_for_an_address_in_the_url(exchange):
    exchange.name = "::1"
    with pytest.raises(PrivateAddressError) as caught:
        Guard(PrivatePlan())(info("::1", 8080))
    assert str(caught.value).startswith('[::1]:8080 is a loopback address: add "[::1]:8080" to')
