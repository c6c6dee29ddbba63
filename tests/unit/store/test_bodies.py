from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.keeping import FAILED, NONE, ZSTD, is_success, wanted
from scraper.core.model import Page, PageResult, Rejected, Response, State
from scraper.packing import unpack
from scraper.store.bodies import Bodies
from scraper.store.evidence import Evidence
from scraper.store.links import Limits, Links
from scraper.store.pairs import Pairs
from scraper.store.visits import Entry, Visits
from tests.unit.store.tables import Tables, link

REJECTED = Page(rejected=(Rejected("book", "title", "missing", 0, "{}"),))
KEPT = (
    "SELECT url, status, kept_page.headers, bytes, packed_bytes, zstd FROM kept_page "
    "JOIN kept_body USING (request_id) JOIN request ON id = request_id"
)


class Shelf(Tables):
    """Tables whose writer keeps bodies."""

    def __init__(self, mode: str = ZSTD) -> None:
        super().__init__()
        self.mode = mode
        self.bodies = Bodies()
        self.bodies.is_on = True
        limits = Limits()
        self.links = Links(limits)
        self.visits = Visits(self.links, limits, Pairs(), Evidence(), self.bodies)
        self.run(cycle=1)
        with self.change() as change:
            self.links.record_seeds(change, [link(path, seed=True) for path in "ab"])

    def result(self, path: str, kind: str, body: bytes = b"") -> PageResult:
        request = self.request(path)
        status = {"404": 404, "304": 304, "timeout": None}.get(kind, 200)
        state, reason = State.DONE, None
        if kind in ("404", "timeout", "invalid_page"):
            state, reason = State.FAILED, kind
        page = REJECTED if kind == "rejected" else Page()
        rule = None if kind in ("404", "timeout", "unmatched") else "book"
        result = PageResult(request, state, reason, status=status, rule=rule, page=page)
        if status is None or status == 304 or self.mode == NONE:
            return result
        secret = {"set-cookie": "id=1", "content-type": "text/html"}
        answer = Response(request.url, status, secret, body)
        if not wanted(self.mode, result, answer):
            return result
        return PageResult(
            request, state, reason, status=status, rule=rule, page=page, answer=answer
        )

    def visit(self, *results: PageResult) -> None:
        with self.change() as change:
            self.visits.record(change, [Entry(each, None) for each in results], monotonic=0.0)

    def kept(self) -> dict[str, tuple[int, bytes]]:
        found = {}
        for url, status, headers, size, packed_size, packed in self.rows(KEPT):
            assert json.loads(headers) == {"content-type": "text/html"}
            assert len(packed) == packed_size
            found[url[-1]] = (status, unpack(packed, size))
        return found


kinds = st.sampled_from(["well", "rejected", "invalid_page", "404", "304", "timeout", "unmatched"])
visits = st.tuples(st.sampled_from("ab"), kinds, st.sampled_from([b"", b"one", b"two" * 500]))


@given(st.sampled_from([NONE, FAILED, ZSTD]), st.lists(st.lists(visits, max_size=3), max_size=6))
def test_the_latest_page_is_kept_and_nothing_that_is_outdated(mode, batches):
    with Shelf(mode) as shelf:
        for batch in batches:
            shelf.visit(*(shelf.result(*each) for each in batch))
        model: dict[str, tuple[int, bytes]] = {}
        for path, kind, body in (each for batch in batches for each in batch):
            well = kind in ("well", "rejected", "invalid_page", "unmatched")
            evidence = kind in ("rejected", "invalid_page")
            if well and (mode == ZSTD or (mode == FAILED and evidence)) and kind != "unmatched":
                model[path] = (200, body)
            elif well:
                model.pop(path, None)
            elif kind == "404" and mode != NONE and body:
                good = path in model and is_success(model[path][0])
                model[path] = model[path] if good else (404, body)
        assert shelf.kept() == model
        assert shelf.rows("SELECT count(*) FROM kept_page") == shelf.rows(
            "SELECT count(*) FROM kept_body"
        )


def test_the_same_body_is_not_written_again_but_its_visit_is():
    with Shelf() as shelf:
        shelf.visit(shelf.result("a", "well", b"one"))
        shelf.run(cycle=2)
        written: list[str] = []
        shelf.db.set_trace_callback(written.append)
        shelf.visit(shelf.result("a", "well", b"one"))
        shelf.db.set_trace_callback(None)
        assert not [sql for sql in written if "kept_body" in sql]
        assert shelf.rows("SELECT run_id, cycle FROM kept_page") == [(2, 2)]


def test_what_is_kept_of_an_earlier_run_is_dropped_when_nothing_is_kept_any_more():
    with Shelf() as shelf:
        shelf.visit(shelf.result("a", "well", b"one"), shelf.result("b", "well", b"two"))
        shelf.mode = NONE
        shelf.visit(shelf.result("a", "well", b"newer"), shelf.result("b", "timeout"))
        assert shelf.kept() == {"b": (200, b"two")}


@pytest.mark.parametrize("is_on", [False, True])
def test_nothing_is_asked_of_the_tables_unless_bodies_are_kept(is_on: bool):
    with Shelf(NONE) as shelf:
        shelf.bodies.is_on = is_on
        asked: list[str] = []
        shelf.db.set_trace_callback(asked.append)
        shelf.visit(shelf.result("a", "well", b"one"))
        shelf.db.set_trace_callback(None)
        assert bool([sql for sql in asked if "kept" in sql]) is is_on
