"""What is gathered from an effect: the effect against itself, from where it was started."""

from __future__ import annotations

import numpy as np

from tests.effects.test_latency import Known
from tests.learning.sounds import RATE, playing
from wetprint import audio
from wetprint.learning import LearnConfig
from wetprint.learning.gathering import gather_from_effect


def tremolo(dry: np.ndarray) -> np.ndarray:
    """Move the gain by an LFO that starts with the effect."""
    return dry * (1.0 + 0.8 * np.sin(2.0 * np.pi * 1.3 * np.arange(dry.shape[1]) / RATE))


def test_what_moves_repeats_itself_with_playing_of_ones_own_too(tmp_path):
    """Playing is judged on excerpts, which began long after the LFO did."""
    audio.write(tmp_path / "riff.wav", playing(20.0, 1), RATE)
    config = LearnConfig(sample_rate=RATE, generated_seconds=10.0, validation_seconds=2.0)
    found = gather_from_effect(Known(tremolo), config, tmp_path)
    assert found.repeatability == 0.0
    assert found.validation[0].start_sample > 0
