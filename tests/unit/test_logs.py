import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.errors import LoginError
from scraper.logs import escape, hiding, setup

LOG = logging.getLogger("scraper.test_logs")


@pytest.fixture
def start():
    """Logs that are gone when the test is."""
    begun, levels = [], (logging.getLogger().level, logging.getLogger("scraper").level)

    def begin(**options):
        stream = io.StringIO()
        begun.append(setup(**{"format": "console", "verbosity": 0, "stream": stream} | options))
        return begun[-1], stream

    yield begin
    for logs in begun:
        logs.close()
    logging.getLogger().setLevel(levels[0])
    logging.getLogger("scraper").setLevel(levels[1])


def failed_with(message):
    error = ValueError(message)
    LOG.error("failed", exc_info=error)


@given(st.text(st.characters()))
def test_what_is_escaped_is_one_printable_line_that_utf8_can_write(text):
    safe = escape(text)
    assert len(safe.splitlines()) <= 1
    assert safe.encode("utf-8", "strict") is not None
    assert not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in safe)
    assert escape(safe) == safe


def test_ordinary_text_of_any_language_stays_as_it_is():
    assert escape("Prix: 12 € · 価格 · цена 🙂") == "Prix: 12 € · 価格 · цена 🙂"


def test_a_page_cannot_move_the_cursor_nor_forge_a_line(start):
    _, stream = start()
    LOG.warning("title=%s", "\x1b[2Jx\r\n12:00:00 error all is lost")
    assert stream.getvalue().count("\n") == 1
    assert "\\x1b[2Jx\\r\\n12:00:00" in stream.getvalue()


@pytest.mark.parametrize("written", ["console", "json"])
def test_secrets_are_written_nowhere(start, written):
    logs, stream = start(format=written)
    logs.hide(["hunter2", "hunter2-and-more", "x"])
    LOG.warning("x password=%s", "hunter2-and-more", extra={"given": "hunter2"})
    failed_with("wrong: hunter2")
    assert "hunter2" not in stream.getvalue()
    assert "and-more" not in stream.getvalue()
    assert "x password=***" in stream.getvalue()


def test_logins_in_urls_are_hidden(start):
    _, stream = start()
    LOG.warning("fetched %s", "http://me:secret@a.example/?q=a@b")
    assert "http://***@a.example/?q=a@b" in stream.getvalue()


def test_json_is_one_object_a_line_with_extra_keys(start):
    _, stream = start(format="json")
    LOG.info("progress", extra={"done": 3})
    told = json.loads(stream.getvalue())
    assert (told["event"], told["level"], told["done"]) == ("progress", "info", 3)
    assert told["timestamp"].endswith("Z")


def test_a_traceback_keeps_its_lines_on_a_terminal(start):
    _, stream = start()
    failed_with("bad\x1b[0m")
    lines = stream.getvalue().splitlines()
    assert lines[0].endswith("error   failed")
    assert lines[1] == "ValueError: bad\\x1b[0m"


@pytest.mark.parametrize(
    ("verbosity", "levels"),
    [(-2, "warning"), (-1, "warning"), (0, "info warning"), (1, "debug info warning")],
)
def test_verbosity_chooses_what_is_told(start, verbosity, levels):
    _, stream = start(verbosity=verbosity)
    LOG.debug("debug")
    LOG.info("info")
    LOG.warning("warning")
    logging.getLogger("elsewhere").info("never")
    assert " ".join(line.split()[-1] for line in stream.getvalue().splitlines()) == levels


def test_a_second_setup_replaces_the_first(start):
    _, first = start()
    _, second = start()
    LOG.warning("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


def test_without_a_stream_lines_go_to_standard_error_of_that_moment(start, capsys):
    start(stream=None, format=None)
    LOG.warning("here")
    assert "here" in capsys.readouterr().err


def test_refused_login_is_told_without_secrets():
    with pytest.raises(LoginError) as caught, hiding(["hush-hush", "abc"]):
        raise LoginError("http://u:p@hush-hush.example/\x1b abc")
    assert str(caught.value) == "http://***@***.example/\\x1b abc"
    with hiding(["hush-hush"]):
        pass
