"""What `scraper new` writes is a config that loads, whatever the page was."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scraper.config import load
from scraper.core.errors import UsageError
from scraper.core.extract import Extractor, Source
from scraper.core.plan import FetchPlan
from scraper.trial.draft import TEMPLATE, scalar
from scraper.trial.new import new_from_body, reaching
from tests.unit.core.extract import practice

URL = "https://shop.example/list/page-1.html"


def loaded(text: str, folder: Path):
    path = folder / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, env={})


def test_template_is_right(tmp_path: Path):
    assert loaded(TEMPLATE, tmp_path).warnings == ()


@pytest.mark.parametrize(
    "page", [practice.quotes(), practice.books(), practice.table(), practice.PRODUCT, "", "[{}]"]
)
def test_practice_pages_give_right_configs(tmp_path: Path, page: str):
    found = loaded(new_from_body(page.encode(), "page.html", URL), tmp_path)
    assert found.config.seeds.urls == (URL,)
    assert not [line for line in found.warnings if "reached" in line]


NEWS_URL = "https://shop.example/list"
API = json.dumps({"items": [{"id": n} for n in range(3)], "page": 1, "has_more": True})


@pytest.mark.parametrize(
    ("page", "rows", "fields", "links"),
    [
        (practice.news(), 8, {"subtext": "7 points by user1"}, [f"{NEWS_URL}?p=2"]),
        (practice.news(classes=False), 8, {"column_2_2": "7 points by user1"}, []),
        (practice.words(), 6, {"text": "It means thing 0."}, []),
        (API, 3, {"id": 0}, [f"{NEWS_URL}?page=2"]),
    ],
)
def test_a_proposal_gives_the_rows_and_leads_on(tmp_path: Path, page, rows, fields, links):
    config = loaded(new_from_body(page.encode(), "page.html", NEWS_URL), tmp_path)
    rule = config.plan.pages[0]
    found = Extractor(rule)(page.encode(), Source(NEWS_URL, NEWS_URL))
    data = [json.loads(item.data) for item in found.items]
    assert len(data) == rows
    assert {name: data[0].get(name) for name in fields} == fields
    assert [link.url for link in found.links if link.page == "listing"] == links


def test_reasons_stand_beside_what_is_proposed():
    text = new_from_body(practice.books().encode(), "page.html", URL)
    for line in (
        '    match: ["/list/page-*.html"]  # the pages of this list, by their path',
        "      # 20 elements alike.",
        '        each: "article.product_pod"',
        '          title: "h3 a @title"  # 20 of 20, as "The long title of book 0"',
        '      - {css: "li.next a", page: listing}',
    ):
        assert line in text.splitlines(), text


def test_file_without_a_url_says_what_to_change():
    assert "# change this" in new_from_body(b"<h1>x</h1>", "page.html", None)


hostile = st.text(
    alphabet="<>/= \"'${}#:@*&!\\\n\t\x1b\u202e\u2028\x85uldivtrp1classhref", max_size=120
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200) | hostile.map(lambda text: (text * 4).encode()), hostile)
def test_config_loads_whatever_the_page_is(tmp_path: Path, body: bytes, shown: str):
    text = new_from_body(body, shown, f"{URL}?q={{1..3}}${{HOME}}")
    assert "\x1b" not in text
    assert loaded(text, tmp_path).config.pages


@given(st.text())
def test_a_scalar_is_the_text_again(text: str):
    read = yaml.compose(f"a: {scalar(text)}", yaml.CSafeLoader).value[0][1].value
    assert read.replace("$${", "${") == text.replace("$${", "${")


def test_only_a_host_near_by_that_is_named_may_be_reached():
    plan = FetchPlan("x")
    assert reaching(plan, "http://127.0.0.1:8/x").private.hosts == {"127.0.0.1:8"}
    assert reaching(plan, "http://localhost/").private.hosts == {"localhost:80"}
    assert reaching(plan, "http://shop.example/") == plan
    assert reaching(plan, "http://169.254.169.254/") == plan
    with pytest.raises(UsageError):
        reaching(plan, "http://[")
