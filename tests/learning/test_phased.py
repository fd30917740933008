"""Phasers and periodic filters are found again in what they made of a sound."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from wetprint.blocks.periodic import interpolating
from wetprint.identify.linear_response import LinearFitConfig
from wetprint.identify.periodic_response import solve_periodic_response
from wetprint.identify.phase_spectra import spectra_of_sound
from wetprint.identify.recording import Recording
from wetprint.learning.phased import periodic_filter_block, phaser_chain, solve_phaser
from wetprint.learning.phaser_fit import FittedPhaser, FittedSide
from wetprint.learning.phaser_start import STAGES, find_phaser_starts

RATE = 16_000
PERIOD = 9_000.0


@pytest.fixture(scope="module")
def truth() -> FittedPhaser:
    """Four stages on either side, a rounded triangle and its mirror image."""
    phase = np.arange(16) / 16
    triangle = interpolating(
        -3.0 + 1.5 * np.cos(2 * np.pi * phase) + 0.2 * np.cos(6 * np.pi * phase)
    )
    dry, wet = 0.8 * np.eye(1, 8)[0], np.array([0.6, 0.1, 0, 0, 0, 0, 0, 0])
    left = FittedSide(triangle, 0.4, np.zeros(4), dry, wet)
    right = dataclasses.replace(left, curve=np.roll(triangle, 8))
    return FittedPhaser((left, right), PERIOD)


def sound(seconds: float, seed: int) -> np.ndarray:
    """Plucks of noise that die away, with all frequencies but mostly low ones."""
    generator = np.random.default_rng(seed)
    noise = generator.standard_normal(round(seconds * RATE))
    pink = np.fft.irfft(np.fft.rfft(noise) / (1 + np.arange(len(noise) // 2 + 1)) ** 0.3)
    return (pink * np.exp(-3 * (np.arange(len(pink)) / RATE % 0.7)))[None].astype(np.float32)


def played(chain, dry: np.ndarray, start_sample: int = 0) -> np.ndarray:
    with torch.inference_mode():
        return chain(torch.from_numpy(dry)[None], start_sample)[0].numpy()


def esr(prediction: np.ndarray, target: np.ndarray) -> float:
    return float(np.square(prediction - target).sum() / np.square(target).sum())


def test_a_phaser_is_found_in_ordinary_sound(truth):
    dry, unseen = sound(6.0, 1), sound(1.0, 2)
    recording = Recording(dry, played(phaser_chain(truth), dry))
    found = solve_phaser([recording], PERIOD * 1.0001, RATE)
    assert found is not None
    assert [len(side.spread) for side in found.sides] == [4, 4]
    assert found.period_samples == pytest.approx(PERIOD, rel=2e-5)
    assert [side.feedback for side in found.sides] == pytest.approx([0.4, 0.4], abs=0.005)
    expected = played(phaser_chain(truth), unseen)
    assert esr(played(phaser_chain(found), unseen), expected) < 1e-4


@pytest.mark.parametrize("share", [-40.0, -1.0, 40.0])
def test_a_step_of_the_rate_never_turns_the_lfo_around(truth, share):
    """A step is found to first order: where nothing moves as assumed, it may be of any size."""
    assert 0.9 * PERIOD < truth.faster_by(share).period_samples < 1.1 * PERIOD


def test_a_periodic_filter_is_found_exactly():
    generator = np.random.default_rng(4)
    harmonics = generator.standard_normal((2, 3, 5)) + 1j * generator.standard_normal((2, 3, 5))
    harmonics[:, 0] = harmonics[:, 0].real
    dry = generator.standard_normal((1, 20_000))
    delayed = np.stack([np.roll(np.pad(dry[0], (5, 0)), tap)[5:] for tap in range(5)])
    turned = np.exp(2j * np.pi * np.outer(np.arange(3), np.arange(20_000) + 123) / 700.5)
    wet = np.einsum("omk,mt,kt->ot", harmonics, turned, delayed).real
    config = LinearFitConfig(ridge=1e-13, tolerance=1e-12)
    solved = solve_periodic_response([Recording(dry, wet, 123)], 700.5, 2, 5, config)
    np.testing.assert_allclose(solved.harmonics, harmonics, atol=1e-5)
    block = periodic_filter_block(solved, 700.5)
    again = played(block, dry.astype(np.float32), 123)
    assert esr(again, wet) < 1e-4  # the spline between the knots is not quite a sine


def test_a_search_for_where_a_phaser_stands_ends_when_it_is_told_to(truth):
    dry = sound(6.0, 1)
    recording = Recording(dry, played(phaser_chain(truth), dry))
    spectra = spectra_of_sound([recording], PERIOD, RATE, 64)
    (start,) = find_phaser_starts(spectra, 0, RATE, 32, stop=lambda: True)
    assert start.stages == STAGES[0]
    assert find_phaser_starts(spectra, 0, RATE, 32)[0].stages == 4
