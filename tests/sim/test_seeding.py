"""Randomness: same seed, same numbers; every purpose apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.seeding import Stream, derive_seed, stream

FIRST_ROADS = [2843493045, 2908538353, 1515234240]
FIRST_DERIVED = 1328479793581247105

seeds = st.integers(0, 2**63 - 1)


@given(seeds, st.sampled_from(Stream), st.integers(0, 1000))
def test_the_same_seed_purpose_and_index_give_the_same_numbers(seed: int, purpose: Stream, index: int):
    one, two = stream(seed, purpose, index), stream(seed, purpose, index)
    assert one.integers(0, 1 << 60, 8).tolist() == two.integers(0, 1 << 60, 8).tolist()
    assert derive_seed(seed, purpose, index) == derive_seed(seed, purpose, index)


@given(seeds)
def test_every_purpose_has_numbers_of_its_own(seed: int):
    firsts = [int(stream(seed, purpose).integers(0, 1 << 60)) for purpose in Stream]
    assert len(set(firsts)) == len(firsts)


@given(seeds, st.sampled_from(Stream))
def test_every_item_of_a_purpose_has_numbers_of_its_own(seed: int, purpose: Stream):
    firsts = [int(stream(seed, purpose, index).integers(0, 1 << 60)) for index in range(20)]
    assert len(set(firsts)) == len(firsts)


def test_drawing_more_for_one_purpose_shifts_no_other():
    signs = stream(7, Stream.SIGNS)
    roads = stream(7, Stream.ROADS)
    roads.random(1000)
    assert signs.random() == stream(7, Stream.SIGNS).random()


def test_the_numbers_of_the_streams_are_fixed_for_ever():
    numbers = [purpose.value for purpose in Stream]
    assert numbers == sorted(set(numbers))
    assert numbers[:15] == list(range(15))
    assert [Stream.SCENERY, Stream.ROADS, Stream.SIGNS, Stream.ACTORS] == [0, 1, 2, 3]


def test_the_first_numbers_of_a_stream_are_what_they_have_always_been():
    assert stream(0, Stream.ROADS).integers(0, 1 << 32, 3).tolist() == FIRST_ROADS
    assert derive_seed(0, Stream.ROADS, 1) == FIRST_DERIVED


@given(seeds, st.integers(0, 1000))
def test_a_derived_seed_is_a_seed(seed: int, index: int):
    assert 0 <= derive_seed(seed, Stream.SCENARIO, index) < 2**63


def test_a_negative_seed_or_index_is_refused():
    with pytest.raises(ValueError):
        stream(-1, Stream.ROADS)
    with pytest.raises(ValueError):
        stream(1, Stream.ROADS, -1)
