"""What goes on after the last note is told apart: a cut tail, noise, a loop that feeds itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.effects.test_latency import Known
from tests.learning.sounds import RATE, playing
from wetprint.errors import LearningError
from wetprint.learning import LearnConfig
from wetprint.learning.gathering import gather_from_effect, gather_from_pairs
from wetprint.learning.material import Take
from wetprint.learning.tails import notes_on_tails, refuse_self_oscillation, tail_of
from wetprint.pairs import Pair

DELAY = RATE // 4


def echo(feedback: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return an echo of a quarter of a second."""

    def play(dry: np.ndarray) -> np.ndarray:
        wet = dry.astype(np.float64)
        for start in range(DELAY, dry.shape[1], DELAY):
            stop = min(start + DELAY, dry.shape[1])
            wet[:, start:stop] += feedback * wet[:, start - DELAY : stop - DELAY]
        return wet

    return play


def slow_echo(dry: np.ndarray) -> np.ndarray:
    """An echo that lasts as long as the silence that is listened to."""
    late = np.pad(dry, ((0, 0), (3 * RATE, 0)))[:, : dry.shape[1]]
    return 0.2 * dry + late


def stuck(dry: np.ndarray) -> np.ndarray:
    """A divider that stops at a constant, high or low."""
    return dry + 0.05 * (np.cumsum(np.abs(dry), 1) > 0.1)


def humming(dry: np.ndarray) -> np.ndarray:
    return dry + 0.05 * np.sin(2.0 * np.pi * 50.0 * np.arange(dry.shape[1]) / RATE)


def take_of(play: Callable[[np.ndarray], np.ndarray]) -> Take:
    dry = np.pad(playing(4.0, 1), ((0, 0), (0, 3 * RATE)))
    return Take(dry, play(dry), name="some playing")


def test_a_tail_is_measured():
    """Twelve rounds of 0.9 are 0.92 dB each; six of them lie between the halves."""
    tail = tail_of(take_of(echo(0.9)), RATE)
    assert tail is not None
    assert tail.silence_seconds == pytest.approx(3.0, abs=0.3)
    assert tail.fall_db == pytest.approx(-6 * 20.0 * np.log10(0.9), abs=0.3)
    assert tail_of(Take(playing(4.0, 1), playing(4.0, 1)), RATE) is None  # never silent


def test_a_tail_that_was_cut_off_is_said():
    (note,) = notes_on_tails([take_of(echo(0.9))], RATE)
    assert "some playing" in note
    assert "longer silence" in note
    assert notes_on_tails([take_of(echo(0.3)), take_of(humming)], RATE) == ()


def test_feedback_past_self_oscillation_is_refused():
    for feedback in (1.0, 1.05):
        with pytest.raises(LearningError, match="self-oscillation; turn it down"):
            refuse_self_oscillation(Known(echo(feedback)), [take_of(echo(feedback))], RATE)


@pytest.mark.parametrize("play", [echo(0.9), echo(0.3), slow_echo, stuck, humming])
def test_tails_and_noise_are_no_self_oscillation(play):
    refuse_self_oscillation(Known(play), [take_of(play)], RATE)


def test_gathering_asks_and_says():
    config = LearnConfig(sample_rate=RATE, generated_seconds=8.0, validation_seconds=4.0)
    with pytest.raises(LearningError, match="goes on by itself"):
        gather_from_effect(Known(echo(1.0)), config)
    notes = gather_from_effect(Known(echo(0.9)), config).notes
    assert any("tail is longer" in each for each in notes)
    dry = np.pad(playing(20.0, 1), ((0, 0), (0, 2 * RATE)))
    pair = Pair("a room", dry, echo(0.9)(dry).astype(np.float32), RATE)
    assert any("'a room' still sounds" in each for each in gather_from_pairs([pair], config).notes)
