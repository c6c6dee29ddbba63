from selectolax.lexbor import LexborHTMLParser

from scraper.core.extract.groups import find_groups
from scraper.core.extract.suggest_pairs import fields_between, find_pairs
from tests.unit.core.extract import practice


def pairs(page):
    parser = LexborHTMLParser(page)
    return [found for group in find_groups(parser) if (found := find_pairs(group, parser))]


def best(page):
    found = pairs(page)[0]
    return found.each, len(found.firsts), [one.written for one in fields_between(found)]


def test_rows_in_pairs_begin_with_those_that_bear_a_class():
    each, count, fields = best(practice.news())
    assert (each, count) == ("tr.story", 8)
    assert {"next": "td.subtext"} in fields
    assert {"next": "td:nth-child(2) b"} in fields


def test_rows_without_a_class_are_told_by_what_they_hold():
    assert best(practice.news(classes=False))[:2] == ("tr:has(a)", 8)
    marked = "".join(
        f"<tr><td>{n}</td><td>Story {n}</td></tr><tr><td colspan=2>{n} points</td></tr>"
        for n in range(5)
    )
    assert best(f"<table>{marked}</table>")[:2] == ("tr:not(:has(td[colspan]))", 5)


def test_a_selector_that_finds_more_elsewhere_is_not_shortened():
    page = practice.news(classes=False) + "<table><tr><td><a href=/x>x</a></table>"
    assert best(page)[:2] == (
        "body > table:nth-of-type(1) > tbody:nth-of-type(1) > tr:has(td):has(a)",
        8,
    )


def test_terms_go_with_what_stands_below_them():
    each, count, fields = best(practice.words())
    assert (each.rpartition(" ")[2], count) == ("dt", 6)
    assert fields[:2] == [{"next": "dd"}, {"next": "em"}]


def test_other_lists_are_no_pairs():
    coloured = "".join(
        f"<tr class=row_{'ab'[n % 2]}><td>{n}</td><td>name {n}</td></tr>" for n in range(8)
    )
    long = "".join(f"<p>{n}</p>" for n in range(8))
    chapters = "".join(f"<dt><i>{n}</i> <b>t</b></dt>{long}" for n in range(4))
    for page in (
        practice.quotes(),
        practice.books(),
        practice.table(),
        f"<table>{coloured}</table>",
        f"<dl>{chapters}</dl>",
    ):
        assert pairs(page) == [], page
