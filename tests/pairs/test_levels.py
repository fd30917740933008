"""Clipping, offsets and silence are told from music."""

from __future__ import annotations

import numpy as np
import pytest

from wetprint.pairs import levels

from .sounds import RATE, plucked


def tone(frequency_hz: float, amplitude: float, seconds: float = 1.0) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time)).astype(np.float32)[None]


def test_every_cut_peak_is_counted():
    clipped = np.clip(tone(100, 2.0), -1, 1)
    assert levels.flat_tops(clipped) == 200  # 100 periods, above and below


def test_clipping_below_full_scale_is_seen_where_asked_for():
    clipped = np.clip(tone(100, 0.5), -0.25, 0.25)
    assert levels.flat_tops(clipped) == 200
    assert levels.flat_tops(clipped, levels.FULL_SCALE) == 0


def test_a_clipper_of_one_side_only_is_seen():
    assert levels.flat_tops(np.clip(tone(100, 0.5), -0.3, 1)) == 100


@pytest.mark.parametrize("frequency_hz", [5, 20, 80, 1000])
@pytest.mark.parametrize("bits", [16, 24])
def test_the_top_of_a_clean_tone_is_not_clipping(frequency_hz, bits):
    scale = 2 ** (bits - 1)
    rounded = np.round(tone(frequency_hz, 0.999, 2.0) * scale) / scale
    assert levels.flat_tops(rounded.astype(np.float32)) == 0


def test_playing_is_not_clipped():
    assert levels.flat_tops(plucked(3.0, seed=1)) == 0
    assert levels.flat_tops(np.tanh(3 * plucked(3.0, seed=1))) == 0


def test_an_offset_is_measured():
    assert levels.offset(tone(100, 0.5) + np.float32(0.02)) == pytest.approx(0.02, abs=1e-4)
    assert levels.offset(np.concatenate([tone(50, 0.5), tone(50, 0.5) - 0.1])) == pytest.approx(
        -0.1, abs=1e-4
    )
    assert levels.offset(tone(100, 0.5) + np.float32(0.001)) is None


def test_silence_is_measured_by_its_peak():
    assert levels.is_silent(np.zeros((2, 100), np.float32))
    assert levels.is_silent(tone(100, 0.9e-4))
    assert not levels.is_silent(tone(100, 1.1e-4))
    assert levels.peak_db(tone(100, 0.5)) == pytest.approx(-6.02, abs=0.01)
