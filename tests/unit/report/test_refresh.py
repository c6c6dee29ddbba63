"""What the report says of `refresh: auto`."""

from scraper.core.schedule.auto import DAY_S, Auto, Survey
from scraper.core.schedule.change import NOTHING, seen
from scraper.report.refresh import refresh, refresh_text
from scraper.store.surveying import write_schedules
from tests.unit.store.tables import Tables


def test_what_is_expected_stands_beside_as_many_visits_at_one_interval():
    often, never = Survey(None, Auto()), Survey("news", Auto())
    often.add(None, seen(20, 15 * DAY_S, 5 * DAY_S), 10)
    often.add(None, seen(0, 0.0, 60 * DAY_S), 90)
    never.add("news", NOTHING, 3)
    schedules = {each.owner: each for each in (often.schedule(), never.schedule())}
    with Tables() as tables:
        tables.run(cycle=1)
        assert refresh(tables.db, 1) == []
        write_schedules(tables.db, 1, schedules)
        told = refresh(tables.db, 1)
    first, second = told
    assert (first["rule"], first["pages"]) == (None, 100)
    assert first["planned"]["visits_per_day"] == first["alike"]["visits_per_day"] <= 100
    assert first["planned"]["age_s"] < first["alike"]["age_s"]
    assert second["planned"] == {"visits_per_day": 3.0, "fresh": None, "age_s": None}
    one, two = refresh_text(told)
    assert one.startswith("  refresh   ")
    assert "visits a day to 100 pages keep" in one
    assert two == (
        "  refresh   news: 3 visits a day to 3 pages, all alike: what changes is not known yet"
    )
    assert list(refresh_text(None)) == []
