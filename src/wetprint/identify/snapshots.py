"""Snapshots of an effect in time: what it answers to each of a train of short chirps.

Every chirp, deconvolved, shows the impulse response as it is at that moment, between the lowest and
the highest frequency of the chirp (Kiiski et al., DAFx 2016; Wright and Valimaki, JAES 69, 2021).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, rfft

from wetprint.signals.capture_map import CaptureMap, Section

RIDGE = 1e-6
"""Of the chirp's spectrum at its peak: below it, frequencies are not divided out."""

SETTLING_CHIRPS = 3
"""The first responses of a train lack the tails of chirps before them."""


@dataclass(frozen=True)
class Snapshots:
    """Impulse responses over time.

    Attributes:
        times: ``(count,)``, the absolute time of each in samples: the middle of its chirp.
        responses: ``(count, channels, taps)`` float64; the first tap acts at once.
        sample_rate: Hz.
    """

    times: np.ndarray
    responses: np.ndarray
    sample_rate: int

    @property
    def moving(self) -> np.ndarray:
        """What each response has beyond the mean of all: ``(count, channels, taps)``."""
        return self.responses - self.responses.mean(0)

    @property
    def moving_share(self) -> float:
        """The share of the responses' energy that is not the same at all times, 0 to 1."""
        energy = float(np.square(self.responses).sum())
        return float(np.square(self.moving).sum()) / energy if energy else 0.0


def take_snapshots(section: Section, dry: np.ndarray, wet: np.ndarray, rate: int) -> Snapshots:
    """Deconvolve a train of chirps.

    Args:
        section: of kind "chirps" in a capture map.
        dry: ``(1, time)``, the signal that the map describes.
        wet: ``(channels, time)``, aligned with it.
        rate: the sample rate in Hz.

    Returns:
        One response a chirp, as long as the chirps are apart; longer ones fold over.
    """
    period, count = section.parameters["period_samples"], section.parameters["count"]
    chirp_samples = section.parameters["chirp_seconds"] * rate
    start = section.start_samples
    chirp = rfft(dry[0, start : start + period].astype(np.float64))
    heard = wet[:, start : start + count * period].astype(np.float64)
    answers = rfft(heard.reshape(len(wet), count, period).swapaxes(0, 1))  # (count, channels, bins)
    size = np.abs(chirp) ** 2
    responses = irfft(answers * (chirp.conj() / (size + RIDGE * size.max())), period)
    times = start + period * np.arange(count) + chirp_samples / 2.0
    return Snapshots(times[SETTLING_CHIRPS:], responses[SETTLING_CHIRPS:], rate)


def snapshot_trains(capture: CaptureMap, dry: np.ndarray, wet: np.ndarray) -> list[Snapshots]:
    """Return the snapshots of every chirp train in a capture signal."""
    sections = capture.of_kind("chirps")
    return [take_snapshots(each, dry, wet, capture.sample_rate) for each in sections]
