"""The fading delay does what a formula says, and fades with absolute time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from wetprint.blocks.crossfaded_delay import CrossfadedDelay, CrossfadedDelayConfig
from wetprint.blocks.modulated_delay import sampled_trajectory
from wetprint.blocks.periodic import interpolating
from wetprint.engine.player import Player
from wetprint.models.chain import Chain
from wetprint.models.model import Model
from wetprint.models.model_file import model_to_bytes

PERIOD, FADE, START = 480.25, 111.5, 20.0


def fading(whole_samples: bool = True) -> CrossfadedDelay:
    config = CrossfadedDelayConfig(PERIOD, FADE, START, 64, 40, whole_samples)
    block = CrossfadedDelay(config)
    trajectory = interpolating(sampled_trajectory(np.array([20.0, 15.3, 0.0]), 64))
    block.trajectory.data[0] = torch.from_numpy(trajectory)
    return block.requires_grad_(False)


def test_a_click_is_heard_at_both_delays_as_loud_as_the_fade_says():
    click = torch.zeros(1, 1, 400)
    at = 180
    click[..., at] = 1.0
    heard = fading()(click)[0, 0].numpy()
    number = np.floor((at - START) / FADE)
    turns = (START + FADE * np.arange(number, number + 2)) / PERIOD
    before, after = np.round(20.0 + 15.3 * np.cos(2.0 * np.pi * turns)).astype(int)
    expected = np.zeros(400)
    expected[at + before] += 1.0 - ((at + before - START) / FADE - number)
    expected[at + after] += (at + after - START) / FADE - number
    np.testing.assert_allclose(heard, expected, atol=1e-6)


def test_between_whole_samples_a_straight_line_is_read():
    ramp = torch.arange(600.0)[None, None]
    block = fading(whole_samples=False)
    before, after, gone = block.fades(0, 600)
    expected = np.arange(600) - before[0].numpy() * (1.0 - gone) - after[0].numpy() * gone
    np.testing.assert_allclose(block(ramp)[0, 0, 50:], expected[50:], atol=1e-3)


@pytest.mark.parametrize("whole_samples", [True, False])
@pytest.mark.parametrize("start_sample", [0, 7, 2**31 + 5])
def test_the_engine_fades_when_it_is_told(start_sample, whole_samples):
    chain = Chain([fading(whole_samples)])
    audio = torch.randn(1, 1, 900)
    player = Player(model_to_bytes(Model(chain, 48_000)), start_sample)
    played = np.concatenate([player.process(each.numpy()) for each in audio[0].split(64, -1)], -1)
    np.testing.assert_allclose(played, chain(audio, start_sample)[0], atol=1e-5)


def test_fades_that_lead_nowhere_are_refused():
    with pytest.raises(ValueError, match="fade_start_samples must be a number from 0 to 100"):
        CrossfadedDelayConfig(480.0, 100.0, 101.0)
    with pytest.raises(ValueError, match="whole_samples must be true or false"):
        CrossfadedDelayConfig(480.0, 100.0, whole_samples=1)  # pyright: ignore[reportArgumentType]
