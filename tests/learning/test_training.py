"""Losses, segments, the linear solver and training, each on its own."""

from __future__ import annotations

import dataclasses
import math
import time

import numpy as np
import pytest
import torch

from wetprint.blocks.gain import Gain, GainConfig
from wetprint.errors import LearningError
from wetprint.learning.budget import Budget
from wetprint.learning.entrant import Base, Entrant
from wetprint.learning.linear import shortest_good_model, solve_linear_models
from wetprint.learning.losses import esr_loss, waveform_loss
from wetprint.learning.material import (
    Batches,
    Material,
    Take,
    predict,
    remaining,
    takes_esr,
    validation_esr,
)
from wetprint.learning.sequential import STRETCH_SEGMENTS, SequentialBatches
from wetprint.learning.training import Training, TrainingConfig
from wetprint.models.chain import Chain
from wetprint.models.recipes import RECIPES, KnownEffect

from .sounds import CPU, RATE, cabinet, material, overdrive


class TestLosses:
    def test_esr_by_hand(self):
        prediction, target = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[1.0, 4.0]]])
        assert esr_loss(prediction, target).item() == pytest.approx(4 / 17)

    def test_perfect_is_nothing(self):
        target = torch.randn(2, 1, 50)
        assert waveform_loss(target, target).item() == 0.0

    def test_silence_is_finite(self):
        silence = torch.zeros(1, 1, 10)
        assert waveform_loss(silence, silence).item() == 0.0
        assert math.isfinite(waveform_loss(silence + 0.1, silence).item())

    def test_emphasis_mixes_by_hand(self):
        prediction, target = torch.tensor([[[0.0, 0.0]]]), torch.tensor([[[1.0, 1.0]]])
        # plain: all is error; emphasised: target 1 - 0.85 = 0.15, all is error
        assert waveform_loss(prediction, target, 0.5).item() == pytest.approx(1.0, abs=1e-5)


class TestBatches:
    def test_segments_are_aligned_and_never_score_the_unheard(self):
        ramp = np.arange(1000, dtype=np.float32)[None]
        takes = [Take(ramp, ramp + 0.5, heard_from=300), Take(ramp + 5000, ramp + 5000.5)]
        batches = Batches(takes, context_samples=50, segment_samples=100, device=CPU)
        dry, wet = batches.draw(np.random.default_rng(0), 200)
        assert torch.equal(dry[:, :, 50:] + 0.5, wet)
        first = wet[:, 0, 0]
        assert ((first >= 300) & (first <= 901) | (first >= 5000)).all()
        assert first.min() < 350
        assert first.max() > 5800
        after_silence = dry[(first == 5000.5)]
        assert (after_silence[:, :, :50] == 0).all()

    def test_in_order_from_each_place_and_then_from_another(self):
        ramp = np.arange(9000, dtype=np.float32)[None]
        batches = SequentialBatches([Take(ramp, ramp, heard_from=300)], 50, 100, CPU)
        starts = []
        for step in range(2 * STRETCH_SEGMENTS):
            dry, wet = batches.draw(np.random.default_rng(0), 3, step)
            assert torch.equal(dry[:, :, 50:], wet)
            starts.append(wet[:, 0, 0].numpy())
        assert (np.stack(starts) >= 300).all()
        moved = np.diff(np.stack(starts), axis=0) % (9000 - 300 - 100 + 1)  # round the take's end
        in_order = (moved == 100).all(1)
        assert in_order[: STRETCH_SEGMENTS - 1].all()
        assert in_order[STRETCH_SEGMENTS:].all()
        assert not in_order[STRETCH_SEGMENTS - 1]
        drawn_on = np.random.default_rng(0)
        drawn_on.random(77)
        again = batches.draw(drawn_on, 3, 5)[1][:, 0, 0]
        assert (again.numpy() == starts[5]).all()
        assert len(set(starts[0].tolist())) == 3

    def test_too_little_audio_is_refused(self):
        with pytest.raises(LearningError, match="record more"):
            Batches([Take(np.zeros((1, 99)), np.zeros((1, 99)))], 0, 100, CPU)


class TestLinear:
    def test_a_filter_is_solved_to_rounding(self):
        solved = solve_linear_models(material(cabinet))
        assert solved[-1].error < 1e-10

    def test_the_shortest_that_is_as_good_is_preferred(self):
        solved = solve_linear_models(material(cabinet))
        assert shortest_good_model(solved).taps == 256

    def test_a_late_echo_is_found(self):
        def echo(audio):
            return audio + 0.5 * np.pad(audio, ((0, 0), (6000, 0)))[:, : audio.shape[1]]

        assert solve_linear_models(material(echo))[-1].error < 1e-9

    def test_no_longer_filter_is_begun_when_the_time_is_over(self):
        known = material(overdrive)
        in_time = solve_linear_models(known)
        (late,) = solve_linear_models(known, stop=lambda: True)
        assert len(in_time) > 1
        assert (late.taps, late.error) == (64, in_time[0].error)

    def test_mono_to_stereo(self):
        def both(audio):
            late = np.pad(audio, ((0, 0), (3, 0)))[:, :-3]
            return np.concatenate([cabinet(audio), -0.5 * cabinet(late)])

        heard = material(both)
        assert solve_linear_models(heard)[-1].error < 1e-9


class TestTraining:
    def chain(self, recipe: str = "dilated") -> Chain:
        torch.manual_seed(0)
        solved = solve_linear_models(material(overdrive))[1]
        return RECIPES[recipe].build(KnownEffect(solved.response, (0,)))

    def training(self, **changes) -> Training:
        config = TrainingConfig(segment_samples=1024, batch=4, validations=5)
        return Training(
            self.chain(), material(overdrive), dataclasses.replace(config, **changes), CPU, seed=0
        )

    def test_learns_what_a_filter_cannot(self):
        config = TrainingConfig(segment_samples=1024, batch=4, validations=5)
        heard = material(overdrive)
        entrant = Entrant.on(heard, "dilated", self.chain(), None, config, CPU, seed=0)
        entrant.training.run(Budget(60, 70, time.monotonic()), lambda share: True)
        solved = min(each.error for each in solve_linear_models(heard))
        assert entrant.error < 0.6 * solved
        assert validation_esr(entrant.finished(), heard, CPU) == pytest.approx(entrant.error)

    def test_recurrent_units_learn_too(self):
        config = TrainingConfig(segment_samples=1024, batch=4, validations=2)
        heard = material(overdrive)
        entrant = Entrant.on(heard, "lstm", self.chain("lstm"), None, config, CPU, seed=0)
        entrant.training.run(Budget(60, 70, time.monotonic()), lambda share: True)
        assert entrant.error < 0.6 * entrant.history[0].error

    def test_what_stands_beside_a_solved_chain_learns_what_that_leaves(self):
        config = TrainingConfig(segment_samples=1024, batch=4, validations=5)
        heard = material(overdrive)
        solved = RECIPES["linear"].build(KnownEffect(solve_linear_models(heard)[1].response))
        alone = validation_esr(solved, heard, CPU)
        base = Base("linear", solved, alone)
        entrant = Entrant.on(heard, "refined", self.chain(), base, config, CPU, seed=0)
        entrant.training.run(Budget(60, 200, time.monotonic()), lambda share: True)
        assert entrant.error < 0.3 * alone
        assert entrant.history[-1].error == pytest.approx(
            entrant.training.history[-1].error * alone
        )
        assert validation_esr(entrant.finished(), heard, CPU) == pytest.approx(
            entrant.error, rel=1e-3
        )

    def test_a_loss_that_is_no_number_names_step_and_segment(self):
        training = self.training()
        training.chain[0].mix_down.weight.data.fill_(math.nan)
        with pytest.raises(LearningError, match=r"nan at step 0, with segments .* \["):
            training.advance(0.5)

    def test_learning_rate_rises_then_falls(self):
        training = self.training(learning_rate=1.0, warm_up=0.1, final_rate=0.01)
        rates = [training.learning_rate(share) for share in (0.0, 0.05, 0.1, 0.55, 1.0)]
        assert rates == pytest.approx([0.1, 0.55, 1.0, 0.505, 0.01])

    def test_playing_a_take_block_by_block_equals_whole(self):
        chain, take = self.chain(), material(overdrive).validation[0]
        whole = predict(chain, take, CPU)
        np.testing.assert_allclose(predict(chain, take, CPU, 777), whole, atol=1e-5)


def test_validation_error_by_hand():
    ones = np.ones((1, 4), np.float32)
    heard = Material((Take(ones, ones),), (Take(ones, 2 * ones, heard_from=1),), RATE)
    assert validation_esr(Chain([Gain(GainConfig())]), heard, CPU) == pytest.approx(1 / 4)
    # one channel stands for both: 3 samples of 1 against 2, 3 of 1 against -1
    both = (Take(ones, np.concatenate([2 * ones, -ones]), heard_from=1),)
    mono = ones[:, 1:]
    assert takes_esr(both, lambda take: mono) == pytest.approx((3 + 12) / (12 + 3))
    silent = (Take(ones, 0 * ones),)
    assert takes_esr(silent, lambda take: take.dry) == math.inf


def test_what_remains_by_hand():
    takes = (Take(np.ones((1, 4), np.float32), 3 * np.ones((1, 4), np.float32), heard_from=1),)
    half = Gain(GainConfig())
    left, loudness = remaining(Material(takes, takes, RATE), Chain([half]), CPU)
    assert loudness == pytest.approx(2.0)
    assert left.training[0].wet[0, 1:].tolist() == [1.0, 1.0, 1.0]
    whole, loudness = remaining(Material(takes, takes, RATE), None, CPU)
    assert loudness == pytest.approx(3.0)
    assert whole.validation[0].wet[0].tolist() == [1.0] * 4
