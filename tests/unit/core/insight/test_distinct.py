from __future__ import annotations

import pytest

from scraper.core.insight.distinct import Distinct


@pytest.mark.parametrize("many", [0, 1, 300_000])
def test_names_are_counted_once_and_nearly_all_of_them(many: int):
    names = Distinct()
    for _ in range(2):
        for number in range(many):
            names.add(f"host{number}.example")
    assert len(names) == pytest.approx(many, rel=0.002)
    assert ("host0.example" in names) is bool(many)
    assert str(len(names)) in repr(names)


@pytest.mark.parametrize("many", [0, 200_000])
def test_some_more_are_counted_unless_they_were(many: int):
    names, more = (
        Distinct(),
        [f"host{number}.example" for number in range(many - 100, many + 1_900)],
    )
    for number in range(many):
        names.add(f"host{number}.example")
    before = len(names)
    assert names.together(more) == pytest.approx(before + len(more) - bool(many) * 100, abs=100)
    assert len(names) == before
