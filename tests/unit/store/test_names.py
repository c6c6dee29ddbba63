"""Laws of a large set of names."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import StoreError
from scraper.store import names as module
from scraper.store.names import Names

steps = st.lists(st.tuples(st.booleans(), st.text("abc", max_size=2)), max_size=60)


@pytest.mark.parametrize("near", [1, 3, 1_000])
def test_it_is_a_set_however_many_there_are(near, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "NEAR", near)

    @given(steps=steps)
    def lives(steps):
        names, model = Names(tmp_path), set()
        for puts_in, name in steps:
            (names.add if puts_in else names.discard)(name)
            (model.add if puts_in else model.discard)(name)
            assert (name in names) == (name in model)
            assert len(names) == len(model)
            assert len(names._near) <= near
        assert all(name in names for name in model)
        assert not any(f"{name}+" in names for name in model)
        assert set(names) == model
        assert repr(names) == f"<Names {len(model)}>"

    lives()
    assert not list(tmp_path.iterdir())  # nothing is left of the file


def test_a_folder_that_takes_no_file_is_told(monkeypatch):
    monkeypatch.setattr(module, "NEAR", 1)
    names = Names(Path("/nowhere"))
    names.add("a.example")
    with pytest.raises(StoreError, match="/nowhere: no file can be made here"):
        names.add("b.example")
