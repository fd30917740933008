"""Pitch shifters are told from what is none, and their ratio is found."""

from __future__ import annotations

import numpy as np
import pytest
from pedalboard import PitchShift
from scipy.signal import butter, sosfilt

from wetprint.identify.pitch import find_pitch_shift

RATE = 24_000


def notes(seconds: float = 12.0, ratio: float = 1.0, seed: int = 0) -> np.ndarray:
    """Plucks of one to three notes, each with its partials; all frequencies times a ratio."""
    generator = np.random.default_rng(seed)
    samples = int(seconds * RATE)
    sound = np.zeros(samples)
    time = np.arange(RATE) / RATE
    for start in range(0, samples - RATE, RATE // 2):
        for semitone in generator.integers(0, 30, generator.integers(1, 4)):
            for partial in range(1, 7):
                phase = generator.uniform(0, 2 * np.pi)
                frequency_hz = 110.0 * 2 ** (semitone / 12) * partial * ratio
                decay = np.exp(-time * (2.0 + partial)) / partial * (1 - np.exp(-time * 300))
                sound[start : start + RATE] += (
                    0.1 * decay * np.sin(2 * np.pi * frequency_hz * time + ratio * phase)
                )
    return sound[None].astype(np.float32)


@pytest.mark.parametrize("ratio", [0.5, 0.7491535, 1.122462, 1.4983071, 2.0])
def test_the_ratio_of_the_same_notes_at_another_pitch_is_found(ratio):
    found = find_pitch_shift(notes(), notes(ratio=ratio), RATE)
    assert found.is_shifter
    assert found.confidence > 0.6
    assert found.ratio == pytest.approx(ratio, rel=0.001)
    assert abs(found.dry_gain) < 0.15


@pytest.mark.parametrize("semitones", [-5, 7, 12])
def test_the_ratio_of_a_real_phase_vocoder_is_found(semitones):
    dry = notes()
    found = find_pitch_shift(dry, PitchShift(semitones)(dry, RATE), RATE)
    assert found.is_shifter
    assert found.ratio == pytest.approx(2 ** (semitones / 12), rel=0.001)


@pytest.mark.parametrize("gain", [0.3, 1.0])
def test_the_dry_sound_beside_it_is_weighed(gain):
    dry = notes()
    late = np.pad(dry, ((0, 0), (30, 0)))[:, :-30]
    found = find_pitch_shift(dry, notes(ratio=0.7491535) + gain * late, RATE)
    assert found.is_shifter
    assert found.ratio == pytest.approx(0.7491535, rel=0.001)
    assert found.dry_gain == pytest.approx(gain, abs=0.05)
    assert found.dry_lag_samples == 30


def moving(dry: np.ndarray, depth_s: float) -> np.ndarray:
    """Play through a delay that an LFO moves."""
    time = np.arange(dry.shape[1])
    delay = RATE * (0.01 + depth_s * np.sin(2 * np.pi * 1.2 * time / RATE))
    return np.interp(time - delay, time, dry[0])[None]


OTHERS = {
    "nothing": lambda dry: dry,
    "distortion": lambda dry: np.tanh(20 * dry),
    "octave fuzz": np.abs,
    "filtered octave fuzz": lambda dry: np.diff(np.abs(np.tanh(20 * dry)), axis=1, prepend=0),
    "high-pass": lambda dry: sosfilt(butter(4, 800, "high", fs=RATE, output="sos"), dry),
    "delay": lambda dry: dry + 0.5 * np.pad(dry, ((0, 0), (7200, 0)))[:, :-7200],
    "chorus": lambda dry: dry + moving(dry, 0.003),
    "vibrato": lambda dry: moving(dry, 0.003),
    "tremolo": lambda dry: dry * (1 + 0.8 * np.sin(np.arange(dry.shape[1]) * 30 / RATE)),
    "noise": lambda dry: np.random.default_rng(5).standard_normal(dry.shape) * 0.1,
    "silence": lambda dry: 0.0 * dry,
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_pitch_shifter_is_not_taken_for_one(name):
    dry = notes(seed=3)
    found = find_pitch_shift(dry, OTHERS[name](dry).astype(np.float32), RATE)
    assert not found.is_shifter
    assert found.confidence >= 0.5


def test_a_silent_dry_side_is_no_pitch_shifter():
    assert not find_pitch_shift(np.zeros((1, RATE)), notes()[:, :RATE], RATE).is_shifter
