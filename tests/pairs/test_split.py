"""What is judged on is never learned from, nor reached by what is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wetprint.errors import PairError
from wetprint.pairs.pair import Pair
from wetprint.pairs.split import split_for_validation

RATE = 100


def recordings(lengths) -> list[Pair]:
    generator = np.random.default_rng(0)
    return [
        Pair(str(number), sound, sound, RATE)
        for number, length in enumerate(lengths)
        for sound in [generator.standard_normal((1, length)).astype(np.float32)]
    ]


@settings(max_examples=80, deadline=None)
@given(
    lengths=st.lists(st.integers(40, 20_000), min_size=1, max_size=7),
    memory=st.integers(0, 500),
    fraction=st.floats(0.05, 0.3),
)
def test_what_is_heard_for_judging_is_never_heard_in_learning(lengths, memory, fraction):
    pairs = recordings(lengths)
    training, validation = split_for_validation(pairs, memory, fraction)
    assert training
    assert validation
    for kind in (training, validation):
        for each in kind:
            assert each.start_samples - each.context_samples >= 0
            assert each.start_samples < each.stop_samples <= lengths[each.pair_index]
    for index, length in enumerate(lengths):
        learned, judged = (np.zeros(length, bool) for _ in range(2))
        for taken, kind in ((learned, training), (judged, validation)):
            for each in kind:
                if each.pair_index == index:
                    taken[each.start_samples - each.context_samples : each.stop_samples] = True
        assert not (learned & judged).any()


def test_the_share_kept_is_about_what_was_asked_for():
    pairs = recordings([12_000, 9_000])
    _, validation = split_for_validation(pairs, 20, 0.1)
    assert sum(each.length_samples for each in validation) == pytest.approx(2100, rel=0.05)
    assert {each.pair_index for each in validation} == {0, 1}
    assert len(validation) == 7  # one in about every 30 s


def test_gaps_are_as_long_as_the_memory():
    training, (kept,) = split_for_validation(recordings([3000]), 50, 0.1)
    assert kept.context_samples == 50
    before, after = training
    assert before.stop_samples == kept.start_samples - 50
    assert after.start_samples - after.context_samples == kept.stop_samples
    assert after.context_samples == 50


def test_of_many_short_recordings_whole_ones_are_kept():
    training, validation = split_for_validation(recordings([500] * 10), 50, 0.2)
    assert [each.length_samples for each in validation] == [500, 500]
    assert [each.length_samples for each in training] == [500] * 8


def test_of_three_short_recordings_a_whole_one_is_kept():
    training, validation = split_for_validation(recordings([500] * 3), 50, 0.2)
    assert [each.length_samples for each in validation] == [500]
    assert [each.length_samples for each in training] == [500] * 2


def test_a_recording_longer_than_all_others_is_not_kept_whole():
    training, validation = split_for_validation(recordings([6800, 50, 240]), 500, 0.25)
    kept = sum(each.length_samples for each in validation)
    assert 0.1 * 7090 < kept < 0.5 * 7090
    assert sum(each.length_samples for each in training) > 0.25 * 7090


def test_the_kept_stretch_is_as_loud_as_what_is_around_it():
    sound = np.ones((1, 3000), np.float32)
    sound[:, 1500:] = 0.0  # half of it is silent
    sound[:, 700:1000] = np.sqrt(0.5)
    _, (kept,) = split_for_validation([Pair("half", sound, sound, RATE)], 0, 0.1)
    level = np.square(sound[:, kept.start_samples : kept.stop_samples]).mean()
    assert level == pytest.approx(0.5, abs=0.2)


def test_the_same_recordings_are_split_the_same():
    pairs = recordings([5000, 7000])
    assert split_for_validation(pairs, 10) == split_for_validation(pairs, 10)


def test_nothing_to_split_is_refused():
    with pytest.raises(PairError, match="got none"):
        split_for_validation([], 10)
    with pytest.raises(PairError, match="long enough"):
        split_for_validation(recordings([5]), 0, 0.1)
    with pytest.raises(ValueError, match="between 0 and 1"):
        split_for_validation(recordings([500]), 0, 1.0)
