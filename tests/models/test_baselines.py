"""The field's networks are in the registry as their authors describe them."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
import torch

from tests.learning.sounds import CPU, RATE, material, overdrive
from wetprint.blocks.recurrent import Lstm, RecurrentConfig
from wetprint.errors import LearningError
from wetprint.learning.budget import Budget
from wetprint.learning.entrant import Entrant
from wetprint.learning.learn import chosen_recipes
from wetprint.learning.material import Material, Take, validation_esr
from wetprint.learning.pace import refuse_what_takes_too_long
from wetprint.learning.training import TrainingConfig
from wetprint.models.chain import Chain
from wetprint.models.recipes import RECIPES, KnownEffect

MONO = KnownEffect(np.zeros((1, 1, 64)), (0,))
BASELINES = [each.name for each in RECIPES.values() if each.baseline and each.trained]

S4_LARGE = 8 * (16 * 17 + 16 * (1 + 32 + 32 + 2 * 32 + 1) + 16) + 2 * 16 + 17
LSTM_40 = 4 * 40 * (1 + 40 + 2)
STACK = 4 * 800 * (1 + 800 + 2) + 6 * 4 * 800 * (800 + 800 + 2)

WEIGHTS = {
    "nam": 13_801 + 1,  # as NAM's own module counts, and the head's scale
    "lstm40": LSTM_40 + 40 + 1 + 1,
    "s4": S4_LARGE,  # published: 18.9k, 70k and 2.4k
    "s4_film": S4_LARGE + 8 * 4 * 32 * (16 + 32 + 2),
    "s4_small": 4 * (16 * 17 + 16 * (1 + 4 + 4 + 2 * 4 + 1) + 16) + 2 * 16 + 17,
    "study_lstm": STACK + 800 + 1,
}


def test_baselines_run_only_when_asked_for():
    assert len(BASELINES) == 11
    assert not any(recipe.baseline for recipe in chosen_recipes("auto"))
    assert [recipe.name for recipe in chosen_recipes("nam")] == ["nam"]


@pytest.mark.parametrize(("name", "weights"), WEIGHTS.items())
def test_sizes_are_the_published_ones(name, weights):
    chain = RECIPES[name].build(MONO)
    assert sum(each.numel() for each in chain.parameters()) == weights


@pytest.mark.parametrize("name", [each for each in BASELINES if each != "study_lstm"])
def test_every_baseline_fits_whatever_channels_there_are(name):
    for channels_in, channels_out in ((1, 2), (2, 2)):
        chain = RECIPES[name].build(KnownEffect(np.zeros((channels_out, channels_in, 64))))
        assert (chain.channels_in, chain.channels_out) == (channels_in, channels_out)


def plucked(seconds: float, seed: int) -> np.ndarray:
    """Notes of a few harmonics that die away: of noise, max-pooling leaves little to learn from."""
    generator = np.random.default_rng(seed)
    time, notes = np.arange(2000) / RATE, []
    for _ in range(int(seconds * RATE / 2000)):
        pitch_hz, turns = generator.uniform(80, 600), generator.uniform(0, 1, 3)
        harmonics = [
            np.sin(2 * np.pi * (pitch_hz * each * time + turns[each - 1])) / each
            for each in (1, 2, 3)
        ]
        notes.append(0.3 * sum(harmonics) * np.exp(-time / 0.09))
    return np.concatenate(notes)[None].astype(np.float32)


@pytest.mark.parametrize(
    ("name", "steps"),
    [("cnn2", 40), ("cnn6", 160), ("study_lstm_small", 50), ("study_wavenet", 30)],
)
def test_the_studys_networks_learn(name, steps):
    torch.manual_seed(0)
    dry, kept = plucked(60, 0), plucked(2, 1)
    heard = Material((Take(dry, overdrive(dry)),), (Take(kept, overdrive(kept)),), RATE)
    recipe = RECIPES[name]
    training = dataclasses.replace(TrainingConfig(512, 4, warm_up=0.0), **recipe.training)
    entrant = Entrant.on(heard, name, recipe.build(MONO), None, training, CPU, seed=0)
    run = entrant.training
    before = run.judge(0.0, 0.0)
    for _ in range(steps):
        run.advance(0.3)
    after = run.judge(1.0, 0.0)
    assert after < 0.8 * before
    run.keep_best()
    assert validation_esr(entrant.finished(), heard, CPU) == pytest.approx(after, rel=1e-3)


REFUSAL = r"minutes or more on this device to be judged once, and 0\.1"


def test_what_takes_longer_to_judge_than_there_is_time_is_refused():
    """Two layers of 256 units, on an hour: by what it takes to play a little of it."""
    dry = np.zeros((1, 60 * RATE), np.float32)
    long = dataclasses.replace(material(overdrive), validation=(Take(dry, dry),) * 60)
    chain, budget = (
        Chain([Lstm(RecurrentConfig(256, layers=2))]),
        Budget(0.2, None, time.monotonic()),
    )
    with pytest.raises(LearningError, match=REFUSAL):
        refuse_what_takes_too_long("wide", chain, long, budget, CPU)
    refuse_what_takes_too_long("wide", chain, long, dataclasses.replace(budget, steps=5), CPU)
    small = RECIPES["lstm40"].build(MONO)
    refuse_what_takes_too_long("lstm40", small, material(overdrive), budget, CPU)


def test_the_largest_is_refused_before_it_is_played():
    dry = np.zeros((1, 20 * 48_000), np.float32)
    heard = dataclasses.replace(material(overdrive), validation=(Take(dry, dry),))
    chain, budget = RECIPES["study_lstm"].build(MONO), Budget(0.2, None, time.monotonic())
    with pytest.raises(LearningError, match="takes 27 " + REFUSAL):
        refuse_what_takes_too_long("study_lstm", chain, heard, budget, CPU)
    assert budget.elapsed_seconds() < 5.0
