"""Laws of the seeds: all of them, soon, never all at once, and no bad line is fatal."""

import asyncio
import gzip
import io
import logging
import os
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from scraper import seeds as module
from scraper.core.errors import UsageError
from scraper.core.plan import SeedFile, SeedPlan, SeedRequest, SeedSitemap, UrlPlan
from scraper.core.seedlist import Seed
from scraper.core.sitemap import Entry, Listed
from scraper.core.urlrules import UrlRules
from scraper.seeds import AHEAD, BATCH, Seeds, check_lists, standard_input
from tests.fakes import FakeWriter

TICK = 0.001  # seconds in which a thread gets on


class Lines(io.RawIOBase):
    """A list that is made while it is read; knows how much of it was."""

    def __init__(self, count, line=b"http://a.example/%07d\n"):
        self._count = count
        self._line = line
        self._rest = b""
        self.read_lines = 0

    def readable(self):
        return True

    def readinto(self, buffer):
        while len(self._rest) < len(buffer) and self.read_lines < self._count:
            self._rest += self._line % self.read_lines
            self.read_lines += 1
        taken = self._rest[: len(buffer)]
        self._rest = self._rest[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


@pytest.fixture
def writer():
    return FakeWriter()


@pytest.fixture(autouse=True)
def no_thread_left():
    yield
    for thread in threading.enumerate():
        if thread.name == "seeds":
            thread.join(5)
            assert not thread.is_alive()


class FakeSitemaps:
    """Names pages, some at a time."""

    is_whole = True

    def __init__(self, *batches):
        self.batches = batches
        self.asked = []

    def figures(self):
        return {"sitemaps": len(self.batches), "missed": 0, "troubles": []}

    async def pages(self, origins):
        self.asked += origins
        for batch in self.batches:
            yield batch


class Heard(set):
    """The hosts that were told."""

    async def __call__(self, hostname):
        self.add(hostname)


def made(writer, *, stdin=None, named=None, sitemaps=None, **plan):
    return Seeds(
        SeedPlan(**plan),
        rules=UrlRules(UrlPlan()),
        writer=writer,
        named=Heard() if named is None else named,
        led=Heard(),
        stdin=stdin or io.BytesIO(),
        sitemaps=sitemaps or FakeSitemaps(),
    )


def stored(writer):
    return [request for batch in writer.batches for request in batch]


def urls(writer):
    return [request.url for request in stored(writer)]


async def until(condition, *, longest_s=5.0):
    async with asyncio.timeout(longest_s):
        while not condition():  # noqa: ASYNC110 - what a thread does sets no event
            await asyncio.sleep(TICK)


# What is a seed


async def test_urls_with_ranges_are_seeds(writer):
    hosts = Heard()
    seeds = made(writer, urls=("http://a.example/{1..3}#x", "HTTP://B.example"), named=hosts)
    await seeds.run()
    assert urls(writer) == [*(f"http://a.example/{n}" for n in (1, 2, 3)), "http://b.example/"]
    assert (seeds.read, seeds.new, seeds.bad) == (4, 4, 0)
    assert hosts == {"a.example", "b.example"}
    assert all(request.seed and request.depth == 0 for request in stored(writer))


async def test_what_is_known_already_is_read_and_not_new(writer):
    seeds = made(writer, urls=("http://a.example/{1..2}", "http://a.example/{1..3}"))
    await seeds.run()
    assert (seeds.read, seeds.new) == (5, 3)


async def test_requests_say_it_all(writer):
    hosts = Heard()
    request = SeedRequest("http://a.example/api", "post", (("X", "1"),), b"{}", "api")
    await made(writer, requests=(request,), named=hosts).run()
    (seed,) = writer.batches[0]
    assert (seed.method, seed.headers, seed.body, seed.page) == (
        "POST",
        (("X", "1"),),
        b"{}",
        "api",
    )
    assert seed.seed
    assert hosts == {"a.example"}


TEXT = "# list\nhttp://a.example/1\r\n\n  http://a.example/2\nhttp://a.example/é"
TABLE = 'name,url\r\n"one\nline",http://a.example/1\r\ntwo,http://a.example/2\r\n'


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("suffix", ["txt", "txt.gz"])
async def test_a_plain_list(writer, tmp_path, suffix, bom):
    path = tmp_path / f"seeds.{suffix}"
    data = bom + TEXT.encode()
    path.write_bytes(gzip.compress(data) if suffix.endswith("gz") else data)
    seeds = made(writer, files=(SeedFile(str(path), page="book"),))
    await seeds.run()
    assert urls(writer) == [f"http://a.example/{end}" for end in ("1", "2", "%C3%A9")]
    assert {request.page for request in stored(writer)} == {"book"}
    assert seeds.bad == 0


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
async def test_a_table_with_columns_to_carry(writer, tmp_path, suffix, bom):
    path = tmp_path / f"seeds.{suffix}"
    data = bom + TABLE.encode()
    path.write_bytes(gzip.compress(data) if suffix.endswith("gz") else data)
    await made(writer, files=(SeedFile(str(path), column="url", carry=("name",)),)).run()
    assert urls(writer) == ["http://a.example/1", "http://a.example/2"]
    assert [request.carry for request in stored(writer)] == [{"name": "one\nline"}, {"name": "two"}]


async def test_standard_input(writer):
    seeds = made(writer, files=(SeedFile("-"),), stdin=io.BytesIO(TEXT.encode()))
    await seeds.run()
    assert len(urls(writer)) == 3


async def test_all_sources_in_one_run(writer, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"http://{name}.example/")
    files = tuple(SeedFile(str(tmp_path / name)) for name in ("a", "b"))
    request = SeedRequest("http://r.example/")
    seeds = made(writer, urls=("http://u.example/",), files=files, requests=(request,))
    await seeds.run()
    assert sorted(urls(writer)) == [f"http://{name}.example/" for name in "abru"]


async def test_no_seeds_at_all(writer):
    await made(writer).run()
    assert writer.batches == []


# What is bad


async def test_a_bad_line_is_told_with_its_place_and_skipped(writer, tmp_path, caplog):
    path = tmp_path / "seeds.txt"
    path.write_bytes(
        b"http://a.example/1\nnot a URL\n\nftp://a.example/\n\xff\xfe\nhttp://a.example/2"
    )
    seeds = made(writer, files=(SeedFile(str(path)),))
    await seeds.run()
    assert urls(writer) == ["http://a.example/1", "http://a.example/2"]
    places = [record.getMessage().partition(": ")[0] for record in caplog.records]
    assert places == [f"{path}:{line}" for line in (2, 4, 5)]
    assert all(record.getMessage().endswith(": skipped") for record in caplog.records)
    assert all(record.levelno == logging.WARNING for record in caplog.records)
    assert (seeds.read, seeds.bad) == (2, 3)


async def test_a_bad_record_of_a_table_is_told_with_its_place(writer, tmp_path, caplog):
    path = tmp_path / "seeds.csv"
    path.write_text(
        'url,n\nhttp://a.example/1,"a\nb"\n,2\n"http://a.example/"x,3\nhttp://a.example/4\n'
    )
    await made(writer, files=(SeedFile(str(path), column="url"),)).run()
    assert urls(writer) == ["http://a.example/1", "http://a.example/4"]
    places = [record.getMessage().partition(": ")[0] for record in caplog.records]
    assert places == [f"{path}:{line}" for line in (4, 5)]


async def test_bad_urls_and_requests_of_the_config_are_told_with_their_place(writer, caplog):
    wanted = (SeedRequest("http://a.example/"), SeedRequest("mailto:x"))
    await made(writer, urls=("a.example/{1..2}",), requests=wanted).run()
    places = [record.getMessage().partition(": ")[0] for record in caplog.records]
    assert places == ["seeds.requests[2]", "seeds.urls", "seeds.urls"]
    assert urls(writer) == ["http://a.example/"]


async def test_many_bad_lines_are_told_one_by_one_to_a_bound_and_then_counted(
    writer, tmp_path, caplog
):
    path = tmp_path / "seeds.txt"
    path.write_text("a.example\n" * 1_000)
    await made(writer, files=(SeedFile(str(path)),)).run()
    assert len(caplog.records) == module.SHOWN + 1
    assert "1000 bad seeds" in caplog.records[-1].getMessage()


@pytest.mark.parametrize("source", ["urls", "files"])
async def test_bad_seeds_leave_the_loop_its_turns(writer, source):
    """However many there are: signals must be heard, pages fetched."""
    bad = 20_000
    stdin = io.BytesIO(b"a.example\n" * bad)
    plan = {"urls": (f"a.example/{{1..{bad}}}",)} if source == "urls" else {}
    seeds = made(writer, stdin=stdin, **plan, files=(SeedFile("-"),) * (source == "files"))
    steps = []
    task = asyncio.create_task(seeds.run())
    while not task.done():
        before = seeds.bad
        await asyncio.sleep(0)
        steps.append(seeds.bad - before)
    await task
    assert sum(steps) == bad
    assert max(steps) <= 2 * BATCH


# Lists that cannot be read


async def test_a_list_that_is_not_there_is_a_usage_error(writer, tmp_path):
    path = tmp_path / "missing.txt"
    with pytest.raises(UsageError, match=r"missing\.txt: the seed list cannot be opened: No such"):
        await made(writer, files=(SeedFile(str(path)),)).run()


def test_lists_are_opened_before_a_run_begins(tmp_path):
    (tmp_path / "there.gz").write_bytes(b"")
    check_lists(SeedPlan(files=(SeedFile("-"), SeedFile(str(tmp_path / "there.gz")))))
    with pytest.raises(UsageError, match="cannot be opened: Is a directory"):
        check_lists(SeedPlan(files=(SeedFile(str(tmp_path)),)))


async def test_a_table_without_the_column_is_a_usage_error_that_names_the_list(writer, tmp_path):
    path = tmp_path / "seeds.csv"
    path.write_text("URL,n\nhttp://a.example/,1\n")
    with pytest.raises(UsageError, match=r"seeds\.csv: .*no column 'url'.*URL, n"):
        await made(writer, files=(SeedFile(str(path), column="url"),)).run()


PACKED = gzip.compress(b"".join(b"http://a.example/%d\n" % (n * 7919) for n in range(5_000)))


@pytest.mark.parametrize(
    "data",
    [
        b"no gzip",
        PACKED[:-2_000],
        PACKED[:10] + b"\xff" * 20 + PACKED[30:],
        PACKED[:-8] + b"\0" * 8,
    ],
    ids=["other", "cut", "broken", "changed"],
)
async def test_a_broken_archive_is_a_usage_error_never_a_shorter_list(writer, tmp_path, data):
    path = tmp_path / "seeds.gz"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"seeds\.gz: the seed list cannot be read"):
        await made(writer, files=(SeedFile(str(path)),)).run()


async def test_a_bug_in_the_reader_is_no_end_of_the_list(writer, monkeypatch):
    def broken(lines):
        yield Seed(1, "http://a.example/")
        raise KeyError("a bug")

    monkeypatch.setattr(module, "read_lines", broken)
    with pytest.raises(KeyError, match="a bug"):
        await made(writer, files=(SeedFile("-"),)).run()


# Streaming


async def test_the_first_batches_are_small_and_the_rest_are_not(writer):
    await made(writer, files=(SeedFile("-"),), stdin=Lines(3_000)).run()
    sizes = [len(batch) for batch in writer.batches]
    assert sizes[0] <= BATCH // 10
    assert max(sizes) <= BATCH
    assert sum(sizes) == 3_000


async def test_a_long_list_is_never_in_memory_at_once(writer):
    """However slow the writer is, the reader waits for it."""
    lines = Lines(30_000)
    ahead = []

    async def slowly():
        await asyncio.sleep(0 if len(ahead) % 10 else TICK)
        ahead.append(lines.read_lines - sum(map(len, writer.batches)))

    writer.before_batch = slowly
    seeds = made(writer, files=(SeedFile("-"),), stdin=io.BufferedReader(lines))
    await seeds.run()
    assert seeds.new == 30_000
    assert max(ahead) <= AHEAD + 2 * BATCH + 1_000  # a thousand lines in buffers of the stream
    assert max(ahead) > BATCH  # it does read ahead


@pytest.mark.parametrize("column", [None, "url"])
async def test_what_a_stalled_pipe_gave_is_written_while_it_is_open(writer, column):
    reading, writing = os.pipe()
    header = b"url\n" if column else b""
    with closing(os.fdopen(writing, "wb", buffering=0)) as pipe:
        files = (SeedFile("-", column=column),)
        task = asyncio.create_task(made(writer, files=files, stdin=os.fdopen(reading, "rb")).run())
        pipe.write(header + b"http://a.example/1\nhttp://a.example/2\nhttp://a.ex")
        await until(lambda: len(urls(writer)) == 2)
        pipe.write(b"ample/3\n")
        await until(lambda: len(urls(writer)) == 3)
        assert not task.done()
    await task
    assert urls(writer) == [f"http://a.example/{n}" for n in (1, 2, 3)]


async def test_no_seed_waits_for_a_pipe_that_gives_nothing(writer, tmp_path):
    """Those of the config and of the lists before it are written first."""
    (tmp_path / "list").write_text("http://a.example/3")
    reading, writing = os.pipe()
    plan = {
        "requests": (SeedRequest("http://a.example/1"),),
        "urls": ("http://a.example/2",),
        "files": (SeedFile(str(tmp_path / "list")), SeedFile("-")),
    }
    seeds = made(writer, stdin=os.fdopen(reading, "rb"), **plan)
    with closing(os.fdopen(writing, "wb")):
        task = asyncio.create_task(seeds.run())
        await until(lambda: len(urls(writer)) == 3)
        assert not task.done()
    await task


# Leaving early


async def test_a_reader_that_is_not_wanted_any_more_ends_and_closes_its_list(writer):
    lines = Lines(10_000_000)
    task = asyncio.create_task(made(writer, files=(SeedFile("-"),), stdin=lines).run())
    await until(lambda: len(writer.batches) > 3)
    task.cancel()
    await asyncio.wait((task,))
    assert task.cancelled()
    await until(lambda: lines.closed)
    assert lines.read_lines < 10_000_000


async def test_a_reader_that_waits_for_room_ends_too(writer):
    lines = Lines(10_000_000)
    writer.before_batch = asyncio.Event().wait
    task = asyncio.create_task(made(writer, files=(SeedFile("-"),), stdin=lines).run())
    await until(lambda: lines.read_lines >= AHEAD)
    task.cancel()
    await asyncio.wait((task,))
    await until(lambda: lines.closed)


async def test_leaving_does_not_wait_for_a_pipe_that_gives_nothing(writer):
    reading, writing = os.pipe()
    stream = os.fdopen(reading, "rb")
    with closing(os.fdopen(writing, "wb")):
        task = asyncio.create_task(made(writer, files=(SeedFile("-"),), stdin=stream).run())
        await asyncio.sleep(TICK)
        task.cancel()
        async with asyncio.timeout(1):
            await asyncio.wait((task,))
    await until(lambda: stream.closed)


async def test_an_error_of_the_writer_ends_the_reader(writer):
    lines = Lines(10_000_000)

    async def fails():
        raise OSError("disk full")

    writer.before_batch = fails
    with pytest.raises(OSError, match="disk full"):
        await made(writer, files=(SeedFile("-"),), stdin=lines).run()
    await until(lambda: lines.closed)


def test_a_loop_that_is_gone_is_no_trouble_to_the_reader(writer):
    reading, writing = os.pipe()
    stream = os.fdopen(reading, "rb")

    async def main():
        task = asyncio.create_task(made(writer, files=(SeedFile("-"),), stdin=stream).run())
        await asyncio.sleep(TICK)
        task.cancel()

    with closing(os.fdopen(writing, "wb")) as pipe:
        asyncio.run(main())
        (reader,) = [thread for thread in threading.enumerate() if thread.name == "seeds"]
        pipe.write(b"http://a.example/\n")
    reader.join(5)
    assert stream.closed


# Standard input and pipes with a name


async def test_a_named_pipe_that_nobody_writes_to_holds_up_nothing(writer, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    plan = SeedPlan(urls=("http://a.example/1",), files=(SeedFile(str(pipe)),))
    check_lists(plan)
    task = asyncio.create_task(made(writer, urls=plan.urls, files=plan.files).run())
    await until(lambda: len(urls(writer)) == 1)
    await asyncio.to_thread(pipe.write_text, "http://a.example/2\n")
    await task
    assert urls(writer) == ["http://a.example/1", "http://a.example/2"]


def test_without_a_standard_input_there_are_no_seeds_in_it(monkeypatch):
    monkeypatch.setattr("sys.__stdin__", None)
    assert standard_input().read() == b""


WAITS = """
import asyncio, sys
from scraper.core.plan import SeedFile, SeedPlan, UrlPlan
from scraper.core.urlrules import UrlRules
from scraper.seeds import Seeds, standard_input

async def unheard(hostname):
    pass

class Writer:
    async def add_seeds(self, requests):
        reading.cancel()
        return 1

async def main():
    global reading
    plan = SeedPlan(files=(SeedFile("-"),))
    seeds = Seeds(
        plan, rules=UrlRules(UrlPlan()), writer=Writer(), named=unheard, led=unheard,
        stdin=standard_input(), sitemaps=None,
    )
    reading = asyncio.create_task(seeds.run())
    await asyncio.wait((reading,))

asyncio.run(main())
sys.exit(4)
"""


@pytest.mark.slow
def test_a_process_whose_standard_input_stalls_ends_with_its_own_status():
    """A thread that waits in `sys.stdin.buffer` makes the interpreter abort when it ends."""
    with subprocess.Popen(
        [sys.executable, "-c", WAITS], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdin.write(b"http://a.example/\n")
        process.stdin.flush()
        assert (process.wait(20), process.stderr.read()) == (4, b"")


# Sitemaps

NAMED = SeedSitemap("http://a.example/s.xml", "book")
LYING = SeedSitemap("http://b.example/s.xml", lastmod=False)


def listed(source, *entries):
    return [Listed(source.url, Entry(n, *entry, False), source) for n, entry in enumerate(entries)]


async def test_what_sitemaps_name_comes_last_and_bad_entries_are_told(writer, caplog):
    long = "http://a.example/" + "x" * 2031
    first = listed(NAMED, ("http://a.example/1#x", None), ("/relative", None), (long, None))
    second = listed(LYING, ("http://c.example/2", 9.0), ("http://a.example/3", None))
    hosts, led = Heard(), Heard()
    sitemaps = FakeSitemaps(first, second)
    seeds = Seeds(
        SeedPlan(urls=("http://d.example/",), sitemaps=(NAMED, LYING)),
        rules=UrlRules(UrlPlan(drop=("x",))),
        writer=writer,
        named=hosts,
        led=led,
        stdin=io.BytesIO(),
        sitemaps=sitemaps,
    )
    await seeds.run()
    assert urls(writer) == [
        "http://d.example/", "http://a.example/1", "http://c.example/2", "http://a.example/3",
    ]  # fmt: skip
    assert [request.page for request in stored(writer)] == [None, "book", None, None]
    assert (hosts, led) == ({"a.example", "d.example"}, {"c.example"})
    assert "http://a.example/s.xml:1: not a URL: '/relative': skipped" in caplog.text
    assert "http://a.example/s.xml:2: longer than 2,047 characters: skipped" in caplog.text
    assert writer.changed_by == {}
    assert sitemaps.asked == []  # nobody asked for those of robots.txt
    assert seeds.figures() == {
        "read": 4, "new": 4, "bad": 2, "sitemaps": 2, "listed": 3, "resting": 0, "missed": 0,
        "troubles": [],
    }  # fmt: skip


async def test_lastmod_goes_with_the_batch_it_belongs_to(writer):
    batch = listed(NAMED, ("http://a.example/1", 5.0), ("http://a.example/2", None))
    sitemaps = FakeSitemaps(batch, listed(NAMED, ("http://a.example/3", None)))
    plan = {"urls": ("http://b.example:81/x",), "sitemaps": (NAMED, SeedSitemap(None))}
    seeds = Seeds(
        SeedPlan(**plan),
        rules=UrlRules(UrlPlan()),
        writer=writer,
        named=Heard(),
        led=Heard(),
        stdin=io.BytesIO(),
        sitemaps=sitemaps,
    )
    await seeds.run()
    (key,) = [request.key for request in stored(writer) if request.url.endswith("/1")]
    assert writer.changed_by == {key: 5.0}
    assert (seeds.new, seeds.resting) == (4, 1)
    assert sitemaps.asked == ["http://b.example:81"]


async def test_seeds_are_taken_by_the_rules_of_urls(writer):
    plan = SeedPlan(
        urls=("http://a.example/?utm_a=1&b=2",),
        requests=(SeedRequest("http://a.example/api?b=2&utm_a=1&a=1"),),
    )
    rules = UrlRules(UrlPlan(drop=("utm_*",), sort_query=True))
    seeds = Seeds(
        plan,
        rules=rules,
        writer=writer,
        named=Heard(),
        led=Heard(),
        stdin=io.BytesIO(),
        sitemaps=FakeSitemaps(),
    )
    await seeds.run()
    assert urls(writer) == ["http://a.example/api?a=1&b=2", "http://a.example/?b=2"]
