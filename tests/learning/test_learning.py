"""Learning on effects whose truth is known, with steps counted so that it is quick and exact."""

from __future__ import annotations

import dataclasses
import math
import time

import numpy as np
import pytest
import torch
from scipy.signal import butter, lfilter

from wetprint.blocks.convolution import Fir, FirConfig
from wetprint.blocks.gain import Gain, GainConfig
from wetprint.errors import LearningError, ModelFileError
from wetprint.learning import learn as learn_module
from wetprint.learning.budget import CLOSING_SECONDS, Budget
from wetprint.learning.checkpoint import checkpoint_path
from wetprint.learning.config import LearnConfig
from wetprint.learning.entrant import Base, Entrant
from wetprint.learning.learn import learn_pairs
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
from wetprint.learning.training import Training, TrainingConfig
from wetprint.models.chain import Chain
from wetprint.models.recipes import RECIPES, KnownEffect, safe_delay_samples
from wetprint.pairs import Pair

RATE = 8000
CPU = torch.device("cpu")


def playing(seconds: float, seed: int) -> np.ndarray:
    """Noise bursts that decay: broadband, with quiet and loud places."""
    generator = np.random.default_rng(seed)
    samples = int(seconds * RATE)
    envelope = np.exp(-(np.arange(samples) % 2000) / 500) * 0.5
    return (generator.standard_normal((1, samples)) * envelope).astype(np.float32)


def cabinet(audio: np.ndarray) -> np.ndarray:
    return lfilter(*butter(2, [0.05, 0.5], "band"), audio).astype(np.float32)


def overdrive(audio: np.ndarray) -> np.ndarray:
    return cabinet(np.tanh(4 * audio + 0.3) - math.tanh(0.3)).astype(np.float32)


def sagging(audio: np.ndarray) -> np.ndarray:
    """An overdrive that gives way under load, which no static curve does."""
    load = lfilter([0.01], [1.0, -0.99], np.abs(audio))
    return overdrive(audio / (1.0 + 6.0 * load))


def material(effect, repeatability=None) -> Material:
    dry, kept = playing(6, 0), playing(2, 1)
    return Material((Take(dry, effect(dry)),), (Take(kept, effect(kept)),), RATE, repeatability)


def pair(effect, seconds=8.0) -> Pair:
    dry = playing(seconds, 2)
    return Pair(name="generated", dry=dry, wet=effect(dry), sample_rate=RATE)


def quick(**changes) -> LearnConfig:
    training = TrainingConfig(segment_samples=1024, batch=2, validations=3)
    return dataclasses.replace(
        LearnConfig(model="dilated", steps=6, device="cpu", training=training), **changes
    )


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


class TestBudget:
    def test_clock(self):
        budget = Budget(minutes=1.0, steps=None, started=time.monotonic() - 20)
        budget.begin_training()
        assert budget.share(0) == pytest.approx(0.0, abs=1e-3)
        assert budget.remaining_seconds() == pytest.approx(40 - CLOSING_SECONDS, abs=0.1)
        budget.started -= (40 - CLOSING_SECONDS) / 2
        assert budget.share(0) == pytest.approx(0.5, abs=0.01)
        budget.started -= 60
        assert budget.share(0) == 1.0

    def test_the_linear_part_gets_a_share_of_the_time_left(self, monkeypatch):
        now = 50.0
        monkeypatch.setattr(time, "monotonic", lambda: now)
        stop = Budget(minutes=1, steps=None, started=40.0).stop_solving()
        now += 0.4 * (60 - 10 - CLOSING_SECONDS) - 0.1
        assert not stop()
        now += 0.2
        assert stop()
        assert not Budget(minutes=0.001, steps=3, started=0.0).stop_solving()()

    def test_a_curve_gets_what_it_needs_and_leaves_time_to_finish(self, monkeypatch):
        now = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: now)

        def seconds(minutes):
            nonlocal now
            now = 0.0
            stop = Budget(minutes=minutes, steps=None, started=0.0).stop_curve()
            while not stop():
                now += 0.5
            return now

        assert seconds(10.0) == pytest.approx(0.4 * (600 - CLOSING_SECONDS), abs=1.0)
        assert seconds(1.5) == pytest.approx(40.0, abs=1.0)
        assert seconds(0.5) == pytest.approx(30.0 - CLOSING_SECONDS - 10.0, abs=1.0)

    def test_a_few_seconds_are_not_worth_training(self):
        started = time.monotonic()
        assert Budget(minutes=1.0, steps=None, started=started).worth_training()
        assert not Budget(minutes=0.2, steps=None, started=started).worth_training()
        assert Budget(minutes=0.2, steps=1, started=started).worth_training()

    def test_steps_ignore_the_clock(self):
        budget = Budget(minutes=0.01, steps=4, started=time.monotonic() - 1000)
        assert [budget.share(step) for step in range(6)] == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]


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
        assert [each.recipe for each in learned.candidates] == ["linear"]
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
        with pytest.raises(LearningError, match="needs one dry channel"):
            learn_pairs([both], quick(model="wiener_hammerstein"))

    @pytest.mark.parametrize("model", ["dilated", "refined"])
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
