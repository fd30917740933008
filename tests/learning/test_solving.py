"""In which order what moves is tried, and how long."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from wetprint.identify.lfo import Lfo
from wetprint.learning import solving
from wetprint.learning.budget import Budget
from wetprint.learning.material import Material, Take
from wetprint.learning.moving import Motion
from wetprint.learning.solvers import MovingSolver
from wetprint.learning.solving import Solving
from wetprint.progress import silent

RATE = 8000


@pytest.mark.parametrize(("minutes", "begun"), [(10.0, ["tremolo", "phaser"]), (0.01, ["tremolo"])])
def test_nothing_that_moves_is_begun_after_the_time_is_up(monkeypatch, minutes, begun):
    tried = []

    def solver(recipe: str) -> MovingSolver:
        return MovingSolver(recipe, lambda *_: tried.append(recipe))

    monkeypatch.setattr(solving, "MOVING_SOLVERS", (solver("tremolo"), solver("phaser")))
    monkeypatch.setattr(solving, "find_motion", lambda *_: Motion(Lfo(4000.0, 1.0, 1.0), ()))
    monkeypatch.setattr(solving, "solve_slow", lambda *_: None)
    noise = np.random.default_rng(0).standard_normal((1, RATE)).astype(np.float32)
    material = Material((Take(noise, noise),), (Take(noise, noise),), RATE)
    budget = Budget(minutes, None, time.monotonic())
    run = Solving(material, budget, torch.device("cpu"), silent)
    response = np.ones((1, 1, 1))
    linear = run.candidate("linear", solving.KnownEffect(0.5 * response), 0.0)
    assert list(run.beyond_linear({"tremolo", "phaser"}, response, linear)) == []
    assert tried == begun
