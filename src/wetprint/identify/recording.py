"""A dry and a wet signal, and where in absolute time they lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Recording:
    """Sound through an effect whose LFO stands at a known place.

    Attributes:
        dry: ``(1, time)``.
        wet: ``(channels_out, time)``, aligned with ``dry``.
        start_sample: absolute time of the first sample.
    """

    dry: np.ndarray
    wet: np.ndarray
    start_sample: int = 0
