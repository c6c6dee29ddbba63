from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.packing import pack, unpack


@given(st.binary(max_size=2000), st.integers(0, 3))
@settings(deadline=None)
def test_a_body_comes_back_as_it_was(body: bytes, times: int):
    whole = body * 10**times
    assert unpack(pack(whole), len(whole)) == whole


@given(st.binary(max_size=300), st.binary(max_size=300), st.integers(0, 300))
@settings(deadline=None)
def test_a_damaged_body_is_an_error_of_value_or_the_same(body: bytes, other: bytes, size: int):
    packed = pack(body)
    for damaged in (other, packed[: size % (len(packed) + 1)], packed[:-1] + other):
        try:
            found = unpack(damaged, size)
        except ValueError:
            continue
        assert len(found) == size


def test_a_bomb_is_not_unpacked():
    with pytest.raises(ValueError, match="its length is not what it was"):
        unpack(pack(bytes(50_000_000)), 1000)
    with pytest.raises(ValueError, match="the kept body is damaged"):
        unpack(b"\x28\xb5\x2f\xfdgarbage", 10)
