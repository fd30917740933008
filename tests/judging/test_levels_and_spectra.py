"""Levels over time and power over frequency, at values known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from wetprint.identify import spectra
from wetprint.judging import levels

RATE = 48000


def test_level_of_a_constant_is_its_square():
    power = levels.short_time_power(np.full((2, RATE), 0.5, np.float32), RATE)
    assert power.shape == (2, 200 - 3)  # 5 ms hops, windows of four
    np.testing.assert_allclose(power, 0.25)


def test_a_step_is_seen_where_it_is():
    audio = np.zeros((1, RATE), np.float32)
    audio[:, RATE // 2 :] = 1.0
    power = levels.short_time_power(audio, RATE)[0]
    centres = levels.frame_centres_s(power.size, RATE)
    assert np.interp(0.5, power, centres) == pytest.approx(0.5, abs=1e-9)


def test_what_is_shorter_than_a_window_is_one_frame():
    power = levels.short_time_power(np.full((1, 7), 2.0, np.float32), RATE)
    assert power.tolist() == [[4.0]]


def test_a_sine_lies_in_its_band(sine):
    centres, power = spectra.third_octave_power(sine(1000.0, seconds=4.0), RATE)
    band = int(np.argmin(np.abs(centres - 1000.0)))
    assert power[band] == pytest.approx(0.5, rel=0.02)  # the ends are faded by the window
    assert power[band] > 1000.0 * np.delete(power, band).max()


def test_bands_share_out_the_power_of_noise(noise):
    # White noise has equal power per Hz: band k holds 0.01 * width / (rate / 2).
    centres, power = spectra.third_octave_power(noise(seconds=8.0), RATE)
    expected = 0.01 * centres * (10**0.05 - 10**-0.05) / (RATE / 2)
    np.testing.assert_allclose(power[15:], expected[15:], rtol=0.1)


def test_bands_end_below_half_the_sample_rate(noise):
    centres, _ = spectra.third_octave_power(noise(), 8000)
    assert centres[0] == pytest.approx(25.1, abs=0.1)
    assert centres[-1] == pytest.approx(3162, abs=1)


def test_chunks_are_joined_in_order(monkeypatch):
    monkeypatch.setattr(spectra, "CHUNK_SAMPLES", 64)
    frames = spectra.framed(np.zeros((1, 4000), np.float32), 64, 10, 64, "constant")
    bounds = spectra.over_chunks(lambda first, last: (first, last), frames)
    assert bounds == [(frame, frame + 1) for frame in range(frames.count)]
    assert frames.count == 401
