"""The solved half of learning where an effect's gain follows an LFO, whether it distorts or not.

A tremolo is tried as filter, gain, filter. Where that leaves something, a curve is put before the
gain or behind it, first in one branch, then in several branches, each with a band of the sound:
amplifiers and their models that distort bands apart are common, and a wide band that distorts as a
whole is not far from one of several. From bands at generic crossovers the solver
(``moving_branches.py``) finds those of the effect. What follows is linear again: the coupling
capacitor (``capacitor.py``) and a last filter over everything that was heard.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import butter, lfilter, sosfilt

from wetprint.blocks.amplitude_modulation import AmplitudeModulation, AmplitudeModulationConfig
from wetprint.blocks.block import Block
from wetprint.blocks.high_pass import HighPass, HighPassConfig, high_pass_coefficients
from wetprint.blocks.spline import straight
from wetprint.blocks.waveshaper import Waveshaper, WaveshaperConfig
from wetprint.identify.curve import Curve
from wetprint.identify.descent import SolveConfig
from wetprint.identify.moving_branches import (
    Branch,
    Listening,
    PlayedBranches,
    play_branches,
    solve_branches,
)
from wetprint.identify.period import refine_period
from wetprint.identify.stages import Filter, MovingGain, Shape, Stage
from wetprint.learning.capacitor import find_capacitor
from wetprint.learning.linear import filter_audio, never, solve_linear_model
from wetprint.learning.material import Material, Take, takes_esr
from wetprint.learning.windows import choose_moving_windows
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel
from wetprint.models.recipes import filter_block
from wetprint.progress import Progress, silent

BEFORE_SECONDS = 1024 / 48_000
"""Length of the filters before the gain; a low band rings long."""

AFTER_SECONDS = 64 / 48_000
"""Length of those behind it: what is slower stands before it, or is solved in the end."""

KNOTS = 32
"""Of the gain over a turn."""

COARSE, FINE = 16, 32
"""Intervals of the curves, first and last: with many from the start, noise is followed before the
bands are found."""

CROSSOVERS_HZ = (100.0, 400.0, 1500.0, 6000.0)
"""Where bands begin their search."""

LINEAR = SolveConfig(most_steps=6, inner_steps=15, worthwhile=0.02)
TRIAL = SolveConfig(most_steps=3, inner_steps=15, worthwhile=0.0)
THOROUGH = SolveConfig(most_steps=12, inner_steps=50, worthwhile=0.02)
FINISHING = SolveConfig(most_steps=4, inner_steps=50, damping=1e-6, worthwhile=0.02)
"""Bands overlap, and what one gains its neighbour loses: with fewer inner steps each step is too
short to tell them apart."""

FRUITFUL = 0.8
"""What leaves more than this share of a simpler model's error is not worth its parts."""

GOOD_ENOUGH = 1e-5
"""Below this error (-50 dB) over the windows no further parts are looked for."""


@dataclass(frozen=True)
class MovedModel:
    """One wet channel, solved.

    Attributes:
        branches: side by side; their sum goes on.
        pole: of a first-order high-pass behind them; None where there is none.
        after: the last filter, ``(taps,)``.
        period_samples: of the LFO.
        error: ESR on the validation takes.
    """

    branches: list[Branch]
    pole: float | None
    after: np.ndarray
    period_samples: float
    error: float

    def before_filter(self, take: Take) -> np.ndarray:
        """Play a take up to the last filter: ``(1, time)`` float32."""
        played = play_branches(self.branches, take.dry[0], take.start_sample, self.period_samples)
        if self.pole is not None:
            played = lfilter(*high_pass_coefficients(self.pole), played)
        return played[None].astype(np.float32)

    def play(self, take: Take) -> np.ndarray:
        """Play a take: ``(1, scored_samples)`` float64."""
        after = self.after[None, None]
        return filter_audio(self.before_filter(take), after)[:, take.heard_from :]

    def chain(self, channel: int, channels_out: int) -> Chain:
        """Return the chain that plays it on one of several channels; silence on the others."""
        branches = [self._branch(each) for each in self.branches]
        blocks: list[Block] = list(branches[0]) if len(branches) == 1 else [Parallel(branches)]
        if self.pole is not None:
            high_pass = HighPass(HighPassConfig())
            high_pass.pole.data.fill_(self.pole)
            blocks.append(high_pass)
        sides = np.zeros((channels_out, len(self.after)))
        sides[channel] = self.after
        return Chain([*blocks, filter_block(sides[:, None])])

    def _branch(self, branch: Branch) -> Chain:
        return Chain([_block(each, self.period_samples) for each in branch])


def solve_tremolo(
    material: Material,
    period_samples: float,
    stop: Callable[[], bool] = never,
    progress: Progress = silent,
) -> Chain | None:
    """Solve an effect whose gain follows an LFO and which may distort.

    Args:
        material: what was heard, with one dry channel; takes know where they lie in time.
        period_samples: one turn of the LFO, close enough that its phase is off by less than a
            tenth of a turn at the end.
        stop: says that the search has lasted long enough; what it found is finished.
        progress: told how far it is.

    Returns:
        The chain, or None where a moving gain explains hardly more than a filter alone.
    """
    models: list[MovedModel] = []
    for channel in range(material.channels_out):
        heard = _one_channel(material, channel)
        model = _solve_channel(heard, period_samples, stop, progress)
        if model is None:
            return None
        models.append(model)
    progress("solving the tremolo", 1.0)
    chains = [each.chain(side, len(models)) for side, each in enumerate(models)]
    return chains[0] if len(chains) == 1 else Chain([Parallel(chains)])


def _solve_channel(
    heard: Material, period_samples: float, stop: Callable[[], bool], progress: Progress
) -> MovedModel | None:
    """Try what is simple first, and go on as long as more parts pay."""
    search = _Search(heard, period_samples, stop, progress)
    still = search.still()
    search.refine_period(still)
    moving = search.moving(still, MovingGain(np.ones(KNOTS)))
    if search.error([moving]) > FRUITFUL * search.error([still]):
        return None
    return _with_curves(search, moving)


def _with_curves(search: _Search, moving: Branch) -> MovedModel:
    """Go on from filter, what moves, filter."""
    best = [moving]
    if search.goes_on(best):
        single, first = search.curved(moving)
        best = search.better(best, single)
        if search.goes_on(best):
            banded = search.banded(moving, first)
            if search.better(best, banded) is banded:
                best = search.thorough(banded)
    return search.finished(best)


class _Search:
    """What the steps of a search share."""

    def __init__(
        self,
        heard: Material,
        period_samples: float,
        stop: Callable[[], bool],
        progress: Progress,
    ):
        self.heard, self.period_samples, self.stop = heard, period_samples, stop
        rate = heard.sample_rate
        self.before, self.after = (round(each * rate) for each in (BEFORE_SECONDS, AFTER_SECONDS))
        context = 2 * self.before
        windows = choose_moving_windows(heard.training, 0, context, rate, period_samples)
        self.listening = Listening(windows)
        steps = itertools.count(1)
        self.report = lambda error: progress(
            "solving the tremolo", 1.0 - 0.95 ** next(steps), f"error {error:.2g}"
        )

    def still(self) -> Branch:
        """Solve a filter alone."""
        return self._solve([(Filter(np.zeros(self.before)),)], LINEAR)[0]

    def refine_period(self, still: Branch) -> None:
        """Bring the period from close to exact."""
        windows = self.listening.windows
        self.period_samples = refine_period(windows, still[0].parameters)
        self.listening = Listening(dataclasses.replace(windows, period_samples=self.period_samples))

    def moving(self, still: Branch, mover: Stage) -> Branch:
        """Solve filter, what moves, filter."""
        return self._solve([(*still, mover, self._wire())], LINEAR)[0]

    def curved(self, moving: Branch) -> tuple[list[Branch], bool]:
        """Put a curve before the gain or behind it; say whether it stands before it."""
        tried = [self._solve([_with_curve(moving, first)], TRIAL) for first in (True, False)]
        first = self.error(tried[0]) <= self.error(tried[1])
        return self.thorough(tried[0 if first else 1]), first

    def banded(self, moving: Branch, first: bool) -> list[Branch]:
        """Begin a branch for each band, its curve before what moves or behind it."""
        mover = moving[1]
        if isinstance(mover, MovingGain):
            mover = MovingGain(mover.gain / np.mean(mover.gain))
        start: list[Branch] = [(Filter(band), mover, self._wire()) for band in self._bands()]
        linear = self._solve(start, LINEAR)
        return self._solve([_with_curve(each, first) for each in linear], TRIAL)

    def thorough(self, start: list[Branch]) -> list[Branch]:
        """Solve on the coarse grid, and then on the fine one."""
        coarse = self._solve(start, THOROUGH)
        return self._solve([_on_grid(each, FINE) for each in coarse], FINISHING)

    def error(self, branches: list[Branch]) -> float:
        """Return the ESR over the windows."""
        return PlayedBranches(branches, self.listening).error

    def goes_on(self, best: list[Branch]) -> bool:
        """Say whether there is something left to be found, and time."""
        return self.error(best) > GOOD_ENOUGH and not self.stop()

    def better(self, simple: list[Branch], more: list[Branch]) -> list[Branch]:
        """Return the one with more parts where they pay."""
        return more if self.error(more) < FRUITFUL * self.error(simple) else simple

    def _solve(self, start: list[Branch], config: SolveConfig) -> list[Branch]:
        return solve_branches(start, self.listening, config, self.stop, self.report)[0]

    def _wire(self) -> Filter:
        wire = np.zeros(self.after)
        wire[0] = 1.0
        return Filter(wire)

    def _bands(self) -> list[np.ndarray]:
        """Return impulse responses that part the sound at the crossovers, highest band first."""
        rest = np.zeros(self.before)
        rest[0] = 1.0
        bands = []
        for crossover in reversed(CROSSOVERS_HZ):
            edge = 2.0 * crossover / self.heard.sample_rate
            if edge < 1.0:
                bands.append(sosfilt(butter(3, edge, "high", output="sos"), rest))
                rest = sosfilt(butter(3, edge, output="sos"), rest)
        return [*bands, rest]

    def finished(self, branches: list[Branch]) -> MovedModel:
        """Find the capacitor, and solve the last filter over everything."""
        plain = MovedModel(branches, None, np.ones(1), self.period_samples, np.inf)
        plain = dataclasses.replace(plain, error=takes_esr(self.heard.validation, plain.play))
        bent = _behind(plain, self.heard)
        pole = find_capacitor(bent)
        model = dataclasses.replace(plain, pole=pole)
        bent = _behind(model, self.heard)
        last = solve_linear_model(bent, self.before, self.stop)
        model = dataclasses.replace(model, after=last.response[0, 0], error=last.error)
        return min(plain, model, key=lambda each: each.error)


def _with_curve(moving: Branch, first: bool) -> Branch:
    """Put a straight curve before the gain of filter, gain, filter, or behind it."""
    before, gain, after = moving
    curve = Shape(Curve(1.0, straight(COARSE, 1.0)))
    return (before, curve, gain, after) if first else (before, gain, curve, after)


def _on_grid(branch: Branch, intervals: int) -> Branch:
    return tuple(
        Shape(each.curve.on_grid(intervals, each.curve.reach)) if isinstance(each, Shape) else each
        for each in branch
    )


def _block(stage: Stage, period_samples: float) -> Block:
    """Return the block that plays a stage."""
    if isinstance(stage, Filter):
        return filter_block(stage.taps[None, None])
    if isinstance(stage, Shape):
        shaper = Waveshaper(WaveshaperConfig(stage.curve.intervals, float(stage.curve.reach)))
        shaper.coefficients.data = torch.from_numpy(stage.curve.coefficients).float()
        return shaper
    gain = AmplitudeModulation(AmplitudeModulationConfig(period_samples, len(stage.gain)))
    gain.gain.data = torch.from_numpy(stage.gain[None]).float()
    return gain


def _one_channel(material: Material, channel: int) -> Material:
    def cut(take: Take) -> Take:
        return dataclasses.replace(take, wet=take.wet[channel : channel + 1])

    return _each_take(material, cut)


def _behind(model: MovedModel, material: Material) -> Material:
    """Replace every take's dry side by what arrives at the last filter."""

    def bent(take: Take) -> Take:
        return dataclasses.replace(take, dry=model.before_filter(take))

    return _each_take(material, bent)


def _each_take(material: Material, change: Callable[[Take], Take]) -> Material:
    return dataclasses.replace(
        material,
        training=tuple(map(change, material.training)),
        validation=tuple(map(change, material.validation)),
    )
