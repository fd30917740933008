"""Delay, polarity and drift are found to the sample through any effect, or not claimed at all."""

from __future__ import annotations

import numpy as np
import pytest

from wetprint.errors import PairError
from wetprint.pairs import Alignment, estimate_alignment
from wetprint.pairs.shifting import SURE_CONFIDENCE

from .sounds import BLURRED, RATE, SHARP, as_channels, at_another_clock, delayed, plucked


@pytest.fixture(scope="module")
def dry() -> np.ndarray:
    return plucked(6.0, seed=1)


def aligned(dry: np.ndarray, wet: np.ndarray) -> Alignment:
    return estimate_alignment(dry, as_channels(wet), RATE)


def test_there_are_effects_to_try():
    assert len(SHARP) >= 10
    assert len(BLURRED) >= 3


@pytest.mark.parametrize("delay", [0.0, 137.4])
@pytest.mark.parametrize("name", SHARP)
def test_a_delay_is_found_behind_any_effect(dry, name, delay):
    effect, tolerance = SHARP[name]
    found = aligned(dry, delayed(effect(dry), delay))
    assert found.delay_samples == pytest.approx(delay, abs=tolerance)
    assert found.confidence >= SURE_CONFIDENCE or name == "louder echo"
    assert found.polarity == 1
    assert found.drift_ppm == 0.0


@pytest.mark.parametrize("name", ["wire", "overdrive", "low-pass", "high-pass", "cabinet"])
def test_inverted_polarity_is_seen_through_filters_and_drive(dry, name):
    found = aligned(dry, -delayed(SHARP[name][0](dry), 20.0))
    assert found.polarity == -1
    assert found.delay_samples == pytest.approx(20.0, abs=SHARP[name][1])


@pytest.mark.parametrize("delay", [0.25, 3.5, 1234.75, 2.0 * RATE - 10, -0.5, -321.6])
def test_a_plain_delay_is_found_to_a_fiftieth_of_a_sample(dry, delay):
    found = aligned(dry, delayed(dry, delay))
    assert found.delay_samples == pytest.approx(delay, abs=0.02)
    assert found.confidence > 0.9


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_every_sample_rate_is_served(rate):
    sound = plucked(4.0, seed=3, rate=rate)
    found = estimate_alignment(sound, delayed(np.tanh(5 * sound), 77.0), rate)
    assert found.delay_samples == pytest.approx(77.0, abs=0.3)


@pytest.mark.parametrize("name", BLURRED)
def test_what_has_no_sharp_arrival_is_said_to_have_none(dry, name):
    assert aligned(dry, delayed(BLURRED[name](dry), 100.0)).confidence < SURE_CONFIDENCE


def test_an_echo_without_direct_sound_repeats(dry):
    lag = int(0.25 * RATE)
    wet = np.zeros_like(dry)
    wet[:, lag:] = dry[:, :-lag]
    plain = aligned(dry, wet)
    wet[:, 2 * lag :] += 0.5 * dry[:, : -2 * lag]
    repeating = aligned(dry, wet)
    assert plain.delay_samples == pytest.approx(lag, abs=0.02)
    assert repeating.delay_samples == pytest.approx(lag, abs=0.02)
    assert (plain.repeats, repeating.repeats) == (False, True)


@pytest.mark.parametrize("ppm", [-120.0, 8.0, 40.0])
@pytest.mark.parametrize("name", ["wire", "fuzz into cabinet", "chorus"])
def test_drifting_clocks_are_measured(dry, name, ppm):
    wet = at_another_clock(as_channels(SHARP[name][0](dry)), ppm)
    found = aligned(dry, delayed(wet, 50.0))
    assert found.drift_ppm == pytest.approx(ppm, rel=0.05, abs=0.6)
    assert found.delay_samples == pytest.approx(50.0, abs=SHARP[name][1] + 0.7)


def test_a_little_noise_and_unequal_lengths_do_not_matter(dry):
    noise = np.random.default_rng(0).standard_normal(dry.shape)
    wet = (delayed(dry, 60.0) + 0.002 * noise)[:, : -RATE // 3]
    assert aligned(dry, wet).delay_samples == pytest.approx(60.0, abs=0.5)


def test_files_cut_at_the_same_moment_do_not_look_aligned(dry):
    """Both end in the middle of a note, with a click at the same sample; that is no arrival."""
    cut = dry[:, : int(4.9 * RATE)]
    wet = delayed(cut, 0.3 * RATE)
    assert aligned(cut, wet).delay_samples == pytest.approx(0.3 * RATE, abs=0.02)


def test_repeated_music_is_no_echo():
    loop = plucked(1.5, seed=5)
    dry = np.tile(loop, 4)
    assert aligned(dry, delayed(dry, 33.0)).delay_samples == pytest.approx(33.0, abs=0.05)


def test_sides_that_cancel_are_looked_at_alone(dry):
    wet = np.concatenate([delayed(dry, 40.0), -delayed(dry, 40.0)])
    assert aligned(dry, wet).delay_samples == pytest.approx(40.0, abs=0.02)


def test_axes_are_not_guessed(dry):
    with pytest.raises(PairError, match=r"\(channel, time\)"):
        estimate_alignment(dry[0], dry, RATE)
    with pytest.raises(PairError, match="1 or 2 channels, got 3"):
        estimate_alignment(dry, np.repeat(dry, 3, axis=0), RATE)
