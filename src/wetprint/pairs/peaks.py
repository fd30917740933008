"""Peaks between samples."""

from __future__ import annotations

import numpy as np


def parabola(values: np.ndarray, index: int) -> float:
    """Return how far from ``index`` the top of the parabola through three points lies.

    Args:
        values: ``(time,)``, highest at ``index``.
        index: of a peak.

    Returns:
        Between -0.5 and 0.5; 0 at an end or where there is no peak.

    >>> parabola(np.array([0.0, 1.0, 0.0]), 1)
    0.0
    """
    if not 0 < index < len(values) - 1:
        return 0.0
    left, middle, right = values[index - 1 : index + 2]
    bend = left - 2 * middle + right
    return float(np.clip(0.5 * (right - left) / -bend, -0.5, 0.5)) if bend < 0 else 0.0
