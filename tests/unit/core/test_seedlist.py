"""Laws of seed lists: any text gives records, each with the line it stands on."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.core.seedlist import LONGEST, BadLine, Seed, read_csv, read_lines

texts = st.text(st.characters(codec="utf-8"), max_size=60)
csv_texts = st.text('ab,"\n\r \x00#\ufeff', max_size=60)
cells = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
urls = st.from_regex(r"http://a\.example/[a-z\"',]{0,5}", fullmatch=True)


def lines(text: str):
    """As a file gives them: line ends kept."""
    return io.StringIO(text, newline="")


def table(text: str, column: str = "url", carry: tuple[str, ...] = ()):
    return list(read_csv(lines(text), column=column, carry=carry))


# Plain lists


@given(texts)
def test_any_text_is_a_plain_list(text):
    physical = list(lines(text))
    for record in read_lines(lines(text)):
        assert isinstance(record, Seed)
        assert record.url
        assert physical[record.line - 1].strip().startswith(record.url)
        assert not record.url.startswith("#")


def test_a_comment_may_follow_a_url_and_a_fragment_is_none():
    text = "http://a.example/1  # one\nhttp://a.example/2\t#\nhttp://a.example/#3 x\n #4"
    urls_read = [record.url for record in read_lines(lines(text))]
    assert urls_read == ["http://a.example/1", "http://a.example/2", "http://a.example/#3 x"]


@given(st.lists(st.sampled_from(["http://a.example/1", "x y", "", "  ", "# note", "  #", "a#b"])))
def test_each_line_but_empty_ones_and_comments_is_a_record(written):
    expected = [
        (number, line)
        for number, line in enumerate(written, 1)
        if line.strip() and not line.strip().startswith("#")
    ]
    found = read_lines(f" {line}\t\r\n" for line in written)
    assert [(seed.line, seed.url) for seed in found] == expected


def test_a_line_too_long_for_a_url_is_bad_and_the_next_is_read():
    text = f"{'x' * LONGEST}\n{'x' * (LONGEST + 1)}\nhttp://a.example/\n"
    longest, longer, after = read_lines(lines(text))
    assert isinstance(longest, Seed)
    assert longer == BadLine(2, f"longer than {LONGEST} characters")
    assert after == Seed(3, "http://a.example/")


def test_a_plain_list_is_read_line_by_line():
    given_out = []

    def endless():
        while True:
            given_out.append("http://a.example/\n")
            yield given_out[-1]

    records = read_lines(endless())
    assert next(records).line == 1
    assert next(records).line == 2
    assert len(given_out) == 2


# CSV lists


@given(texts | csv_texts)
def test_any_text_after_a_header_is_records_on_growing_lines(text):
    written = "url,n\n" + text
    count = sum(1 for _ in lines(written))
    last = 1
    for record in table(written, carry=("n",)):
        assert isinstance(record, Seed | BadLine)
        assert last < record.line <= count
        last = record.line


@given(texts | csv_texts)
def test_any_header_has_the_column_or_is_a_value_error(text):
    try:
        records = table(text, column="a")
    except ValueError as error:
        assert str(error)  # noqa: PT017 - both ways are right
    else:
        assert all(isinstance(record, Seed | BadLine) for record in records)


@given(st.lists(st.tuples(urls, cells, cells), max_size=8), st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_written_table_is_read_back_with_the_line_each_record_begins_on(rows, end):
    """Quoted line ends, commas and quotes too."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["name", "url", "more"])
    expected = []
    for url, name, more in rows:
        line = sum(1 for _ in lines(out.getvalue())) + 1
        expected.append(Seed(line, url, {"more": more, "name": name}))
        writer.writerow([name, url, more])
    assert table(out.getvalue(), carry=("more", "name")) == expected


@pytest.mark.parametrize(
    ("column", "carry", "missing"), [("URL", (), "URL"), ("url", ("n", "price"), "price")]
)
def test_a_missing_column_is_named_with_those_there_are(column, carry, missing):
    with pytest.raises(ValueError, match=rf"no column '{missing}'.*url, n"):
        table("url,n\nhttp://a.example/,1\n", column=column, carry=carry)


def test_an_empty_list_has_no_column():
    with pytest.raises(ValueError, match="no column"):
        table("")


def test_a_header_that_is_no_csv_is_a_value_error():
    with pytest.raises(ValueError, match=r"header.* not readable as CSV"):
        table(f"{'x' * 200_000}\nhttp://a.example/\n")


def test_rows_may_be_short_long_or_blank():
    rows = ["1,http://a.example/1", "2", "", "3,http://a.example/3,more", ",", " ,  "]
    rows.append("4, http://a.example/4 ")
    assert table("\n".join(["n,url", *rows]), carry=("n",)) == [
        Seed(2, "http://a.example/1", {"n": "1"}),
        BadLine(3, "the column 'url' is empty"),
        Seed(5, "http://a.example/3", {"n": "3"}),
        BadLine(6, "the column 'url' is empty"),
        BadLine(7, "the column 'url' is empty"),
        Seed(8, "http://a.example/4", {"n": "4"}),
    ]


def test_a_short_row_carries_null():
    assert table("url,n\nhttp://a.example/\n", carry=("n",)) == [
        Seed(2, "http://a.example/", {"n": None})
    ]


@pytest.mark.parametrize("bad", ['"http://a.example/1"x', '"' + "x" * 200_000 + '"'])
def test_a_record_that_is_no_csv_does_not_end_the_list(bad):
    first, second, third = table(f"url\nhttp://a.example/0\n{bad}\nhttp://a.example/2\n")
    assert first == Seed(2, "http://a.example/0")
    assert isinstance(second, BadLine)
    assert second.line == 3
    assert "not readable as CSV" in second.why
    assert third == Seed(4, "http://a.example/2")


def test_a_quote_that_is_never_closed_is_told_with_the_lines_it_takes():
    """It hides every line behind it: that must not pass in silence."""
    text = 'url,n\nhttp://a.example/1,x\nhttp://a.example/2,"x\n' + "http://a.example/,y\n" * 50
    first, second = table(text, carry=("n",))
    assert first == Seed(2, "http://a.example/1", {"n": "x"})
    assert isinstance(second, BadLine)
    assert second.line == 3
    assert "to line 53" in second.why


def test_a_url_with_a_line_end_in_it_is_bad():
    """URL parsers drop line ends: two lines between quotes would become one strange URL."""
    text = 'url\n"http://a.example/1\nhttp://a.example/2"\n"\nhttp://a.example/3\n"\n'
    first, second = table(text)
    assert isinstance(first, BadLine)
    assert (first.line, first.why) == (2, "the column 'url' has a line end in it")
    assert second == Seed(4, "http://a.example/3")


def test_a_cell_too_long_for_a_url_is_bad():
    text = f"url\n{'x' * (LONGEST + 1)}\nhttp://a.example/\n"
    assert table(text) == [
        BadLine(2, f"longer than {LONGEST} characters"),
        Seed(3, "http://a.example/"),
    ]


def test_a_table_is_read_line_by_line():
    given_out = []

    def endless():
        yield "url\n"
        while True:
            given_out.append("http://a.example/\n")
            yield given_out[-1]

    records = read_csv(endless(), column="url", carry=())
    assert [next(records).line, next(records).line] == [2, 3]
    assert len(given_out) == 2
