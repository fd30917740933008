"""Finding the coupling capacitor behind a curve: a high-pass slower than any stretch can tell.

Both sides are brought to a low sample rate. For every cutoff the best short filter is solved behind
it, and the cutoff that leaves least is taken.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.signal import lfilter, resample_poly

from wetprint.blocks.high_pass import high_pass_coefficients, pole_at
from wetprint.identify.linear_response import LinearFitConfig, NormalEquations
from wetprint.learning.linear import filter_audio
from wetprint.learning.material import Material, Take, takes_esr

SLOW_RATE_HZ = 480

FILTER_SECONDS = 0.1
"""Whatever else shapes the slow signals lasts no longer."""

CUTOFFS_HZ = tuple(np.geomspace(0.1, 30.0, 50).tolist())

WORTHWHILE = 0.9
"""A capacitor must bring the slow error below this share to be believed in."""


def find_capacitor(bent: Material) -> float | None:
    """Return the pole of the high-pass between two signals, or None where none shows.

    Args:
        bent: what comes out of the curve as the dry side, the effect's output as the wet side.
    """
    down = max(1, bent.sample_rate // SLOW_RATE_HZ)
    rate = bent.sample_rate / down
    slow = [_slowed(each, down) for each in bent.training]
    taps = round(FILTER_SECONDS * rate)
    errors = [_error(slow, taps, pole_at(cutoff, rate)) for cutoff in CUTOFFS_HZ]
    best = int(np.argmin(errors))
    if errors[best] > WORTHWHILE * _error(slow, taps, None):
        return None
    return pole_at(CUTOFFS_HZ[best], bent.sample_rate)


def _slowed(take: Take, down: int) -> Take:
    dry, wet = (
        resample_poly(each.astype(np.float64), 1, down, axis=-1) for each in (take.dry, take.wet)
    )
    return Take(dry, wet, take.heard_from // down, take.name)


def _error(takes: list[Take], taps: int, pole: float | None) -> float:
    """Return what the best short filter behind a high-pass leaves of the wet signals."""
    if pole is not None:
        coefficients = high_pass_coefficients(pole)
        takes = [dataclasses.replace(t, dry=lfilter(*coefficients, t.dry)) for t in takes]
    equations = NormalEquations(taps, 1, len(takes[0].wet))
    for take in takes:
        equations.add(take.dry, take.wet, take.heard_from)
    response = equations.solve(LinearFitConfig(ridge=1e-8, tolerance=1e-6)).response
    return takes_esr(takes, lambda take: filter_audio(take.dry, response)[:, take.heard_from :])
