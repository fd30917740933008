"""Learning on effects whose truth is known, with steps counted so that it is quick and exact."""

from __future__ import annotations

import dataclasses
import math
import time

import numpy as np
import pytest
import torch

from wetprint.errors import LearningError, ModelFileError
from wetprint.learning import learn as learn_module
from wetprint.learning.checkpoint import checkpoint_path
from wetprint.learning.config import LearnConfig
from wetprint.learning.learn import learn_pairs
from wetprint.learning.training import Training, TrainingConfig

from .sounds import cabinet, overdrive, pair, playing, sagging


def quick(**changes) -> LearnConfig:
    training = TrainingConfig(segment_samples=1024, batch=2, validations=3)
    return dataclasses.replace(
        LearnConfig(model="dilated", steps=6, device="cpu", training=training), **changes
    )


class TestLearn:
    def weights(self, learned) -> torch.Tensor:
        return torch.cat([each.flatten() for each in learned.model.chain.state_dict().values()])

    def test_same_seed_gives_the_same_model(self):
        recording = pair(overdrive)
        first, second = (learn_pairs([recording], quick()) for _ in range(2))
        assert torch.equal(self.weights(first), self.weights(second))
        other = learn_pairs([recording], quick(seed=1))
        assert not torch.equal(self.weights(first), self.weights(other))

    def test_a_linear_effect_is_solved_without_training(self):
        learned = learn_pairs([pair(cabinet)], quick(model="auto"))
        assert [each.recipe for each in learned.candidates] == ["parametric", "linear"]
        assert learned.model.verdict["esr"] < 1e-9

    def test_the_better_candidate_is_kept_and_both_are_named(self):
        learned = learn_pairs([pair(sagging)], quick(model="auto", steps=80))
        names = [each.recipe for each in learned.candidates]
        assert sorted(names) == ["linear", "refined", "wiener_hammerstein"]
        assert names[-1] == "linear"
        errors = [each.error for each in learned.candidates]
        assert errors == sorted(errors)
        verdict = learned.model.verdict
        assert verdict["esr"] == learned.candidates[0].error < verdict["linear_esr"]
        assert verdict["linear_esr"] < verdict["dry_esr"]

    def test_training_that_gains_nothing_leaves_the_solved_model(self, monkeypatch):
        monkeypatch.setattr(
            Training, "advance", lambda self, share: setattr(self, "step", self.step + 1)
        )
        learned = learn_pairs([pair(sagging)], quick(model="auto", steps=1000))
        assert learned.candidates[0].recipe == "wiener_hammerstein"
        assert next(each.steps for each in learned.candidates if each.recipe == "refined") < 1000

    def test_a_curve_between_two_filters_is_solved_without_training(self):
        learned = learn_pairs([pair(overdrive)], quick(model="wiener_hammerstein"))
        assert [each.recipe for each in learned.candidates] == ["wiener_hammerstein"]
        assert learned.candidates[0].steps == 0
        assert learned.model.verdict["esr"] < 1e-4

    def test_a_model_that_does_not_suit_what_was_heard_is_refused(self):
        both = dataclasses.replace(
            pair(overdrive),
            dry=np.concatenate([playing(8, 2), playing(8, 3)]),
            wet=overdrive(np.concatenate([playing(8, 2), playing(8, 3)])),
        )
        with pytest.raises(LearningError, match="does not suit what was heard"):
            learn_pairs([both], quick(model="wiener_hammerstein"))

    @pytest.mark.parametrize("model", ["dilated", "refined", "study_lstm_small"])
    def test_interrupted_and_resumed_equals_uninterrupted(self, tmp_path, monkeypatch, model):
        recording, output = pair(sagging), tmp_path / "a.wetprint"
        config = quick(steps=8, model=model)
        whole = learn_pairs([recording], config)
        advance = Training.advance

        def interrupted(self, share):
            if self.step == 5:
                raise KeyboardInterrupt
            return advance(self, share)

        monkeypatch.setattr(Training, "advance", interrupted)
        first = learn_pairs([recording], config, output=output)
        assert first.interrupted
        assert checkpoint_path(output).exists()
        assert math.isfinite(first.model.verdict["esr"])
        monkeypatch.setattr(Training, "advance", advance)
        second = learn_pairs([recording], config, output=output, resume=True)
        assert second.model.verdict["esr"] == whole.model.verdict["esr"]
        assert not second.interrupted
        assert not checkpoint_path(output).exists()
        assert torch.equal(self.weights(second), self.weights(whole))

    def test_a_resumed_run_that_gains_nothing_keeps_what_was_solved(self, tmp_path, monkeypatch):
        recording, output = pair(sagging), tmp_path / "a.wetprint"
        config = quick(model="auto", steps=40)

        def interrupted(self, share):
            raise KeyboardInterrupt

        monkeypatch.setattr(Training, "advance", interrupted)
        first = learn_pairs([recording], config, output=output)
        assert first.resumable
        monkeypatch.setattr(
            Training, "advance", lambda self, share: setattr(self, "step", self.step + 1)
        )
        second = learn_pairs([recording], config, output=output, resume=True)
        assert second.candidates[0].recipe == "wiener_hammerstein"
        assert second.candidates[0].error == first.candidates[0].error

    def test_another_run_is_not_resumed(self, tmp_path, monkeypatch):
        recording, output = pair(overdrive), tmp_path / "a.wetprint"

        def stop(self, share):
            raise KeyboardInterrupt

        monkeypatch.setattr(Training, "advance", stop)
        learn_pairs([recording], quick(), output=output)
        with pytest.raises(ModelFileError, match="had seed 0, this one has 5"):
            learn_pairs([recording], quick(seed=5), output=output, resume=True)
        checkpoint_path(output).write_bytes(b"x")
        with pytest.raises(ModelFileError, match="damaged"):
            learn_pairs([recording], quick(), output=output, resume=True)
        checkpoint_path(output).unlink()
        with pytest.raises(ModelFileError, match="no interrupted run"):
            learn_pairs([recording], quick(), output=output, resume=True)

    def test_interrupt_before_training_is_passed_on(self, monkeypatch):
        def stop(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(learn_module, "gather_from_pairs", stop)
        with pytest.raises(KeyboardInterrupt):
            learn_pairs([pair(overdrive)], quick())

    def test_the_time_budget_is_kept(self):
        begun = time.monotonic()
        config = quick(model="refined", minutes=0.25, steps=None)
        learned = learn_pairs([pair(overdrive)], config, started=begun)
        assert learned.candidates[0].steps > 0
        assert time.monotonic() - begun < 15.0

    def test_unknown_model_and_device_are_refused_by_name(self):
        with pytest.raises(LearningError, match="did you mean 'dilated'"):
            learn_pairs([pair(overdrive)], quick(model="dilatd"))
        with pytest.raises(LearningError, match="no device 'tpu'"):
            learn_pairs([pair(overdrive)], quick(device="tpu"))

    def test_recordings_of_different_rates_are_refused(self):
        other = dataclasses.replace(pair(overdrive), sample_rate=16_000)
        with pytest.raises(LearningError, match="one sample rate"):
            learn_pairs([pair(overdrive), other], quick())
