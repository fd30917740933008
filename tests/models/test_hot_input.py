"""A model survives what it was not trained for: 12 dB too much, and silence after it."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from tests.blocks.every_block import CONFIGS, build, named
from tests.learning.sounds import CPU, material, overdrive
from wetprint.blocks.block import Block
from wetprint.blocks.recurrent import RecurrentConfig
from wetprint.learning.entrant import Entrant
from wetprint.learning.training import TrainingConfig
from wetprint.models.chain import Chain
from wetprint.models.playing import play_chain
from wetprint.models.recipes import RECIPES, KnownEffect

HOT = 10.0 ** (12.0 / 20.0)

LOUD_SAMPLES, SILENT_SAMPLES, LAST_SAMPLES = 4000, 40_000, 1000

MOST_LOUDER = HOT**2
"""An expander makes more than 12 dB of them; nothing makes more than twice as many."""

DIED_AWAY = 1e-3
"""What may be left of the loudest when nothing has been heard for so long: -60 dB."""


def playing(channels: int) -> np.ndarray:
    sound = np.random.default_rng(4).standard_normal((channels, LOUD_SAMPLES)) * 0.2
    return np.pad(sound, ((0, 0), (0, SILENT_SAMPLES))).astype(np.float32)


def assert_survives(chain: Chain) -> None:
    sound = playing(chain.channels_in)
    rest = play_chain(chain, np.zeros_like(sound))
    usual, hot = (play_chain(chain, each) - rest for each in (sound, np.float32(HOT) * sound))
    assert np.isfinite(hot).all()
    loudest = abs(hot).max()
    assert loudest <= MOST_LOUDER * abs(usual).max()
    assert abs(hot[:, -LAST_SAMPLES:]).max() <= DIED_AWAY * loudest


@pytest.mark.parametrize("request_", CONFIGS, ids=named)
def test_every_block_survives(request_):
    assert_survives(Chain([build(*request_)]))


def test_what_stays_loud_would_be_noticed():
    """A unit that forgets nothing and hears how loud it is."""
    latch = build("lstm", RecurrentConfig(1, skip=False))
    latch.cell.weight_ih_l0.data[:] = torch.tensor([[0.0], [0.0], [4.0], [0.0]])
    latch.cell.bias_ih_l0.data[:] = torch.tensor([0.0, 20.0, 0.0, 8.0])
    for each in (latch.cell.weight_hh_l0, latch.cell.bias_hh_l0):
        each.data.zero_()
    with pytest.raises(AssertionError):
        assert_survives(Chain([latch]))


TOO_LARGE = "study_lstm"
"""Takes an hour; "study_lstm_small" is the same with fewer units."""

TRAINED = [recipe for recipe in RECIPES.values() if recipe.trained and recipe.name != TOO_LARGE]


def test_recipes_are_found():
    assert len(TRAINED) > 3
    assert RECIPES[TOO_LARGE].trained


@pytest.mark.parametrize("recipe", TRAINED, ids=lambda recipe: recipe.name)
def test_every_trained_recipe_survives(recipe):
    """After a few steps, so that what begins as the dry signal or as silence has moved away."""
    torch.manual_seed(0)
    chain = recipe.build(KnownEffect(np.zeros((1, 1, 64)), (0,)))
    training = TrainingConfig(256, 2, warm_up=0.0)
    training = dataclasses.replace(training, **recipe.training)
    entrant = Entrant.on(material(overdrive), recipe.name, chain, None, training, CPU, seed=0)
    losses = [entrant.training.advance(0.1) for _ in range(3)]
    assert all(math.isfinite(each) for each in losses)
    trained = entrant.finished().requires_grad_(False)
    assert any(isinstance(each, Block) and list(each.parameters()) for each in trained)
    assert_survives(trained)
