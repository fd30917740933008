"""The moving gain does what a formula says, and moves with absolute time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from wetprint.blocks.amplitude_modulation import AmplitudeModulation, AmplitudeModulationConfig
from wetprint.blocks.periodic import interpolating
from wetprint.engine.player import Player
from wetprint.models.chain import Chain
from wetprint.models.model import Model
from wetprint.models.model_file import model_to_bytes

PERIOD = 480.25


def panning() -> AmplitudeModulation:
    """Return a gain of 1 + 0.8 sin on the left side, of 1 - 0.8 sin on the right."""
    block = AmplitudeModulation(AmplitudeModulationConfig(PERIOD, 64, 1, 2))
    wave = 0.8 * np.sin(2.0 * np.pi * np.arange(64) / 64)
    block.gain.data = torch.from_numpy(interpolating(np.stack([1.0 + wave, 1.0 - wave]))).float()
    return block.requires_grad_(False)


def test_each_side_swells_as_the_formula_says():
    audio = torch.randn(1, 1, 3000)
    wave = 0.8 * np.sin(2.0 * np.pi * np.arange(3000) / PERIOD)
    expected = audio[0, 0].numpy() * np.stack([1.0 + wave, 1.0 - wave])
    np.testing.assert_allclose(panning()(audio)[0], expected, atol=1e-4)


def test_untrained_it_changes_nothing():
    audio = torch.randn(1, 2, 700)
    block = AmplitudeModulation(AmplitudeModulationConfig(PERIOD, channels_in=2, channels_out=2))
    torch.testing.assert_close(block(audio), audio, rtol=1e-6, atol=1e-6)


def test_absolute_time_decides_where_the_lfo_stands():
    block, audio = panning(), torch.randn(1, 1, 1000)
    late = block(audio, start_sample=3 * 1921)  # 12 turns of 480.25 samples
    torch.testing.assert_close(late, block(audio), rtol=1e-4, atol=1e-4)
    assert (block(audio, start_sample=240) - late).abs().max() > 0.1


@pytest.mark.parametrize("start_sample", [0, 7, 2**31 + 5])
def test_the_engine_starts_where_it_is_told(start_sample):
    chain = Chain([panning()])
    audio = torch.randn(1, 1, 700)
    played = Player(model_to_bytes(Model(chain, 48_000)), start_sample).process(audio[0].numpy())
    np.testing.assert_allclose(played, chain(audio, start_sample)[0], atol=1e-5)
