"""Curves that come again with every turn of a low-frequency oscillator (LFO).

A curve has ``knots`` coefficients, a uniform cubic B-spline closed upon itself (de Boor 1978, A
Practical Guide to Splines, chapter IX): smooth, of any shape, and cheap at every sample. Phase is
counted in turns from absolute time zero, in double precision, since after hours a turn is still to
be known to a thousandth.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from wetprint.blocks.checks import number
from wetprint.blocks.spline import value_weights

SHORTEST_PERIOD_SAMPLES, LONGEST_PERIOD_SAMPLES = 16.0, 1e9
MOST_KNOTS = 4096


def check_period(period_samples: object) -> None:
    """Refuse a period that no LFO has.

    Raises:
        ValueError: it is no number, or out of range.
    """
    number("period_samples", period_samples, SHORTEST_PERIOD_SAMPLES, LONGEST_PERIOD_SAMPLES)


def phases(start_sample: int, samples: int, period_samples: float) -> np.ndarray:
    """Return where in its turn an LFO stands at each sample: ``(samples,)`` float64, 0 to 1.

    >>> phases(6, 3, 4.0).tolist()
    [0.5, 0.75, 0.0]
    """
    return (start_sample + np.arange(samples)) / period_samples % 1.0


def periodic_curve(coefficients: Tensor, phase: np.ndarray) -> Tensor:
    """Return closed curves at some phases.

    Args:
        coefficients: ``(..., knots)``.
        phase: ``(time,)``, 0 to 1.

    Returns:
        ``(..., time)``, differentiable with respect to the coefficients.
    """
    knots = coefficients.shape[-1]
    position = phase * knots
    left = np.floor(position)
    weights = value_weights(position - left)
    left = left.astype(np.int64)
    terms = []
    for each, weight in enumerate(weights):
        index = torch.from_numpy((left + each - 1) % knots).to(coefficients.device)
        terms.append(coefficients[..., index] * torch.from_numpy(weight).to(coefficients))
    return terms[0] + terms[1] + terms[2] + terms[3]


def interpolating(values: np.ndarray) -> np.ndarray:
    """Return the coefficients of the closed curve through values at its knots.

    Args:
        values: ``(..., knots)``, at phases 0, 1 / knots, 2 / knots ...

    Returns:
        The same shape, float64.

    >>> curve = periodic_curve(torch.from_numpy(interpolating(np.array([0.0, 1, 4, 2]))),
    ...                        np.array([0.25, 0.5]))
    >>> curve.numpy().round(9).tolist()
    [1.0, 4.0]
    """
    knots = values.shape[-1]
    seen = (4.0 + 2.0 * np.cos(2.0 * math.pi * np.arange(knots // 2 + 1) / knots)) / 6.0
    return np.fft.irfft(np.fft.rfft(values) / seen, knots)
