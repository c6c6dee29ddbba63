import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.report import items as items_module
from scraper.report.items import items
from tests.unit.report.database import Database


@pytest.fixture
def database():
    with Database() as made:
        made.run(cycle=1)
        yield made


def test_a_cycle_tells_new_changed_and_unchanged_apart(database):
    run = database.run(cycle=2)
    database.item({"n": "not seen any more"}, cycle=1)
    database.item({"n": 1}, cycle=2, first_cycle=2, run=run)
    database.item({"n": 2}, cycle=2, first_cycle=1, run=run, before={"n": 1})
    database.item({"n": 3}, cycle=2, first_cycle=1, run=run, before={"n": 3})
    database.item({"n": 4}, cycle=2, first_cycle=1, run=run, before={"n": 4})
    told = items(database.connection, 2)["book"]
    assert {name: told[name] for name in ("seen", "new", "changed", "unchanged", "gone")} == {
        "seen": 4,
        "new": 1,
        "changed": 1,
        "unchanged": 2,
        "gone": None,
    }


def test_fill_is_over_seen_and_rejected_items(database):
    database.item({"price": "1", "tags": ["a"], "title": ""})
    database.item({"price": None, "tags": [], "title": "x"})
    database.rejected(1, {"price": None, "tags": ["b"], "title": None})
    database.rejected(1, {"price": "3", "tags": [], "title": 0})
    told = items(database.connection, 1)["book"]
    assert told["filled"] == {"price": 0.5, "tags": 0.5, "title": 0.75}
    assert (told["seen"], told["rejected"]) == (2, 2)


values = st.none() | st.just([]) | st.integers() | st.text(max_size=3) | st.just([1])
books = st.lists(st.fixed_dictionaries({"a": values, "b": values}), max_size=12)


@given(books, books)
def test_fill_is_the_share_of_items_with_a_value(seen, rejected):
    with Database() as database:
        database.run()
        for item in seen:
            database.item(item)
        for item in rejected:
            database.rejected(1, item)
        told = items(database.connection, 1)
    everything = seen + rejected
    if not everything:
        assert told == {}
        return
    for name in "ab":
        found = [each[name] is not None and each[name] != [] for each in everything]
        assert told["book"]["filled"][name] == pytest.approx(sum(found) / len(found), abs=1e-6)


def test_all_runs_of_a_cycle_count_together(database):
    database.run(cycle=1)
    database.run(cycle=2)
    database.rejected(1, {"upc": None})
    database.rejected(2, {"upc": None})
    database.rejected(3, {"upc": None})
    database.visit(1, invalid='{"book": {"price": 2}}')
    database.visit(2, invalid='{"book": {"price": 1, "upc": 1}, "author": {"born": 4}}')
    database.visit(3, invalid='{"book": {"price": 99}}')
    told = items(database.connection, 1)
    assert told["book"]["rejected"] == 2
    assert told["book"]["invalid"] == {"price": 3, "upc": 1}
    assert told["author"]["invalid"] == {"born": 4}


def test_a_type_of_the_config_is_told_of_even_when_nothing_was_found(database):
    database.view(book=["title"])
    assert items(database.connection, 1)["book"]["seen"] == 0
    assert items(database.connection, 1)["book"]["filled"] == {}


def test_of_an_earlier_cycle_only_what_is_still_known_is_told(database):
    database.run(cycle=2)
    database.item({"n": 1}, cycle=2, first_cycle=1)
    database.rejected(1, {"n": None})
    assert items(database.connection, 1)["book"] == {
        "seen": None,
        "new": 1,
        "changed": None,
        "unchanged": None,
        "gone": None,
        "rejected": 1,
        "invalid": {},
        "filled": {},
    }


def test_many_items_are_read_in_steps(database, monkeypatch):
    monkeypatch.setattr(items_module, "STEP_ROWS", 3)
    for number in range(10):
        database.item({"n": number})
        database.rejected(1, {"n": None})
    told = items(database.connection, 1)["book"]
    assert (told["seen"], told["rejected"], told["filled"]) == (10, 10, {"n": 0.5})
