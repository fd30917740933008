"""Static gain curves of compressors and expanders: gain in dB over level in dBFS.

The textbook one has a slope above and a slope below its threshold and a parabola between them
(Giannoulis, Massberg and Reiss 2012, JAES 60(6), equation 4, there with a slope of 0 below): a
compressor of ratio R has a slope of ``1/R - 1`` above, an expander one of ``R - 1`` below. The free
one is a linear spline, for boxes whose curve is in no textbook. Both end at a gain that no box has.
"""

from __future__ import annotations

import torch
from torch import Tensor

QUIETEST_DB = -160.0
"""Levels are told from silence down to here."""

LEAST_GAIN_DB, MOST_GAIN_DB = -120.0, 60.0

_LEAST_AMPLITUDE = 10.0 ** (QUIETEST_DB / 20.0)


def level_db(amplitude: Tensor) -> Tensor:
    """Return the level of an amplitude that is not negative, at least ``QUIETEST_DB``."""
    return 20.0 * torch.log10(amplitude.clamp(min=_LEAST_AMPLITUDE))


def power_level_db(power: Tensor) -> Tensor:
    """Return the level of a mean square, at least ``QUIETEST_DB``."""
    return 10.0 * torch.log10(power.clamp(min=_LEAST_AMPLITUDE**2))


def knee_gain_db(
    level: Tensor, threshold_db: Tensor, slope_below: Tensor, slope_above: Tensor, width_db: Tensor
) -> Tensor:
    """Return the textbook gain at every level.

    Args:
        level: dBFS, any shape.
        threshold_db: where the knee has its middle.
        slope_below: dB of gain for each dB of level below the knee.
        slope_above: the same above the knee.
        width_db: of the knee, above 0.

    >>> level, zero = torch.tensor([-40.0, -20.0, 0.0]), torch.tensor(0.0)
    >>> gain_db = knee_gain_db(level, zero - 20.0, zero, zero - 0.75, zero + 8.0)
    >>> [each + 0.0 for each in gain_db.tolist()]  # a zero may be a negative one
    [0.0, -0.75, -15.0]
    """
    over = level - threshold_db
    bent = (over + 0.5 * width_db).clamp(min=0.0)
    bent = torch.where(bent < width_db, bent * bent / (2.0 * width_db), over)
    return slope_below * over + (slope_above - slope_below) * bent


def free_gain_db(level: Tensor, gain_db: Tensor, lowest_db: float, highest_db: float) -> Tensor:
    """Return the linear spline through ``gain_db`` at every level; constant beyond its ends.

    Args:
        level: dBFS, any shape.
        gain_db: ``(knots,)``, at equal distances from the lowest to the highest level.
        lowest_db: level of the first knot.
        highest_db: level of the last knot.
    """
    intervals = len(gain_db) - 1
    position = (level - lowest_db) * (intervals / (highest_db - lowest_db))
    position = position.clamp(0.0, intervals)
    left = position.detach().floor().clamp(max=intervals - 1)
    place, left = position - left, left.long()
    return gain_db[left] * (1.0 - place) + gain_db[left + 1] * place
