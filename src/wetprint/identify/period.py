"""An LFO's period, brought from close to exact by what a moving gain explains of the waveform."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.fft import irfft, rfft

from wetprint.blocks.periodic import phases
from wetprint.identify.moving_branches import MovingWindows
from wetprint.identify.played_stages import place_phases

KNOTS = 16
"""Of the gain; a few are enough to tell when it turns."""

UNCERTAIN_TURNS = 0.1
"""How far the phase may be off at the end of what was heard."""

NARROWINGS = 4
"""Each brings the period four times closer."""


def refine_period(windows: MovingWindows, response: np.ndarray) -> float:
    """Return the period near that of the windows with which a moving gain explains most.

    Args:
        windows: what was heard.
        response: the effect's mean linear part, ``(taps,)``.
    """
    samples = windows.dry.shape[-1]
    filtered = irfft(rfft(windows.dry) * rfft(response.astype(np.float32), samples), samples)
    filtered = filtered * windows.heard
    reach = max(1.0, float(np.abs(windows.starts).max()) + samples)
    best = windows.period_samples
    width = UNCERTAIN_TURNS * best**2 / reach
    for _ in range(NARROWINGS):
        near = best + width * np.linspace(-1.0, 1.0, 9)
        told = [_explained(dataclasses.replace(windows, period_samples=p), filtered) for p in near]
        best = float(near[int(np.argmax(told))])
        width /= 4.0
    return best


def _explained(windows: MovingWindows, filtered: np.ndarray) -> float:
    """Return how much of the wet signal's energy a gain on the filtered dry signal explains."""
    samples = windows.dry.shape[-1]
    phase = np.stack([phases(int(at), samples, windows.period_samples) for at in windows.starts])
    signal = filtered.ravel().astype(np.float64)
    played = place_phases(phase, KNOTS).multiply(signal[:, None]).tocsr()
    gram = (played.T @ played).toarray()
    right = played.T @ windows.wet.ravel().astype(np.float64)
    floor = 1e-9 * float(np.trace(gram)) + 1e-30
    return float(right @ np.linalg.solve(gram + floor * np.eye(KNOTS), right))
