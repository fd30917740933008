"""What a network of resistors and capacitors does: a wire and a sum of decays.

All poles of such a network are real and negative, so that its impulse response is a sum of
exponentials; with a pole in every octave of what is heard, few numbers come close to any of them.
Between and beyond the frequencies at which it was heard, such a filter goes on as a circuit would;
one of many taps does there as it likes. The decays are made orthonormal, after Takenaka (1925) and
Malmquist (1926), to be told apart well: Heuberger, Van den Hof and Wahlberg 2005
(doi:10.1007/1-84628-178-4), chapter 2.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

LOWEST_POLE_HZ, HIGHEST_POLE_HZ = 30.0, 16_000.0

POLES_PER_OCTAVE = 1.0

DECAYED = 6.0
"""Impulse responses last so many time constants of the slowest pole: then 52 dB are gone."""


def decays(sample_rate: int, per_octave: float = POLES_PER_OCTAVE) -> np.ndarray:
    """Return a wire and orthonormal decays, as impulse responses: ``(1 + poles, taps)`` float64.

    Args:
        sample_rate: Hz.
        per_octave: how many poles lie in an octave.
    """
    highest = min(HIGHEST_POLE_HZ, 0.4 * sample_rate)
    octaves = np.log2(highest / LOWEST_POLE_HZ)
    poles_hz = np.geomspace(LOWEST_POLE_HZ, highest, 1 + round(per_octave * octaves))
    taps = round(DECAYED * sample_rate / (2.0 * np.pi * LOWEST_POLE_HZ))
    impulse = np.zeros(taps)
    impulse[0] = 1.0
    responses, passed = [impulse], impulse
    for pole in np.exp(-2.0 * np.pi * poles_hz / sample_rate):
        responses.append(lfilter([np.sqrt(1.0 - pole * pole)], [1.0, -pole], passed))
        passed = lfilter([-pole, 1.0], [1.0, -pole], passed)
    return np.stack(responses)
