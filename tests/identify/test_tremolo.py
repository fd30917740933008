"""The rate of a tremolo, found in playing, whatever else the effect does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, lfilter

from wetprint.identify.recording import Recording
from wetprint.identify.tremolo import find_tremolo_rate

RATE = 8000


def playing(seconds: float, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    samples = int(seconds * RATE)
    envelope = np.exp(-(np.arange(samples) % 3000) / 900)
    return lfilter([1.0], [1.0, -0.9], generator.standard_normal((1, samples)) * envelope)


def swell(dry: np.ndarray, rate_hz: float, start: int, depth: float = 0.6) -> np.ndarray:
    turn = 2.0 * np.pi * rate_hz * (start + np.arange(dry.shape[-1])) / RATE
    return dry * (1.0 + depth * np.sin(turn))


@pytest.mark.parametrize("rate_hz", [0.83, 4.37, 11.2])
def test_the_rate_is_found_behind_a_filter_and_a_curve(rate_hz):
    recordings = []
    for seed, start in ((0, 0), (1, 123_456)):
        dry = playing(10.0, seed)
        bent = np.tanh(0.3 * lfilter(*butter(1, 0.5), dry))
        recordings.append(Recording(dry, swell(bent, rate_hz, start), start))
    found = find_tremolo_rate(recordings, RATE)
    assert found is not None
    assert RATE / found.period_samples == pytest.approx(rate_hz, rel=1e-3)
    assert found.explained > 0.5


def test_a_choppers_silence_does_not_hide_its_rate():
    dry = playing(12.0, 3)
    chopped = dry * (np.arange(dry.shape[-1]) % 1600 < 800)  # 5 Hz
    found = find_tremolo_rate([Recording(dry, chopped)], RATE)
    assert found is not None
    assert RATE / found.period_samples == pytest.approx(5.0, rel=1e-3)


def test_what_does_not_move_is_hardly_explained_by_any_rate():
    dry = playing(20.0, 4)
    found = find_tremolo_rate([Recording(dry, lfilter(*butter(1, 0.3), dry))], RATE)
    assert found is None or found.explained < 0.1


def test_silence_tells_nothing():
    silence = np.zeros((1, 5 * RATE))
    assert find_tremolo_rate([Recording(silence, silence)], RATE) is None
