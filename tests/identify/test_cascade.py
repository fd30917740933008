"""Cascades are solved to known truth; every product agrees with finite differences."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.signal import butter, lfilter

from wetprint.blocks.spline import straight
from wetprint.identify.cascade import Cascade, Reference, Windows
from wetprint.identify.cascade_solver import solve_cascade
from wetprint.identify.curve import Curve, Placed
from wetprint.identify.descent import SolveConfig
from wetprint.identify.gauss_newton import Played

CONTEXT, SAMPLES = 126, 4096


def windows(effect, channels: int = 1, count: int = 4) -> Windows:
    generator = np.random.default_rng(0)
    dry = generator.standard_normal((count, SAMPLES)) * generator.uniform(0.02, 0.4, (count, 1))
    wet = np.broadcast_to(effect(dry), (channels, count, SAMPLES))
    heard = np.ones((count, SAMPLES), np.float32)
    heard[:, :CONTEXT] = 0.0
    flat = np.ones(SAMPLES // 2 + 1, np.complex64)
    return Windows(dry.astype(np.float32), wet.astype(np.float32), heard, flat)


def start(taps: int = 64, channels: int = 1, intervals: int = 64) -> Cascade:
    wire = np.zeros((channels, taps))
    wire[:, 0] = 1.0
    return Cascade((wire[0].copy(), wire), (Curve(1.0, straight(intervals, 1.0)),))


def between_filters(dry: np.ndarray) -> np.ndarray:
    before = lfilter(*butter(1, [0.02, 0.4], "band"), dry)
    return lfilter(*butter(1, 0.3), np.tanh(6.0 * before + 0.4) - np.tanh(0.4))


def test_recovers_a_curve_between_two_filters():
    cascade, error = solve_cascade(start(), windows(between_filters), SolveConfig(most_steps=30))
    assert error < 3e-5
    generator = np.random.default_rng(5)
    dry = 0.3 * generator.standard_normal(5000)
    shaped = cascade.curves[0](lfilter(cascade.filters[0], 1.0, dry))
    played = lfilter(cascade.filters[1][0], 1.0, shaped)
    wet = between_filters(dry)
    played, wet = played - played.mean(), wet - wet.mean()
    assert ((played - wet) ** 2).sum() < 1e-4 * (wet**2).sum()


def test_two_sides_share_the_first_filter_and_the_curve():
    heard = windows(between_filters, channels=2)
    wet = heard.wet * np.array([1.0, -0.5], np.float32)[:, None, None]
    both = Windows(heard.dry, wet, heard.heard, heard.emphasis)
    cascade, error = solve_cascade(start(channels=2), both, SolveConfig(most_steps=30))
    assert error < 1e-4
    np.testing.assert_allclose(cascade.filters[1][1], -0.5 * cascade.filters[1][0], atol=0.02)


def test_two_curves_in_a_row_are_solved_too():
    wire = np.zeros((1, 32))
    wire[0, 0] = 1.0
    line = Curve(1.0, straight(32, 1.0))
    begin = Cascade((wire[0].copy(), wire[0].copy(), wire), (line, line))

    def stages(dry):
        between = lfilter(*butter(1, 0.1, "high"), np.tanh(5.0 * dry))
        return np.clip(2.0 * between, -1.0, 0.6)

    _, single = solve_cascade(start(), windows(stages), SolveConfig(most_steps=15))
    _, error = solve_cascade(begin, windows(stages), SolveConfig(most_steps=15))
    assert error < 0.5 * single


def test_change_agrees_with_finite_differences_and_answer_is_its_adjoint():
    heard = Reference.of(windows(between_filters, channels=2))
    generator = np.random.default_rng(1)
    cascade = start(16, channels=2, intervals=12)
    cascade = cascade.moved(0.05 * generator.standard_normal(16 + 32 + 15))
    state = Played(cascade, heard)
    step = generator.standard_normal(16 + 32 + 15)
    ahead, behind = (Played(cascade.moved(sign * 1e-3 * step), heard) for sign in (1.0, -1.0))
    difference = (behind.residual - ahead.residual) / 2e-3
    change = state.change(step)
    assert np.abs(change - difference).max() < 2e-3 * np.abs(difference).max()
    residual = generator.standard_normal(change.shape).astype(np.float32)
    along = float((change * residual).sum(dtype=np.float64))
    assert along == pytest.approx(float(step @ state.answer(residual)), rel=1e-4)


def test_a_curve_keeps_its_shape_on_another_grid():
    knots = np.sinh(straight(40, 1.0))
    short = Curve(1.0, knots)
    longer = short.on_grid(80, 1.5)
    inside = np.linspace(-0.99, 0.99, 101)
    np.testing.assert_allclose(longer(inside), short(inside), atol=2e-4)
    assert longer.reach == 1.5


def test_placed_values_and_slopes_of_a_straight_line():
    curve = Curve(2.0, straight(10, 2.0, slope=3.0))
    placed = Placed.of(curve, np.array([-5.0, -2.0, 0.3, 2.0, 7.0]))
    np.testing.assert_allclose(placed.value(curve.coefficients), [-15.0, -6.0, 0.9, 6.0, 21.0])
    np.testing.assert_allclose(placed.slope, 3.0)


def test_what_was_never_heard_goes_on_smoothly():
    heard = windows(lambda dry: np.tanh(3.0 * np.abs(dry)) * np.sign(dry))
    cascade, _ = solve_cascade(start(8), heard, SolveConfig(most_steps=10))
    curve = cascade.curves[0]
    beyond = curve(np.linspace(0.95 * curve.reach, 3.0 * curve.reach, 20))
    assert np.abs(np.diff(beyond, 2)).max() < 1e-3


def test_the_search_can_be_stopped():
    told: list[float] = []
    cascade, error = solve_cascade(
        start(),
        windows(between_filters),
        SolveConfig(most_steps=30),
        stop=lambda: len(told) >= 2,
        report=told.append,
    )
    assert len(told) == 2
    assert told[1] < told[0]
    assert error == told[1]
    assert cascade.flat().size == 64 + 64 + 67


def test_stopped_at_once_the_start_remains():
    begin = start()
    cascade, error = solve_cascade(begin, windows(between_filters), stop=lambda: True)
    assert np.array_equal(cascade.filters[0], begin.filters[0])
    assert np.isfinite(error)


@pytest.mark.parametrize("loudness", [1e-6, 1e-3, 1.0, 1e3])
@pytest.mark.parametrize(
    "effect",
    [np.sign, np.zeros_like, lambda dry: 1e-6 * np.tanh(dry), lambda dry: 1e4 * np.tanh(5.0 * dry)],
    ids=["sign", "silent", "faint", "loud"],
)
def test_no_loudness_leaves_a_matrix_without_an_inverse(effect, loudness):
    heard = windows(effect)
    heard = dataclasses.replace(heard, dry=np.float32(loudness) * heard.dry)
    begun = Played(start(), Reference.of(heard)).error
    _, error = solve_cascade(start(), heard, SolveConfig(most_steps=5))
    assert error <= 1.001 * begun  # another grid is another curve by a hair


def test_a_signal_of_one_amplitude_still_gives_a_curve():
    heard = windows(np.tanh)
    constant = dataclasses.replace(heard, dry=np.full_like(heard.dry, 0.25))
    _, error = solve_cascade(start(), constant, SolveConfig(most_steps=5))
    assert np.isfinite(error)
