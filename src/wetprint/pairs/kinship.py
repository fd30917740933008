"""Whether the wet comes from this dry at all.

Two tests, of which either is enough. The response that even and odd blocks of the dry agree on
(`response`) shows any effect that keeps some coherence: filters, distortion, reverb, modulation.
Effects that keep none, such as pitch shifters, ring modulators and octave fuzzes, still begin and
fade with the notes: then the onsets in many bands, and the level, follow those of the dry at one
and the same lag, and at no other. Recordings too short or too plain to have a pattern prove
nothing against themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from wetprint.pairs.response import CERTAIN_SIGNIFICANCE, Response

HOP_SECONDS = 0.01
BAND_COUNT = 12
LOWEST_BAND_HZ = 80.0
FLOOR_DB = -60.0
LONGEST_SECONDS = 60.0
LEAST_ONSET_MATCH = 0.17
LEAST_LEVEL_MATCH = 0.66
SAME_LAG_HOPS = 6
FEWEST_ONSETS = 3
ONSET_RISE_DB = 6.0
ONSET_GAP_HOPS = 8
NOISY_RANGE_DB = 25.0


@dataclass(frozen=True)
class Kinship:
    """How much speaks for a common origin.

    Attributes:
        significance: of the response, in standard deviations of chance.
        onset_match: correlation of onsets, band by band, at the best lag.
        level_match: correlation of levels, near that lag.
        lag_seconds: that lag, of the wet behind the dry.
        onsets: notes counted in the dry.
        noisy: whether the dry sounds at all frequencies alike, so that no effect can hide.
    """

    significance: float
    onset_match: float
    level_match: float
    onsets: int
    noisy: bool
    lag_seconds: float = 0.0

    @property
    def coherent(self) -> bool:
        """Whether the waveform itself of the dry was found in the wet."""
        return self.significance >= CERTAIN_SIGNIFICANCE

    @property
    def has_rhythm(self) -> bool:
        """Whether the notes of the dry begin in the wet, too."""
        return self.onset_match >= LEAST_ONSET_MATCH

    @property
    def related(self) -> bool:
        """Whether the wet surely, or very likely, comes from the dry."""
        return self.coherent or (self.has_rhythm and self.level_match >= LEAST_LEVEL_MATCH)

    @property
    def can_tell(self) -> bool:
        """Whether the dry has enough of a pattern for a missing match to mean anything."""
        return self.onsets >= FEWEST_ONSETS or self.noisy


def measure_kinship(
    response: Response, dry: np.ndarray, wet: np.ndarray, rate: float, max_lag_seconds: float
) -> Kinship:
    """Compare a dry and a wet recording, both thinned.

    Args:
        response: from one to the other.
        dry: ``(time,)``.
        wet: ``(time,)``, its drift undone.
        rate: of both, Hz.
        max_lag_seconds: how far one may lie from the other.
    """
    significance = response.significance()
    longest = int(LONGEST_SECONDS * rate)
    dry_levels = _band_levels(dry[:longest], rate)
    onsets, noisy = _count_onsets(dry_levels[0]), _is_noisy(dry_levels)
    wet_levels = _band_levels(wet[:longest], rate)
    lags = int(min(max_lag_seconds / HOP_SECONDS, dry_levels.shape[1] // 2))
    if lags == 0:
        return Kinship(significance, 0.0, 0.0, 0, noisy=False)
    rises = _correlate(_rises(dry_levels)[1:], _rises(wet_levels)[1:], lags)
    best = int(rises.argmax())
    levels = _correlate(dry_levels[:1], wet_levels[:1], lags)
    near = levels[max(0, best - SAME_LAG_HOPS) : best + SAME_LAG_HOPS + 1]
    match = float(rises[best]), float(near.max())
    return Kinship(significance, *match, onsets, noisy, (best - lags) * HOP_SECONDS)


def _band_levels(audio: np.ndarray, rate: float) -> np.ndarray:
    """Levels in dB, ``(1 + band, frame)``; the first row is the whole."""
    hop = int(HOP_SECONDS * rate)
    size = 4 * hop
    if len(audio) < 2 * size:
        return np.zeros((1 + BAND_COUNT, 1))
    frames = np.lib.stride_tricks.sliding_window_view(audio, size)[::hop]
    spectra = scipy.fft.rfft(frames * np.hanning(size).astype(np.float32), axis=1)
    power = (np.real(spectra) ** 2 + np.imag(spectra) ** 2).T
    edges = np.geomspace(LOWEST_BAND_HZ, 0.45 * rate, BAND_COUNT + 1) * size / rate
    starts = np.maximum(np.round(edges[:-1]).astype(int), 1)
    stops = np.maximum(np.round(edges[1:]).astype(int), starts + 1)
    rows = [power.sum(0), *(power[a:b].sum(0) for a, b in zip(starts, stops, strict=True))]
    bands = np.stack(rows).astype(float)
    floor = bands.max(axis=1, keepdims=True) * 10 ** (FLOOR_DB / 10) + 1e-20
    return 10 * np.log10(bands + floor)


def _rises(levels: np.ndarray) -> np.ndarray:
    return np.maximum(np.diff(levels, axis=1), 0)


def _count_onsets(level: np.ndarray) -> int:
    """Count rises of the level by several dB within a few frames, apart from one another."""
    if len(level) < 2 * ONSET_GAP_HOPS:
        return 0
    ahead = 3
    rising = level[ahead:] - level[:-ahead] > ONSET_RISE_DB
    rising &= level[ahead:] > level.max() + FLOOR_DB / 2
    places = np.flatnonzero(rising)
    return int(len(places) > 0) + int((np.diff(places) > ONSET_GAP_HOPS).sum())


def _is_noisy(levels: np.ndarray) -> bool:
    """Say whether all bands sound all the time: steady noise, no tones and no gaps."""
    bands = levels[1:]
    return bool(np.quantile(bands, 0.1) > bands.max() - NOISY_RANGE_DB)


def _correlate(first: np.ndarray, second: np.ndarray, lags: int) -> np.ndarray:
    """Normalised correlation at lags ``-lags`` to ``lags``, averaged over rows."""
    length = max(first.shape[1], second.shape[1])
    size = scipy.fft.next_fast_len(length + 2 * lags, real=True)
    first, second = (each - each.mean(axis=1, keepdims=True) for each in (first, second))
    spectrum = np.conj(scipy.fft.rfft(first, size)) * scipy.fft.rfft(second, size)
    products = scipy.fft.irfft(spectrum, size)
    products = np.concatenate([products[:, -lags:], products[:, : lags + 1]], axis=1)
    energies = np.sqrt((first**2).sum(1) * (second**2).sum(1))
    return (products / (energies[:, None] + 1e-12)).mean(axis=0)
