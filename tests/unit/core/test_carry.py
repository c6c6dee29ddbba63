"""What tells carries apart."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.core.carry import carry_hash

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)
carries = st.dictionaries(st.text(max_size=3), values, max_size=4)


@settings(deadline=None)
@given(carries, st.randoms(use_true_random=False))
def test_the_order_of_names_is_of_no_consequence(carry, random):
    names = list(carry)
    random.shuffle(names)
    assert carry_hash({name: carry[name] for name in names}) == carry_hash(carry)


@settings(deadline=None)
@given(carries, carries)
def test_other_values_have_another_hash(one, other):
    if repr(one) != repr(other) and sorted(one.items(), key=str) != sorted(other.items(), key=str):
        assert carry_hash(one) != carry_hash(other)


def test_nothing_has_no_hash_and_null_is_something():
    assert carry_hash({}) == ""
    assert len(carry_hash({"a": None})) == 16


def test_it_is_stored_and_stays_what_it_is():
    assert carry_hash({"text": "ü", "n": [1, None]}) == "cbae09f404395f59"
