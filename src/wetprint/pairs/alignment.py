"""How a wet recording lies against its dry one: delay, polarity, drift, and how sure that is.

Three looks, each nearer than the one before: a line of lag against time (`clocks`), the first
arrival in the response of the whole recording (`arrival`), and its wavefront with the filter
taken out (`front`), followed through time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wetprint.pairs.arrival import Arrival, first_arrival, loudest_arrival
from wetprint.pairs.clocks import find_drift, undo_drift
from wetprint.pairs.front import Front, find_front
from wetprint.pairs.pair import Alignment, as_mono, require_channels
from wetprint.pairs.response import CERTAIN_SIGNIFICANCE, Response, estimate_response, thin
from wetprint.pairs.tracking import Track, follow
from wetprint.pairs.windows import (
    MOST_WINDOWS,
    Character,
    CrossSpectra,
    characters,
    cross_spectra,
    plain,
)

MAX_DELAY_SECONDS = 2.0
CLEARLY_BETTER_CHARACTER = 0.6
"""A driven dry is lined up instead of the dry when it leaves this share of what the dry leaves."""
CERTAIN_PROMINENCE = 40.0
ENOUGH_EXPLAINED = 0.2
"""Of the wet by the arrival: below, it is one moment of a modulated delay, or one echo of many."""
LEAST_CONFIDENCE = 0.45
"""Below it the wavefront is too blurred to be told from the filter behind it."""
COARSE_SECONDS = 0.001
MOST_REFINEMENTS = 3
CHARACTER_WINDOWS = 40
STILL_SAMPLES = 0.3
UNCERTAINTY_PERIODS = 1.5 / (2 * np.pi)


@dataclass(frozen=True)
class Study:
    """What looking at a dry and a wet recording showed.

    Attributes:
        alignment: the result.
        response: from dry to wet with the drift undone.
        thinned_dry: ``(time,)``, driven or folded where the plain one is not in the wet.
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
    thin_dry, response = _respond(thin_dry, straight, rate, step, max_delay_seconds)
    loudest = _inside(loudest_arrival(response), len(closeup.dry), len(closeup.wet))
    closeup.choose_character(loudest, slope)
    found = closeup.refined_slope(loudest, slope)
    if found != slope:
        straight = undo_drift(thin_wet, found)
        response = estimate_response(thin_dry, straight, rate, step, max_delay_seconds)
    arrival = first_arrival(response)
    lag = _inside(arrival.lag_samples, len(closeup.dry), len(closeup.wet))
    look = closeup.look(lag, found)
    plainly = slope != 0.0 and response.significance() >= CERTAIN_SIGNIFICANCE
    alignment = _conclude(arrival, look, found if plainly else 0.0, sample_rate)
    return Study(alignment, response, thin_dry, straight, look.plain)


@dataclass(frozen=True)
class _Look:
    """What is seen near a lag.

    Attributes:
        lag: samples.
        slope: along which the windows were laid.
        plain: spectra of the dry against the wet.
        driven: spectra of the character of the dry that the wet resembles.
        front: the wavefront, if there is one.
        track: how it moves.
    """

    lag: int
    slope: float
    plain: CrossSpectra
    driven: CrossSpectra
    front: Front | None
    track: Track


def _respond(
    dry: np.ndarray, wet: np.ndarray, rate: float, step: int, max_delay_seconds: float
) -> tuple[np.ndarray, Response]:
    """Estimate the response, from a driven or folded dry where the wet has nothing of the plain.

    A rectifier or an octave fuzz answers to even powers of the dry only.

    Returns:
        The dry that was used, and the response.
    """
    first = estimate_response(dry, wet, rate, step, max_delay_seconds)
    if first.significance() >= CERTAIN_SIGNIFICANCE:
        return dry, first
    for character in characters(dry)[1:]:
        changed = character(dry)
        response = estimate_response(changed, wet, rate, step, max_delay_seconds)
        if response.significance() >= CERTAIN_SIGNIFICANCE:
            return changed, response
    return dry, first


class _CloseUp:
    """A dry and a wet recording at full rate, looked at near a lag."""

    def __init__(self, dry: np.ndarray, wet: np.ndarray, sample_rate: int) -> None:
        self.dry, self.wet, self.sample_rate = dry, wet, sample_rate
        self.character = plain

    def choose_character(self, lag: int, slope: float) -> None:
        """Compare with whatever becomes of the dry that explains the wet best, from here on."""
        candidates = characters(self.dry)
        measured = self._measure(candidates, lag, slope, CHARACTER_WINDOWS)
        left = np.array([1 - each.explained() for each in measured])
        best = int(left.argmin())
        if left[best] < CLEARLY_BETTER_CHARACTER * left[0]:
            self.character = candidates[best]

    def refined_slope(self, lag: int, slope: float) -> float:
        """Follow the arrival along a drift until it no longer moves."""
        start = float(lag)
        for _ in range(MOST_REFINEMENTS):
            track = follow(self._measure([self.character], round(start), slope)[0])
            start, slope = start + track.start, slope + track.slope
            if abs(track.slope) * len(self.dry) < STILL_SAMPLES:
                break
        return slope

    def look(self, lag: int, slope: float) -> _Look:
        """Find the wavefront, and follow it."""
        spectra, driven = self._measure([plain, self.character], lag, slope)
        return _Look(lag, slope, spectra, driven, find_front(driven), follow(driven))

    def _measure(
        self,
        as_heard: Sequence[Character],
        lag: int,
        slope: float,
        most_windows: int = MOST_WINDOWS,
    ) -> list[CrossSpectra]:
        return cross_spectra(
            self.dry, self.wet, as_heard, self.sample_rate, lag, slope, most_windows
        )


def _inside(lag: int, dry_length: int, wet_length: int) -> int:
    """Keep a lag from leaving less than a quarter of the recordings in common."""
    shortest = min(dry_length, wet_length) // 4
    return int(np.clip(lag, shortest - dry_length, wet_length - shortest))


def _conclude(arrival: Arrival, look: _Look, plain_drift: float, sample_rate: int) -> Alignment:
    """Weigh what was seen; of a blurred arrival, only a drift that was plain from afar counts."""
    front = look.front
    blurred = Alignment(
        delay_samples=float(arrival.lag_samples),
        polarity=1 if front is None else front.polarity,
        confidence=_confidence(arrival, look),
        drift_ppm=round(plain_drift * 1e6, 3),
        uncertainty_samples=COARSE_SECONDS * sample_rate,
        repeats=arrival.repeats,
    )
    if front is None or blurred.confidence < LEAST_CONFIDENCE:
        return blurred
    period = sample_rate / max(front.bandwidth_hz, 1.0)
    return dataclasses.replace(
        blurred,
        delay_samples=float(look.lag + front.offset_samples),
        drift_ppm=round((look.slope + look.track.slope) * 1e6, 3),
        uncertainty_samples=float(UNCERTAINTY_PERIODS * period / front.sharpness**2),
    )


def _confidence(arrival: Arrival, look: _Look) -> float:
    """Multiply what speaks for one sharp, steady arrival that much of the wet goes back to."""
    if look.front is None:
        return 0.0
    loud = min(1.0, arrival.prominence / CERTAIN_PROMINENCE)
    shared = min(1.0, look.driven.explained() / ENOUGH_EXPLAINED)
    return float(np.clip(look.front.sharpness * loud * shared * look.track.steadiness, 0, 1))
