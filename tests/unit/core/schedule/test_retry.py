"""Laws of the retry: when, how often, and never twice what must not be."""

from datetime import UTC, datetime
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from scraper.core.model import Reason
from scraper.core.plan import RetryPlan
from scraper.core.schedule.retry import RETRYABLE, RetryPolicy, retry_after_s, retry_at

NOW = 1_800_000_000.0
chances = st.floats(0, 1, exclude_max=True)


@given(
    reason=st.sampled_from(sorted(RETRYABLE)),
    attempt=st.integers(1, 10),
    attempts=st.integers(1, 6),
    chance=chances,
    after=st.none() | st.floats(0, 300),
)
def test_retry_within_its_attempts_and_never_before_retry_after(
    reason, attempt, attempts, chance, after
):
    policy = RetryPolicy(RetryPlan(attempts, 1.0, 300.0))
    at = retry_at(
        reason, attempt=attempt, now=NOW, chance=chance, policy=policy, retry_after_s=after
    )
    if at is None:
        assert attempt >= attempts or reason in {Reason.PARSE_TIMEOUT, Reason.PARSE_CRASH}
    else:
        assert attempt < attempts
        assert NOW + (after or 0.0) <= at <= NOW + max(after or 0.0, 300.0)


@given(attempt=st.integers(1, 30), first=st.floats(0.01, 10), longest=st.floats(1, 600))
def test_the_wait_doubles_up_to_the_longest(attempt, first, longest):
    policy = RetryPolicy(RetryPlan(99, first, longest))
    wait = policy.wait_s(attempt)
    assert wait <= longest
    assert wait == min(first * 2 ** (attempt - 1), longest)


@given(st.sampled_from(["http_404", "http_301", Reason.TOO_LARGE, Reason.PRIVATE_ADDRESS]))
def test_what_is_permanent_is_not_tried_again(reason):
    policy = RetryPolicy(RetryPlan())
    assert retry_at(reason, attempt=1, now=NOW, chance=0.5, policy=policy) is None


@given(st.sampled_from(sorted(RETRYABLE)))
def test_what_may_not_be_repeated_is_tried_again_only_when_refused(reason):
    policy = RetryPolicy(RetryPlan())
    at = retry_at(reason, attempt=1, now=NOW, chance=0.5, policy=policy, repeatable=False)
    assert (at is not None) == (reason in {"http_429", "http_503"})


@given(st.integers(0, 10**30))
def test_retry_after_in_seconds_is_capped(seconds):
    expected = min(float(seconds), 300.0)
    assert retry_after_s(f" {seconds} ", now=NOW, longest_s=300.0) == expected


@given(st.integers(-(10**6), 10**6))
def test_retry_after_as_a_date_is_never_negative(offset):
    text = format_datetime(datetime.fromtimestamp(NOW + offset, UTC), usegmt=True)
    expected = min(max(float(offset), 0.0), 300.0)
    assert retry_after_s(text, now=NOW, longest_s=300.0) == expected


def test_of_several_retry_after_the_longest_counts():
    assert retry_after_s("7, 90,8", now=NOW, longest_s=300.0) == 90.0
    assert retry_after_s("7, soon", now=NOW, longest_s=300.0) is None


def test_retry_after_with_an_unknown_zone_is_utc():
    text = format_datetime(datetime.fromtimestamp(NOW + 60, UTC)).replace("+0000", "-0000")
    assert retry_after_s(text, now=NOW, longest_s=300.0) == 60.0


@given(st.none() | st.text(max_size=40))
def test_any_retry_after_is_read_or_ignored(text):
    seconds = retry_after_s(text, now=NOW, longest_s=300.0)
    assert seconds is None or 0 <= seconds <= 300
