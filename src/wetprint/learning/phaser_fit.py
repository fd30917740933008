"""A phaser fitted to what was heard, from a start that is roughly right.

The output is linear in the signal, so that its change with anything the phaser is set to is again
a signal through the same moving filter (see engine/allpass.py). With these signals as columns,
damped Gauss-Newton steps (Marquardt 1963, doi:10.1137/0111030) find curves, feedback, the LFO's
period and two short filters for dry and wet at once. Curves are P-splines: what was never heard
goes on smoothly.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import oaconvolve
from torch import Tensor

from wetprint.blocks.periodic import phases
from wetprint.blocks.phaser import DEEPEST_LOG_BREAK, MOST_FEEDBACK, PhaserConfig
from wetprint.blocks.spline import slope_weights, value_weights
from wetprint.engine.allpass import allpass_cascade, allpass_tangents
from wetprint.learning.phaser_start import EXPECTED_BEND, PhaserStart, second_differences

FIRST_DAMPING = 1e-3
MOST_DAMPING = 1e3
SETTLED = 0.03
"""A step that gains less than this share of the error is the last."""

LARGEST_RATE_STEP = 0.05
"""The LFO's rate is not changed by a larger share at once: a step is found to first order only."""

EXPECTED_STEP = 0.3
"""A coefficient of a curve is not expected to be farther off: what was not heard stays."""

EXPECTED_SPREAD = 0.5

EXPECTED_TAP = 1.0
"""A tap of a colour is not expected to be larger."""


@dataclass(frozen=True)
class Window:
    """A stretch of sound that counts, and what came before it.

    Attributes:
        dry: ``(time,)``.
        wet: ``(channels_out, time)``.
        start_sample: absolute time of the first sample.
        heard_from: samples at the start that serve as past only.
    """

    dry: np.ndarray
    wet: np.ndarray
    start_sample: int
    heard_from: int


@dataclass(frozen=True)
class FittedSide:
    """One side of a phaser.

    Attributes:
        curve: coefficients of the log break frequency over the turn, ``(knots,)``.
        feedback: of the loop.
        spread: what each stage adds to the log break frequency, ``(stages,)``.
        dry: impulse response beside the stages, ``(taps,)``.
        wet: impulse response behind them, ``(taps,)``.
    """

    curve: np.ndarray
    feedback: float
    spread: np.ndarray
    dry: np.ndarray
    wet: np.ndarray

    @staticmethod
    def of(start: PhaserStart, taps: int) -> FittedSide:
        """Begin with gains for filters."""
        unit = np.eye(1, taps)[0]
        spread = np.zeros(start.stages)
        return FittedSide(start.curve, start.feedback, spread, start.dry * unit, start.wet * unit)

    def flat(self) -> np.ndarray:
        """Return everything but the spread, one after the other."""
        return np.concatenate([self.curve, [self.feedback], self.spread, self.dry, self.wet])

    def moved(self, step: np.ndarray) -> FittedSide:
        """Take a step; feedback stays below 1."""
        sizes = [len(self.curve), 1, len(self.spread), len(self.dry)]
        curve, feedback, spread, dry, wet = np.split(self.flat() + step, np.cumsum(sizes))
        bound = 0.99 * MOST_FEEDBACK
        return FittedSide(curve, float(np.clip(feedback[0], -bound, bound)), spread, dry, wet)


@dataclass(frozen=True)
class FittedPhaser:
    """All sides, their common LFO, and what they leave.

    Attributes:
        sides: one for each channel out.
        period_samples: of the LFO.
        error: error-to-signal ratio on the windows.
    """

    sides: tuple[FittedSide, ...]
    period_samples: float
    error: float = np.inf

    @property
    def knots(self) -> int:
        """How many coefficients each curve has."""
        return len(self.sides[0].curve)

    @property
    def config(self) -> PhaserConfig:
        """Return how the block is built."""
        side = self.sides[0]
        return PhaserConfig(
            float(self.period_samples),
            len(side.curve),
            len(side.spread),
            1,
            len(self.sides),
        )

    def faster_by(self, share: float) -> FittedPhaser:
        """Return the same with its LFO faster by a share, if that is not too much at once."""
        share = float(np.clip(share, -LARGEST_RATE_STEP, LARGEST_RATE_STEP))
        period = self.period_samples / (1.0 + share)
        return dataclasses.replace(self, period_samples=period)

    def phase(self, window: Window) -> np.ndarray:
        """Return where in its turn the LFO stands: ``(time,)``."""
        return phases(window.start_sample, len(window.dry), self.period_samples)


def fit_phaser(
    phaser: FittedPhaser,
    windows: Sequence[Window],
    steps: int,
    stop: Callable[[], bool],
    report: Callable[[float], None],
) -> FittedPhaser:
    """Take steps until nothing is gained; the spread of the stages stays as it is.

    Args:
        phaser: where to begin.
        windows: what is to be explained.
        steps: at most.
        stop: asked before every step.
        report: told every error.
    """
    damping = FIRST_DAMPING
    phaser = dataclasses.replace(phaser, error=error_on(phaser, windows))
    for _ in range(steps):
        if stop():
            break
        before = phaser.error
        problem = _Problem.of(phaser, windows)
        while damping < MOST_DAMPING:
            tried = problem.moved(damping)
            tried = dataclasses.replace(tried, error=error_on(tried, windows))
            if tried.error < phaser.error:
                phaser, damping = tried, max(damping * 0.1, 1e-9)
                break
            damping *= 10.0
        report(phaser.error)
        if phaser.error > (1.0 - SETTLED) * before:
            break
    return phaser


def error_on(phaser: FittedPhaser, windows: Sequence[Window]) -> float:
    """Return the error-to-signal ratio over windows together."""
    left = energy = 0.0
    for window in windows:
        wet = window.wet[:, window.heard_from :]
        for number in range(len(phaser.sides)):
            played = play_side(phaser, number, window)[window.heard_from :]
            left += float(np.square(wet[number] - played).sum())
        energy += float(np.square(wet, dtype=np.float64).sum())
    return left / max(energy, 1e-30)


def play_side(phaser: FittedPhaser, number: int, window: Window) -> np.ndarray:
    """Play one side of a window: ``(time,)`` float64."""
    side = phaser.sides[number]
    wet = through_stages(phaser, number, window).numpy()
    return _convolved(window.dry, side.dry) + _convolved(wet, side.wet)


def through_stages(phaser: FittedPhaser, number: int, window: Window) -> Tensor:
    """Return what the stages of one side return: ``(time,)``."""
    side = phaser.sides[number]
    log_break = dense_weights(phaser.phase(window), len(side.curve)) @ side.curve
    bounded = _tensor(log_break.clip(-DEEPEST_LOG_BREAK, DEEPEST_LOG_BREAK))
    settings = [_tensor(side.spread)[None], _tensor(np.array([side.feedback]))]
    audio = _tensor(window.dry)[None, None]
    return allpass_cascade(audio, bounded[None, None], *settings)[0][0, 0]


class _Problem:
    """The normal equations of all sides, that of the common LFO's period last."""

    def __init__(self, phaser: FittedPhaser):
        self.phaser = phaser
        side = phaser.sides[0]
        self.own = len(side.flat())
        total = self.own * len(phaser.sides) + 1
        self.matrix, self.right = np.zeros((total, total)), np.zeros(total)
        self.left, self.samples = 0.0, 0

    @staticmethod
    def of(phaser: FittedPhaser, windows: Sequence[Window]) -> _Problem:
        """Gather the columns of all windows."""
        problem = _Problem(phaser)
        for window in windows:
            for number in range(len(phaser.sides)):
                problem.add(number, window)
        return problem

    def add(self, number: int, window: Window) -> None:
        """Take one side of one window into account."""
        columns, left = _columns(self.phaser, number, window)
        gram = (columns.T @ columns).astype(np.float64)
        answer = (columns.T @ left.astype(np.float32)).astype(np.float64)
        own = np.arange(self.own) + number * self.own
        places = np.append(own, len(self.right) - 1)
        self.matrix[np.ix_(places, places)] += gram
        self.right[places] += answer
        self.left += float(left @ left)
        self.samples += len(left)

    def moved(self, damping: float) -> FittedPhaser:
        """Solve for a step and take it."""
        doubt = self.left / max(self.samples, 1)
        matrix, right = self.matrix.copy(), self.right.copy()
        for number, side in enumerate(self.phaser.sides):
            own = slice(number * self.own, (number + 1) * self.own)
            penalty = self._penalty(side) * doubt
            matrix[own, own] += penalty
            right[own] -= penalty @ side.flat()
            curve = own.start + np.arange(len(side.curve))
            matrix[curve, curve] += doubt / EXPECTED_STEP**2
        moves = self._moves()
        matrix, right = matrix[np.ix_(moves, moves)], right[moves]
        size = np.sqrt(np.maximum(np.diag(matrix), 1e-20))
        scaled = matrix / size / size[:, None] + damping * np.eye(len(size))
        step = np.zeros(len(self.right))
        step[moves] = np.linalg.solve(scaled, right / size) / size
        return self._taken(step)

    def _moves(self) -> np.ndarray:
        """Return the places of what is free: everything but the spread."""
        moves = np.ones(len(self.right), bool)
        for number, side in enumerate(self.phaser.sides):
            spread = number * self.own + len(side.curve) + 1
            moves[spread : spread + len(side.spread)] = False
        return np.flatnonzero(moves)

    def _penalty(self, side: FittedSide) -> np.ndarray:
        bend = second_differences(len(side.curve)) / EXPECTED_BEND
        penalty = np.diag(np.full(self.own, 1.0 / EXPECTED_TAP**2))
        curve = slice(0, len(side.curve))
        penalty[curve, curve] = bend.T @ bend
        spread = np.arange(len(side.spread)) + len(side.curve) + 1
        penalty[spread, spread] = 1.0 / EXPECTED_SPREAD**2
        return penalty

    def _taken(self, step: np.ndarray) -> FittedPhaser:
        sides = tuple(
            side.moved(step[number * self.own : (number + 1) * self.own])
            for number, side in enumerate(self.phaser.sides)
        )
        return dataclasses.replace(self.phaser, sides=sides).faster_by(float(step[-1]))


def _columns(phaser: FittedPhaser, number: int, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """Return how one side of a window changes with every parameter, and what it leaves.

    Returns:
        ``(heard, parameters)`` float32, in the order of ``flat``, then the period; and
        ``(heard,)`` float64.
    """
    side = phaser.sides[number]
    phase = phaser.phase(window)
    weights = dense_weights(phase, len(side.curve))  # (time, knots)
    slope = _slope(side.curve, phase)
    turns = (window.start_sample + np.arange(len(phase))) / phaser.period_samples
    directions = _tensor(np.column_stack([weights, slope * turns]))
    bounded = (weights @ side.curve).clip(-DEEPEST_LOG_BREAK, DEEPEST_LOG_BREAK)
    spread, feedback = _tensor(side.spread), _tensor(np.array(side.feedback))
    audio = _tensor(window.dry)
    tangents = allpass_tangents(audio, _tensor(bounded), spread, feedback, directions).numpy()
    tangents = _filtered(tangents, side.wet.astype(np.float32))
    knots, taps = len(side.curve), len(side.dry)
    wet = through_stages(phaser, number, window).numpy()
    own = [tangents[:, :knots], tangents[:, knots + 1 :]]
    own += [_delayed(window.dry, taps), _delayed(wet, taps)]
    columns = np.concatenate([*own, tangents[:, knots : knots + 1]], 1)
    left = window.wet[number] - play_side(phaser, number, window)
    return columns[window.heard_from :], left[window.heard_from :]


def dense_weights(phase: np.ndarray, knots: int) -> np.ndarray:
    """Return what every knot of a closed curve weighs at some phases: ``(time, knots)`` float64."""
    return _scattered(phase, knots, value_weights)


def _slope(curve: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Return how a curve changes with the phase, per turn: ``(time,)``."""
    return len(curve) * (_scattered(phase, len(curve), slope_weights) @ curve)


def _scattered(phase: np.ndarray, knots: int, weigh: Callable) -> np.ndarray:
    position = phase * knots
    left = np.floor(position)
    dense = np.zeros((len(phase), knots))
    for each, weight in enumerate(weigh(position - left)):
        dense[np.arange(len(phase)), (left.astype(int) + each - 1) % knots] += weight
    return dense


def _filtered(columns: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Convolve every column; few taps of many columns are quickest added up."""
    filtered = response[0] * columns
    for tap in range(1, len(response)):
        filtered[tap:] += response[tap] * columns[:-tap]
    return filtered


def _convolved(audio: np.ndarray, response: np.ndarray) -> np.ndarray:
    return oaconvolve(audio.astype(np.float64), response)[: len(audio)]


def _delayed(audio: np.ndarray, taps: int) -> np.ndarray:
    """Return a signal beside itself one sample ago, two samples ago ...: ``(time, taps)``."""
    padded = np.concatenate([np.zeros(taps - 1, np.float32), audio.astype(np.float32)])
    return np.lib.stride_tricks.sliding_window_view(padded, taps)[:, ::-1]


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
