"""Solving branches of filters, curves and moving gains, side by side, from a dry and a wet signal.

A tremolo in a tube amplifier is filter, curve, gain, filter; several such branches, each with a
band of the sound, are a parallel Wiener-Hammerstein system whose gain moves (Schoukens and Tiels
2017, doi:10.1016/j.automatica.2017.06.044, on those that do not). All stages of all branches are
solved together by the Levenberg-Marquardt method (Marquardt 1963, doi:10.1137/0111030), its
steps found by preconditioned conjugate gradients.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from scipy.fft import irfft, rfft
from scipy.signal import oaconvolve
from scipy.sparse import csr_array

from wetprint.blocks.crossfaded_delay import CrossfadedDelay
from wetprint.blocks.periodic import phases
from wetprint.identify.cascade import energy_of
from wetprint.identify.descent import SolveConfig, descend, descent_step
from wetprint.identify.played_stages import (
    PlayedCircuit,
    PlayedFades,
    PlayedFilter,
    PlayedGain,
    PlayedShape,
    PlayedStage,
    place_fades,
    place_phases,
)
from wetprint.identify.stages import Circuit, FadingDelay, Filter, Shape, Stage

Branch = tuple[Stage, ...]

P = TypeVar("P")
R = TypeVar("R")

POOL = ThreadPoolExecutor(os.cpu_count())
"""Branches are played at the same time."""


@dataclass(frozen=True)
class MovingWindows:
    """Stretches of a dry and a wet signal, and where they lie in time.

    Attributes:
        dry: ``(windows, time)`` float32, of a length that FFTs like.
        wet: ``(windows, time)`` float32.
        heard: ``(windows, time)`` float32; 1 where the error counts.
        starts: ``(windows,)``, absolute time of each window's first sample.
        emphasis: ``(time / 2 + 1,)`` complex64, the filter through which the error is heard.
        period_samples: of the LFO.
    """

    dry: np.ndarray
    wet: np.ndarray
    heard: np.ndarray
    starts: np.ndarray
    emphasis: np.ndarray
    period_samples: float


class Listening:
    """Windows as every step needs them.

    Attributes:
        windows: what is heard.
        wet: through the emphasis, where it counts.
        energy: of that.
    """

    def __init__(self, windows: MovingWindows):
        self.windows, self.samples = windows, windows.dry.shape[-1]
        self.wet = self.heard(windows.wet)
        self.energy = max(energy_of(self.wet), 1e-30)
        self._phases = np.stack(
            [phases(int(at), self.samples, windows.period_samples) for at in windows.starts]
        )
        self._places: dict[int, csr_array] = {}
        self._fades: dict[CrossfadedDelay, csr_array] = {}

    def heard(self, signal: np.ndarray) -> np.ndarray:
        """Pass a signal through the emphasis and keep what counts."""
        spectrum = rfft(signal, workers=-1) * self.windows.emphasis
        return irfft(spectrum, self.samples, workers=-1) * self.windows.heard

    def unheard(self, residual: np.ndarray) -> np.ndarray:
        """Return the adjoint of ``heard``."""
        spectrum = rfft(residual * self.windows.heard, workers=-1) * self.windows.emphasis.conj()
        return irfft(spectrum, self.samples, workers=-1)

    def play(self, stage: Stage, signal: np.ndarray) -> PlayedStage:
        """Play one stage; a curve is first given the reach that the signal needs."""
        if isinstance(stage, Filter):
            return PlayedFilter(stage, signal)
        if isinstance(stage, Circuit):
            return PlayedCircuit(stage, signal)
        if isinstance(stage, Shape):
            loudest = float(np.abs(signal * self.windows.heard).max())
            return PlayedShape(stage.with_room(loudest), signal)
        if isinstance(stage, FadingDelay):
            if stage.block not in self._fades:
                heard = place_fades(stage.block, self.windows.starts, self.samples)
                self._fades[stage.block] = heard
            return PlayedFades(stage, signal, self._fades[stage.block])
        knots = len(stage.gain)
        if knots not in self._places:
            self._places[knots] = place_phases(self._phases, knots)
        return PlayedGain(stage, signal, self._places[knots])


class PlayedBranches:
    """Branches played on windows.

    Attributes:
        branches: what was played.
        error: their error-to-signal ratio.
    """

    def __init__(self, branches: list[Branch], listening: Listening):
        self.listening = listening
        self.rows = _side_by_side(self._played, branches)
        self.branches = [tuple(each.stage for each in row) for row in self.rows]
        self.stages = list(itertools.chain(*self.rows))
        ends = np.cumsum([len(each.stage.parameters) for each in self.stages])
        self.ends = ends[:-1]
        total = sum(row[-1].output for row in self.rows)
        self.residual = listening.wet - listening.heard(np.asarray(total))
        self.error = energy_of(self.residual) / listening.energy

    def _played(self, branch: Branch) -> list[PlayedStage]:
        signal, row = self.listening.windows.dry, []
        for stage in branch:
            row.append(self.listening.play(stage, signal))
            signal = row[-1].output
        return row

    def step(self, damping: float, inner_steps: int, stop: Callable[[], bool]) -> np.ndarray:
        """Return a damped Gauss-Newton step ``(parameters,)``, by conjugate gradients."""
        self._precondition()
        parameters = np.concatenate([each.stage.parameters for each in self.stages])
        right = self.answer(self.residual) - self._each("roughness", parameters)

        def product(step: np.ndarray) -> np.ndarray:
            whole = self.answer(self.change(step)) + self._each("roughness", step)
            return whole + damping * self._each("near", step)

        def solved(residual: np.ndarray) -> np.ndarray:
            return self._each("solved", residual)

        return descent_step(right, product, solved, inner_steps, stop)

    def change(self, step: np.ndarray) -> np.ndarray:
        """Return how the heard output changes with the parameters, to first order."""
        parts = self._parts(step)
        rows = [[(stage, next(parts)) for stage in row] for row in self.rows]
        return self.listening.heard(np.asarray(sum(_side_by_side(_changed, rows))))

    def answer(self, residual: np.ndarray) -> np.ndarray:
        """Return the adjoint of ``change``: how every parameter answers a residual."""
        heard = self.listening.unheard(residual)
        return np.concatenate(_side_by_side(lambda row: _answered(row, heard), self.rows))

    def moved(self, step: np.ndarray) -> PlayedBranches:
        """Play the branches with a step added to all their parameters."""
        parts = self._parts(step)
        moved = [tuple(each.moved(next(parts)) for each in branch) for branch in self.branches]
        return PlayedBranches(moved, self.listening)

    def _precondition(self) -> None:
        heard = self.listening.windows.heard
        left = energy_of(self.residual) / max(float(heard.sum()), 1.0)

        def precondition(row: list[PlayedStage]) -> None:
            later = np.abs(self.listening.windows.emphasis) ** 2
            for stage in reversed(row):
                stage.precondition(later, heard, left)
                later = later * stage.power_gain()

        _side_by_side(precondition, self.rows)

    def _parts(self, step: np.ndarray) -> Iterator[np.ndarray]:
        return iter(np.split(step, self.ends))

    def _each(self, name: str, step: np.ndarray) -> np.ndarray:
        """Let every stage answer for its own part of ``(parameters,)``."""
        parts = self._parts(step)
        return np.concatenate([getattr(each, name)(next(parts)) for each in self.stages])


def _changed(row: list[tuple[PlayedStage, np.ndarray]]) -> np.ndarray:
    """Return how a branch's output changes with the steps of its stages."""
    moved = None
    for stage, step in row:
        moved = stage.change(step, moved)
    assert moved is not None
    return moved


def _answered(row: list[PlayedStage], back: np.ndarray) -> np.ndarray:
    """Return how a branch's parameters answer a residual of its output."""
    answers: list[np.ndarray] = []
    for stage in reversed(row):
        answers.insert(0, stage.answer(back))
        back = stage.back(back) if stage is not row[0] else back
    return np.concatenate(answers)


def _side_by_side(done: Callable[[P], R], parts: Sequence[P]) -> list[R]:
    """Do something with each of several parts, on all cores."""
    return [*map(done, parts)] if len(parts) == 1 else [*POOL.map(done, parts)]


def solve_branches(
    start: list[Branch],
    listening: Listening,
    config: SolveConfig | None = None,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[float], None] = lambda error: None,
) -> tuple[list[Branch], float]:
    """Solve all stages of all branches together.

    Args:
        start: where to begin; lengths and grids are kept.
        listening: what was heard.
        config: how.
        stop: asked again and again; once it says yes, what was found so far is returned.
        report: told the error after every step.

    Returns:
        The best branches found, and their error-to-signal ratio over the windows.
    """
    begun = PlayedBranches(start, listening)
    found = descend(begun, config or SolveConfig(), stop, report, lambda played: played)
    return found.branches, found.error


def on_grid(branch: Branch, intervals: int) -> Branch:
    """Return the branch with curves of so many intervals."""
    return tuple(
        Shape(each.curve.on_grid(intervals, each.curve.reach)) if isinstance(each, Shape) else each
        for each in branch
    )


def play_branches(
    branches: list[Branch], dry: np.ndarray, start_sample: int, period_samples: float
) -> np.ndarray:
    """Play ``(time,)`` after silence through all branches: ``(time,)`` float64."""
    phase = phases(start_sample, len(dry), period_samples)
    total = np.zeros(len(dry))
    for branch in branches:
        signal = dry.astype(np.float64)
        for stage in branch:
            signal = _whole(stage, signal, start_sample, phase)
        total += signal
    return total


def _whole(stage: Stage, signal: np.ndarray, start_sample: int, phase: np.ndarray) -> np.ndarray:
    if isinstance(stage, Filter | Circuit):
        return oaconvolve(signal, stage.taps)[: len(signal)]
    if isinstance(stage, Shape):
        return stage.curve(signal)
    if isinstance(stage, FadingDelay):
        with torch.no_grad():
            return stage.block(torch.from_numpy(signal)[None, None], start_sample)[0, 0].numpy()
    return signal * (place_phases(phase, len(stage.gain)) @ stage.gain)
