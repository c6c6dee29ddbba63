"""JSON-LD as pages write it: by type, wherever it stands, whatever is broken beside it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import SelectorError
from scraper.core.extract.jsonld import split_type, things

PRODUCT = {"@type": "Product", "sku": "1"}


def found(*blocks: object) -> dict[str, list[object]]:
    return things(one if isinstance(one, str) else json.dumps(one) for one in blocks)


@pytest.mark.parametrize(
    "block",
    [
        PRODUCT,
        [PRODUCT],
        [[PRODUCT], "text", 1, None],
        {"@context": "https://schema.org", "@graph": [PRODUCT]},
        {"@graph": PRODUCT},
        {"@type": "WebPage", "mainEntity": PRODUCT},
        {"@type": "WebPage", "about": [{"deep": {"deeper": PRODUCT}}]},
        f"<!-- {json.dumps(PRODUCT)} -->",
        f"//<![CDATA[\n{json.dumps(PRODUCT)}\n//]]>",
        f"// <![CDATA[\n{json.dumps(PRODUCT)}\n// ]]>",
        f"/*<![CDATA[*/ {json.dumps(PRODUCT)} /* ]]> */",
        f"\ufeff {json.dumps(PRODUCT)}",
    ],
)
def test_a_product_is_found_wherever_it_stands(block):
    assert found(block)["Product"] == [PRODUCT]


@pytest.mark.parametrize(
    "written",
    ["Product", ["Thing", "Product"], "https://schema.org/Product", "schema:Product", "x#Product"],
)
def test_a_type_is_its_last_name_alone_or_in_a_list(written):
    assert list(found({"@type": written}))[-1] == "Product"
    assert len(found({"@type": [*([written] * 2)]} if isinstance(written, str) else PRODUCT)) == 1


def test_what_stands_higher_comes_first_then_the_order_of_the_page():
    low, second = {"@type": "Product", "sku": "low"}, {"@type": "Product", "sku": "2"}
    third = {"@type": "Product", "sku": "3"}
    blocks = [{"@type": "WebPage", "offers": low}, PRODUCT, {"@graph": [second, [third]]}]
    assert [one["sku"] for one in found(*blocks)["Product"]] == ["1", "2", "3", "low"]


def test_a_broken_block_is_skipped_and_hostile_ones_cost_nothing():
    deep = "[" * 100_000
    graphs = '{"@graph":' * 500 + "1" + "}" * 500
    huge = '{"@type": "Huge", "n": ' + "9" * 100_000 + ', "f": 1e999, "x": NaN}'
    made = found("{broken", "", deep, graphs, huge, PRODUCT)
    assert made == {"Huge": [{"@type": "Huge", "n": None, "f": None, "x": None}],
                    "Product": [PRODUCT]}  # fmt: skip


def test_a_context_holds_no_objects():
    assert found({"@context": {"@type": "@id"}, "@type": 5}) == {}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Product.sku", ("Product", "sku")),
        (" Product.offers[0].price | to_string(@) ", ("Product", "offers[0].price | to_string(@)")),
        ('Product."@id"', ("Product", '"@id"')),
        ("Product", ("Product", "@")),
    ],
)
def test_a_type_and_the_path_inside_it(text, parts):
    assert split_type(text) == parts


@pytest.mark.parametrize("text", ["", ".sku", "Product.", "Product[0]", "1.x", "@graph"])
def test_what_is_no_type_and_path(text):
    with pytest.raises(SelectorError, match=r"write Product\.sku"):
        split_type(text)


json_values = st.recursive(
    st.none() | st.integers() | st.text(max_size=4) | st.sampled_from(["Product", "a:b", "#"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["@type", "@graph", "a", "b"]), inner)
    ),
    max_leaves=12,
)


@given(st.lists(json_values.map(json.dumps) | st.text(max_size=20), max_size=4))
def test_any_blocks_give_objects_of_the_types_they_are_filed_under(blocks):
    made = things(blocks)
    assert made == things(blocks)
    for name, objects in made.items():
        assert objects
        assert all(name in str(one["@type"]) or not name.isprintable() for one in objects)
