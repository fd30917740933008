"""Static curves as they are solved for: cubic splines, and their exact derivatives.

See wetprint.blocks.spline for the splines. A curve is linear in its coefficients: ``Placed`` holds,
for every amplitude that was heard, what each coefficient adds. The curves are P-splines (Eilers and
Marx 1996, doi:10.1214/ss/1038425655), so that stretches that were never heard go on smoothly.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from wetprint.blocks.spline import amplitude_at, place_on_grid, slope_weights, value_weights

PIECE_SAMPLES = 1 << 14
"""Signals are placed piece by piece: in the processor's cache, however long they are."""

EXPECTED_BEND = 1.0
"""Change of slope from knot to knot that is to be expected, beside the curve's mean slope. Where
little was heard, a curve bends no more than that for an error of the size still left."""

GRAM_FLOOR = 1e-9
"""Added to the diagonal of a curve's matrix, beside its largest entry: neither what was never heard
of a curve nor a straight line, which no penalty sees, may leave the matrix without an inverse."""


@dataclass(frozen=True)
class Curve:
    """One static curve; see wetprint.blocks.spline.

    Attributes:
        reach: amplitude up to which it bends.
        coefficients: ``(intervals + 3,)`` float64.
        even_below: see WaveshaperConfig.
    """

    reach: float
    coefficients: np.ndarray
    even_below: float = 0.0

    @property
    def intervals(self) -> int:
        """How many equal intervals the curve has."""
        return len(self.coefficients) - 3

    def __call__(self, amplitude: np.ndarray) -> np.ndarray:
        """Return the curve less its value at zero, same shape and type as ``amplitude``."""
        played = np.empty_like(amplitude)
        zero = self._value(np.zeros(1))
        for start in range(0, amplitude.shape[-1], PIECE_SAMPLES):
            piece = amplitude[..., start : start + PIECE_SAMPLES]
            played[..., start : start + PIECE_SAMPLES] = self._value(piece) - zero
        return played

    def _value(self, amplitude: np.ndarray) -> np.ndarray:
        columns, weights, _ = _place(self, amplitude)
        return (weights * self.coefficients[columns]).sum(0)

    def moved(self, step: np.ndarray) -> Curve:
        """Return the curve with a step added to its coefficients."""
        return dataclasses.replace(self, coefficients=self.coefficients + step)

    def on_grid(self, intervals: int, reach: float, even_below: float | None = None) -> Curve:
        """Return the same curve on another grid, as close as that can come.

        Args:
            intervals: of the new grid.
            reach: of the new grid.
            even_below: of the new grid; as it is where None.
        """
        even_below = self.even_below if even_below is None else even_below
        empty = Curve(reach, np.zeros(intervals + 3), even_below)
        places = np.linspace(0.0, intervals, 8 * (intervals + 3))
        grid = amplitude_at(places, intervals, reach, even_below)
        placed = Placed.of(empty, grid)
        gram = placed.gram(np.ones_like(grid)) + 1e-9 * np.eye(intervals + 3)
        fitted = np.linalg.solve(gram, placed.transposed(self(grid)))
        return dataclasses.replace(empty, coefficients=fitted)


@dataclass(frozen=True)
class Placed:
    """Amplitudes on a curve's grid: what is needed to play the curve there and to correct it.

    Attributes:
        weights: what every coefficient adds to the value at every amplitude, ``(amplitudes,
            coefficients)``, four of them not 0; float64, or sums over many would be rounded.
        slope: the curve's slope at every amplitude, in the amplitudes' shape and type.
    """

    weights: csr_array
    slope: np.ndarray

    @classmethod
    def of(cls, curve: Curve, amplitude: np.ndarray) -> Placed:
        """Place amplitudes of any shape on a curve's grid."""
        flat = amplitude.ravel()
        weights, slope = np.empty((len(flat), 4)), np.empty_like(flat)
        columns = np.empty((len(flat), 4), np.int32)
        for start in range(0, len(flat), PIECE_SAMPLES):
            piece = slice(start, start + PIECE_SAMPLES)
            four, value, rise = _place(curve, flat[piece])
            columns[piece], weights[piece] = four.T, value.T
            slope[piece] = (rise * curve.coefficients[four]).sum(0)
        rows = np.arange(0, weights.size + 1, 4, dtype=np.int32)
        shape = (len(flat), len(curve.coefficients))
        matrix = csr_array((weights.ravel(), columns.ravel(), rows), shape=shape)
        return cls(matrix, slope.reshape(amplitude.shape))

    def value(self, coefficients: np.ndarray) -> np.ndarray:
        """Return the spline with these coefficients at every amplitude."""
        value = self.weights @ coefficients
        return value.reshape(self.slope.shape).astype(self.slope.dtype)

    def transposed(self, residual: np.ndarray) -> np.ndarray:
        """Return the adjoint of ``value``: how each coefficient would answer a residual."""
        return self.weights.T @ residual.ravel()

    def gram(self, weight: np.ndarray) -> np.ndarray:
        """Return the weighted Gram matrix of the coefficients."""
        size = self.weights.shape[1]
        left, parts = self.weights.indices[::4], self.weights.data.reshape(-1, 4)
        matrix = np.zeros((size, size))
        for first in range(4):
            weighted = parts[:, first] * weight.ravel()
            for second in range(first, 4):
                band = np.bincount(left, weighted * parts[:, second], size)[: size - second]
                rows = np.arange(len(band)) + first
                columns = np.arange(len(band)) + second
                matrix[rows, columns] += band
                if first != second:
                    matrix[columns, rows] += band
        return matrix


def _place(curve: Curve, amplitude: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return four coefficients' numbers and what each adds to value and slope, ``(4, ...)``."""
    bent = np.clip(amplitude, -curve.reach, curve.reach)
    position, density = place_on_grid(bent, curve.intervals, curve.reach, curve.even_below)
    left = np.clip(position.astype(np.int32), 0, curve.intervals - 1)
    place = position - left.astype(position.dtype)
    slopes = density * np.stack(slope_weights(place))
    values = np.stack(value_weights(place)) + slopes * (amplitude - bent)
    return np.stack([left, left + 1, left + 2, left + 3]), values, slopes


def roughness_matrix(coefficients: np.ndarray, left: float) -> np.ndarray:
    """Return the penalty on second differences of a curve, as in Eilers and Marx.

    Its weight is the variance of the error left over that of the bends to be expected, so that a
    curve that explains nearly all may bend as it must.

    Args:
        coefficients: the curve's at present.
        left: mean square of the error.
    """
    bend = np.diff(np.eye(len(coefficients)), 2, axis=0)
    expected = EXPECTED_BEND * max(float(np.ptp(coefficients)), 1e-9) / len(coefficients)
    return left / expected**2 * bend.T @ bend


def definite(matrix: np.ndarray) -> np.ndarray:
    """Lift a curve's matrix that rounding may have left without an inverse."""
    return matrix + GRAM_FLOOR * max(float(np.diag(matrix).max()), 1e-30) * np.eye(len(matrix))
