"""Where a phaser stands at each phase of its LFO, read off its responses there.

A response is compared with those of a cascade of allpass stages at every break frequency, beside
the dry signal. How many stages, how much feedback and how much of either signal there is holds for
all phases together; the break frequency is each phase's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from wetprint.blocks.periodic_filter import knot_weights
from wetprint.identify.phase_spectra import PhaseSpectra
from wetprint.learning.linear import never

LOG_BREAKS = np.linspace(-7.5, 1.5, 181)
"""Break frequencies that are tried: 8 Hz to 20 kHz at 48 kHz."""

FEW_BREAKS, FEW_PHASES = 3, 24
"""The first search tries every third of these, at so many phases."""

STAGES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 22, 24)
FEEDBACKS = (-0.8, -0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8)
NEARBY = (-0.1, 0.0, 0.1)
ROUNDS = 6

LIKELY = 2.0
"""Numbers of stages that leave more than this times the least are not worth a trial."""

EXPECTED_BEND = 1.0
"""Second difference of a curve's coefficients that is to be expected."""

DOUBT = 0.02
"""How far off a break frequency that was read may be, as a share of EXPECTED_BEND."""


@dataclass(frozen=True)
class PhaserStart:
    """A phaser of one side, roughly.

    Attributes:
        stages: allpass stages.
        feedback: of the loop.
        curve: coefficients of the log break frequency over the LFO's turn, ``(knots,)``.
        dry: gain of the dry signal.
        wet: gain of the cascade's output.
        error: what it leaves of how the responses differ from phase to phase.
    """

    stages: int
    feedback: float
    curve: np.ndarray
    dry: float
    wet: float
    error: float


def find_phaser_starts(
    spectra: PhaseSpectra,
    channel: int,
    sample_rate: int,
    knots: int,
    most: int = 4,
    stop: Callable[[], bool] = never,
) -> list[PhaserStart]:
    """Return what may have made the responses: one for each likely number of stages, best first.

    Args:
        spectra: responses over a turn.
        channel: whose.
        sample_rate: Hz.
        knots: of the curves.
        most: numbers of stages that may be returned.
        stop: says that the search has lasted long enough; the likeliest so far is finished.
    """
    z = np.exp(-2j * np.pi * spectra.hz / sample_rate)  # one sample later
    every = slice(None, None, max(1, len(spectra.phase) // FEW_PHASES))
    whole = _Seen(spectra.response[channel], spectra.weight)
    few = _Seen(whole.response[every], whole.weight[every])
    rough: list[tuple[_Fit, int, float]] = []
    for stages in STAGES:
        if rough and stop():
            break
        rough.append(
            min((_fit(few, z, stages, each, FEW_BREAKS), stages, each) for each in FEEDBACKS)
        )
    bound = LIKELY * min(rough)[0].error
    found: list[PhaserStart] = []
    for _, stages, feedback in (each for each in sorted(rough)[:most] if each[0].error <= bound):
        if found and stop():
            break
        fit, near = min((_fit(whole, z, stages, feedback + each), each) for each in NEARBY)
        curve = _curve_through(spectra.phase, fit.log_break, knots)
        found.append(PhaserStart(stages, feedback + near, curve, *fit.gains, fit.error))
    return sorted(found, key=lambda each: each.error)


def cascade_response(log_break: np.ndarray, z: np.ndarray, stages: int, feedback: float):
    """Return the loop's response at rest: ``(breaks, frequencies)``; z is one sample's delay."""
    a = np.tanh(log_break / 2)[:, None]
    shifted = ((a + z) / (1 + a * z)) ** stages
    return shifted / (1 - feedback * z * shifted)


@dataclass(frozen=True)
class _Seen:
    response: np.ndarray  # (phases, frequencies) complex
    weight: np.ndarray  # likewise

    def moved(self) -> float:
        """Return the energy of what differs from phase to phase."""
        mean = (self.weight * self.response).sum(0) / self.weight.sum(0)
        return float((self.weight * abs(self.response - mean) ** 2).sum())

    def distance(self, known: np.ndarray, gains: tuple[float, float]) -> np.ndarray:
        """Return the squared distance of every phase to every break: ``(phases, breaks)``."""
        left, tried = self.response - gains[0], gains[1] * known
        across = np.real((self.weight * left) @ tried.conj().T)
        alone = (self.weight * abs(left) ** 2).sum(1)[:, None]
        return alone - 2 * across + self.weight @ (abs(tried) ** 2).T

    def gains(self, wet: np.ndarray) -> tuple[float, float]:
        """Return the gains of dry and wet, given what the cascade does at every phase."""
        weighted = self.weight * wet
        cross = np.real(weighted).sum()
        matrix = np.array(
            [[self.weight.sum(), cross], [cross, np.real(weighted * wet.conj()).sum()]]
        )
        heard = self.weight * self.response
        right = np.array([np.real(heard).sum(), np.real(heard * wet.conj()).sum()])
        dry, gain = np.linalg.lstsq(matrix, right, rcond=None)[0]
        return float(dry), float(gain)


@dataclass(frozen=True, order=True)
class _Fit:
    error: float
    gains: tuple[float, float] = field(compare=False)
    log_break: np.ndarray = field(compare=False)


def _fit(seen: _Seen, z: np.ndarray, stages: int, feedback: float, step: int = 1) -> _Fit:
    """Fit gains of dry and wet that hold at all phases, and the break frequency of each."""
    tried = LOG_BREAKS[::step]
    known = cascade_response(tried, z, stages, feedback)
    fits = []
    for gains in _first_gains(seen, known):
        for _ in range(ROUNDS):
            gains = seen.gains(known[seen.distance(known, gains).argmin(1)])
        distance = seen.distance(known, gains)
        error = float(distance.min(1).sum() / max(seen.moved(), 1e-30))
        fits.append(_Fit(error, gains, tried[distance.argmin(1)]))
    return min(fits)


def _first_gains(seen: _Seen, known: np.ndarray) -> list[tuple[float, float]]:
    """Let a few phases say what the gains may be, each alone, at the break that suits it best."""
    few = slice(None, None, max(1, len(seen.response) // 4))
    response, weight, tried = seen.response[few], seen.weight[few], known[::3]
    whole, cross = weight.sum(1)[:, None], np.real(weight @ tried.T)  # (phases, breaks)
    wet = weight @ (abs(tried) ** 2).T
    heard = weight * response
    right = np.stack(
        np.broadcast_arrays(np.real(heard).sum(1)[:, None], np.real(heard @ tried.conj().T)), -1
    )
    matrix = np.stack(np.broadcast_arrays(whole, cross, cross, wet), -1)
    inverse = np.linalg.pinv(matrix.reshape(*cross.shape, 2, 2), hermitian=True)
    gains = np.einsum("pbij,pbj->pbi", inverse, right)
    best = (gains * right).sum(-1).argmax(1)  # what they explain
    return [(float(dry), float(wet)) for dry, wet in gains[np.arange(len(best)), best]]


def _curve_through(phase: np.ndarray, values: np.ndarray, knots: int) -> np.ndarray:
    """Return the smooth closed curve nearest to some values, outliers left out (P-spline)."""
    basis = knot_weights(phase, knots).numpy().T  # (phases, knots)
    weight = np.ones(len(values))
    bend = second_differences(knots) * DOUBT / EXPECTED_BEND
    curve = np.zeros(knots)
    for _ in range(5):
        weighted = basis * weight[:, None]
        curve = np.linalg.solve(
            basis.T @ weighted + bend.T @ bend + 1e-9 * np.eye(knots), weighted.T @ values
        )
        off = abs(values - basis @ curve)
        weight = 1.0 / (1.0 + (off / (3 * np.median(off) + 0.02)) ** 2)
    return curve


def second_differences(knots: int) -> np.ndarray:
    """Return the matrix of a closed curve's second differences: ``(knots, knots)``."""
    unit = np.eye(knots)
    return np.roll(unit, 1, 1) - 2 * unit + np.roll(unit, -1, 1)
