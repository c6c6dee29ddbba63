from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from scraper.core.sketch import LEAST_WORDS, MOST_WORDS, SKETCH_BYTES, sketch

words = st.lists(st.binary(min_size=1, max_size=4).filter(lambda w: w.split() == [w]), max_size=200)


@given(words, st.sampled_from([b" ", b"\n\t", b"  "]))
def test_it_is_of_words_whatever_lies_between_them(words: list[bytes], space: bytes) -> None:
    found = sketch(b" ".join(words))
    assert found == sketch(space.join(words) + space)
    assert found is None if len(words) < LEAST_WORDS else len(found or b"") == SKETCH_BYTES


@given(words)
def test_the_beginning_of_a_long_text_counts(words: list[bytes]) -> None:
    long = words * (MOST_WORDS // max(len(words), 1) + 1)
    assert sketch(b" ".join([*long[:MOST_WORDS], b"more"])) == sketch(b" ".join(long[:MOST_WORDS]))


def test_texts_that_say_nearly_the_same_are_found_alike_and_others_are_not() -> None:
    chance = Random(1)
    vocabulary = [f"word{n}".encode() for n in range(2000)]

    def alike(changes: int) -> float:
        found = 0
        for _ in range(300):
            text = chance.choices(vocabulary, k=100)
            other = list(text)
            for place in chance.sample(range(100), changes):
                other[place] = chance.choice(vocabulary)
            found += sketch(b" ".join(text)) == sketch(b" ".join(other))
        return found / 300

    assert alike(1) > 0.7
    assert 0.3 < alike(4) < 0.7
    assert alike(60) == 0
