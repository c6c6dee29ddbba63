from __future__ import annotations

import json

import pytest

from scraper.core.errors import UsageError
from scraper.core.extract.plan import FieldPlan, ItemPlan, PageRule
from scraper.core.model import Item
from scraper.store.items import record_items
from scraper.store.views import create_views, identifier, stored_kinds, view_columns
from tests.unit.store.tables import Tables
from tests.unit.store.test_visits import seeded


def rule(type_: str, *fields: FieldPlan) -> PageRule:
    return PageRule("page", items=(ItemPlan(type_, fields),))


def stored(data: dict[str, object], type_: str = "book") -> Tables:
    table = seeded("a")
    with table.change() as change:
        item = Item(type_, "K", json.dumps(data, ensure_ascii=False), 0)
        record_items(change, [(table.request("a"), (item,))])
    return table


BOOK = rule(
    "book",
    FieldPlan("title"),
    FieldPlan("price", type="decimal"),
    FieldPlan("pages", type="int"),
    FieldPlan("weight", type="float"),
    FieldPlan("sold", type="bool"),
    FieldPlan("tags", all=True, type="int"),
    FieldPlan("seller", fields=(FieldPlan("name"),)),
    FieldPlan("missing", type="int"),
)


def test_columns_are_typed() -> None:
    data = {
        "title": "Tea",
        "price": "12.50",
        "pages": 3,
        "weight": 2,
        "sold": True,
        "tags": [1, 2],
        "seller": {"name": "x"},
        "missing": None,
    }
    with stored(data) as tables:
        create_views(tables.db, (BOOK,))
        assert tables.rows(
            "SELECT title, price, pages, weight, sold, tags, seller, missing FROM book"
        ) == [("Tea", 12.5, 3, 2.0, 1, "[1,2]", '{"name":"x"}', None)]
        assert tables.rows("SELECT title FROM book WHERE price BETWEEN 12 AND 13 AND sold") == [
            ("Tea",)
        ]
        assert tables.rows("SELECT typeof(weight), typeof(price) FROM book") == [("real", "real")]


def test_every_view_says_where_and_when() -> None:
    with stored({}) as tables:
        create_views(tables.db, (rule("book"),))
        assert tables.rows("SELECT _url, _fetched_at, _run FROM book") == [
            ("https://shop.example/a", "1970-01-01T00:18:22Z", 1)
        ]


def test_two_rules_may_yield_one_type() -> None:
    pages = (
        rule("book", FieldPlan("a"), FieldPlan("b", type="int")),
        rule("book", FieldPlan("b"), FieldPlan("c")),
    )
    with stored({"a": "1", "b": "x", "c": "3"}) as tables:
        create_views(tables.db, pages)
        assert tables.rows("SELECT a, b, c FROM book") == [("1", "x", "3")]


def test_a_view_is_made_anew_when_its_fields_changed_only() -> None:
    with stored({"a": "1", "b": "2"}) as tables:
        create_views(tables.db, (rule("book", FieldPlan("a")),))
        (version,) = tables.rows("PRAGMA schema_version")
        create_views(tables.db, (rule("book", FieldPlan("a")),))
        assert tables.rows("PRAGMA schema_version") == [version]
        create_views(tables.db, (rule("Book", FieldPlan("b")),))
        create_views(tables.db, (rule("book", FieldPlan("b")),))
        assert tables.rows("SELECT b FROM book") == [("2",)]


@pytest.mark.parametrize("name", ["it's", "a b", "select", "ü", "x]y", "a.b", "$", "1"])
def test_names_are_quoted_never_trusted(name: str) -> None:
    with stored({name: "v"}, name) as tables:
        create_views(tables.db, (rule(name, FieldPlan(name)),))
        assert tables.rows(f"SELECT {identifier(name)} FROM {identifier(name)}") == [("v",)]


@pytest.mark.parametrize("name", ["", 'a"b', "a\\b", "a\nb", "a\x00b"])
def test_names_that_cannot_be_columns_are_refused(name: str) -> None:
    with Tables() as tables:
        with pytest.raises(UsageError):
            create_views(tables.db, (rule("book", FieldPlan(name)),))
        with pytest.raises(UsageError):
            create_views(tables.db, (rule(name, FieldPlan("a")),))


@pytest.mark.parametrize("name", ["request", "Visit", "item", "sqlite_x", "request_fresh"])
def test_a_type_may_not_be_named_like_a_table(name: str) -> None:
    with Tables() as tables, pytest.raises(UsageError, match=name):
        create_views(tables.db, (rule(name, FieldPlan("a")),))


@pytest.mark.parametrize("names", [("a", "A"), ("_url",), ("_Run",)])
def test_columns_may_not_differ_in_capitals_alone(names: tuple[str, ...]) -> None:
    with Tables() as tables, pytest.raises(UsageError, match="capitals"):
        create_views(tables.db, (rule("book", *(FieldPlan(name) for name in names)),))


def test_a_view_reads_the_items_of_its_type_by_index() -> None:
    with stored({"a": 1}) as tables:
        create_views(tables.db, (rule("book", FieldPlan("a")),))
        (step, *_) = tables.rows("EXPLAIN QUERY PLAN SELECT a FROM book")
        assert "SEARCH item USING INDEX" in str(step[3])


def test_a_column_of_several_sources_is_typed_where_they_agree() -> None:
    def ways(*types: str) -> tuple[FieldPlan, ...]:
        return tuple(FieldPlan("", css="i", type=one) for one in types)

    fields = (
        FieldPlan("agreed", any=ways("decimal", "decimal")),
        FieldPlan("split", any=ways("decimal", "text")),
        FieldPlan("said", any=ways("text"), type="int"),
    )
    assert view_columns([rule("x", *fields)]) == {
        "x": {"agreed": "REAL", "split": None, "said": "INTEGER"}
    }


def test_a_view_keeps_the_kinds_of_its_columns_for_exports() -> None:
    with Tables() as tables:
        create_views(tables.db, (BOOK, rule("plain", FieldPlan("a"))))
        assert stored_kinds(tables.db, "book") == {
            "price": "decimal",
            "pages": "int",
            "weight": "float",
            "sold": "bool",
            "tags": "json",
            "seller": "json",
            "missing": "int",
        }
        assert stored_kinds(tables.db, "plain") == stored_kinds(tables.db, "none") == {}
        tables.db.execute('CREATE VIEW "later" AS SELECT /* kinds {"a": "uuid"} */ 1 AS a')
        assert stored_kinds(tables.db, "later") == {}


def test_two_rules_that_differ_make_a_column_of_text() -> None:
    pages = (rule("book", FieldPlan("n", type="int")), rule("book", FieldPlan("n")))
    with Tables() as tables:
        create_views(tables.db, pages)
        assert stored_kinds(tables.db, "book") == {}


@pytest.mark.parametrize("name", ["*/ x", "} */", "a/*", "/* kinds {} */", "ü]", "'"])
def test_no_name_ends_the_comment_in_a_view(name: str) -> None:
    with stored({name: 1}, name) as tables:
        create_views(tables.db, (rule(name, FieldPlan(name, type="int")),))
        assert tables.rows(f"SELECT {identifier(name)} FROM {identifier(name)}") == [(1,)]
        assert stored_kinds(tables.db, name) in ({name: "int"}, {})
