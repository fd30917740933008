"""Static curves as they are solved for: cubic splines, and their exact derivatives.

See wetprint.blocks.spline for the splines. A curve is linear in its coefficients: ``Placed`` holds,
for every amplitude that was heard, what each coefficient adds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wetprint.blocks.spline import slope_weights, straight, value_weights

PIECE_SAMPLES = 1 << 17
"""Long signals pass through a curve piece by piece."""


@dataclass(frozen=True)
class Curve:
    """One static curve; see wetprint.blocks.spline.

    Attributes:
        reach: amplitude up to which it bends.
        coefficients: ``(intervals + 3,)`` float64.
    """

    reach: float
    coefficients: np.ndarray

    @property
    def intervals(self) -> int:
        """How many equal intervals the curve has."""
        return len(self.coefficients) - 3

    def __call__(self, amplitude: np.ndarray) -> np.ndarray:
        """Return the curve less its value at zero, same shape and type as ``amplitude``."""
        zero = Placed.of(self, np.zeros(1)).value(self.coefficients)
        played = np.empty_like(amplitude)
        for start in range(0, amplitude.shape[-1], PIECE_SAMPLES):  # placing takes much memory
            piece = amplitude[..., start : start + PIECE_SAMPLES]
            value = Placed.of(self, piece).value(self.coefficients)
            played[..., start : start + PIECE_SAMPLES] = value - zero
        return played

    def on_grid(self, intervals: int, reach: float) -> Curve:
        """Return the same curve on another grid, as close as that can come."""
        grid = np.linspace(-reach, reach, 8 * (intervals + 3))
        empty = Curve(reach, straight(intervals, reach))
        placed = Placed.of(empty, grid)
        gram = placed.gram(np.ones_like(grid)) + 1e-9 * np.eye(intervals + 3)
        return Curve(reach, np.linalg.solve(gram, placed.transposed(self(grid))))


@dataclass(frozen=True)
class Placed:
    """Where amplitudes lie on a curve's grid: what is needed to play it and to correct it.

    Attributes:
        left: index of the first of the four coefficients at every amplitude.
        weights: what each of the four adds to the value, ``(4, *shape)``.
        slopes: what each of the four adds to the slope, ``(4, *shape)``.
        size: how many coefficients the curve has.
    """

    left: np.ndarray
    weights: np.ndarray
    slopes: np.ndarray
    size: int

    @classmethod
    def of(cls, curve: Curve, amplitude: np.ndarray) -> Placed:
        """Place amplitudes of any shape on a curve's grid."""
        return cls(*_place(curve, amplitude), len(curve.coefficients))

    def value(self, coefficients: np.ndarray) -> np.ndarray:
        """Return the spline with these coefficients at every amplitude."""
        return self._sum(coefficients, self.weights)

    def slope(self, coefficients: np.ndarray) -> np.ndarray:
        """Return the spline's slope at every amplitude."""
        return self._sum(coefficients, self.slopes)

    def transposed(self, residual: np.ndarray) -> np.ndarray:
        """Return the adjoint of ``value``: how each coefficient would answer a residual."""
        left, answer = self.left.ravel(), np.zeros(self.size)
        for offset, weight in enumerate(self.weights):
            answer += np.bincount(left + offset, (weight * residual).ravel(), self.size)
        return answer

    def gram(self, weight: np.ndarray) -> np.ndarray:
        """Return the weighted Gram matrix of the coefficients."""
        size = self.size
        left, matrix = self.left.ravel(), np.zeros((size, size))
        weights = self.weights.astype(np.float64)  # or rounding would make it indefinite
        for first in range(4):
            for second in range(first, 4):
                product = (weights[first] * weights[second] * weight).ravel()
                band = np.bincount(left, product, size)[: size - second]
                rows = np.arange(len(band)) + first
                columns = np.arange(len(band)) + second
                matrix[rows, columns] += band
                if first != second:
                    matrix[columns, rows] += band
        return matrix

    def _sum(self, coefficients: np.ndarray, weights: np.ndarray) -> np.ndarray:
        near = coefficients.astype(weights.dtype)
        total = near[self.left] * weights[0]
        for offset in (1, 2, 3):
            total += near[self.left + offset] * weights[offset]
        return total


def _place(curve: Curve, amplitude: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the left coefficient's index, the value's weights and the slope's weights."""
    density = curve.intervals / (2.0 * curve.reach)
    bent = np.clip(amplitude, -curve.reach, curve.reach)
    position = (bent + curve.reach) * density
    left = np.minimum(position.astype(np.int32), curve.intervals - 1)
    place = position - left.astype(position.dtype)
    slopes = np.stack(slope_weights(place)) * position.dtype.type(density)
    weights = np.stack(value_weights(place)) + slopes * (amplitude - bent)
    return left, weights, slopes
