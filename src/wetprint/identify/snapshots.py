"""Snapshots of an effect in time: what it answers to each of a train of short chirps.

Every chirp, deconvolved, shows the impulse response as it is at that moment, between the lowest and
the highest frequency of the chirp (Kiiski et al., DAFx 2016; Wright and Valimaki, JAES 69, 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import oaconvolve

from wetprint.identify.linear_response import solve_fir
from wetprint.identify.recording import Recording
from wetprint.signals.capture_map import CaptureMap, Section

RIDGE = 1e-6
"""Of the chirp's spectrum at its peak: below it, frequencies are not divided out."""

SETTLING_CHIRPS = 3
"""The first responses of a train lack the tails of chirps before them."""


FRAME_SECONDS, HOP_SECONDS, ANSWER_SECONDS = 0.085, 0.021, 0.043
"""Of playing: how long a frame is, how far apart frames are, how late answers to one may come."""

BAND_EDGES_HZ = (0.0, 80.0, 160.0, 320.0, 640.0, 1280.0, 2560.0)
"""Of the bands whose levels say what was played; the last one is open."""

FAINTEST_BAND = 1e-9
"""Of a frame's power: less is not told apart."""

PLAYING_RIDGE = 1e-2
STILL_TAPS = 512
"""Of the filter that takes out of playing what stands still."""

LOUD_ENOUGH = 0.03
"""Frames of less energy than this share of the mean tell nothing."""


@dataclass(frozen=True)
class Snapshots:
    """Impulse responses over time.

    Attributes:
        times: ``(count,)``, the absolute time of each in samples: the middle of its chirp.
        responses: ``(count, channels, taps)`` float64; the first tap acts at once.
        sample_rate: Hz.
        played: ``(count, features)``, the logarithms of what was played at that moment and just
            before, in bands; None for chirps, which are all alike.
    """

    times: np.ndarray
    responses: np.ndarray
    sample_rate: int
    played: np.ndarray | None = None

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


def snapshots_of_playing(recordings: Sequence[Recording], sample_rate: int) -> Snapshots:
    """Take snapshots of what moves from ordinary playing, where there are no chirps.

    What the best filter explains is taken out first. A frame of notes tells little of a response,
    and nothing between its partials; hundreds of them together tell enough.

    Args:
        recordings: whose absolute times agree with one another.
        sample_rate: Hz.

    Returns:
        One response for each frame that is loud enough; what stands still is missing in them.
    """
    times, responses, played = [], [], []
    for each in recordings:
        dry, wet = each.dry[0].astype(np.float64), each.wet.astype(np.float64)
        places, answers, levels = _answers(dry, wet, sample_rate)
        played.append(levels)
        times.append(each.start_sample + places + FRAME_SECONDS * sample_rate / 2.0)
        responses.append(answers)
    return Snapshots(
        np.concatenate(times), np.concatenate(responses), sample_rate, np.concatenate(played)
    )


def _answers(
    dry: np.ndarray, wet: np.ndarray, rate: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return where loud frames begin, what moved in the answer to each, and what was played."""
    frame, hop, answer_samples = (
        round(each * rate) for each in (FRAME_SECONDS, HOP_SECONDS, ANSWER_SECONDS)
    )
    still = solve_fir(dry[None], wet, STILL_TAPS)[:, 0]
    moving = wet - oaconvolve(dry[None], still, axes=-1)[:, : len(dry)]
    reach, fft_samples = frame + answer_samples, next_fast_len(2 * frame, real=True)
    places = np.arange(2 * hop, max(2 * hop, len(dry) - reach), hop)
    window = np.hanning(frame)
    enough = LOUD_ENOUGH * np.square(dry).mean() * np.square(window).sum()
    edges = np.searchsorted(np.fft.rfftfreq(fft_samples, 1.0 / rate), BAND_EDGES_HZ)
    kept, answers, levels = [], [], []
    for place in places:
        heard = dry[place : place + frame] * window
        energy = np.square(heard).sum()
        if energy < enough:
            continue
        spectrum = rfft(heard, fft_samples)
        size = np.abs(spectrum) ** 2
        inverse = spectrum.conj() / (size + PLAYING_RIDGE * size.max())
        answer = rfft(moving[:, place : place + reach], fft_samples)
        kept.append(place)
        answers.append(irfft(answer * inverse, fft_samples)[:, :answer_samples])
        before = np.square(dry[max(0, place - frame) : place]).sum()
        bands = np.add.reduceat(size, edges)
        levels.append(
            np.log([before + FAINTEST_BAND * energy, *(bands + FAINTEST_BAND * size.sum())])
        )
    answered = np.array(answers, np.float64).reshape(len(kept), len(wet), answer_samples)
    features = np.array(levels, np.float64).reshape(len(kept), 1 + len(edges))
    return np.array(kept, np.float64), answered, features
