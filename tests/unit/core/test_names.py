"""Laws of a large set of names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core import names as module
from scraper.core.names import Names

steps = st.lists(st.tuples(st.booleans(), st.text(max_size=2)), max_size=60)


@pytest.mark.parametrize("exact", [0, 3, 4_096])
@given(steps=steps)
def test_it_is_a_set_however_many_there_are(exact, steps):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "EXACT", exact)
        names, model = Names(), set()
        for puts_in, name in steps:
            (names.add if puts_in else names.discard)(name)
            (model.add if puts_in else model.discard)(name)
            assert (name in names) == (name in model)
            assert len(names) == len(model)
        assert repr(names) == f"<Names {len(model)}>"
        assert all(name in names for name in model)
        assert not any(f"{name}+++" in names for name in model)
