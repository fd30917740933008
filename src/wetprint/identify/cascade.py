"""Cascades of linear filters and static curves: filter, curve, filter, and so on.

One curve between two filters is a Wiener-Hammerstein system, what most overdrives, distortions and
saturating tubes are built like. All filters and curves are solved together by the Levenberg-
Marquardt method (Marquardt 1963, doi:10.1137/0111030): every step is a linear least-squares
problem, solved by conjugate gradients whose products are FFTs, preconditioned block by block
(circulant for filters, exact for curves). The curves are P-splines (Eilers and Marx 1996,
doi:10.1214/ss/1038425655), so that stretches of a curve that were never heard go on smoothly. For
the identification of such systems see Schoukens and Tiels 2017
(doi:10.1016/j.automatica.2017.06.044).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, rfft
from scipy.linalg import cho_factor, cho_solve

from wetprint.identify.circulant import nearest_circulant
from wetprint.identify.curve import Curve, Placed

HEADROOM = 1.1
"""Curves reach this much further than the loudest sample heard."""

EXPECTED_BEND = 1.0
"""Change of slope from knot to knot that is to be expected, beside the curve's mean slope. Where
little was heard, a curve bends no more than that for an error of the size still left."""

SHORTER_STEPS = (1.0, 0.5, 0.25)
"""Shares of a step that are tried before the damping is raised."""

GRAM_FLOOR = 1e-9
"""Added to the diagonal of a curve's matrix, beside its largest entry: what was never heard of a
curve must not make the matrix singular."""

SPECTRUM_FLOOR = 1e-7
"""Bins of a preconditioner below this share of its largest count as this much."""


@dataclass(frozen=True)
class Cascade:
    """Filters with a curve between each two of them.

    Attributes:
        filters: every filter's taps; ``(taps,)``, the last one ``(channels_out, taps)``.
        curves: one less than filters.
    """

    filters: tuple[np.ndarray, ...]
    curves: tuple[Curve, ...]

    @property
    def context_samples(self) -> int:
        """How far back the whole cascade hears."""
        return sum(each.shape[-1] - 1 for each in self.filters)

    def moved(self, step: np.ndarray) -> Cascade:
        """Return the cascade with a step added to its parameters, as ``parameters`` orders them."""
        parts = np.split(step, np.cumsum([each.size for each in self.parameters()])[:-1])
        count = len(self.filters)
        filters = tuple(
            each + part.reshape(each.shape)
            for each, part in zip(self.filters, parts[:count], strict=True)
        )
        curves = tuple(
            dataclasses.replace(each, coefficients=each.coefficients + part)
            for each, part in zip(self.curves, parts[count:], strict=True)
        )
        return Cascade(filters, curves)

    def parameters(self) -> list[np.ndarray]:
        """Return what is solved for: the filters, then the curves' coefficients."""
        return [*self.filters, *(each.coefficients for each in self.curves)]


@dataclass(frozen=True)
class Windows:
    """Stretches of a dry and a wet signal.

    Attributes:
        dry: ``(windows, time)`` float32, of a length that FFTs like.
        wet: ``(channels_out, windows, time)`` float32.
        heard: ``(windows, time)`` float32; 1 where the error counts. The past that the first such
            sample needs lies before it in the same window.
        emphasis: ``(time / 2 + 1,)`` complex64, the filter through which the error is heard; it may
            leave out what windows are too short to tell, such as slow drifts.
    """

    dry: np.ndarray
    wet: np.ndarray
    heard: np.ndarray
    emphasis: np.ndarray


@dataclass(frozen=True)
class SolveConfig:
    """How a cascade is solved.

    Attributes:
        most_steps: Levenberg-Marquardt steps at most.
        inner_steps: conjugate-gradient steps in each.
        damping: to start with, beside the preconditioner.
        worthwhile: a step that lowers the error by a smaller share than this is the last.
    """

    most_steps: int = 20
    inner_steps: int = 20
    damping: float = 1e-3
    worthwhile: float = 0.01


MOST_DAMPING = 1e4


def solve_cascade(
    start: Cascade,
    windows: Windows,
    config: SolveConfig | None = None,
    go_on: Callable[[float], bool] = lambda error: True,
) -> tuple[Cascade, float]:
    """Solve a cascade's filters and curves together.

    Args:
        start: where to begin; its filters' lengths and curves' grids are kept, but curves are
            given more reach when the signal between two filters grows beyond it.
        windows: what was heard.
        config: how.
        go_on: asked after every step, with the error so far; False ends the search.

    Returns:
        The best cascade found, and its error-to-signal ratio over ``windows``.
    """
    config = config or SolveConfig()
    state = _State(_with_room(start, windows), windows)
    damping = config.damping
    for _ in range(config.most_steps):
        found = _descended(state, state.step(damping, config.inner_steps))
        if found is None:
            damping *= 10.0
            if damping > MOST_DAMPING or not go_on(state.error):
                break
            continue
        gained = 1.0 - found.error / state.error
        damping = max(damping / 5.0, 1e-9)
        state = found
        if not go_on(state.error) or gained < config.worthwhile:
            break
        roomier = _with_room(state.cascade, windows)
        if roomier is not state.cascade:
            state = _State(roomier, windows)
    return state.cascade, state.error


def _descended(state: _State, step: np.ndarray) -> _State | None:
    """Return where a step or a part of it leads to less error, or None."""
    for share in SHORTER_STEPS:
        found = _State(state.cascade.moved(share * step), state.windows)
        if found.error < state.error:
            return found
    return None


def _with_room(cascade: Cascade, windows: Windows) -> Cascade:
    """Give every curve the reach that the signal needs; the same object where none lacks any."""
    samples = windows.dry.shape[-1]
    spectrum, curves = rfft(windows.dry), list(cascade.curves)
    for number, (taps, curve) in enumerate(zip(cascade.filters, cascade.curves, strict=False)):
        signal = irfft(spectrum * rfft(taps.astype(np.float32), samples), samples)
        loudest = float(np.abs(signal * (windows.heard > 0)).max())
        if loudest > curve.reach or curve.reach > 2.0 * HEADROOM * loudest > 0.0:
            curves[number] = curve.reaching(HEADROOM * max(loudest, 1e-6))
        spectrum = rfft(curves[number](signal))
    unchanged = all(each is other for each, other in zip(curves, cascade.curves, strict=True))
    return cascade if unchanged else Cascade(cascade.filters, tuple(curves))


class _State:
    """A cascade played on windows, with everything that the next step needs.

    Convolution is circular in each window: what wraps around falls on the part that only serves as
    past, which counts nothing.
    """

    def __init__(self, cascade: Cascade, windows: Windows):
        self.cascade, self.windows = cascade, windows
        self.samples = windows.dry.shape[-1]
        self.inputs = [self._transform(windows.dry)]  # of every filter, (windows, bins)
        self.gains = [self._transform(each.astype(np.float32)) for each in cascade.filters]
        self.placed: list[Placed] = []
        self.slopes: list[np.ndarray] = []
        for gain, curve in zip(self.gains, cascade.curves, strict=False):
            placed = Placed.of(curve, self._back(self.inputs[-1] * gain))
            self.placed.append(placed)
            self.slopes.append(placed.slope(curve.coefficients))
            self.inputs.append(self._transform(placed.value(curve.coefficients)))
        wet = self._transform(windows.wet)  # (out, windows, bins)
        played = self.inputs[-1] * self.gains[-1][:, None]
        self.residual = self._back((wet - played) * windows.emphasis) * windows.heard
        energy = _energy(self._back(wet * windows.emphasis) * windows.heard)
        self.error = _energy(self.residual) / max(energy, 1e-30)

    def step(self, damping: float, inner_steps: int) -> np.ndarray:
        """Return a damped Gauss-Newton step, by preconditioned conjugate gradients."""
        precondition = self._preconditioners()
        rough = self._roughness()
        right = self._answer(self.residual) - rough(np.concatenate(self._flat()))
        step = np.zeros_like(right)
        residual, ahead = right.copy(), precondition(right)
        direction, descent = ahead, float(right @ ahead)
        first = descent
        for _ in range(inner_steps):
            product = self._answer(self._change(direction)) + rough(direction)
            product += damping * self._damped(direction)
            along = float(direction @ product)
            if descent <= 1e-10 * first or along <= 0.0:
                break
            length = descent / along
            step += length * direction
            residual -= length * product
            ahead = precondition(residual)
            before, descent = descent, float(residual @ ahead)
            direction = ahead + descent / before * direction
        return step

    def _transform(self, signal: np.ndarray) -> np.ndarray:
        return rfft(signal, self.samples, workers=-1)

    def _back(self, spectrum: np.ndarray) -> np.ndarray:
        return irfft(spectrum, self.samples, workers=-1)

    def _flat(self) -> list[np.ndarray]:
        return [each.ravel() for each in self.cascade.parameters()]

    def _parts(self, step: np.ndarray) -> list[np.ndarray]:
        shapes = [each.shape for each in self.cascade.parameters()]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
        return [
            part.reshape(shape) for part, shape in zip(np.split(step, ends), shapes, strict=True)
        ]

    def _change(self, step: np.ndarray) -> np.ndarray:
        """Return how the heard output changes with the parameters, to first order."""
        parts = self._parts(step)
        filters, curves = parts[: len(self.gains)], parts[len(self.gains) :]
        moved: np.ndarray | float = 0.0  # change of the signal that enters the filter, a spectrum
        for number, placed in enumerate(self.placed):
            tap_gain = self._transform(filters[number].astype(np.float32))
            change = self._back(self.inputs[number] * tap_gain + moved * self.gains[number])
            change *= self.slopes[number]
            change += placed.value(curves[number])
            moved = self._transform(change)
        tap_gain = self._transform(filters[-1].astype(np.float32))[:, None]
        last = self.inputs[-1] * tap_gain + moved * self.gains[-1][:, None]
        return self._back(last * self.windows.emphasis) * self.windows.heard

    def _answer(self, residual: np.ndarray) -> np.ndarray:
        """Return the adjoint of ``_change``: how every parameter answers a residual."""
        spectrum = self._transform(residual * self.windows.heard)  # (out, windows, bins)
        spectrum *= self.windows.emphasis.conj()
        filters = [self._lags(self.inputs[-1], spectrum, self.cascade.filters[-1].shape[-1])]
        curves: list[np.ndarray] = []
        back = (self.gains[-1].conj()[:, None] * spectrum).sum(0)
        for number in reversed(range(len(self.placed))):
            signal = self._back(back)
            curves.insert(0, self.placed[number].transposed(signal))
            signal *= self.slopes[number]
            spectrum = self._transform(signal)
            taps = self.cascade.filters[number].shape[-1]
            filters.insert(0, self._lags(self.inputs[number], spectrum, taps))
            back = self.gains[number].conj() * spectrum
        return np.concatenate([each.ravel() for each in (*filters, *curves)]).astype(np.float64)

    def _lags(self, heard: np.ndarray, spectrum: np.ndarray, taps: int) -> np.ndarray:
        """Correlate over all windows for the lags that a filter has: ``(..., taps)``."""
        return irfft((heard.conj() * spectrum).sum(-2), self.samples)[..., :taps]

    def _downstream(self, number: int) -> np.ndarray:
        """Return the mean power gain from a filter's output to the outputs, per bin."""
        gain = (np.abs(self.gains[-1] * self.windows.emphasis) ** 2).sum(0)
        for later in range(len(self.placed) - 1, number, -1):
            gain = gain * np.abs(self.gains[later]) ** 2 * np.square(self.slopes[later]).mean()
        if number < len(self.placed):
            gain = gain * np.square(self.slopes[number]).mean()
        return gain

    def _preconditioners(self) -> Callable[[np.ndarray], np.ndarray]:
        """Return the approximate inverse of the Gauss-Newton matrix, and keep its parts."""
        self.spectra = []
        for number, taps in enumerate(self.cascade.filters):
            last = number == len(self.placed)
            power = (np.abs(self.inputs[number]) ** 2).sum(0)
            power = power * (
                np.abs(self.windows.emphasis) ** 2 if last else self._downstream(number)
            )
            lags = irfft(power.astype(np.float64), self.samples)[: taps.shape[-1]]
            spectrum = rfft(nearest_circulant(lags)).real
            floor = SPECTRUM_FLOOR * max(float(spectrum.max()), 1e-30)
            self.spectra.append(np.maximum(spectrum, floor))
        self.grams = [self._gram(number) for number in range(len(self.placed))]
        factors = [cho_factor(each) for each in self.grams]

        def apply(residual: np.ndarray) -> np.ndarray:
            parts = self._parts(residual)
            count = len(self.spectra)
            solved = [
                irfft(rfft(part) / spectrum, part.shape[-1]).ravel()
                for part, spectrum in zip(parts[:count], self.spectra, strict=True)
            ]
            solved += [cho_solve(f, part) for f, part in zip(factors, parts[count:], strict=True)]
            return np.concatenate(solved)

        return apply

    def _gram(self, number: int) -> np.ndarray:
        """Return a curve's part of the Gauss-Newton matrix, its roughness included."""
        later = np.mean(self._downstream(number)) / np.square(self.slopes[number]).mean()
        gram = float(later) * self.placed[number].gram(self.windows.heard)
        gram += self._penalty(number)
        return gram + GRAM_FLOOR * float(np.diag(gram).max()) * np.eye(len(gram))

    def _penalty(self, number: int) -> np.ndarray:
        """Return the roughness matrix of a curve: second differences as in Eilers and Marx.

        Its weight is the variance of the error left over that of the bends to be expected, so that
        a curve that explains nearly all may bend as it must.
        """
        coefficients = self.cascade.curves[number].coefficients
        bend = np.diff(np.eye(len(coefficients)), 2, axis=0)
        expected = EXPECTED_BEND * max(float(np.ptp(coefficients)), 1e-9) / len(coefficients)
        left = _energy(self.residual) / max(float(self.windows.heard.sum()), 1.0)
        return left / expected**2 * bend.T @ bend

    def _roughness(self) -> Callable[[np.ndarray], np.ndarray]:
        penalties = [self._penalty(number) for number in range(len(self.placed))]
        count = len(self.gains)

        def apply(step: np.ndarray) -> np.ndarray:
            parts = self._parts(step)
            plain = [np.zeros(part.size) for part in parts[:count]]
            rough = [p @ part for p, part in zip(penalties, parts[count:], strict=True)]
            return np.concatenate([*plain, *rough])

        return apply

    def _damped(self, step: np.ndarray) -> np.ndarray:
        """Multiply by the preconditioner's matrix, beside which the damping is measured."""
        parts = self._parts(step)
        count = len(self.spectra)
        plain = [
            irfft(rfft(part) * spectrum, part.shape[-1]).ravel()
            for part, spectrum in zip(parts[:count], self.spectra, strict=True)
        ]
        plain += [gram @ part for gram, part in zip(self.grams, parts[count:], strict=True)]
        return np.concatenate(plain)


def _energy(signal: np.ndarray) -> float:
    return float(np.square(signal, dtype=np.float64).sum())
