"""Uniform cubic B-splines as curves from amplitude to amplitude.

A curve has ``intervals`` intervals from ``-reach`` to ``reach`` and ``intervals + 3`` coefficients;
it is twice continuously differentiable inside and goes on as a straight line outside (de Boor 1978,
A Practical Guide to Splines, chapter IX). The weights are written once, for NumPy arrays and for
torch tensors alike.

The intervals are equal, or they widen with the amplitude: below ``even_below`` they are nearly
equal, far above they are in proportion to it, as the inverse hyperbolic sine spaces them. A curve
that bends sharply around silence and is driven far beyond that needs such a grid.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from scipy.interpolate import make_interp_spline


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


def place_on_grid(
    amplitude: Any, intervals: int, reach: float, even_below: float = 0.0
) -> tuple[Any, Any]:
    """Return where amplitudes lie on a grid, 0 to ``intervals``, and how fast that rises with them.

    Args:
        amplitude: not beyond ``reach``; array or tensor of any shape.
        intervals: of the grid.
        reach: of the grid.
        even_below: see above; 0 for equal intervals.
    """
    if not even_below:
        density = intervals / (2.0 * reach)
        return (amplitude + reach) * density, density
    whole = math.asinh(reach / even_below)
    density = intervals / (2.0 * whole)
    arcsinh: Any = torch.arcsinh if isinstance(amplitude, torch.Tensor) else np.arcsinh
    rise = density / (amplitude * amplitude + even_below * even_below) ** 0.5
    return (arcsinh(amplitude / even_below) + whole) * density, rise


def amplitude_at(place: Any, intervals: int, reach: float, even_below: float = 0.0) -> Any:
    """Return the amplitudes at places on a grid: the inverse of ``place_on_grid``."""
    share = 2.0 * place / intervals - 1.0
    if not even_below:
        return reach * share
    return even_below * np.sinh(share * math.asinh(reach / even_below))


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


def straight(
    intervals: int, reach: float, slope: float = 1.0, even_below: float = 0.0
) -> np.ndarray:
    """Return the coefficients of the line ``slope * x``: ``(intervals + 3,)`` float64.

    On intervals that widen no spline is such a line; this one meets it at every knot, and has its
    slope at both ends.

    >>> straight(2, 1.0).tolist()
    [-2.0, -1.0, 0.0, 1.0, 2.0]
    """
    knots = np.arange(-1.0, intervals + 2)
    if not even_below:
        return slope * (2.0 * reach / intervals * knots - reach)
    met = amplitude_at(knots[1:-1], intervals, reach, even_below)
    _, rise = place_on_grid(met[[0, -1]], intervals, reach, even_below)
    places = np.arange(-3.0, intervals + 4)
    ends: Any = ([(1, 1.0 / rise[0])], [(1, 1.0 / rise[1])])
    line = make_interp_spline(knots[1:-1], met, k=3, t=places, bc_type=ends)
    return slope * line.c
