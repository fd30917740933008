"""The solved half of learning where an effect distorts: filter, curve, filter.

A Wiener-Hammerstein cascade (``identify/cascade.py``) is solved on the loudest and on evenly spread
stretches of what was heard, from two starts: all that is linear before the curve, or all of it
after. The better one goes on, the curve on finer and finer grids, or, where that explains more,
together with a filter of the dry signal beside it (``blended.py``). Where that leaves much,
filters such as circuits are (``circuits.py``) may explain more; of a few notes they are
looked for first. What is slower than a window can tell, the coupling capacitor that takes the
curve's bias away, is then looked for at a low sample rate (``capacitor.py``), and the last filter
is solved once more over everything that was heard, at growing lengths, since what follows a curve
is linear again however long it lasts.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter, oaconvolve

from wetprint.blocks.high_pass import high_pass_coefficients
from wetprint.blocks.spline import straight
from wetprint.identify.cascade import Cascade, Windows
from wetprint.identify.cascade_solver import solve_cascade
from wetprint.identify.curve import Curve
from wetprint.identify.descent import SolveConfig
from wetprint.learning.blended import Blend, BlendSearch, loudest_channel
from wetprint.learning.capacitor import find_capacitor
from wetprint.learning.circuits import CircuitSearch
from wetprint.learning.linear import (
    filter_audio,
    never,
    shortest_good_model,
    solve_linear_models,
)
from wetprint.learning.material import Material, Take, takes_esr
from wetprint.learning.windows import choose_windows
from wetprint.models.recipes import KnownCurve
from wetprint.progress import Progress, silent

ALONE, BLENDED = KINDS = ("wiener_hammerstein", "clean_blend")
"""A curve between two filters; the same with a filter of the dry signal beside it: recipes."""

FILTER_SECONDS = 2048 / 48_000
"""Length of the filters while the curve is looked for."""

GRIDS = (64, 128, 256, 512)
"""Intervals of the curve, coarse first: with many from the start, noise is followed before the
shape is found, and the search stalls."""

STEPS_PER_GRID = 12

MUCH = 0.003
"""An error above this (-25 dB) is worth looking for circuits: with less, a network beside the curve
gains more in the same time."""

FAR_BEHIND = 5.0
"""Circuits that are so many times farther away than filters of many taps do not come near them."""

FEW_SECONDS = 30.0
"""In recordings shorter than this circuits are looked for first: a few notes say nothing of the
bends of a long filter between them."""

TRIAL_SHARE, LEAST_TRIAL_WINDOWS = 4, 6
"""The trial listens to one window of so many, but not to fewer than that."""

TRIAL_STEPS = 3
"""After so many steps the better of the two starts goes on."""

FRUITFUL = 0.8
"""A trial whose error is above this share of the linear model's is not worth going on with."""

TRIM_SLACK = 1.02
"""How much more error a shorter first filter may leave."""

TRIM_FLOOR = 1e-7
"""How much more error (-70 dB) is of no concern at all."""

SHORTEST_TAPS = 16


@dataclass(frozen=True)
class ShapedModel:
    """A solved cascade of one curve between two filters, and what it leaves.

    Attributes:
        cascade: the filters and the curve.
        pole: of a first-order high-pass behind the curve; None where there is none.
        error: ESR on the validation takes.
        beside: a filter of the dry signal, added to the rest, ``(channels_out, taps)``; None where
            there is none.
    """

    cascade: Cascade
    pole: float | None
    error: float
    beside: np.ndarray | None = None

    def known(self) -> KnownCurve:
        """Return the curve and its filters as recipes take them."""
        before, after = self.cascade.filters
        curve = self.cascade.curves[0]
        shape = curve.reach, curve.coefficients, self.pole
        return KnownCurve(before, *shape, after, curve.even_below, self.beside)

    def after_curve(self, dry: np.ndarray) -> np.ndarray:
        """Play ``(1, time)`` up to the last filter: ``(1, time)`` float32."""
        first, curve = self.cascade.filters[0], self.cascade.curves[0]
        shaped = curve(oaconvolve(dry[0].astype(np.float64), first)[: dry.shape[-1]])
        if self.pole is not None:
            shaped = lfilter(*high_pass_coefficients(self.pole), shaped)
        return shaped[None].astype(np.float32)

    def play(self, take: Take) -> np.ndarray:
        """Play a take: ``(channels_out, scored_samples)`` float64."""
        played = filter_audio(self.after_curve(take.dry), self.cascade.filters[1][:, None])
        if self.beside is not None:
            played += filter_audio(take.dry, self.beside[:, None])
        return played[:, take.heard_from :]


def solve_shaped_model(
    material: Material,
    linear: np.ndarray,
    linear_error: float,
    kinds: Collection[str] = KINDS,
    stop: Callable[[], bool] = never,
    over: Callable[[], bool] = never,
    progress: Progress = silent,
) -> ShapedModel | None:
    """Solve filter, curve, filter.

    Args:
        material: what was heard, with one dry channel.
        linear: the solved linear part, ``(channels_out, 1, taps)``.
        linear_error: its ESR on the validation takes.
        kinds: of KINDS, what may be found.
        stop: says that the search has lasted long enough; what it found is finished.
        over: says that even finishing must come to an end.
        progress: told how far it is.

    Returns:
        The model, or None where a curve explains hardly more than a filter alone.
    """
    steps = itertools.count(1)

    def report(error: float) -> None:
        fraction = 1.0 - 0.9 ** next(steps)  # nobody knows how many there will be
        progress("solving the curve", fraction, f"error {error:.2g}")

    search = ShapeSearch(material, linear, linear_error, kinds, stop, over, report)
    is_few = material.drive is None and material.training_seconds < FEW_SECONDS
    first, second = search.circuits() if is_few else search.solve(), None
    left = linear_error if first is None else first.error
    if is_few and not stop():
        second = search.solve()
    elif left > MUCH and not stop():
        second = search.circuits(left)
    found = (each for each in (first, second) if each is not None)
    best = min(found, key=lambda each: each.error, default=None)
    progress("solving the curve", 1.0)
    return best if best is not None and best.error < FRUITFUL * linear_error else None


@dataclass(frozen=True)
class ShapeSearch:
    """What a curve between filters is looked for in; see solve_shaped_model."""

    material: Material
    linear: np.ndarray
    linear_error: float
    kinds: Collection[str]
    stop: Callable[[], bool]
    over: Callable[[], bool]
    report: Callable[[float], None]

    def solve(self) -> ShapedModel | None:
        """Solve with filters of many taps; None where nothing comes of it."""
        taps = round(FILTER_SECONDS * self.material.sample_rate)
        material = self.material
        windows = choose_windows(material.training, 2 * (taps - 1), material.sample_rate)
        few = windows.every(max(1, min(TRIAL_SHARE, len(windows.dry) // LEAST_TRIAL_WINDOWS)))
        trial = SolveConfig(most_steps=TRIAL_STEPS, worthwhile=0.0)
        found = [self._solved(each, few, trial) for each in _starts(self.linear, taps)]
        cascade, error = min(found, key=lambda each: each[1])
        if error > FRUITFUL * self.linear_error:
            return None
        config = SolveConfig(most_steps=STEPS_PER_GRID, damping=1e-5)
        cascade, _ = self._solved(cascade, few, config)
        channel = loudest_channel(material)
        blend = BlendSearch(material, channel, self.stop, self.report)
        if BLENDED in self.kinds and blend.shows(cascade):
            return _finished_blend(blend.solve(found[1][0]), material, self.over)
        if ALONE not in self.kinds:
            return None
        return _finished(self._on_finer_grids(cascade, windows, config), material, self.over)

    def circuits(self, rival: float = np.inf) -> ShapedModel | None:
        """Solve with filters such as circuits are.

        What follows the curve is solved anew over everything that was heard, or left as it is,
        whatever plays better what was kept.

        Args:
            rival: error of what was found already; with far more the search is given up.

        Returns:
            The model; None where it is given up, or nothing of the kinds comes of it.
        """
        material = self.material
        channel = loudest_channel(material)
        peak = int(np.abs(self.linear[channel, 0]).argmax())
        search = CircuitSearch(material, channel, peak, self.stop, self.report)
        blend = search.solve(ALONE in self.kinds, BLENDED in self.kinds, FAR_BEHIND * rival)
        if blend is None:
            return None
        if blend.beside is None:
            finished = _finished(blend.cascade, material, self.over)
        else:
            finished = _finished_blend(blend, material, self.over)
        if material.channels_out > 1:
            return finished
        beside = None if blend.beside is None else blend.beside[None]
        model = ShapedModel(blend.cascade, None, np.inf, beside)
        model = dataclasses.replace(model, error=takes_esr(material.validation, model.play))
        return min((model, finished), key=lambda each: each.error)

    def _on_finer_grids(self, cascade: Cascade, windows: Windows, config: SolveConfig) -> Cascade:
        """Solve on one grid after the other, as long as finer ones leave less."""
        error = np.inf
        for intervals in GRIDS:
            finer = self._solved(_on_grid(cascade, intervals), windows, config)
            if finer[1] >= error:
                break
            cascade, error = finer
        return cascade

    def _solved(
        self, start: Cascade, windows: Windows, config: SolveConfig
    ) -> tuple[Cascade, float]:
        return solve_cascade(start, windows, config, self.stop, self.report)


def _starts(linear: np.ndarray, taps: int) -> list[Cascade]:
    """Begin with the linear part in front of the curve, and with the linear part behind it."""
    channels_out = len(linear)
    response = np.zeros((channels_out, taps))
    kept = min(taps, linear.shape[-1])
    response[:, :kept] = linear[:, 0, :kept]
    wire = np.zeros((channels_out, taps))
    wire[:, 0] = 1.0
    curve = Curve(1.0, straight(GRIDS[0], 1.0))
    before = Cascade((response.mean(0), wire), (curve,))
    after = Cascade((wire[0], response), (curve,))
    return [before, after]


def _on_grid(cascade: Cascade, intervals: int) -> Cascade:
    curves = tuple(each.on_grid(intervals, each.reach) for each in cascade.curves)
    return Cascade(cascade.filters, curves)


def _finished(cascade: Cascade, material: Material, over: Callable[[], bool]) -> ShapedModel:
    """Find the capacitor, solve the last filter over everything, shorten the first."""
    model = ShapedModel(cascade, None, np.inf)
    bent = _behind(model, material)
    pole = find_capacitor(bent)
    if pole is not None:
        model = dataclasses.replace(model, pole=pole)
        bent = _behind(model, material)
    last = shortest_good_model(solve_linear_models(bent, stop=over))
    filters = (cascade.filters[0], last.response[:, 0])
    whole = Cascade(filters, cascade.curves)
    return _shortened(ShapedModel(whole, pole, last.error), material.validation)


def _finished_blend(blend: Blend, material: Material, over: Callable[[], bool]) -> ShapedModel:
    """Solve what follows the curve and what is beside it once more, together, over everything."""
    model = ShapedModel(blend.cascade, None, np.inf)

    def both(take: Take) -> Take:
        heard = np.concatenate([model.after_curve(take.dry), take.dry])
        return dataclasses.replace(take, dry=heard)

    last = shortest_good_model(solve_linear_models(material.changed(both), stop=over))
    filters = blend.cascade.filters[0], last.response[:, 0]
    whole = Cascade(filters, blend.cascade.curves)
    solved = ShapedModel(whole, None, last.error, last.response[:, 1])
    return _shortened(solved, material.validation)


def _shortened(model: ShapedModel, takes: tuple[Take, ...]) -> ShapedModel:
    """Halve the first filter as often as the takes hardly tell the difference."""
    taps = len(model.cascade.filters[0])
    while taps > SHORTEST_TAPS:
        taps //= 2
        filters = (model.cascade.filters[0][:taps], model.cascade.filters[1])
        shorter = dataclasses.replace(model, cascade=Cascade(filters, model.cascade.curves))
        error = takes_esr(takes, shorter.play)
        if error > TRIM_SLACK * model.error + TRIM_FLOOR:
            break
        model = dataclasses.replace(shorter, error=error)
    return model


def _behind(model: ShapedModel, material: Material) -> Material:
    """Replace every take's dry side by what arrives at the last filter."""

    def bent(take: Take) -> Take:
        return dataclasses.replace(take, dry=model.after_curve(take.dry))

    return material.changed(bent)
