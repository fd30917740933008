"""Uniform cubic B-splines as curves from amplitude to amplitude.

A curve has ``intervals`` equal intervals from ``-reach`` to ``reach`` and ``intervals + 3``
coefficients; it is twice continuously differentiable inside and goes on as a straight line outside
(de Boor 1978, A Practical Guide to Splines, chapter IX). The weights are written once, for NumPy
arrays and for torch tensors alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def value_weights(place: Any) -> tuple[Any, Any, Any, Any]:
    """Return what each of the four coefficients around a place adds to the curve.

    Args:
        place: where between two knots, 0 to 1; array or tensor of any shape.

    >>> [round(float(each), 4) for each in value_weights(np.float64(0.0))]
    [0.1667, 0.6667, 0.1667, 0.0]
    """
    rest = 1.0 - place
    square, cube = place * place, place * place * place
    return (
        rest * rest * rest / 6.0,
        (3.0 * cube - 6.0 * square + 4.0) / 6.0,
        (3.0 * square - 3.0 * cube + 3.0 * place + 1.0) / 6.0,
        cube / 6.0,
    )


def slope_weights(place: Any) -> tuple[Any, Any, Any, Any]:
    """Return what each coefficient adds to the curve's slope, per distance between two knots.

    Args:
        place: where between two knots, 0 to 1; array or tensor of any shape.
    """
    rest = 1.0 - place
    square = place * place
    return (
        -0.5 * rest * rest,
        1.5 * square - 2.0 * place,
        place - 1.5 * square + 0.5,
        0.5 * square,
    )


def straight(intervals: int, reach: float, slope: float = 1.0) -> np.ndarray:
    """Return the coefficients of the line ``slope * x``: ``(intervals + 3,)`` float64.

    >>> straight(2, 1.0).tolist()
    [-2.0, -1.0, 0.0, 1.0, 2.0]
    """
    knots = np.arange(-1, intervals + 2)
    return slope * (2.0 * reach / intervals * knots - reach)
