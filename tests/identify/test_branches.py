"""Branches side by side are solved to known truth; their products agree with finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from wetprint.blocks.spline import straight
from wetprint.identify.branch_step import PlayedBranches
from wetprint.identify.branches import Branch, Heard, flat, split
from wetprint.identify.curve import Curve
from wetprint.identify.descent import SolveConfig, descend

CONTEXT, SAMPLES, TAPS = 126, 4096, 32


def heard(outcome, windows: int = 4) -> Heard:
    inputs = 0.3 * np.random.default_rng(0).standard_normal((3, windows, SAMPLES))
    counts = np.ones((windows, SAMPLES), np.float32)
    counts[:, :CONTEXT] = 0.0
    wet = outcome(*inputs)
    return Heard(inputs.astype(np.float32), wet.astype(np.float32), counts)


def start(intervals: int = 32) -> tuple[Branch, ...]:
    wire = np.zeros((2, TAPS))
    wire[:, 0] = 1.0
    curve = Curve(1.0, straight(intervals, 1.0))
    return Branch((0,), np.zeros((1, TAPS))), Branch((1, 2), wire, curve, 0.5 * wire[0])


def truth(first, second, third):
    before = lfilter([1.0, 0.5], 1.0, second) + lfilter([0.0, 0.6, -0.3], 1.0, third)
    return lfilter([0.7, -0.2], 1.0, first) + lfilter([0.5, 0.3], 1.0, np.tanh(2.0 * before))


def test_a_filter_beside_a_curve_of_two_inputs_is_recovered():
    played = PlayedBranches.of(start(), heard(truth))
    config = SolveConfig(most_steps=30, worthwhile=0.0)
    found = descend(played, config, lambda: False, lambda _: None, lambda each: each)
    assert played.error > 0.1
    assert found.error < 1e-4
    direct, bent = found.branches
    np.testing.assert_allclose(direct.before[0, :3], [0.7, -0.2, 0.0], atol=0.01)
    filters = bent.before / bent.before[0, 0]  # the curve knows no scale of its own
    np.testing.assert_allclose(filters[0, :3], [1.0, 0.5, 0.0], atol=0.03)
    np.testing.assert_allclose(filters[1, :3], [0.0, 0.6, -0.3], atol=0.03)


def test_change_is_the_slope_and_answer_its_adjoint():
    played = PlayedBranches.of(start(), heard(truth))
    generator = np.random.default_rng(1)
    now = flat([each.parts for each in played.branches])
    step = generator.standard_normal(now.shape)
    tiny = 1e-3
    ahead, behind = played.moved(tiny * step), played.moved(-tiny * step)
    difference = (behind.residual - ahead.residual) / (2.0 * tiny)
    change = played.change(step)
    assert np.abs(difference - change).max() < 0.01 * np.abs(change).max()
    residual = generator.standard_normal(change.shape).astype(np.float32)
    assert played.answer(residual) @ step == pytest.approx(
        float((residual * change).sum()), rel=1e-3
    )


def test_parts_are_taken_apart_as_they_were_put_together():
    branches = start()
    parts = [each.parts for each in branches]
    again = split(branches, flat(parts))
    for part, other in zip(parts, again, strict=True):
        assert len(part) == len(other)
        for one, two in zip(part, other, strict=True):
            np.testing.assert_array_equal(one, two)
