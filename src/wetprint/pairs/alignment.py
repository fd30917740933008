"""How a wet recording lies against its dry one: delay, polarity, drift, and how sure that is.

Three looks, each nearer than the one before: a line of lag against time (`clocks`), the first
arrival in the response of the whole recording (`arrival`), and its wavefront with the filter
taken out (`front`), followed through time.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from wetprint.pairs.arrival import Arrival, first_arrival, loudest_arrival
from wetprint.pairs.clocks import find_drift, undo_drift
from wetprint.pairs.front import Front, find_front
from wetprint.pairs.pair import Alignment, as_mono, require_channels
from wetprint.pairs.response import Response, estimate_response, thin
from wetprint.pairs.tracking import Track, follow
from wetprint.pairs.windows import CrossSpectra, characters, cross_spectra

MAX_DELAY_SECONDS = 2.0
CLEARLY_BETTER_CHARACTER = 0.6
"""A driven dry is lined up instead of the dry when it leaves this share of what the dry leaves."""
CERTAIN_PROMINENCE = 40.0
LEAST_CONFIDENCE = 0.45
"""Below it the wavefront is too blurred to be told from the filter behind it."""
COARSE_SECONDS = 0.001
MOST_REFINEMENTS = 3
STILL_SAMPLES = 0.3
UNCERTAINTY_PERIODS = 1.5 / (2 * np.pi)


@dataclass(frozen=True)
class Study:
    """What looking at a dry and a wet recording showed.

    Attributes:
        alignment: the result.
        response: from dry to wet with the drift undone.
        thinned_dry: ``(time,)``.
        thinned_wet: ``(time,)``, the drift undone.
        spectra: of the dry against the wet at the delay found.
    """

    alignment: Alignment
    response: Response
    thinned_dry: np.ndarray
    thinned_wet: np.ndarray
    spectra: CrossSpectra


def estimate_alignment(
    dry: np.ndarray,
    wet: np.ndarray,
    sample_rate: int,
    max_delay_seconds: float = MAX_DELAY_SECONDS,
) -> Alignment:
    """Find delay, polarity and clock drift of a wet recording against its dry one.

    Args:
        dry: ``(channel, time)``.
        wet: ``(channel, time)``; the lengths may differ.
        sample_rate: Hz, of both.
        max_delay_seconds: how late or how early the wet may be.

    Returns:
        The alignment. Its confidence says whether there is anything to align: a pitch shifter,
        or a reverb without direct sound, has no wavefront to find.

    Raises:
        PairError: not ``(channel, time)`` of one or two channels.
    """
    return study(dry, wet, sample_rate, max_delay_seconds).alignment


def study(
    dry: np.ndarray,
    wet: np.ndarray,
    sample_rate: int,
    max_delay_seconds: float = MAX_DELAY_SECONDS,
) -> Study:
    """Do what `estimate_alignment` does, and keep what was seen on the way."""
    require_channels(dry, "the dry")
    require_channels(wet, "the wet")
    closeup = _CloseUp(as_mono(dry), as_mono(wet), sample_rate)
    thin_dry, step = thin(closeup.dry, sample_rate)
    thin_wet, _ = thin(closeup.wet, sample_rate)
    rate = sample_rate / step
    slope = find_drift(thin_dry, thin_wet, rate, max_delay_seconds)
    straight = undo_drift(thin_wet, slope)
    response = estimate_response(thin_dry, straight, rate, step, max_delay_seconds)
    loudest = _inside(loudest_arrival(response), len(closeup.dry), len(closeup.wet))
    closeup.choose_character(loudest, slope)
    found = closeup.refined_slope(loudest, slope)
    if found != slope:
        straight = undo_drift(thin_wet, found)
        response = estimate_response(thin_dry, straight, rate, step, max_delay_seconds)
    arrival = first_arrival(response)
    lag = _inside(arrival.lag_samples, len(closeup.dry), len(closeup.wet))
    spectra, front, track = closeup.look(lag, found)
    alignment = _conclude(arrival, lag, front, track, found, sample_rate)
    return Study(alignment, response, thin_dry, straight, spectra)


class _CloseUp:
    """A dry and a wet recording at full rate, looked at near a lag."""

    def __init__(self, dry: np.ndarray, wet: np.ndarray, sample_rate: int) -> None:
        self.dry, self.wet, self.sample_rate = dry, wet, sample_rate
        self.character = dry

    def choose_character(self, lag: int, slope: float) -> None:
        """Keep the version of the dry that explains the wet best, from here on."""
        versions = list(characters(self.dry))
        measured = self._measure(versions, lag, slope)
        left = np.array([1 - each.explained() for each in measured])
        best = int(left.argmin())
        if left[best] < CLEARLY_BETTER_CHARACTER * left[0]:
            self.character = versions[best]

    def refined_slope(self, lag: int, slope: float) -> float:
        """Follow the arrival along a drift until it no longer moves."""
        start = float(lag)
        for _ in range(MOST_REFINEMENTS):
            track = follow(self._measure([self.character], round(start), slope)[0])
            if abs(track.slope) * len(self.dry) < STILL_SAMPLES:
                return slope
            start, slope = start + track.start, slope + track.slope
        return slope

    def look(self, lag: int, slope: float) -> tuple[CrossSpectra, Front | None, Track]:
        """Find the wavefront.

        Returns:
            The spectra of the plain dry, the front, and how the arrival moves.
        """
        if self.character is self.dry:
            plain = driven = self._measure([self.dry], lag, slope)[0]
        else:
            plain, driven = self._measure([self.dry, self.character], lag, slope)
        return plain, find_front(driven), follow(driven)

    def _measure(self, versions: list[np.ndarray], lag: int, slope: float) -> list[CrossSpectra]:
        return cross_spectra(versions, self.wet, self.sample_rate, lag, slope)


def _inside(lag: int, dry_length: int, wet_length: int) -> int:
    """Keep a lag from leaving less than a quarter of the recordings in common."""
    shortest = min(dry_length, wet_length) // 4
    return int(np.clip(lag, shortest - dry_length, wet_length - shortest))


def _conclude(
    arrival: Arrival, lag: int, front: Front | None, track: Track, slope: float, sample_rate: int
) -> Alignment:
    blurred = Alignment(
        delay_samples=float(arrival.lag_samples),
        polarity=1,
        confidence=0.0,
        drift_ppm=0.0,
        uncertainty_samples=COARSE_SECONDS * sample_rate,
        repeats=arrival.repeats,
    )
    if front is None:
        return blurred
    certainty = min(1.0, arrival.prominence / CERTAIN_PROMINENCE)
    confidence = float(np.clip(front.sharpness * certainty * track.steadiness, 0, 1))
    if confidence < LEAST_CONFIDENCE:
        return dataclasses.replace(blurred, confidence=confidence, polarity=front.polarity)
    period = sample_rate / max(front.bandwidth_hz, 1.0)
    return Alignment(
        delay_samples=float(lag + front.offset_samples),
        polarity=front.polarity,
        confidence=confidence,
        drift_ppm=round((slope + track.slope) * 1e6, 3),
        uncertainty_samples=float(UNCERTAINTY_PERIODS * period / front.sharpness**2),
        repeats=arrival.repeats,
    )
