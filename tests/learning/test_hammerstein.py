"""Filters behind powers are found from a known truth, and stay calm beyond what was heard."""

from __future__ import annotations

import numpy as np
import torch
from scipy.signal import lfilter

from tests.learning.sounds import CPU, RATE, material, overdrive, playing
from wetprint.blocks.power import Power, PowerConfig, powers
from wetprint.learning.config import LearnConfig
from wetprint.learning.hammerstein import solve_hammerstein
from wetprint.learning.learn import chosen_recipes, learn_pairs
from wetprint.learning.material import validation_esr
from wetprint.models import Model, load_model, save_model
from wetprint.models.parallel import Parallel
from wetprint.pairs import Pair


def kernels(dry: np.ndarray) -> np.ndarray:
    """A diagonal Volterra system of the third order."""
    wet = lfilter([1.0, 0.5], [1.0], dry) - lfilter([0.0, 0.4], [1.0, -0.5], dry**2)
    return (wet + lfilter([0.3, -0.2], [1.0], dry**3)).astype(np.float32)


def test_kernels_of_the_third_order_are_found():
    heard = material(kernels)
    chain = solve_hammerstein(heard)
    assert chain is not None
    assert validation_esr(chain, heard, CPU) < 1e-6


def test_more_than_a_filter_is_explained_of_an_overdrive():
    heard = material(overdrive)
    bent, straight = (solve_hammerstein(heard, highest_order=each) for each in (7, 1))
    assert bent is not None
    assert straight is not None
    assert validation_esr(bent, heard, CPU) < 0.3 * validation_esr(straight, heard, CPU)


def opening(dry: np.ndarray) -> np.ndarray:
    """A filter that opens as the level rises, within some hundredths of a second; no bends."""
    time = np.arange(dry.shape[-1]) / 400
    level = np.maximum.accumulate(np.abs(dry[0]) * np.exp(time)) * np.exp(-time)
    opened = np.clip(1.0 + 20.0 * np.log10(level + 1e-9) / 40.0, 0.0, 1.0)
    dull, bright = lfilter([0.2], [1.0, -0.8], dry), lfilter([1.0, -0.4], [1.0], dry)
    return (opened * bright + (1.0 - opened) * dull).astype(np.float32)


def test_kernels_follow_the_level_where_the_effect_does():
    heard = material(opening)
    chain = solve_hammerstein(heard, highest_order=3)
    assert chain is not None
    # one set for all levels leaves .0067
    assert validation_esr(chain, heard, CPU) < 0.002


def test_a_model_of_several_levels_can_be_opened(tmp_path):
    """A model file holds no more than 16 branches side by side."""
    chain = solve_hammerstein(material(opening))
    assert chain is not None
    path = tmp_path / "levels.wetprint"
    save_model(Model(chain=chain, sample_rate=RATE), path)
    dry = torch.from_numpy(playing(1.0, 3))[None]
    with torch.no_grad():
        torch.testing.assert_close(load_model(path).chain(dry), chain(dry))


def test_one_set_of_kernels_is_kept_where_levels_gain_nothing():
    chain = solve_hammerstein(material(kernels), highest_order=3)
    assert chain is not None
    branches = next(iter(chain))
    assert isinstance(branches, Parallel)
    assert [len(each) for each in branches] == [2, 2, 2]


def test_beyond_its_reach_a_power_goes_on_straight():
    block = Power(PowerConfig(3, 0.5))
    played = block(torch.tensor([[[0.25, 0.5, 1.0, 1.5, -1.5]]]))[0, 0]
    # 0.5 (x / 0.5)^3 up to 0.5, and from there a slope of 3
    torch.testing.assert_close(played, torch.tensor([0.0625, 0.5, 2.0, 3.5, -3.5]))
    np.testing.assert_allclose(powers(played[None].numpy(), 4.0, 2)[0], played, atol=1e-6)


def test_it_runs_when_it_is_asked_for_and_only_then():
    assert "hammerstein" not in [each.name for each in chosen_recipes("auto")]
    dry = playing(8.0, 2)
    pair = Pair(name="generated", dry=dry, wet=kernels(dry), sample_rate=RATE)
    learned = learn_pairs([pair], LearnConfig(model="hammerstein", minutes=1.0))
    assert [each.recipe for each in learned.candidates] == ["hammerstein"]
    assert learned.candidates[0].error < 1e-6
