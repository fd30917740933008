"""Decay times against decays that are known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wetprint.errors import PairError
from wetprint.identify.decay import OCTAVES_HZ, decay_times, energy_decay_db
from wetprint.judging.decay import decay_difference

RATE = 48_000


def dying(hz: float, seconds_for_60_db: float, length_s: float = 2.0) -> np.ndarray:
    """A tone that falls by 60 dB in so many seconds."""
    time_s = np.arange(round(length_s * RATE)) / RATE
    falling = 10.0 ** (-3.0 * time_s / seconds_for_60_db)
    return (falling * np.sin(2 * np.pi * hz * time_s))[None]


def at(times, name: str, hz: float) -> float:
    return float(getattr(times, name)[times.octaves_hz.index(hz)])


def test_what_is_to_come_of_a_falling_exponential_falls_as_fast():
    falling = 10.0 ** (-np.arange(1000) / 100)[None]  # 20 log10: 0.2 dB a sample
    np.testing.assert_allclose(energy_decay_db(falling)[:500], -0.2 * np.arange(500), atol=1e-6)


@pytest.mark.parametrize("name", ["edt", "t20", "t30"])
@pytest.mark.parametrize("hz", OCTAVES_HZ)
def test_a_dying_tone_is_timed_in_its_octave(name, hz):
    assert at(decay_times(dying(hz, 0.8), RATE), name, hz) == pytest.approx(0.8, rel=0.01)


def test_early_and_late_decay_are_told_apart():
    knee = dying(1000.0, 0.3) + 0.01 * dying(1000.0, 3.0)
    times = decay_times(knee, RATE)
    assert at(times, "edt", 1000.0) == pytest.approx(0.3, rel=0.1)
    assert at(times, "t30", 1000.0) > 0.4


def test_a_longer_tail_is_off_by_its_share_and_the_same_one_by_nothing():
    tones = sum(dying(hz, 0.5) for hz in OCTAVES_HZ)
    longer = sum(dying(hz, 0.55) for hz in OCTAVES_HZ)
    for name, off in decay_difference(longer, tones, RATE).items():
        np.testing.assert_allclose(off, 0.1, atol=0.015, err_msg=name)
    for off in decay_difference(tones, tones, RATE).values():
        np.testing.assert_array_equal(off, 0.0)


def test_channels_count_by_their_energy():
    tone = dying(500.0, 0.6)
    alone, doubled = decay_times(tone, RATE), decay_times(np.concatenate([tone, 2 * tone]), RATE)
    assert at(doubled, "t30", 500.0) == pytest.approx(at(alone, "t30", 500.0))


def test_octaves_without_sound_have_no_decay():
    times = decay_times(dying(125.0, 0.5), RATE)
    assert math.isnan(at(times, "t30", 8000.0))
    silence = decay_times(np.zeros((2, 4800)), RATE)
    assert np.isnan(silence.edt).all()


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(PairError, match="samples long"):
        decay_difference(np.zeros((1, 5)), np.zeros((1, 6)), RATE)
