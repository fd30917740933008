"""Latency is taken out and said, effects keep their own delay, and the wet never leads."""

from __future__ import annotations

import numpy as np
import pytest

from wetprint.errors import PairError
from wetprint.pairs import Alignment, apply_alignment, estimate_alignment

from .sounds import RATE, SHARP, as_channels, at_another_clock, delayed, plucked


@pytest.fixture(scope="module")
def dry() -> np.ndarray:
    return plucked(6.0, seed=2)


def lie(delay: float, **known) -> Alignment:
    found = {"polarity": 1, "confidence": 1.0, "drift_ppm": 0.0, "uncertainty_samples": 1.0}
    return Alignment(delay, **{**found, **known})


@pytest.mark.parametrize("name", ["wire", "low-pass", "cabinet", "fuzz into cabinet", "room"])
def test_the_wet_ends_up_a_few_samples_behind_the_dry(dry, name):
    wet = as_channels(delayed(SHARP[name][0](dry), 300.0))
    mended = apply_alignment(dry, wet, estimate_alignment(dry, wet, RATE), RATE)
    assert mended.dry.shape == mended.wet.shape
    assert 0 < mended.delay_samples < 12
    left = estimate_alignment(mended.dry, mended.wet, RATE).delay_samples
    assert left == pytest.approx(mended.delay_samples, abs=1.0)


def test_shifting_moves_whole_samples_and_changes_none():
    dry = np.arange(100, dtype=np.float32)[None]
    wet = 1000 + dry
    mended = apply_alignment(dry, wet, lie(20.6), RATE)
    assert mended.dry[0, 0] == 0  # delay 20.6, margin 1 and uncertainty 1: moved by 18
    assert mended.wet[0, 0] == 1018
    assert mended.dry.shape == (1, 82)
    assert mended.delay_samples == pytest.approx(2.6)
    assert "20.6 samples" in mended.notes[0]
    assert "18 samples earlier" in mended.notes[0]


def test_a_wet_ahead_of_the_dry_is_moved_later_and_said():
    dry = np.arange(100, dtype=np.float32)[None]
    mended = apply_alignment(dry, 1000 + dry, lie(-10.0), RATE)
    assert mended.dry[0, 0] == 12
    assert mended.wet[0, 0] == 1000
    assert mended.delay_samples == pytest.approx(2.0)
    assert "10.0 samples" in mended.notes[0]
    assert "ahead" in mended.notes[0]


@pytest.mark.parametrize(
    ("alignment", "phrase"),
    [
        (lie(0.4), None),
        (lie(-1.5), None),
        (lie(2.9), None),
        (lie(0.3 * RATE), "long for a recording's latency"),
        (lie(0.1 * RATE, repeats=True), "comes again"),
        (lie(500.0, confidence=0.3), "No sharp first arrival"),
        (lie(3.0, confidence=0.3, uncertainty_samples=24.0), None),
    ],
    ids=["in place", "hardly ahead", "within the margin", "long", "repeats", "blurred", "unclear"],
)
def test_what_may_belong_to_the_effect_is_left_alone(alignment, phrase):
    sound = np.ones((1, RATE), np.float32)
    mended = apply_alignment(sound, 2 * sound, alignment, RATE)
    assert mended.delay_samples == alignment.delay_samples
    assert mended.dry.shape == sound.shape
    assert len(mended.notes) == (phrase is not None)
    assert phrase is None or phrase in mended.notes[0]


def test_how_long_latency_may_be_is_the_caller_s_to_say():
    sound = np.ones((1, RATE), np.float32)
    mended = apply_alignment(sound, sound, lie(0.3 * RATE), RATE, longest_latency_seconds=0.5)
    assert mended.wet.shape[1] == RATE - int(0.3 * RATE) + 2


@pytest.mark.parametrize("ppm", [-60.0, 25.0])
def test_drift_is_resampled_away(dry, ppm):
    wet = delayed(at_another_clock(dry, ppm), 100.0)
    found = estimate_alignment(dry, wet, RATE)
    mended = apply_alignment(dry, wet, found, RATE)
    assert found.drift_ppm == pytest.approx(ppm, abs=1.0)
    assert f"{found.drift_ppm:+.1f} ppm" in mended.notes[0]
    shifted = delayed(mended.wet, -mended.delay_samples)
    inner = slice(2_000, mended.dry.shape[1] - 4_000)
    error = np.mean((shifted - mended.dry)[0, inner] ** 2) / np.mean(mended.dry[0, inner] ** 2)
    untouched = delayed(wet, -100.0)[:, : dry.shape[1]]
    before = np.mean((untouched - dry[:, : untouched.shape[1]])[0, inner] ** 2)
    assert error < 1e-2  # 0.1 sample off, at these pitches
    assert error < 0.05 * before / np.mean(dry[0, inner] ** 2)


def test_resampling_is_as_exact_as_the_measured_drift():
    """A tone that was recorded 50 ppm slow comes back in tune and in phase, to -90 dB."""
    time = np.arange(10 * RATE)
    slow = np.sin(2 * np.pi * 1_000 * time / RATE / (1 + 50e-6)).astype(np.float32)[None]
    tone = np.sin(2 * np.pi * 1_000 * time / RATE).astype(np.float32)[None]
    mended = apply_alignment(tone, slow, lie(0.0, drift_ppm=50.0), RATE)
    inner = slice(1_000, mended.dry.shape[1] - 1_000)
    error = mended.wet[0, inner] - mended.dry[0, inner]
    assert 10 * np.log10(np.mean(error**2) / 0.5) < -90


def test_clocks_that_no_recorder_has_are_refused():
    sound = np.ones((1, RATE), np.float32)
    with pytest.raises(PairError, match=r"\+900 ppm"):
        apply_alignment(sound, sound, lie(0.0, drift_ppm=900.0), RATE)


def test_stereo_sides_stay_together(dry):
    wet = np.concatenate([delayed(dry, 80.0), 0.5 * delayed(dry, 83.0)])
    mended = apply_alignment(dry, wet, estimate_alignment(dry, wet, RATE), RATE)
    assert mended.wet.shape[0] == 2
    assert np.array_equal(mended.wet, wet[:, -mended.wet.shape[1] :])
