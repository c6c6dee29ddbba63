import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.config.units import say_seconds, say_size, seconds, size


@given(st.integers(0, 10**9))
def test_duration_that_is_written_is_read_back(milliseconds: int) -> None:
    assert round(seconds(say_seconds(milliseconds / 1000)) * 1000) == milliseconds


@given(st.integers(0, 10**14))
def test_size_that_is_written_is_read_back(count: int) -> None:
    assert size(say_size(count)) == count


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("250ms", 0.25),
        ("30s", 30),
        ("5m", 300),
        ("2h", 7200),
        ("1d", 86400),
        ("1.5s", 1.5),
        ("0", 0),
    ],
)
def test_durations(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("64KiB", 65536), ("10MiB", 10485760), ("2MB", 2_000_000), ("5kb", 5000), ("1.5GiB", 3 << 29),
     ("100B", 100), ("0", 0)],
)  # fmt: skip
def test_sizes(text: str, value: int) -> None:
    assert size(text) == value


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (seconds, size):
        try:
            assert read(text) >= 0
        except ValueError:
            continue


@pytest.mark.parametrize("text", ["", "5", "s", "1 year", "1s2", "-1s", "1e3s", "٣s", "1M"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a duration such as 250ms"):
        seconds(text)


def test_seconds_are_said_with_the_largest_whole_unit() -> None:
    said = [say_seconds(value) for value in (0, 0.25, 1.5, 60, 90, 3600, 86400, 172800)]
    assert said == ["0s", "250ms", "1500ms", "1m", "90s", "1h", "1d", "2d"]
