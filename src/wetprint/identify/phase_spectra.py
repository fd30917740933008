"""How an effect that an LFO moves answers each frequency, phase by phase, from any sound.

Short frames of the dry and the wet signal are sorted by where the LFO stood in their middle; in
each part of the turn, cross spectrum over power spectrum is the frequency response there (Welch
1967, doi:10.1109/TAU.1967.1161901), and tells most where there was most to hear. The effect is
taken to stand still within a frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.fft import rfft

from wetprint.identify.recording import Recording

FRAME_SECONDS = 0.03
FRAMES_AT_ONCE = 256
OVERLAP = 8
LOWEST_HZ, HIGHEST_HZ = 60.0, 12_000.0
FREQUENCIES = 160
"""At most, in equal steps of pitch between these."""

AUDIBLE = 1e-6
"""What lies so far (-60 dB) below a phase's loudest frequency is rather leakage than sound."""


@dataclass(frozen=True)
class PhaseSpectra:
    """Frequency responses over a turn.

    Attributes:
        phase: ``(phases,)``, 0 to 1.
        hz: ``(frequencies,)``.
        response: ``(channels_out, phases, frequencies)`` complex.
        weight: ``(phases, frequencies)``, how much each is to be trusted, 1 on average.
    """

    phase: np.ndarray
    hz: np.ndarray
    response: np.ndarray
    weight: np.ndarray


def spectra_of_sound(
    recordings: Sequence[Recording], period_samples: float, sample_rate: int, phases: int
) -> PhaseSpectra:
    """Measure responses in ``phases`` equal parts of the turn.

    Args:
        recordings: of one dry channel.
        period_samples: of the LFO.
        sample_rate: Hz.
        phases: parts of the turn.
    """
    frame = 2 * round(FRAME_SECONDS * sample_rate / 2)
    bins = _bins(frame, sample_rate)
    channels_out = len(recordings[0].wet)
    power = np.zeros((phases, len(bins)))
    cross = np.zeros((channels_out, phases, len(bins)), complex)
    for each in recordings:
        starts = np.arange(0, each.dry.shape[-1] - frame, frame // OVERLAP)
        for first in range(0, len(starts), FRAMES_AT_ONCE):
            some = starts[first : first + FRAMES_AT_ONCE]
            turns = (each.start_sample + some + frame // 2) / period_samples
            part = np.floor(turns % 1.0 * phases).astype(int)
            dry = _framed(each.dry[0], some, frame)[:, bins]
            np.add.at(power, part, abs(dry) ** 2)
            for channel in range(channels_out):
                wet = _framed(each.wet[channel], some, frame)[:, bins]
                np.add.at(cross[channel], part, wet * dry.conj())
    floor = AUDIBLE * power.max(1, keepdims=True) + 1e-30
    weight = power / (power.mean(0) + floor)
    phase = (np.arange(phases) + 0.5) / phases
    hz = bins * sample_rate / frame
    return PhaseSpectra(phase, hz, cross / (power + floor), np.minimum(weight, 1.0))


def _bins(frame: int, sample_rate: int) -> np.ndarray:
    hz = np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, 0.45 * sample_rate), FREQUENCIES)
    return np.unique(np.round(hz * frame / sample_rate).astype(int))


def _framed(audio: np.ndarray, starts: np.ndarray, frame: int) -> np.ndarray:
    framed = audio[starts[:, None] + np.arange(frame)]
    return rfft(framed * np.hanning(frame + 1)[:frame])
