"""The one random draw that all generators share."""

from __future__ import annotations

import numpy as np


def log_uniform(rng: np.random.Generator, lowest: float, highest: float) -> float:
    """Draw so that every octave between two positive bounds is equally likely."""
    return float(np.exp(rng.uniform(np.log(lowest), np.log(highest))))
