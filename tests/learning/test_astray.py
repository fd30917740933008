"""Training that goes astray is taken back, and never leaves a model worse than the best filter."""

from __future__ import annotations

import math
import time

import pytest
import torch

from wetprint.blocks.dilated import Dilated, DilatedConfig
from wetprint.learning.budget import Budget
from wetprint.learning.config import LearnConfig
from wetprint.learning.learn import learn_pairs
from wetprint.learning.material import validation_esr
from wetprint.learning.training import BACKED_OFF, MOST_BACK_OFFS, Training, TrainingConfig
from wetprint.models.chain import Chain

from .sounds import CPU, cabinet, material, overdrive, pair


def training(learning_rate: float, **changes) -> Training:
    torch.manual_seed(0)
    chain = Chain([Dilated(DilatedConfig(width=4, dilations=(1, 3, 9)))])
    config = TrainingConfig(512, 2, learning_rate, validations=10, **changes)
    return Training(chain, material(overdrive), config, CPU, seed=0)


def test_steps_far_too_large_are_made_smaller_until_they_lead_somewhere():
    run = training(30.0)
    run.run(Budget(60, 60, time.monotonic()), lambda share: True)
    assert 1 <= len(run.astray) < MOST_BACK_OFFS
    assert not run.gave_up
    assert run.step == 60
    assert run.best_error < 0.9 * run.history[0].error
    assert validation_esr(run.chain, run.material, CPU) == pytest.approx(run.best_error)
    assert "and went on in smaller steps" in run.notes[0]


def test_a_run_that_is_taken_back_starts_again_from_its_best():
    run = training(1e-3)
    run.run(Budget(60, 8, time.monotonic()), lambda share: True)
    best = {name: each.clone() for name, each in run.best_weights.items()}
    run.advance(0.5)
    before = run.optimizer.param_groups[0]["lr"]
    run.back_off("asked for")
    assert all(torch.equal(each, best[name]) for name, each in run.chain.state_dict().items())
    assert all(torch.equal(each, best[name]) for name, each in run.mean_weights.items())
    assert not run.optimizer.state
    run.advance(0.5)
    assert run.optimizer.param_groups[0]["lr"] == pytest.approx(BACKED_OFF * before)


def test_a_loss_that_is_no_number_is_survived(monkeypatch):
    run = training(1e-3)
    whole = Training.advance

    def spoilt(self, share):
        if self.step == 3:
            self.chain[0].mix_down.weight.data.fill_(math.nan)
        return whole(self, share)

    monkeypatch.setattr(Training, "advance", spoilt)
    run.run(Budget(60, 12, time.monotonic()), lambda share: True)
    assert len(run.astray) == 1
    assert "nan at step 3, with segments" in run.notes[0]
    assert (run.step, run.gave_up) == (12, False)
    assert math.isfinite(run.best_error)


def test_what_never_learns_leaves_the_best_filter(monkeypatch):
    """Whatever was asked for."""
    whole = Training.advance

    def spoilt(self, share):
        loss = whole(self, share)
        for each in self.chain.parameters():
            each.data.mul_(1e3)
        return loss

    monkeypatch.setattr(Training, "advance", spoilt)
    config = LearnConfig("dilated", steps=100, device="cpu", training=TrainingConfig(512, 2))
    learned = learn_pairs([pair(cabinet)], config)
    assert learned.candidates[0].recipe == "linear"
    assert learned.candidates[1].recipe == "dilated"
    assert learned.candidates[1].steps < 100
    assert learned.model.verdict["esr"] == learned.model.verdict["linear_esr"] < 1e-9
    assert f"went astray {MOST_BACK_OFFS} times" in learned.notes[-1]
    assert learned.notes[-1].endswith("and was given up")
