"""Filter, curve, filter: found from recordings whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import butter, lfilter

from wetprint.blocks.high_pass import high_pass_coefficients, pole_at
from wetprint.learning.linear import never, shortest_good_model, solve_linear_models
from wetprint.learning.material import Material, Take, validation_esr
from wetprint.learning.shaped import (
    KINDS,
    ShapeSearch,
    solve_shaped_model,
)
from wetprint.learning.windows import choose_windows
from wetprint.models.recipes import RECIPES, KnownEffect

RATE = 8000


def playing(seconds: float, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    samples = int(seconds * RATE)
    envelope = np.exp(-(np.arange(samples) % 3000) / 700) * generator.uniform(0.2, 0.8)
    return (generator.standard_normal((1, samples)) * 0.4 * envelope).astype(np.float32)


def stage(dry: np.ndarray, cutoff_hz: float | None = None) -> np.ndarray:
    before = lfilter(*butter(1, 0.5), dry)
    bent = np.tanh(4.0 * before + 0.5) - np.tanh(0.5)
    if cutoff_hz is not None:
        bent = lfilter(*high_pass_coefficients(pole_at(cutoff_hz, RATE)), bent)
    return lfilter(*butter(2, 0.4), bent).astype(np.float32)


def material(effect) -> Material:
    dry, kept = playing(20, 0), playing(4, 1)
    return Material((Take(dry, effect(dry)),), (Take(kept, effect(kept)),), RATE)


def solve(heard: Material):
    linear = shortest_good_model(solve_linear_models(heard))
    return solve_shaped_model(heard, linear.response, linear.error), linear


def test_a_curve_between_filters_is_found_and_plays_as_solved():
    heard = material(stage)
    model, linear = solve(heard)
    assert model is not None
    assert model.error < 1e-4 * max(1.0, linear.error)
    assert model.pole is None
    chain = RECIPES["wiener_hammerstein"].build(KnownEffect(linear.response, curve=model.known()))
    played = validation_esr(chain, heard, torch.device("cpu"))
    assert played == pytest.approx(model.error, rel=0.05, abs=1e-8)


def test_a_coupling_capacitor_slower_than_any_window_is_found():
    heard = material(lambda dry: stage(dry, cutoff_hz=0.8))
    model, _ = solve(heard)
    assert model is not None
    assert model.pole is not None
    cutoff = RATE / np.pi * np.arctan((1 - model.pole) / (1 + model.pole))
    assert cutoff == pytest.approx(0.8, rel=0.15)
    assert model.error < 1e-3


def clipped_beside_clean(dry: np.ndarray) -> np.ndarray:
    """Diodes in an amplifier's feedback: the clean signal stands beside what is clipped."""
    boosted = lfilter([8.0, -6.8], [1.0, -0.6], dry)
    clipped = 0.3 * np.tanh(boosted / 0.05)
    return lfilter(*butter(1, 0.3), dry + clipped).astype(np.float32)


def test_a_clean_path_beside_the_curve_is_found_and_plays_as_solved():
    heard = material(clipped_beside_clean)
    model, linear = solve(heard)
    assert model is not None
    assert model.beside is not None
    assert model.error < 1e-3 * linear.error
    chain = RECIPES["clean_blend"].build(KnownEffect(linear.response, curve=model.known()))
    played = validation_esr(chain, heard, torch.device("cpu"))
    assert played == pytest.approx(model.error, rel=0.05, abs=1e-8)
    alone = solve_shaped_model(heard, linear.response, linear.error, kinds={"wiener_hammerstein"})
    assert alone is not None
    assert alone.beside is None
    assert model.error < 0.1 * alone.error


def test_nothing_is_put_beside_a_curve_that_needs_nothing():
    heard = material(stage)
    linear = shortest_good_model(solve_linear_models(heard))
    assert solve_shaped_model(heard, linear.response, linear.error, kinds={"clean_blend"}) is None


def note(hz: float) -> np.ndarray:
    """Return a second of a plucked note."""
    time = np.arange(RATE) / RATE
    partials = sum(np.sin(2.0 * np.pi * hz * k * time + k) / k for k in range(1, 8))
    return (0.3 * partials * np.exp(-3.0 * time))[None].astype(np.float32)


def test_of_a_few_notes_circuits_are_learned_where_a_long_filter_follows_the_notes_alone():
    hiss = np.random.default_rng(3)

    def noisy(dry):
        return stage(dry) + 0.02 * hiss.standard_normal(dry.shape).astype(np.float32)

    takes = tuple(Take(note(hz), noisy(note(hz))) for hz in (110.0, 330.0))
    heard = Material(takes, (Take(note(185.0), noisy(note(185.0))),), RATE)
    linear = shortest_good_model(solve_linear_models(heard))
    model = solve_shaped_model(heard, linear.response, linear.error)
    searched = heard, linear.response, linear.error, KINDS, never, never
    follows = ShapeSearch(*searched, report=lambda error: None).solve()
    assert model is not None
    assert follows is None or model.error < 0.5 * follows.error


def test_what_is_linear_gains_nothing_from_a_curve():
    generator = np.random.default_rng(2)

    def noisy(dry):
        return (lfilter(*butter(2, 0.3), dry) + 0.02 * generator.standard_normal(dry.shape)).astype(
            np.float32
        )

    assert solve(material(noisy))[0] is None


def test_both_sides_of_a_stereo_effect_share_the_curve():
    heard = material(lambda dry: np.concatenate([stage(dry), -0.3 * np.roll(stage(dry), 2)]))
    model, linear = solve(heard)
    assert model is not None
    assert model.cascade.filters[1].shape[0] == 2
    assert model.error < 1e-2 * linear.error


def test_the_first_filter_is_no_longer_than_it_must_be():
    model, _ = solve(material(stage))
    assert model is not None
    assert len(model.cascade.filters[0]) <= 64


def test_windows_know_their_past_and_hold_the_loudest():
    dry = np.arange(1, 60_001, dtype=np.float32)[None] / 60_000
    takes = (Take(dry, 2 * dry, heard_from=5000), Take(dry[:, :2000], 2 * dry[:, :2000]))
    windows = choose_windows(takes, 100, RATE)
    assert np.array_equal(windows.wet[0], 2 * windows.dry)
    scored = windows.heard > 0
    assert windows.dry[scored].max() == 1.0
    beginning = windows.dry[:, 100] == dry[0, 0]  # the take that begins after silence
    assert beginning.sum() == 1
    assert not windows.dry[beginning][:, :100].any()
    later = windows.dry[~beginning]
    assert later[:, 100].min() >= dry[0, 5000]
