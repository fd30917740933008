"""The moving delay does what a formula says, and moves with absolute time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from wetprint.blocks.modulated_delay import (
    ModulatedDelay,
    ModulatedDelayConfig,
    sampled_trajectory,
)
from wetprint.blocks.periodic import interpolating, periodic_curve, phases
from wetprint.engine.player import Player
from wetprint.models.chain import Chain
from wetprint.models.model import Model
from wetprint.models.model_file import model_to_bytes

PERIOD = 480.25


def moving(depth: float = 3.0, feedback: float = 0.0) -> ModulatedDelay:
    block = ModulatedDelay(ModulatedDelayConfig(PERIOD, most_delay_samples=64))
    trajectory = interpolating(sampled_trajectory(np.array([20.0, depth, 0.0]), 64))
    block.trajectory.data[0] = torch.from_numpy(trajectory)
    block.feedback.data.fill_(feedback)
    return block.requires_grad_(False)


def test_a_slow_sine_is_heard_as_late_as_the_formula_says():
    time = np.arange(2000)
    heard = moving()(torch.from_numpy(np.sin(0.05 * time)).float()[None, None])[0, 0].numpy()
    delay = 20.0 + 3.0 * np.cos(2.0 * np.pi * time / PERIOD)
    expected = np.sin(0.05 * (time - delay))
    np.testing.assert_allclose(heard[100:], expected[100:], atol=1e-3)  # straight lines cut corners


def test_feedback_repeats_what_was_heard():
    click = torch.zeros(1, 1, 100)
    click[..., 0] = 1.0
    heard = moving(depth=0.0, feedback=-0.5)(click)[0, 0]
    expected = torch.zeros(100)
    expected[20::20] = torch.tensor([1.0, -0.5, 0.25, -0.125])
    torch.testing.assert_close(heard, expected, rtol=0, atol=1e-4)


def test_absolute_time_decides_where_the_lfo_stands():
    block, audio = moving(), torch.randn(1, 1, 1000)
    late = block(audio, start_sample=3 * 1921)  # 12 turns of 480.25 samples
    torch.testing.assert_close(late, block(audio), rtol=1e-4, atol=1e-4)
    assert (block(audio, start_sample=240) - late).abs().max() > 0.1


@pytest.mark.parametrize("start_sample", [0, 7, 2**31 + 5])
def test_the_engine_starts_where_it_is_told(start_sample):
    chain = Chain([moving(feedback=0.4)])
    audio = torch.randn(1, 1, 700)
    played = Player(model_to_bytes(Model(chain, 48_000)), start_sample).process(audio[0].numpy())
    np.testing.assert_allclose(played, chain(audio, start_sample)[0], atol=1e-4)


def test_phase_is_exact_after_a_day():
    start = 24 * 3600 * 192_000
    turned = phases(start, 2, 7919.37)
    assert turned[0] == pytest.approx((start / 7919.37) % 1.0, abs=1e-5)
    assert turned[1] - turned[0] == pytest.approx(1 / 7919.37, rel=1e-4)


def test_a_closed_curve_has_no_seam():
    curve = torch.randn(9, dtype=torch.float64)
    near = periodic_curve(curve, np.array([1e-9, 1.0 - 1e-9]))
    assert float(near[0]) == pytest.approx(float(near[1]), abs=1e-6)
