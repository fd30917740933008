"""Fades between delays are found, their LFOs too, and what moves evenly is not taken for them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from wetprint.blocks.crossfaded_delay import CrossfadedDelay, CrossfadedDelayConfig
from wetprint.blocks.modulated_delay import (
    ModulatedDelay,
    ModulatedDelayConfig,
    sampled_trajectory,
)
from wetprint.blocks.periodic import interpolating
from wetprint.identify.fades import FadeClock, find_fade_clock, follow_fades, in_whole_samples
from wetprint.identify.sampled_lfo import find_sampled_lfos
from wetprint.identify.snapshots import Snapshots, take_snapshots
from wetprint.signals.capture import chirp_train

RATE, SPACING, FADE, START, PERIOD = 48_000, 960, 4321.5, 1000.0, 30_011.0


def snapshots(block) -> Snapshots:
    dry, capture = chirp_train(SPACING, 400, RATE)
    with torch.no_grad():
        wet = block(torch.from_numpy(dry)[None])[0].numpy()
    return take_snapshots(capture.sections[0], dry, wet, RATE)


def with_sine(block, middle: float, depth: float):
    curve = interpolating(sampled_trajectory(np.array([middle, depth, 0.0]), block.config.knots))
    block.trajectory.data[0] = torch.from_numpy(curve)
    return block


@pytest.fixture(scope="module")
def seen() -> Snapshots:
    block = CrossfadedDelay(CrossfadedDelayConfig(PERIOD, FADE, START, most_delay_samples=200))
    return snapshots(with_sine(block, 100.0, 60.0))


@pytest.fixture(scope="module")
def clock(seen) -> FadeClock:
    found = find_fade_clock(seen)
    assert found is not None
    return found


def test_the_clock_of_the_fades_is_found(clock):
    assert clock.fade_samples == pytest.approx(FADE, abs=0.5)
    late = clock.start_samples - START  # what is heard is later than the chirp that is timed
    assert 0.0 < late < 200.0


def test_every_delay_is_told_to_the_sample(seen, clock):
    fades = follow_fades(seen, clock)
    numbers = fades.first + np.arange(fades.delays.shape[-1])
    turns = (START + FADE * numbers) / PERIOD
    expected = np.round(100.0 + 60.0 * np.cos(2.0 * np.pi * turns))
    inner = slice(2, -2)
    apart = (fades.delays[0] - expected)[inner]
    np.testing.assert_allclose(apart, np.median(apart), atol=0.1)
    assert in_whole_samples(fades)


def test_what_moves_evenly_does_not_fade():
    block = ModulatedDelay(ModulatedDelayConfig(PERIOD, most_delay_samples=200))
    assert find_fade_clock(snapshots(with_sine(block, 100.0, 60.0))) is None


@pytest.mark.parametrize("turns", [0.1403, 0.0331, 0.487])
def test_a_rounded_lfo_is_found(turns):
    numbers = np.arange(5, 905)
    values = np.round(9.0 * np.sin(2.0 * np.pi * turns * numbers))
    (lfo,) = find_sampled_lfos(values, 5)
    assert lfo.turns == pytest.approx(turns, abs=1e-5)
    assert np.abs(lfo.values(numbers) - values).max() < 0.8


def test_two_lfos_are_told_apart():
    numbers = np.arange(2000)
    wow, flutter = 3.0 * np.cos(2.0 * np.pi * 0.14 * numbers), np.sin(np.pi * 0.0021 * numbers)
    found = find_sampled_lfos(np.round(wow) + np.round(2.5 * flutter), 0)
    turns = sorted(each.turns for each in found)
    assert turns == pytest.approx([0.00105, 0.14], abs=3e-5)
