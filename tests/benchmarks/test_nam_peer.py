"""A peer is given what wetprint learns from, and judged at the loudness that suits it best."""

from __future__ import annotations

import numpy as np
import pytest

from nam_peer import WET_PEAK, best_scaled, write_pair
from wetprint import audio
from wetprint.learning.material import Take

RATE = 48000


def test_loudness_is_not_counted_as_an_error():
    wet = np.random.default_rng(0).standard_normal((1, 1000)).astype(np.float32)
    np.testing.assert_allclose(best_scaled(0.37 * wet, wet), wet, atol=1e-6)
    noise = np.random.default_rng(1).standard_normal((1, 1000)).astype(np.float32)
    left = wet - best_scaled(wet + 0.1 * noise, wet)
    for gain in (0.9, 1.0, 1.1):
        assert np.sum(left**2) <= np.sum((wet - gain * (wet + 0.1 * noise)) ** 2) + 1e-3


def test_takes_are_written_in_a_row_with_silence_before_each(tmp_path):
    sounds = [np.full((1, 4800), value, np.float32) for value in (0.25, -0.5)]
    takes = tuple(Take(dry=each, wet=2.0 * each) for each in sounds)
    write_pair(tmp_path / "train", takes, RATE)
    dry, rate = audio.read(tmp_path / "train_dry.wav")
    wet, _ = audio.read(tmp_path / "train_wet.wav")
    assert rate == RATE
    assert dry.shape == wet.shape == (1, 2 * (RATE // 2 + 4800))
    assert np.all(dry[0, : RATE // 2] == 0.0)
    np.testing.assert_allclose(wet, dry * WET_PEAK / 0.5, atol=1e-6)
    assert float(np.abs(wet).max()) == pytest.approx(WET_PEAK, abs=1e-6)
