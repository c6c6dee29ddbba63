import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.config.names import wrong_field, wrong_item
from scraper.core.extract.naming import as_name, classes, is_stable, item_name, unique


@pytest.mark.parametrize(
    "name", ["quote", "product_pod", "price-color", "tagItem", "next", "book-list", "h2o", "tabs3"]
)
def test_class_with_a_meaning_is_stable(name):
    assert is_stable(name)


@pytest.mark.parametrize(
    "name",
    [
        "css-1x2y3z", "sc-bdVaJa", "Card_root__x7Yz2", "a1b2c3", "_3kq2x", "item-4711", "col-md-3",
        "mt-4", "row", "d-flex", "text-center", "active", "x", "sm:hidden", "a" * 60, "", "bAcDeF",
    ],
)  # fmt: skip
def test_class_of_a_build_or_a_grid_is_not(name):
    assert not is_stable(name)


def test_classes_are_told_once_in_their_order():
    assert classes("row quote big-quote quote") == ["quote", "big-quote"]
    assert classes(None) == []


def test_names_are_words_with_underscores():
    assert as_name("priceCurrency") == "price_currency"
    assert as_name(" Unit  price (EUR) ") == "unit_price_eur"
    assert as_name("2nd") == "nd"
    assert as_name("\u4ef7") == ""


def test_item_is_named_by_the_first_hint_that_can_be_a_name():
    assert item_name(["item", "x", "sqlite_a", "product"]) == "product"
    assert item_name([]) == "entry"


@given(st.text(), st.lists(st.text(), max_size=3))
def test_every_name_is_one_that_a_config_may_have(text, hints):
    name = as_name(text)
    assert not name or (wrong_field(name) is None and re.fullmatch(r"[a-z][a-z0-9_]*", name))
    assert wrong_item(item_name([text, *hints])) is None


@given(st.lists(st.sampled_from(["a", "b", "a_2", "a_3"])))
def test_unique_names_are_unique(names):
    taken = []
    for name in names:
        taken.append(unique(name, taken))
    assert len(set(taken)) == len(names)
