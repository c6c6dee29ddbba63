"""The client's side of SOCKS5: what it sends, and that any answer is an end or the next step."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.socks import SocksError, SocksRefusedError, handshake

PORT = st.integers(1, 65535)
HOSTS = st.one_of(
    st.from_regex(r"[a-z]{1,20}\.example", fullmatch=True), st.ip_addresses().map(str)
)
LOGINS = st.one_of(st.none(), st.tuples(st.text(min_size=1, max_size=20), st.just("sesame")))


def address(host: str) -> bytes:
    try:
        ip = ip_address(host)
    except ValueError:
        return bytes([3, len(host)]) + host.encode()
    return bytes([1 if ip.version == 4 else 4]) + ip.packed


def talk(answers: list[bytes], login=None, host="a.example", port=443) -> list[bytes]:
    """What is said when these answers come; each must be as long as was asked for."""
    steps, said = handshake(login, host=host, port=port), []
    try:
        step = next(steps)
        for answer in answers:
            assert len(answer) == step.read
            said.append(step.send)
            step = steps.send(answer)
    except StopIteration:
        return said
    raise AssertionError("the handshake goes on")


@given(LOGINS, HOSTS, PORT, st.sampled_from([(1, 3), (4, 15), (3, 7)]))
def test_a_connection_is_asked_for_and_no_byte_more_is_read(login, host, port, bound):
    kind, rest = bound
    answers = [b"\x05\x00", bytes([5, 0, 0, kind, 7]), bytes(rest + 2)]
    greeting, request, nothing = talk(answers, login, host, port)
    assert greeting == (b"\x05\x01\x00" if login is None else b"\x05\x02\x00\x02")
    assert request == b"\x05\x01\x00" + address(host) + port.to_bytes(2, "big")
    assert nothing == b""


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_the_login_is_sent_when_the_proxy_wants_it(user, password):
    answers = [b"\x05\x02", b"\x01\x00", b"\x05\x00\x00\x01\x00", bytes(5)]
    said = talk(answers, (user, password))
    name, word = user.encode(), password.encode()
    assert said[1] == bytes([1, len(name)]) + name + bytes([len(word)]) + word


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([b"\x04\x00"], "does not speak SOCKS5"),
        ([b"HT"], "does not speak SOCKS5"),
        ([b"\x05\xff"], "wants another way to log in"),
        ([b"\x05\x01"], "answer cannot be read"),
        ([b"\x05\x02", b"\x01\x01"], "does not accept the user and password"),
        ([b"\x05\x00", b"\x04\x00\x00\x01\x00"], "does not speak SOCKS5"),
        ([b"\x05\x00", b"\x05\x00\x00\x02\x00"], "answer cannot be read"),
    ],
)
def test_a_proxy_that_cannot_be_used(answers, words):
    with pytest.raises(SocksError, match=words) as caught:
        talk(answers, ("user", "sesame"))
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("method", [b"\x05\xff", b"\x05\x02"])
def test_a_login_that_nobody_has(method):
    words = "a user and password" if method == b"\x05\xff" else "answer cannot be read"
    with pytest.raises(SocksError, match=words):
        talk([method])


@given(st.integers(1, 255))
def test_a_refusal_is_about_the_host_not_the_proxy(reply):
    with pytest.raises(SocksRefusedError):
        talk([b"\x05\x00", bytes([5, reply, 0, 1, 0])])


@pytest.mark.parametrize("host", ["", "a" * 256])
def test_a_name_that_cannot_be_sent(host):
    with pytest.raises(SocksRefusedError, match="1 to 255 bytes"):
        talk([], host=host)


@given(LOGINS, st.binary(max_size=400))
def test_any_answer_is_an_end_or_another_step(login, answer):
    steps = handshake(login, host="a.example", port=80)
    try:
        step = next(steps)
        while len(answer) >= step.read:
            read, answer = answer[: step.read], answer[step.read :]
            step = steps.send(read)
    except (StopIteration, SocksError, SocksRefusedError):
        return
    assert step.read <= 257
