"""The length of an effect's cycle, from effects whose motion is known."""

from __future__ import annotations

import numpy as np
import pytest

from wetprint.identify.cycle import find_cycle, tones

RATE = 8000


def times_s(audio: np.ndarray) -> np.ndarray:
    return np.arange(audio.shape[-1]) / RATE


def vibrato(audio: np.ndarray, delay_s: np.ndarray) -> np.ndarray:
    """Delay by a smooth trajectory; sounds far below half the sample rate need no better."""
    time = times_s(audio)
    return np.interp(time - delay_s, time, audio[0])[None]


@pytest.mark.parametrize("period_s", [0.137, 0.8, 3.21, 11.7])
def test_one_oscillator(period_s):
    dry = tones(RATE)
    wet = dry + vibrato(dry, 0.01 + 0.001 * np.sin(2 * np.pi * times_s(dry) / period_s))
    cycle = find_cycle(wet, RATE)
    assert cycle is not None
    assert cycle.period_samples == pytest.approx(period_s * RATE, rel=2e-4)


def test_two_oscillators_repeat_when_both_do():
    dry = tones(RATE)
    time = times_s(dry)
    one = vibrato(dry, 0.01 + 0.001 * np.sin(2 * np.pi * 0.9 * time))
    other = vibrato(dry, 0.01 + 0.001 * np.sin(2 * np.pi * 1.3 * time))
    cycle = find_cycle(np.concatenate([dry + one, dry + other]), RATE)
    assert cycle is not None
    assert cycle.period_samples == pytest.approx(10.0 * RATE, rel=2e-4)
    assert 0.1 < cycle.moving < 0.9


def test_deeper_motion_is_wider():
    dry = tones(RATE)
    swing = np.sin(2 * np.pi * times_s(dry))
    shallow, deep = (find_cycle(dry + vibrato(dry, 0.01 + d * swing), RATE) for d in (2e-4, 2e-3))
    assert shallow is not None
    assert deep is not None
    # Carson's rule: deviation and rate, of the highest tone
    assert shallow.bandwidth_hz == pytest.approx(1.0 + 1481 * 2e-4 * 2 * np.pi, rel=0.5)
    assert deep.bandwidth_hz == pytest.approx(1.0 + 1481 * 2e-3 * 2 * np.pi, rel=0.3)


def test_what_stands_still_has_none():
    dry = tones(RATE)
    assert find_cycle(0.5 * dry + 0.3 * np.roll(dry, 100, -1), RATE) is None
    assert find_cycle(np.zeros_like(dry), RATE) is None


def test_what_wanders_has_none():
    dry = tones(RATE)
    steps = np.random.default_rng(0).standard_normal(dry.shape[-1] // 1000 + 2)
    path = np.interp(np.arange(dry.shape[-1]) / 1000, np.arange(len(steps)), steps)
    assert find_cycle(dry + vibrato(dry, 0.01 + 0.0005 * path), RATE) is None
