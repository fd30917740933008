"""The solved half of learning where an effect distorts: filter, curve, filter.

A Wiener-Hammerstein cascade (``identify/cascade.py``) is solved on the loudest and on evenly spread
stretches of what was heard, from two starts: all that is linear before the curve, or all of it
after. The better one goes on. What is slower than a window can tell, the coupling capacitor that
takes the curve's bias away, is then looked for at a low sample rate, and the last filter is solved
once more over everything that was heard, at growing lengths, since what follows a curve is linear
again however long it lasts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.signal import freqz, lfilter, oaconvolve, resample_poly

from wetprint.blocks.high_pass import high_pass_coefficients, pole_at
from wetprint.blocks.spline import straight
from wetprint.identify.cascade import Cascade, SolveConfig, Windows, solve_cascade
from wetprint.identify.curve import Curve
from wetprint.identify.linear_response import LinearFitConfig, NormalEquations
from wetprint.learning.linear import filter_audio, shortest_good_model, solve_linear_models
from wetprint.learning.material import Material, Take, takes_esr
from wetprint.models.recipes import KnownCurve
from wetprint.progress import Progress, silent

TAPS = 2048
"""Length of the filters while the curve is looked for."""

INTERVALS = 512
"""Of the curve's grid."""

WINDOW_SAMPLES = 1 << 16

WINDOWS_SECONDS = 30.0
"""How much is listened to while the curve is looked for."""

LOWEST_HZ = 15.0
"""What lies below is left to the search for a coupling capacitor."""

SLOW_RATE_HZ = 480
"""Sample rate at which a coupling capacitor is looked for."""

SLOW_TAPS = 48

CUTOFFS_HZ = tuple(np.geomspace(0.1, 30.0, 50).tolist())

CAPACITOR_GAIN = 0.9
"""A coupling capacitor must bring the slow error below this share to be believed in."""

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
    """

    cascade: Cascade
    pole: float | None
    error: float

    def known(self) -> KnownCurve:
        """Return the curve and its filters as recipes take them."""
        before, after = self.cascade.filters
        curve = self.cascade.curves[0]
        return KnownCurve(before, curve.reach, curve.coefficients, self.pole, after)

    def after_curve(self, dry: np.ndarray) -> np.ndarray:
        """Play ``(1, time)`` up to the last filter: ``(1, time)`` float32."""
        first, curve = self.cascade.filters[0], self.cascade.curves[0]
        shaped = curve(oaconvolve(dry[0].astype(np.float64), first)[: dry.shape[-1]])
        if self.pole is not None:
            shaped = lfilter(*high_pass_coefficients(self.pole), shaped)
        return shaped[None].astype(np.float32)

    def play(self, take: Take) -> np.ndarray:
        """Play a take: ``(channels_out, scored_samples)`` float64."""
        after = self.cascade.filters[1][:, None]
        return filter_audio(self.after_curve(take.dry), after)[:, take.heard_from :]


def solve_shaped_model(
    material: Material,
    linear: np.ndarray,
    linear_error: float,
    go_on: Callable[[], bool] = lambda: True,
    progress: Progress = silent,
) -> ShapedModel | None:
    """Solve filter, curve, filter.

    Args:
        material: what was heard, with one dry channel.
        linear: the solved linear part, ``(channels_out, 1, taps)``.
        linear_error: its ESR on the validation takes.
        go_on: asked now and then; False ends the search with what was found so far.
        progress: told how far it is.

    Returns:
        The model, or None where a curve explains hardly more than a filter alone.
    """
    windows = choose_windows(material.training, 2 * (TAPS - 1), material.sample_rate)
    found = []
    for number, start in enumerate(_starts(linear)):
        progress("solving the curve", 0.3 * number)
        trial = SolveConfig(most_steps=TRIAL_STEPS, worthwhile=0.0)
        found.append(solve_cascade(start, windows, trial, lambda _: go_on()))
    cascade, error = min(found, key=lambda each: each[1])
    if error > FRUITFUL * linear_error:
        return None
    count = 0

    def watch(error: float) -> bool:
        nonlocal count
        count += 1
        progress("solving the curve", 0.6 + 0.02 * count, f"error {error:.2g}")
        return go_on()

    if go_on():
        cascade, _ = solve_cascade(cascade, windows, SolveConfig(damping=1e-5), watch)
    model = _finished(cascade, material, progress)
    return model if model.error < FRUITFUL * linear_error else None


def _starts(linear: np.ndarray) -> list[Cascade]:
    """Begin with the linear part in front of the curve, and with the linear part behind it."""
    channels_out = len(linear)
    response = np.zeros((channels_out, TAPS))
    kept = min(TAPS, linear.shape[-1])
    response[:, :kept] = linear[:, 0, :kept]
    wire = np.zeros((channels_out, TAPS))
    wire[:, 0] = 1.0
    curve = Curve(1.0, straight(INTERVALS, 1.0))
    before = Cascade((response.mean(0), wire), (curve,))
    after = Cascade((wire[0], response), (curve,))
    return [before, after]


def choose_windows(takes: tuple[Take, ...], context: int, sample_rate: int) -> Windows:
    """Cut stretches out of what was heard: half of them the loudest, half evenly spread.

    Args:
        takes: what was heard.
        context: samples that each stretch needs as its past.
        sample_rate: Hz.
    """
    scored = WINDOW_SAMPLES - context
    places = [
        (take, start)
        for take in takes
        for start in range(_first_scored(take, context), take.dry.shape[-1], scored)
    ]
    wanted = max(1, int(WINDOWS_SECONDS * sample_rate / scored))
    if len(places) > wanted:
        loudness = [np.abs(take.dry[:, at : at + scored]).max() for take, at in places]
        order = np.argsort(loudness)[::-1]
        rest = np.sort(order[wanted // 2 :])
        spread = rest[np.linspace(0, len(rest) - 1, wanted - wanted // 2).astype(int)]
        places = [places[each] for each in sorted({*order[: wanted // 2], *spread})]
    cut = [_window(take, at, context) for take, at in places]
    dry, wet, heard = zip(*cut, strict=True)
    coefficients = high_pass_coefficients(pole_at(LOWEST_HZ, sample_rate))
    bins = 2.0 * np.pi * np.arange(WINDOW_SAMPLES // 2 + 1) / WINDOW_SAMPLES
    emphasis = freqz(*coefficients, worN=bins)[1].astype(np.complex64)
    return Windows(np.stack(dry), np.stack(wet, axis=1), np.stack(heard), emphasis)


def _first_scored(take: Take, context: int) -> int:
    """Return the first sample whose past is known: silence lies before a take without one."""
    return max(take.heard_from, context) if take.heard_from else 0


def _window(take: Take, at: int, context: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut one stretch whose scored part begins at ``at``; silence where the take has nothing."""
    begin = at - context
    dry = np.zeros(WINDOW_SAMPLES, np.float32)
    wet = np.zeros((len(take.wet), WINDOW_SAMPLES), np.float32)
    first, last = max(0, begin), min(take.dry.shape[-1], begin + WINDOW_SAMPLES)
    dry[first - begin : last - begin] = take.dry[0, first:last]
    wet[:, first - begin : last - begin] = take.wet[:, first:last]
    heard = np.zeros(WINDOW_SAMPLES, np.float32)
    heard[context : last - begin] = 1.0
    return dry, wet, heard


def _finished(cascade: Cascade, material: Material, progress: Progress) -> ShapedModel:
    """Find the capacitor, solve the last filter over everything, shorten the first."""
    progress("solving the curve", 0.9)
    pole = find_capacitor(cascade, material)
    model = _with_last_filter(ShapedModel(cascade, pole, np.inf), material)
    taps = len(cascade.filters[0])
    while taps > SHORTEST_TAPS:
        taps //= 2
        filters = (model.cascade.filters[0][:taps], model.cascade.filters[1])
        shorter = dataclasses.replace(model, cascade=Cascade(filters, model.cascade.curves))
        error = takes_esr(material.validation, shorter.play)
        if error > TRIM_SLACK * model.error + TRIM_FLOOR:
            break
        model = dataclasses.replace(shorter, error=error)
    return model


def find_capacitor(cascade: Cascade, material: Material) -> float | None:
    """Return the pole of the high-pass behind the curve, or None where none shows.

    Both sides are brought to a low sample rate; for every cutoff the best short filter is solved
    behind it, and the cutoff that leaves least is taken.
    """
    down = material.sample_rate // SLOW_RATE_HZ
    bare = ShapedModel(cascade, None, np.inf)
    slow = [
        (
            _slowed(bare.after_curve(take.dry), down),
            _slowed(take.wet, down),
            take.heard_from // down,
        )
        for take in material.training
    ]
    rate = material.sample_rate / down
    plain = _slow_error(slow, None)
    errors = [_slow_error(slow, pole_at(cutoff, rate)) for cutoff in CUTOFFS_HZ]
    if min(errors) > CAPACITOR_GAIN * plain:
        return None
    return pole_at(CUTOFFS_HZ[int(np.argmin(errors))], material.sample_rate)


def _slowed(signal: np.ndarray, down: int) -> np.ndarray:
    return resample_poly(signal.astype(np.float64), 1, down, axis=-1)


def _slow_error(takes: list[tuple[np.ndarray, np.ndarray, int]], pole: float | None) -> float:
    """Return what the best short filter leaves of the slow wet signals, behind a high-pass."""
    channels = len(takes[0][1])
    equations = NormalEquations(SLOW_TAPS, 1, channels)
    heard = []
    for shaped, wet, heard_from in takes:
        if pole is not None:
            shaped = lfilter(*high_pass_coefficients(pole), shaped)
        equations.add(shaped, wet, heard_from)
        heard.append((shaped, wet, heard_from))
    response = equations.solve(LinearFitConfig(ridge=1e-8, tolerance=1e-6)).response
    error = 0.0
    for shaped, wet, heard_from in heard:
        error += float(((filter_audio(shaped, response) - wet)[:, heard_from:] ** 2).sum())
    return error


def _with_last_filter(model: ShapedModel, material: Material) -> ShapedModel:
    """Solve the last filter over everything that was heard."""
    shaped = dataclasses.replace(
        material,
        training=tuple(_shaped(model, each) for each in material.training),
        validation=tuple(_shaped(model, each) for each in material.validation),
    )
    last = shortest_good_model(solve_linear_models(shaped))
    filters = (model.cascade.filters[0], last.response[:, 0])
    return ShapedModel(Cascade(filters, model.cascade.curves), model.pole, last.error)


def _shaped(model: ShapedModel, take: Take) -> Take:
    """Replace a take's dry side by what arrives at the last filter."""
    return dataclasses.replace(take, dry=model.after_curve(take.dry))
