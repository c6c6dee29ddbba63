"""How many idle connections are kept."""

from hypothesis import given
from hypothesis import strategies as st

from scraper.fetch.connector import CONNECTIONS_A_HOST, MAX_KEPT_HOSTS, kept_hosts_of


@given(files=st.integers(1, 2**20), concurrency=st.integers(1, 1000))
def test_idle_connections_leave_half_of_the_files_to_others(files, concurrency):
    hosts = kept_hosts_of(files, concurrency)
    assert 1 <= hosts <= MAX_KEPT_HOSTS
    assert hosts == 1 or hosts * CONNECTIONS_A_HOST + concurrency <= files / 2


def test_no_limit_on_files_is_no_reason_to_keep_them_all():
    assert kept_hosts_of(-1, 100) == MAX_KEPT_HOSTS


def test_the_usual_limit_keeps_a_hundred_hosts():
    assert kept_hosts_of(1024, 100) == 103
