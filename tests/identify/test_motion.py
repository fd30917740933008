"""Snapshots, the LFO and the moving taps tell what an effect of known truth does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from wetprint.blocks.modulated_delay import (
    ModulatedDelay,
    ModulatedDelayConfig,
    sampled_trajectory,
)
from wetprint.blocks.periodic import interpolating
from wetprint.identify.lfo import find_lfo, find_lfo_in_playing
from wetprint.identify.moving_taps import (
    MovingTap,
    find_moving_taps,
    fourier,
    turned,
    without_repetitions,
)
from wetprint.identify.recording import Recording
from wetprint.identify.snapshots import Snapshots, snapshot_trains, snapshots_of_playing
from wetprint.signals import playing
from wetprint.signals.capture import chirp_trains

RATE = 24_000


def voice(harmonics: list[float], rate_hz: float, feedback: float = 0.0) -> ModulatedDelay:
    block = ModulatedDelay(ModulatedDelayConfig(RATE / rate_hz, most_delay_samples=2048))
    trajectory = interpolating(sampled_trajectory(np.array(harmonics), 64))
    block.trajectory.data[0] = torch.from_numpy(trajectory)
    block.feedback.data.fill_(feedback)
    return block.requires_grad_(False)


def play(dry: np.ndarray, *voices: ModulatedDelay) -> np.ndarray:
    heard = torch.from_numpy(dry.astype(np.float32))[None]
    return 0.6 * dry + sum(0.4 * each(heard)[0].numpy() for each in voices)


def trains_of(*voices: ModulatedDelay) -> list[Snapshots]:
    dry, capture = chirp_trains(RATE)
    return snapshot_trains(capture, dry, play(dry, *voices))


def test_snapshots_of_a_filter_are_its_response_within_the_chirps_band():
    dry, capture = chirp_trains(RATE)
    wet = lfilter([0.0, 0.5, 0.2], [1.0, -0.4], dry)
    for train in snapshot_trains(capture, dry, wet):
        assert train.moving_share < 1e-6
        seen = np.fft.rfft(train.responses[7, 0])
        frequency = np.fft.rfftfreq(train.responses.shape[-1], 1.0 / RATE)
        z = np.exp(-2j * np.pi * frequency / RATE)
        expected = (0.5 * z + 0.2 * z**2) / (1.0 - 0.4 * z)
        within = (frequency > 300) & (frequency < 8000)
        np.testing.assert_allclose(seen[within], expected[within], atol=0.02)


def test_what_stands_still_has_no_lfo_even_if_it_takes_seconds_to_fill():
    dry, capture = chirp_trains(RATE)
    wet, late = 0.5 * dry, int(0.3 * RATE)
    for times in range(1, 12):
        wet[:, times * late :] += 0.5**times * dry[:, : -times * late]
    assert find_lfo(snapshot_trains(capture, dry, wet)) is None


@pytest.mark.parametrize("rate_hz", [0.37, 1.3, 5.0, 8.1])
def test_the_rate_is_found(rate_hz):
    lfo = find_lfo(trains_of(voice([120.0, 20.0, 5.0], rate_hz)))
    assert lfo is not None
    assert RATE / lfo.period_samples == pytest.approx(rate_hz, rel=2e-4)


def test_voices_that_cross_are_told_apart():
    truth = [[200.0, 30.0, 0.0], [190.0, 0.0, 35.0]]
    trains = trains_of(*(voice(each, 1.3) for each in truth))
    found = find_moving_taps(trains[0], 0, RATE / 1.3)
    assert len(found) == 2
    for expected in truth:
        nearest = min(found, key=lambda each: np.abs(each.harmonics[:3] - expected).max())
        np.testing.assert_allclose(nearest.harmonics[:3], expected, atol=1.5)


def test_feedback_is_one_tap_that_returns():
    trains = trains_of(voice([80.0, 25.0, 10.0], 0.7, feedback=-0.6))
    found = find_moving_taps(trains[0], 0, RATE / 0.7)
    assert len(found) == 1
    assert found[0].feedback == pytest.approx(-0.6, abs=0.2)


def test_a_rate_is_found_in_plain_playing():
    dry = playing(40.0, 5, RATE)
    wet = play(dry, voice([200.0, 30.0, 0.0], 1.7))
    lfo = find_lfo_in_playing(snapshots_of_playing([Recording(dry, wet)], RATE))
    assert lfo is not None
    assert RATE / lfo.period_samples == pytest.approx(1.7, rel=3e-3)


def test_playing_through_a_filter_has_no_lfo():
    dry = playing(20.0, 5, RATE)
    wet = np.tanh(3.0 * lfilter([0.3], [1.0, -0.7], dry))
    assert find_lfo_in_playing(snapshots_of_playing([Recording(dry, wet)], RATE)) is None


def test_a_beat_through_a_distortion_is_no_lfo():
    """Notes of two loudnesses and pitches, as regular as any LFO."""
    time = np.arange(24 * RATE) / RATE
    beat = time * 2.2 % 1.0
    strong = np.where(time * 1.1 % 1.0 < 0.5, 1.0, 0.3)
    tone = np.sin(2 * np.pi * 110 * time) + 0.5 * np.sin(
        2 * np.pi * 331 * time * (1 + 0.5 * (strong < 1))
    )
    noise = 0.2 * np.random.default_rng(0).standard_normal(len(time))
    dry = (0.4 * strong * np.exp(-3 * beat) * (tone + noise))[None].astype(np.float32)
    wet = np.tanh(6.0 * lfilter([0.4], [1.0, -0.6], dry))
    assert find_lfo_in_playing(snapshots_of_playing([Recording(dry, wet)], RATE)) is None
    moving = play(dry, voice([200.0, 30.0, 0.0], 1.7))
    lfo = find_lfo_in_playing(snapshots_of_playing([Recording(dry, moving)], RATE))
    assert lfo is not None
    assert RATE / lfo.period_samples == pytest.approx(1.7, rel=3e-3)


def test_a_turned_series_is_the_series_at_another_phase():
    harmonics = np.array([3.0, 1.0, -2.0, 0.5, 0.25])
    phase = np.linspace(0, 1, 9)
    np.testing.assert_allclose(
        fourier(turned(harmonics, 0.3), phase), fourier(harmonics, phase + 0.3)
    )


def test_multiples_are_repetitions_and_others_are_not():
    first = MovingTap(np.array([50.0, 10.0, 0.0]), 0.5)
    again = MovingTap(np.array([100.5, 20.0, 0.3]), -0.2)
    other = MovingTap(np.array([100.0, 0.0, 20.0]), 0.3)
    kept = without_repetitions([other, again, first])
    assert [each.harmonics[0] for each in kept] == [50.0, 100.0]
    assert kept[0].feedback == pytest.approx(-0.4)


def test_what_comes_without_delay_has_no_repetitions():
    at_once = MovingTap(np.zeros(3), 0.5)
    later = MovingTap(np.array([60.0, 4.0, 0.0]), 0.3)
    kept = without_repetitions([later, at_once])
    assert [each.harmonics[0] for each in kept] == [0.0, 60.0]
    assert kept[0].feedback == 0.0
