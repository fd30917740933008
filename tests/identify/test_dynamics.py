"""Compressors of known settings are recovered, and what is none is not taken for one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.signal import butter, lfilter

from wetprint.identify.dynamics import (
    KINDS,
    RARER_KINDS,
    Listening,
    find_dynamics,
    promising_responses,
    slow_gain_error,
)
from wetprint.identify.gain_heard import GainHeard
from wetprint.identify.gain_model import LEVELS_DB as LEVELS
from wetprint.identify.gain_model import FreeCurve, GainKind, GainModel, KneeCurve, fitted_knee
from wetprint.identify.gain_solver import PlayedGain
from wetprint.identify.recording import Recording

RATE = 4000
WIRE = np.ones(1)
FED_BACK = GainKind("rms", "level", "branching", is_fed_back=True)
SMOOTHED = GainKind("peak", "level", "branching", is_smoothed=True)
CURVE = KneeCurve(-30.0, 0.0, -0.75, math.log(6.0), 8.0)


def named(kind: GainKind) -> str:
    more = ("smoothed" * kind.is_smoothed, "fed_back" * kind.is_fed_back)
    return "-".join(filter(None, (kind.detection, kind.followed, kind.ballistics, *more)))


def playing(seconds: float = 8.0) -> np.ndarray:
    """Plucked notes of many loudnesses: ``(1, time)``."""
    generator = np.random.default_rng(5)
    samples, length = int(seconds * RATE), RATE // 3
    notes = []
    for loudness_db in generator.uniform(-36.0, 0.0, samples // length + 1):
        time = np.arange(length) / RATE
        tone = np.sin(2.0 * np.pi * generator.uniform(100, 900) * time) * np.exp(-6.0 * time)
        notes.append(10.0 ** (loudness_db / 20.0) * tone)
    sound = np.concatenate(notes)[:samples] + 1e-4 * generator.standard_normal(samples)
    return sound[None].astype(np.float32)


def compressor(kind, curve=CURVE, attack_ms=4.0, release_ms=90.0, **more) -> GainModel:
    times = (math.log(each * RATE / 1000.0) for each in (attack_ms, release_ms))
    curve = replace(curve, is_fed_back=kind.is_fed_back) if isinstance(curve, KneeCurve) else curve
    return GainModel(kind, *times, math.log(20.0), curve, **more)


def through(model: GainModel, dry: np.ndarray) -> np.ndarray:
    block = model.block().requires_grad_(False)
    late = np.pad(dry, ((0, 0), (0, block.lookahead_samples)))
    return block(torch.from_numpy(late)[None])[0].numpy()[:, block.lookahead_samples :]


def found_in(dry: np.ndarray, wet: np.ndarray, kinds=KINDS[:2]):
    return find_dynamics(Listening([Recording(dry, wet)], RATE, WIRE, kinds=kinds, rarer_kinds=()))


@pytest.mark.parametrize("kind", [KINDS[0], KINDS[1], KINDS[3]], ids=named)
def test_a_compressor_of_known_settings_is_recovered(kind):
    dry, truth = playing(), compressor(kind)
    found = found_in(dry, through(truth, dry), (KINDS[0], KINDS[1], KINDS[3]))
    model = found.textbook
    assert model.kind == kind
    assert np.exp(model.attack_log - truth.attack_log) == pytest.approx(1.0, abs=0.03)
    assert np.exp(model.release_log - truth.release_log) == pytest.approx(1.0, abs=0.03)
    expected = [CURVE.threshold_db, CURVE.slope_above, CURVE.makeup_db]
    curve = model.curve
    assert [curve.threshold_db, curve.slope_above, curve.makeup_db] == pytest.approx(
        expected, abs=0.2
    )
    assert found.textbook_error_db < 0.01 * found.spread_db


@pytest.mark.parametrize("kind", [FED_BACK, SMOOTHED], ids=named)
def test_a_rarer_kind_is_found_where_none_of_the_usual_is_the_one(kind):
    dry, curve = playing(), replace(CURVE, slope_above=-1.5 if kind.is_fed_back else -0.75)
    truth = compressor(kind, curve, 10.0)
    listening = Listening(
        [Recording(dry, through(truth, dry))], RATE, WIRE, kinds=KINDS[:3], rarer_kinds=RARER_KINDS
    )
    model = find_dynamics(listening).textbook
    assert model.kind == kind
    assert model.times == pytest.approx(truth.times, abs=0.1)
    assert model.curve.slope_above == pytest.approx(curve.slope_above, rel=0.05)


def test_a_compressor_behind_which_sound_is_late_is_recovered():
    dry, truth = playing(), compressor(KINDS[0], attack_ms=1.0)
    wet = np.pad(through(truth, dry), ((0, 0), (30, 0)))[:, : dry.shape[1]]
    late = np.append(np.zeros(30), 1.0)
    found = find_dynamics(Listening([Recording(dry, wet)], RATE, late, kinds=KINDS[:1]))
    assert found.textbook.lookahead_samples == 0
    assert found.textbook.attack_log == pytest.approx(truth.attack_log, abs=0.05)


def test_an_expander_is_recovered():
    dry = playing()
    curve = KneeCurve(-24.0, 0.8, 0.0, math.log(4.0), 2.0, expands=True)
    found = found_in(dry, through(compressor(KINDS[2], curve, 2.0, 60.0), dry), KINDS[2:3])
    found = found.textbook.curve
    assert found.expands
    assert (found.threshold_db, found.slope_below) == pytest.approx((-24.0, 0.8), abs=0.3)


def test_a_gain_that_comes_before_the_sound_is_found():
    dry = playing()
    truth = compressor(KINDS[0], lookahead_samples=40)
    found = found_in(dry, through(truth, dry), KINDS[:1])
    assert found.textbook.lookahead_samples == 40


def test_a_curve_that_is_in_no_textbook_is_found_free():
    dry = playing()
    knots = np.interp(LEVELS, [-60.0, -40.0, -30.0, -15.0, 0.0], [0.0, 6.0, 2.0, 1.0, -9.0])
    wet = through(compressor(KINDS[0], FreeCurve(knots, knots)), dry)
    found = found_in(dry, wet)
    assert found.free_error_db < 0.1 * found.textbook_error_db
    left = through(found.free, dry) - wet
    assert np.square(left).sum() < 1e-4 * np.square(wet).sum()


@pytest.mark.parametrize("kind", [*KINDS, *RARER_KINDS], ids=named)
def test_derivatives_agree_with_finite_differences(kind):
    dry = playing(3.0)[0].astype(np.float64)
    model = compressor(kind)
    wet = through(replace(model, attack_log=4.0), dry[None].astype(np.float32))[0]
    heard = GainHeard.of(dry, dry, dry, wet, np.ones(len(dry)), 8, 0.5)
    played = PlayedGain(model, heard)
    slopes, root = played.slopes(), np.sqrt(heard.weight)
    count = len(model.times)
    for number in (*range(count), count, count + 2, count + 4):  # threshold, slope, make-up
        step = np.zeros(slopes.shape[1])
        step[number] = 1e-2
        ends = (played.moved(each).residual for each in (-step, step))
        expected, ours = np.subtract(*ends) * root, slopes[:, number] * root
        alike = expected @ ours / (np.linalg.norm(expected) * np.linalg.norm(ours))
        assert alike > 0.98, f"parameter {number}"


def test_a_knee_is_read_from_a_free_curve():
    found = fitted_knee(KneeCurve(-33.0, 0.0, -0.6, math.log(6.0), 3.0).at(LEVELS), np.ones(103))
    assert found.threshold_db == pytest.approx(-33.0, abs=0.01)
    assert found.slope_above == pytest.approx(-0.6, abs=0.01)
    assert found.makeup_db == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize("delay", [0, 12])
def test_a_delay_is_found_where_the_best_filter_is_loudest_elsewhere(delay):
    """Playing without treble tells little of single samples, and its gain blurs what it tells."""
    dry = lfilter(*butter(2, 150, fs=RATE), playing()).astype(np.float32)
    wet = through(compressor(KINDS[0]), dry)
    wet = -np.pad(wet, ((0, 0), (delay, 0)))[:, : dry.shape[1]]
    blurred = -np.convolve(np.eye(1, 30, delay)[0], [0.0, 0.2, 0.5, 0.3])[None]
    found, *_ = promising_responses([Recording(dry, wet)], RATE, blurred, 0.4)
    assert np.flatnonzero(found).tolist() == [delay]
    assert found[delay] == -1.0


def test_a_constant_gain_is_no_compressor():
    dry = playing(8.0)
    assert found_in(dry, 0.4 * dry) is None


def test_silence_is_no_compressor():
    dry = playing(8.0)
    assert found_in(dry, np.zeros_like(dry)) is None


def test_a_slow_gain_explains_steps_of_gain_and_leaves_what_clipping_adds():
    """A sine of 200 Hz has whole periods in 10 ms; a square wave holds 8/π² of it (Fourier)."""
    sine = np.sin(2.0 * np.pi * 200.0 * (np.arange(RATE) + 0.5) / RATE)[None]
    steps = np.repeat(np.random.default_rng(1).uniform(0.1, 1.0, 100), RATE // 100)
    assert slow_gain_error([Recording(sine, steps * sine)], RATE, WIRE) < 1e-12
    clipped = slow_gain_error([Recording(sine, np.sign(sine))], RATE, WIRE)
    assert clipped == pytest.approx(1.0 - 8.0 / np.pi**2, abs=0.01)
