"""Fades between fixed delays: the clock by which an effect fades, and where each fade leads.

In a delay that never moves while it is heard (``blocks/crossfaded_delay.py``) the response turns
from one into the next along a straight line. Snapshots of it over time are then a linear spline
whose knots stand at equal distances. Distance and place of the knots are those with which a spline
leaves least of the snapshots; with others it leaves many times more, while the responses of
anything that moves evenly are fitted by any knots alike (de Boor 1978, A Practical Guide to
Splines, chapter XIV, on least squares). What a snapshot shows at a knot is one delay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solveh_banded
from scipy.optimize import minimize

from wetprint.identify.snapshots import Snapshots

BAND_HZ = (200.0, 8000.0)
"""Where a delay turns the phase enough to be told, and where effects answer."""

COMPONENTS = 24
"""Principal components of the snapshots that are looked at."""

SHORTEST_FADE = 2.5
"""In snapshots: with fewer in a fade, a spline follows anything."""

LEAST_FADES = 16
"""Within the snapshots."""

FIRST_LOOK = 250
"""Snapshots from which fades are sought; more make the steps of the search smaller."""

STEP_FADES, OFFSETS = 0.3, 12
"""Of the search: how far the last fade moves from step to step, and how many starts are tried."""

NEAR = np.linspace(-8.0, 8.0, 17)
NEAR_FADES, NEAR_STARTS = 0.001, 1.0 / 40.0
"""Where a found clock is sought again with more snapshots, as shares of a fade."""

MULTIPLES = (1, 2, 3, 4)
"""Splines with knots between those of the effect fit as well."""

SHARP = 0.2
ASIDE = (0.95, 1.05)
"""A clock must leave less than this share of what fades a little shorter and longer leave."""

RIDGE = 1e-6

ROUNDS = 2
"""How often the delays at the knots are told beside the mean of all that are moved back."""

STEP_SAMPLES, NEWTON_STEPS = 0.25, 5
"""Of the search for a lag: on a grid, and from there by Newton's method."""

WHOLE_SAMPLES = 0.1
"""Delays that are farther than this from whole samples are not of whole samples."""


@dataclass(frozen=True)
class FadeClock:
    """When an effect's fades begin.

    Attributes:
        fade_samples: from one to the next.
        start_samples: absolute time of one of them, 0 to ``fade_samples``.
    """

    fade_samples: float
    start_samples: float


@dataclass(frozen=True)
class Fades:
    """An effect's fades.

    Attributes:
        clock: when they begin.
        first: the number of the first one that was seen.
        delays: ``(channels, fades)``, the delay at the beginning of each, in samples; the least of
            all is 0.
    """

    clock: FadeClock
    first: int
    delays: np.ndarray


def find_fade_clock(snapshots: Snapshots) -> FadeClock | None:
    """Find the clock by which an effect fades from delay to delay.

    Args:
        snapshots: evenly spaced; some hundred.

    Returns:
        None where nothing fades, or too slowly or too fast to be told.
    """
    seen = _Seen.of(snapshots)
    spacing = float(np.median(np.diff(seen.times)))
    look = seen.until(FIRST_LOOK)
    span = float(np.ptp(look.times))
    lengths, fade = [], SHORTEST_FADE * spacing
    while span / fade > LEAST_FADES:
        lengths.append(fade)
        fade *= 1.0 + STEP_FADES * fade / span
    if not lengths:
        return None
    fade = min(lengths, key=lambda each: look.least(each)[0])
    found = None
    for multiple in MULTIPLES:
        start = look.least(multiple * fade)[1]
        clock = look.sharpened(look.nearest(FadeClock(multiple * fade, start)))
        aside = min(look.least(share * clock.fade_samples)[0] for share in ASIDE)
        if span / clock.fade_samples > LEAST_FADES and look.left(clock) < SHARP * aside:
            found = clock
    count = FIRST_LOOK
    while found is not None and count < len(seen.times):
        count *= 2
        found = seen.until(count).sharpened(found)
    if found is None:
        return None
    return FadeClock(found.fade_samples, found.start_samples % found.fade_samples)


def refine_fade_clock(snapshots: Snapshots, clock: FadeClock) -> FadeClock:
    """Bring a clock that is known well from close to exact, with more snapshots."""
    clock = _Seen.of(snapshots).sharpened(clock)
    return FadeClock(clock.fade_samples, clock.start_samples % clock.fade_samples)


def follow_fades(snapshots: Snapshots, clock: FadeClock) -> Fades:
    """Tell the delays between which an effect fades, given its clock."""
    channels = snapshots.responses.shape[1]
    delays, first = [], 0
    for channel in range(channels):
        spectra, radians = _spectra(snapshots, channel)
        parts = np.concatenate([np.real(spectra), np.imag(spectra)], 1)
        knots, first = _knots(_Place(snapshots.times, clock), parts)
        bins = len(radians)
        delays.append(_delays(knots[:, :bins] + 1j * knots[:, bins:], radians))
    together = np.array(delays)
    return Fades(clock, first, together - together.min())


def in_whole_samples(fades: Fades) -> bool:
    """Say whether most delays differ by whole samples."""
    fraction = np.angle(np.exp(2j * np.pi * fades.delays).mean()) / (2.0 * np.pi)
    apart = fades.delays - fraction
    return float(np.median(np.abs(apart - np.round(apart)))) < WHOLE_SAMPLES


class _Place:
    """Where snapshots lie among the fades."""

    def __init__(self, times: np.ndarray, clock: FadeClock):
        position = (times - clock.start_samples) / clock.fade_samples
        number = np.floor(position).astype(int)
        self.first = int(number.min())
        self.number, self.gone = number - self.first, (position - number)[:, None]
        self.count = int(self.number.max()) + 2


@dataclass(frozen=True)
class _Seen:
    """Snapshots as a few numbers each: ``(count,)`` times and ``(count, components)``."""

    times: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, snapshots: Snapshots) -> _Seen:
        sides = [_spectra(snapshots, each)[0] for each in range(snapshots.responses.shape[1])]
        parts = np.concatenate(
            [part for each in sides for part in (np.real(each), np.imag(each))], 1
        )
        left, size, _ = np.linalg.svd(parts - parts.mean(0), full_matrices=False)
        return cls(snapshots.times, left[:, :COMPONENTS] * size[:COMPONENTS])

    def until(self, count: int) -> _Seen:
        return _Seen(self.times[:count], self.values[:count])

    def left(self, clock: FadeClock) -> float:
        """Return the share that a spline leaves, per snapshot beyond those it takes to be known."""
        place = _Place(self.times, clock)
        knots, _ = _knots(place, self.values)
        before, after = knots[place.number], knots[place.number + 1]
        left = self.values - before - place.gone * (after - before)
        beyond = max(1, len(self.times) - place.count) / len(self.times)
        energy = max(float(np.square(self.values).sum()), 1e-30)
        return float(np.square(left).sum()) / energy / beyond

    def least(self, fade: float) -> tuple[float, float]:
        """Return the least that fades of this length leave, and where they then begin."""
        starts = np.arange(OFFSETS) * fade / OFFSETS
        return min((self.left(FadeClock(fade, float(start))), float(start)) for start in starts)

    def nearest(self, clock: FadeClock) -> FadeClock:
        """Return the best clock of a grid near by."""
        fade, start = clock.fade_samples, clock.start_samples
        near = [
            FadeClock(fade * (1.0 + NEAR_FADES * longer), start + NEAR_STARTS * fade * later)
            for longer in NEAR
            for later in NEAR
        ]
        return min(near, key=self.left)

    def sharpened(self, clock: FadeClock) -> FadeClock:
        """Return the best clock, from one that is close to it."""
        fade, start = clock.fade_samples, clock.start_samples

        def left(at: np.ndarray) -> float:
            return self.left(FadeClock(float(at[0]), float(at[1])))

        longer = fade * (1.0 + 1.0 / len(self.times))
        around = [(fade, start), (longer, start), (fade, start + 0.01 * fade)]
        found = minimize(
            left,
            np.array(around[0]),
            method="Nelder-Mead",
            options={"initial_simplex": np.array(around), "xatol": 1e-3, "fatol": 1e-12},
        )
        return FadeClock(float(found.x[0]), float(found.x[1]))


def _knots(place: _Place, values: np.ndarray) -> tuple[np.ndarray, int]:
    """Return a linear spline's values at its knots ``(knots, values)`` and the first's number."""
    diagonal, beside = np.full(place.count, RIDGE), np.zeros(place.count)
    right = np.zeros((place.count, values.shape[1]))
    gone, number = place.gone, place.number
    np.add.at(diagonal, number, (1.0 - gone[:, 0]) ** 2)
    np.add.at(diagonal, number + 1, gone[:, 0] ** 2)
    np.add.at(beside, number + 1, gone[:, 0] * (1.0 - gone[:, 0]))
    np.add.at(right, number, (1.0 - gone) * values)
    np.add.at(right, number + 1, gone * values)
    return solveh_banded(np.stack([beside, diagonal]), right), place.first


def _spectra(snapshots: Snapshots, channel: int) -> tuple[np.ndarray, np.ndarray]:
    """Return spectra ``(count, bins)`` within the band, and each bin's radians a sample."""
    taps = snapshots.responses.shape[-1]
    frequency = np.fft.rfftfreq(taps, 1.0 / snapshots.sample_rate)
    band = (frequency >= BAND_HZ[0]) & (frequency <= min(BAND_HZ[1], 0.4 * snapshots.sample_rate))
    spectra = np.fft.rfft(snapshots.responses[:, channel])[:, band]
    return spectra, 2.0 * np.pi * frequency[band] / snapshots.sample_rate


def _delays(spectra: np.ndarray, radians: np.ndarray) -> np.ndarray:
    """Return how late each response is, beside all of them moved to one place: ``(count,)``."""
    reference = spectra[len(spectra) // 2]
    late = np.zeros(len(spectra))
    for _ in range(ROUNDS):
        late = _lags(spectra * reference.conj(), radians)
        reference = (spectra * np.exp(1j * np.outer(late, radians))).mean(0)
    return late


def _lags(products: np.ndarray, radians: np.ndarray) -> np.ndarray:
    """Return the lag at which each cross-spectrum ``(count, bins)`` is largest."""
    step = radians[1] - radians[0]
    points = 1 << int(np.ceil(np.log2(2.0 * np.pi / step / STEP_SAMPLES)))
    lags = np.fft.fftfreq(points) * 2.0 * np.pi / step
    turned = np.exp(1j * radians[0] * lags)  # the transform is over the band alone
    coarse = [lags[np.argmax((np.fft.ifft(each, points) * turned).real)] for each in products]
    late = np.array(coarse)
    for _ in range(NEWTON_STEPS):
        waves = np.exp(1j * np.outer(late, radians)) * products
        slope = -(np.imag(waves) @ radians)
        bend = -(np.real(waves) @ radians**2)
        late = late - np.clip(slope / np.minimum(bend, -1e-30), -STEP_SAMPLES, STEP_SAMPLES)
    return late
