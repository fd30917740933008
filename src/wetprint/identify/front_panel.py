"""A compressor's front panel, read off what its gain does (``dynamics.py``)."""

from __future__ import annotations

import dataclasses

import numpy as np

from wetprint.identify.dynamics import (
    PROMISING,
    Dynamics,
    Listening,
    find_dynamics,
    promising_responses,
)
from wetprint.identify.findings import Compression
from wetprint.identify.gain_model import KneeCurve
from wetprint.identify.recording import Recording

LINEAR = 1e-6
"""An effect of which the best filter leaves less than this (-60 dB) has no dynamics."""

WELL_EXPLAINED = 0.9
"""Of the variance of the gain, what a compressor must explain to be named."""

STEEPEST = 0.01
"""A limiter's ratio is told as 100."""


def front_panel(
    recordings: tuple[Recording, ...], rate: int, response: np.ndarray, beyond_linear: float
) -> Compression | None:
    """Say how the gain follows the level, where that explains most of what a filter does not.

    Args:
        recordings: playing first, then whatever else was heard.
        rate: the sample rate in Hz.
        response: ``(channels, taps)`` of the best fixed filter.
        beyond_linear: the share of the wet energy that this filter leaves.
    """
    if beyond_linear < LINEAR:
        return None
    bound = PROMISING * beyond_linear
    for between in promising_responses(recordings[:1], rate, response, bound):
        found = find_dynamics(Listening(recordings, rate, between))
        if found is not None and found.explained > WELL_EXPLAINED:
            return _read(found, rate)
    return None


def _read(found: Dynamics, rate: int) -> Compression:
    """Read a model as a front panel."""
    model, curve, ms = found.textbook, found.textbook.curve, 1000.0 / rate
    assert isinstance(curve, KneeCurve)  # of the textbook
    slope = curve.slope_below if curve.expands else curve.slope_above
    if curve.is_fed_back:  # of the level that comes out: the same for that of what goes in
        slope = slope / (1.0 - slope)
    ratio = 1.0 + slope if curve.expands else 1.0 / max(1.0 + slope, STEEPEST)
    return Compression(
        threshold_db=curve.threshold_db,
        ratio=float(ratio),
        knee_db=float(np.exp(curve.width_log)),
        makeup_db=curve.makeup_db,
        attack_ms=float(np.exp(model.attack_log)) * ms,
        release_ms=float(np.exp(model.release_log)) * ms,
        lookahead_ms=model.lookahead_samples * ms,
        **dataclasses.asdict(model.kind),
        expands=curve.expands,
        explained=found.explained,
    )
