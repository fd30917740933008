"""Branches of filters, curves and moving gains: their derivatives, and truths that are found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, lfilter

from wetprint.blocks.spline import straight
from wetprint.identify.curve import Curve
from wetprint.identify.descent import SolveConfig
from wetprint.identify.moving_branches import (
    Branch,
    Listening,
    MovingWindows,
    PlayedBranches,
    play_branches,
    solve_branches,
)
from wetprint.identify.stages import Circuit, Filter, MovingGain, Shape

PERIOD, LENGTH, PAST = 1111.25, 4096, 64


def swell(samples: int, start: int = 0) -> np.ndarray:
    return 1.0 + 0.7 * np.sin(2.0 * np.pi * (start + np.arange(samples)) / PERIOD)


def tube_tremolo(dry: np.ndarray) -> np.ndarray:
    before = lfilter(*butter(1, 0.4), dry)
    return lfilter(*butter(1, 0.6), swell(len(dry)) * (np.tanh(2.0 * before + 0.4) - np.tanh(0.4)))


def listening(effect, windows: int = 6) -> Listening:
    dry = 0.5 * np.random.default_rng(0).standard_normal(windows * LENGTH)
    pieces = [each.reshape(windows, LENGTH).astype(np.float32) for each in (dry, effect(dry))]
    heard = np.ones((windows, LENGTH), np.float32)
    heard[:, :PAST] = 0.0
    emphasis = np.ones(LENGTH // 2 + 1, np.complex64)
    starts = LENGTH * np.arange(windows)
    return Listening(MovingWindows(pieces[0], pieces[1], heard, starts, emphasis, PERIOD))


def two_branches() -> list[Branch]:
    generator = np.random.default_rng(1)

    def taps(count: int) -> Filter:
        return Filter(0.3 * generator.standard_normal(count))

    def curve() -> Shape:
        bent = straight(8, 3.0) + 0.2 * generator.standard_normal(11)
        return Shape(Curve(3.0, bent))

    gain = MovingGain(1.0 + 0.3 * generator.standard_normal(9))
    circuit = Circuit(generator.standard_normal(3), 0.2 * generator.standard_normal((3, 7)))
    second = (taps(6), gain, curve(), circuit, taps(4), curve())
    return [(taps(8), curve(), gain, taps(5)), second]


def test_answer_is_the_adjoint_of_change():
    played = PlayedBranches(two_branches(), listening(tube_tremolo))
    generator = np.random.default_rng(2)
    step = generator.standard_normal(sum(len(each.stage.parameters) for each in played.stages))
    residual = generator.standard_normal(played.residual.shape).astype(np.float32)
    forth = float(np.sum(played.change(step) * residual, dtype=np.float64))
    assert float(played.answer(residual) @ step) == pytest.approx(forth, rel=1e-3)


def test_change_agrees_with_finite_differences():
    played = PlayedBranches(two_branches(), listening(tube_tremolo))
    generator = np.random.default_rng(3)
    for number in range(len(played.stages)):
        sizes = [len(each.stage.parameters) for each in played.stages]
        step = np.zeros(sum(sizes))
        at = sum(sizes[:number])
        step[at : at + sizes[number]] = generator.standard_normal(sizes[number])
        small = 1e-3 / np.abs(step).max()
        moved = (played.residual - played.moved(small * step).residual) / small
        change = played.change(step)
        assert np.abs(moved - change).max() < 0.02 * np.abs(change).max()


@pytest.mark.parametrize("first", [True, False])
def test_a_curve_before_or_behind_the_gain_is_found(first):
    def effect(dry: np.ndarray) -> np.ndarray:
        bent = np.tanh(1.5 * dry) if first else dry
        moved = swell(len(dry)) * bent
        return lfilter(*butter(1, 0.6), moved if first else np.tanh(1.5 * moved))

    heard = listening(effect)
    curve, gain = Shape(Curve(2.0, straight(16, 2.0))), MovingGain(np.ones(16))
    wire = Filter(np.eye(1, 32)[0])
    start: Branch = (wire, curve, gain, wire) if first else (wire, gain, curve, wire)
    branches, error = solve_branches([start], heard, SolveConfig(30, 30, worthwhile=1e-3))
    assert error < 1e-4
    found = branches[0][2 if first else 1].parameters
    knots = 1.0 + 0.7 * np.sin(2.0 * np.pi * np.arange(16) / 16)
    assert np.corrcoef(found, knots)[0, 1] > 0.999


def test_windows_and_the_whole_are_played_alike():
    heard = listening(tube_tremolo)
    branches = PlayedBranches(two_branches(), heard).branches
    whole = play_branches(branches, heard.windows.dry.ravel(), 0, PERIOD)
    pieces = heard.wet - PlayedBranches(branches, heard).residual
    scored = heard.windows.heard > 0
    np.testing.assert_allclose(
        pieces[scored], whole.reshape(pieces.shape)[scored], atol=1e-3 * np.abs(whole).max()
    )


def test_a_start_in_time_moves_the_gain():
    gain: list[Branch] = [(MovingGain(1.0 + 0.7 * np.sin(2.0 * np.pi * np.arange(32) / 32)),)]
    later = play_branches(gain, np.ones(500), 12345, PERIOD)
    np.testing.assert_allclose(later, swell(500, 12345), atol=1e-2)
