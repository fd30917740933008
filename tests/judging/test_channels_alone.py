"""Many channels equal each channel alone, joined as each measure says."""

from __future__ import annotations

import numpy as np
import pytest

from wetprint.judging import metrics

RATE = 48000

MEASURES = {
    "esr": metrics.esr,
    "mr_stft": metrics.mr_stft,
    "mel_distance": lambda p, t: metrics.mel_distance(p, t, RATE),
    "gain_error": lambda p, t: metrics.gain_envelope_error(p, t, t, RATE).mean_absolute_db,
    "gain_share": lambda p, t: metrics.gain_envelope_error(p, t, t, RATE).share_within,
    "loudness": lambda p, t: metrics.loudness_difference(p, t, RATE),
}


@pytest.fixture
def pair(noise):
    """A stereo prediction and target whose sides differ in level and in error."""
    target = noise(2, seed=1) * np.array([[1.0], [0.4]], np.float32)
    return target + np.array([[0.3], [0.05]], np.float32) * noise(2, seed=2), target


def test_there_are_measures():
    assert len(MEASURES) == 6


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_a_doubled_channel_changes_nothing(pair, measure):
    prediction, target = (each[:1] for each in pair)
    doubled = measure(np.repeat(prediction, 2, axis=0), np.repeat(target, 2, axis=0))
    assert doubled == pytest.approx(measure(prediction, target), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_the_order_of_channels_does_not_matter(pair, measure):
    prediction, target = pair
    swapped = measure(prediction[::-1], target[::-1])
    assert swapped == pytest.approx(measure(prediction, target), rel=1e-5)


def test_esr_weighs_channels_by_their_energy(pair):
    prediction, target = pair
    energies = np.sum(np.square(target, dtype=np.float64), axis=1)
    alone = [metrics.esr(prediction[[side]], target[[side]]) for side in (0, 1)]
    expected = np.dot(energies, alone) / energies.sum()
    assert metrics.esr(prediction, target) == pytest.approx(expected, rel=1e-9)


def test_mel_and_gain_average_channels_that_share_a_floor(pair):
    # Both sides are noise far above the floor, so that the common floor changes nothing.
    prediction, target = pair
    for name in ("mel_distance", "gain_error", "gain_share"):
        alone = [MEASURES[name](prediction[[side]], target[[side]]) for side in (0, 1)]
        assert MEASURES[name](prediction, target) == pytest.approx(np.mean(alone), rel=1e-4)


def test_loudness_adds_the_power_of_channels(noise):
    left, right = noise(seconds=1.0, seed=1), noise(seconds=1.0, seed=2)
    both = metrics.loudness(np.concatenate([left, right]), RATE)
    powers = [10.0 ** (metrics.loudness(each, RATE) / 10.0) for each in (left, right)]
    assert both == pytest.approx(10.0 * np.log10(sum(powers)), abs=0.02)
