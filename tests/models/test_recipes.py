"""Recipes build what is known of an effect."""

from __future__ import annotations

import numpy as np
import torch

from wetprint.blocks.convolution import Fir, FirConfig
from wetprint.models.recipes import RECIPES, KnownEffect, safe_delay_samples


def test_the_linear_recipe_plays_the_solved_filter():
    response = np.random.default_rng(0).standard_normal((2, 1, 30))
    audio = torch.randn(1, 1, 400)
    reference = Fir(FirConfig(30, 1, 2))
    reference.response.data = torch.from_numpy(response).float()
    chain = RECIPES["linear"].build(KnownEffect(response))
    torch.testing.assert_close(chain(audio), reference(audio), rtol=1e-4, atol=1e-4)


def test_the_dilated_recipe_ends_in_a_tap_before_the_sound_arrives():
    chain = RECIPES["dilated"].build(KnownEffect(np.zeros((2, 1, 300)), (0, 184)))
    audio = torch.randn(1, 1, 400)
    played, inside = chain(audio)[0], chain[0](audio)[0, 0]
    torch.testing.assert_close(played[0], inside, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(played[1, 184:], inside[:-184], rtol=1e-4, atol=1e-4)


def test_delays_short_enough_for_a_network_are_left_to_it():
    response = np.zeros((1, 300))
    response[0, [40, 90]] = 0.2, -0.5
    assert safe_delay_samples(response) == 0
    response[0, 40] = 0.001
    assert safe_delay_samples(response) == 90 - 16
