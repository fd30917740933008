"""One step towards a cascade that plays what was heard.

The error changes with the parameters as a linear map; a damped least-squares problem with that map
gives the step (Gauss-Newton). Its products are FFTs, conjugate gradients solve it, and it is
preconditioned block by block: filters by the nearest circulant matrix, curves exactly.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.fft import irfft, rfft
from scipy.linalg import cho_factor, cho_solve

from wetprint.identify.cascade import Cascade, Reference, energy_of, joined
from wetprint.identify.circulant import nearest_circulant
from wetprint.identify.curve import Placed, definite, roughness_matrix
from wetprint.identify.descent import descent_step

SPECTRUM_FLOOR = 1e-7
"""Bins of a preconditioner below this share of its largest count as this much."""


class Played:
    """A cascade played on windows, with everything that the next step needs.

    Convolution is circular in each window: what wraps around falls on the part that only serves as
    past, which counts nothing.

    Attributes:
        cascade: what is played.
        reference: what it is compared with.
        error: its error-to-signal ratio.
    """

    def __init__(self, cascade: Cascade, reference: Reference):
        self.cascade, self.reference = cascade, reference
        self.samples = reference.heard.shape[-1]
        self.inputs = [reference.dry]  # of every filter, (windows, bins)
        self.gains = [self._transform(each.astype(np.float32)) for each in cascade.filters]
        self.placed: list[Placed] = []
        for gain, curve in zip(self.gains, cascade.curves, strict=False):
            placed = Placed.of(curve, self._back(self.inputs[-1] * gain))
            self.placed.append(placed)
            self.inputs.append(self._transform(placed.value(curve.coefficients)))
        played = self.inputs[-1] * self.gains[-1][:, None] * reference.emphasis
        self.residual = self._back(reference.wet - played) * reference.heard
        self.error = energy_of(self.residual) / max(reference.energy, 1e-30)

    def step(self, damping: float, inner_steps: int, stop: Callable[[], bool]) -> np.ndarray:
        """Return a damped Gauss-Newton step, by preconditioned conjugate gradients.

        Args:
            damping: how much of the preconditioner's matrix is added to the problem's.
            inner_steps: conjugate-gradient steps at most.
            stop: asked before each; once it says yes, the step stays as good as it is.

        Returns:
            ``(parameters,)``, as Cascade.moved takes it.
        """
        near = Preconditioner(self)
        right = self.answer(self.residual) - near.roughness(self.cascade.flat())

        def product(step: np.ndarray) -> np.ndarray:
            whole = self.answer(self.change(step)) + near.roughness(step)
            return whole + damping * near.product(step)

        return descent_step(right, product, near.solved, inner_steps, stop)

    def moved(self, step: np.ndarray) -> Played:
        """Play the cascade that a step ``(parameters,)`` leads to."""
        return Played(self.cascade.moved(step), self.reference)

    def change(self, step: np.ndarray) -> np.ndarray:
        """Return how the heard output changes with the parameters, to first order."""
        filters, curves = self.cascade.split(step)
        tap_gains = [self._transform(each.astype(np.float32)) for each in filters]
        moved: np.ndarray | float = 0.0  # change of the signal that enters the filter, a spectrum
        for number, placed in enumerate(self.placed):
            change = self._back(
                self.inputs[number] * tap_gains[number] + moved * self.gains[number]
            )
            change *= placed.slope
            change += placed.value(curves[number])
            moved = self._transform(change)
        last = self.inputs[-1] * tap_gains[-1][:, None] + moved * self.gains[-1][:, None]
        return self._back(last * self.reference.emphasis) * self.reference.heard

    def answer(self, residual: np.ndarray) -> np.ndarray:
        """Return the adjoint of ``change``: how every parameter answers a residual."""
        spectrum = self._transform(residual * self.reference.heard)  # (out, windows, bins)
        spectrum *= self.reference.emphasis.conj()
        filters = [self._lags(self.inputs[-1], spectrum, self.cascade.filters[-1].shape[-1])]
        curves: list[np.ndarray] = []
        back = (self.gains[-1].conj()[:, None] * spectrum).sum(0)
        for number in reversed(range(len(self.placed))):
            signal = self._back(back)
            curves.insert(0, self.placed[number].transposed(signal))
            signal *= self.placed[number].slope
            spectrum = self._transform(signal)
            taps = self.cascade.filters[number].shape[-1]
            filters.insert(0, self._lags(self.inputs[number], spectrum, taps))
            back = self.gains[number].conj() * spectrum
        return joined(filters, curves)

    def downstream(self, number: int) -> np.ndarray:
        """Return the mean power gain per bin from what follows a filter, a curve, to the outputs.

        Args:
            number: of the filter; what follows the last one are the outputs themselves.
        """
        gain = np.abs(self.reference.emphasis) ** 2
        if number < len(self.placed):
            gain = (np.abs(self.gains[-1]) ** 2 * gain).sum(0)
        for later in range(len(self.placed) - 1, number, -1):
            gain = (
                gain * np.abs(self.gains[later]) ** 2 * np.square(self.placed[later].slope).mean()
            )
        return gain

    def _transform(self, signal: np.ndarray) -> np.ndarray:
        return rfft(signal, self.samples, workers=-1)

    def _back(self, spectrum: np.ndarray) -> np.ndarray:
        return irfft(spectrum, self.samples, workers=-1)

    def _lags(self, heard: np.ndarray, spectrum: np.ndarray, taps: int) -> np.ndarray:
        """Correlate over all windows for the lags that a filter has: ``(..., taps)``."""
        return irfft((heard.conj() * spectrum).sum(-2), self.samples)[..., :taps]


class Preconditioner:
    """The Gauss-Newton matrix with nothing but its blocks on the diagonal, and their inverses."""

    def __init__(self, played: Played):
        self.cascade = played.cascade
        self.spectra = [_spectrum(played, number) for number in range(len(played.gains))]
        self.penalties = [_penalty(played, number) for number in range(len(played.placed))]
        self.grams = [
            definite(_gram(played, number) + penalty)
            for number, penalty in enumerate(self.penalties)
        ]
        self.factors = [cho_factor(each) for each in self.grams]

    def product(self, step: np.ndarray) -> np.ndarray:
        """Multiply ``(parameters,)`` by the matrix."""
        filters, curves = self.cascade.split(step)
        return joined(
            [irfft(rfft(f) * s, f.shape[-1]) for f, s in zip(filters, self.spectra, strict=True)],
            [gram @ curve for gram, curve in zip(self.grams, curves, strict=True)],
        )

    def solved(self, residual: np.ndarray) -> np.ndarray:
        """Multiply ``(parameters,)`` by the matrix's inverse."""
        filters, curves = self.cascade.split(residual)
        return joined(
            [irfft(rfft(f) / s, f.shape[-1]) for f, s in zip(filters, self.spectra, strict=True)],
            [cho_solve(each, curve) for each, curve in zip(self.factors, curves, strict=True)],
        )

    def roughness(self, step: np.ndarray) -> np.ndarray:
        """Multiply ``(parameters,)`` by what keeps curves smooth, which is a part of the matrix."""
        filters, curves = self.cascade.split(step)
        return joined(
            [np.zeros_like(each) for each in filters],
            [penalty @ curve for penalty, curve in zip(self.penalties, curves, strict=True)],
        )


def _spectrum(played: Played, number: int) -> np.ndarray:
    """Return the eigenvalues of a filter's block, made circulant."""
    power = (np.abs(played.inputs[number]) ** 2).sum(0) * played.downstream(number)
    if number < len(played.placed):
        power = power * np.square(played.placed[number].slope).mean()
    lags = irfft(power.astype(np.float64), played.samples)
    taps = played.cascade.filters[number].shape[-1]
    spectrum = rfft(nearest_circulant(lags[:taps])).real
    return np.maximum(spectrum, SPECTRUM_FLOOR * max(float(spectrum.max()), 1e-30))


def _gram(played: Played, number: int) -> np.ndarray:
    """Return a curve's block, as if what follows it were white."""
    later = float(np.mean(played.downstream(number)))
    return later * played.placed[number].gram(played.reference.heard)


def _penalty(played: Played, number: int) -> np.ndarray:
    left = energy_of(played.residual) / max(float(played.reference.heard.sum()), 1.0)
    return roughness_matrix(played.cascade.curves[number].coefficients, left)
