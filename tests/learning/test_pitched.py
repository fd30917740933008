"""A pitch shifter is solved from dry and wet, and judged as such effects must be."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pedalboard import PitchShift

from tests.identify.test_pitch import RATE, notes
from wetprint.blocks.pitch_shifter import PitchShifter
from wetprint.judging.metrics import loudness_difference, mel_distance
from wetprint.learning.colour import colour
from wetprint.learning.linear import filter_audio
from wetprint.learning.material import Material, Take, predict, validation_esr
from wetprint.learning.measure import validation_mel_error
from wetprint.learning.pitched import heard_takes, solve_pitched
from wetprint.models import Chain, Model
from wetprint.models.parallel import Parallel
from wetprint.playing import play

CPU = torch.device("cpu")


def material(effect) -> Material:
    dry, kept = notes(12.0, seed=1), notes(6.0, seed=2)
    return Material((Take(dry, effect(dry)),), (Take(kept, effect(kept)),), RATE)


def down(dry: np.ndarray) -> np.ndarray:
    return PitchShift(-5)(dry, RATE)


@pytest.fixture(scope="module")
def heard() -> Material:
    return material(down)


@pytest.fixture(scope="module")
def solved(heard) -> Chain:
    chain = solve_pitched(heard)
    assert chain is not None
    return chain


def test_a_real_phase_vocoder_is_solved(heard, solved):
    take = heard.validation[0]
    played = predict(solved, take, CPU)
    before = mel_distance(take.dry, take.wet, RATE)
    assert mel_distance(played, take.wet, RATE) < 0.25 * before
    assert abs(loudness_difference(played, take.wet, RATE)) < 0.5
    assert isinstance(solved[0], PitchShifter)
    assert solved[0].config.ratio == pytest.approx(2 ** (-5 / 12), rel=0.001)


def test_whole_files_come_out_in_time_however_they_are_cut(heard, solved):
    take, model = heard.validation[0], Model(solved, RATE)
    assert model.lookahead_samples > 0
    whole = play(model, take.dry)
    assert whole.shape == take.wet.shape
    np.testing.assert_allclose(play(model, take.dry, 999), whole, atol=1e-5)
    np.testing.assert_allclose(predict(solved, take, CPU), whole, atol=1e-5)
    late = np.roll(whole, 2400, axis=1)
    assert mel_distance(whole, take.wet, RATE) < mel_distance(late, take.wet, RATE)


def test_the_dry_sound_is_kept_beside_it():
    mixed = material(lambda dry: down(dry) + 0.5 * dry)
    chain = solve_pitched(mixed)
    assert chain is not None
    assert isinstance(chain[0], Parallel)
    take = mixed.validation[0]
    error = mel_distance(predict(chain, take, CPU), take.wet, RATE)
    assert error < 0.5 * mel_distance(take.dry, take.wet, RATE)


@pytest.mark.parametrize("effect", [lambda dry: np.tanh(9 * dry), lambda dry: 0.5 * dry])
def test_what_shifts_no_pitch_is_left_to_others(effect):
    assert solve_pitched(material(effect)) is None


def test_nothing_more_is_tried_when_the_time_is_over(heard):
    chain = solve_pitched(heard, stop=lambda: True)
    assert chain is not None
    assert chain.lookahead_samples > 0


def test_pitch_shifters_are_compared_by_mel_distance(heard, solved):
    take = heard.validation[0]
    expected = mel_distance(predict(solved, take, CPU), take.wet, RATE)
    assert validation_mel_error(solved, heard, CPU) == pytest.approx(expected, rel=1e-5)
    assert validation_esr(solved, heard, CPU) > 0.5  # which calls a good likeness hopeless


def test_stretches_are_spread_over_all_there_is():
    ramp = np.arange(30 * RATE, dtype=np.float32)[None] + 1.0
    takes = heard_takes(Material((Take(ramp, ramp),), (Take(ramp, ramp),), RATE))
    firsts = [float(take.dry[0, 0]) for take in takes]
    assert firsts[0] == 1.0
    assert takes[-1].dry[0, -1] == ramp[0, -1]
    np.testing.assert_allclose(np.diff(firsts), np.diff(firsts)[0], atol=1.5)


def test_the_colour_of_a_filter_is_found_without_its_phase():
    generator = np.random.default_rng(0)
    played, other = generator.standard_normal((2, 1, 4 * RATE)) * 0.1
    response = np.array([[[1.0, -0.7]]])
    wet = filter_audio(other, response)
    found = colour([(played[0], wet[0])], RATE, 256)
    frequencies = np.array([500.0, 2000.0, 6000.0])
    turn = np.exp(-2j * np.pi * frequencies / RATE)
    wanted = np.abs(1.0 - 0.7 * turn)
    got = np.abs([np.polyval(found[::-1], each) for each in turn])
    np.testing.assert_allclose(20 * np.log10(got / wanted), 0.0, atol=1.0)
