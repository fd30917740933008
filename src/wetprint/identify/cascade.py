"""Cascades of linear filters and static curves, and what they are solved from.

Filter, curve, filter is a Wiener-Hammerstein system, what most overdrives, distortions and
saturating tubes are built like; see Schoukens and Tiels 2017
(doi:10.1016/j.automatica.2017.06.044) on how such systems are identified. ``cascade_solver.py``
solves for all filters and curves together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, rfft

from wetprint.identify.curve import Curve


@dataclass(frozen=True)
class Cascade:
    """Filters with a curve between each two of them.

    Attributes:
        filters: every filter's taps; ``(taps,)``, the last one ``(channels_out, taps)``.
        curves: one less than filters.
    """

    filters: tuple[np.ndarray, ...]
    curves: tuple[Curve, ...]

    def moved(self, step: np.ndarray) -> Cascade:
        """Return the cascade with a step ``(parameters,)`` added to what is solved for."""
        filters, curves = self.split(step)
        return Cascade(
            tuple(each + part for each, part in zip(self.filters, filters, strict=True)),
            tuple(each.moved(part) for each, part in zip(self.curves, curves, strict=True)),
        )

    def split(self, step: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Cut ``(parameters,)`` into what belongs to the filters and to the curves."""
        shapes = [each.shape for each in self.filters]
        shapes += [each.coefficients.shape for each in self.curves]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
        parts = [
            part.reshape(shape) for part, shape in zip(np.split(step, ends), shapes, strict=True)
        ]
        return parts[: len(self.filters)], parts[len(self.filters) :]

    def flat(self) -> np.ndarray:
        """Return what is solved for, ``(parameters,)`` as ``split`` takes it apart."""
        return joined(self.filters, [each.coefficients for each in self.curves])


def joined(filters, curves) -> np.ndarray:
    """Return parts for the filters and for the curves as one, ``(parameters,)`` float64."""
    return np.concatenate([each.ravel() for each in (*filters, *curves)]).astype(np.float64)


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

    def every(self, step: int) -> Windows:
        """Return one window of every ``step``."""
        return Windows(self.dry[::step], self.wet[:, ::step], self.heard[::step], self.emphasis)


@dataclass(frozen=True)
class Reference:
    """Windows as every step needs them.

    Attributes:
        dry: the dry signal's spectrum, ``(windows, bins)``.
        wet: the wet signal's spectrum through the emphasis, ``(channels_out, windows, bins)``.
        heard: as of Windows.
        emphasis: as of Windows.
        energy: of the wet signal, where it counts, through the emphasis.
    """

    dry: np.ndarray
    wet: np.ndarray
    heard: np.ndarray
    emphasis: np.ndarray
    energy: float

    @classmethod
    def of(cls, windows: Windows) -> Reference:
        """Transform what stays the same in every step."""
        wet = rfft(windows.wet, workers=-1) * windows.emphasis
        energy = energy_of(irfft(wet, windows.wet.shape[-1], workers=-1) * windows.heard)
        return cls(rfft(windows.dry, workers=-1), wet, windows.heard, windows.emphasis, energy)


def energy_of(signal: np.ndarray) -> float:
    """Return the sum of squares, added up in double precision."""
    return float(np.square(signal, dtype=np.float64).sum())
