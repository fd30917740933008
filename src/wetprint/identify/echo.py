"""When an echo comes, and from how many heads: read off a rough impulse response.

The response is the ratio of the spectra of wet and dry over everything that was heard, in which an
echo stands out of its surroundings as a burst. Feedback makes bursts too; ``learning/echoed.py``
finds which of them are heads of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

LONGEST_SECONDS = 3.0
"""Later first echoes are not looked for."""

SHORTEST_SECONDS = 0.015
"""Earlier ones are a part of the sound, and a plain filter plays them."""

LISTENED_SECONDS = 30.0

FRAME_SECONDS = 0.002

STANDS_OUT = 8.0
"""An echo's energy in a frame, beside the mean of the frames that come before it."""

BEFORE_FRAMES = 12

LEAST_SHARE = 3e-4
"""An echo's energy beside the loudest frame's; what is weaker may be the estimate's noise."""

ONSET_SHARE = 0.05
"""What of a burst's peak counts as its beginning."""

FLOOR = 1e-3
"""Added to the dry power, beside its mean: what was hardly played says nothing."""


@dataclass(frozen=True)
class Burst:
    """One burst of a response: where it begins, in samples, and its energy."""

    onset: int
    energy: float


def find_bursts(dry: np.ndarray, wet: np.ndarray, sample_rate: int) -> list[Burst]:
    """Return the bursts that come after the dry sound, in order of time.

    Args:
        dry: ``(time,)``.
        wet: ``(time,)``, aligned with ``dry``.
        sample_rate: Hz.
    """
    response = rough_response(dry, wet, sample_rate)
    frame = max(1, round(FRAME_SECONDS * sample_rate))
    frames = len(response) // frame
    energy = np.square(response[: frames * frame]).reshape(frames, frame).sum(1)
    first = max(BEFORE_FRAMES, round(SHORTEST_SECONDS / FRAME_SECONDS))
    bursts: list[Burst] = []
    quiet_from = first
    for at in range(first, frames):
        before = energy[at - BEFORE_FRAMES : at - 1].mean()
        loud = energy[at] > LEAST_SHARE * energy.max() and energy[at] > STANDS_OUT * before
        if loud and at >= quiet_from:
            bursts.append(_burst(response, at * frame, frame))
            quiet_from = at + BEFORE_FRAMES
    return bursts


def rough_response(dry: np.ndarray, wet: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return a rough impulse response of up to LONGEST_SECONDS."""
    heard = min(len(dry), round(LISTENED_SECONDS * sample_rate))
    size = next_fast_len(2 * heard, real=True)
    spectrum = rfft(dry[:heard].astype(np.float64), size, workers=-1)
    power = np.square(np.abs(spectrum))
    floor = FLOOR * power.mean()
    ratio = spectrum.conj() * rfft(wet[:heard].astype(np.float64), size, workers=-1)
    response = irfft(ratio / (power + max(floor, 1e-30)), size, workers=-1)
    return response[: min(heard // 2, round(LONGEST_SECONDS * sample_rate))]


def _burst(response: np.ndarray, start: int, frame: int) -> Burst:
    """Measure a burst that begins in the frame at ``start`` or just before it."""
    begin = max(0, start - frame)
    piece = np.abs(response[begin : start + BEFORE_FRAMES * frame])
    onset = int(np.argmax(piece > ONSET_SHARE * piece.max()))
    return Burst(begin + onset, float(np.square(piece).sum()))
