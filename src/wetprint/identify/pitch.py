"""Whether an effect shifts pitch, and by how much.

Sinusoids are looked for in short windows of the dry and of the wet sound, at their instantaneous
frequencies (Auger and Flandrin 1995, doi:10.1109/78.382394, eq. 11), and drawn as soft lines on a
logarithmic axis of frequency, on which a shift of pitch is a move. The dry sound that lies in the
wet one is taken out first. A move must then explain what no move explains, band by band, so that
filters count for nothing: chorus, delay and filters leave sinusoids where they are. Distortion does
not; but it keeps step with the dry sound. So a shift is believed only as far as the wet sound does
not follow, bin by bin, from the dry sound and bent forms of it (multiple coherence: Bendat and
Piersol 2010, Random Data, section 7.3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import gaussian_filter1d
from scipy.signal import correlate, correlation_lags

from wetprint.identify.sinusoids import Sinusoids, find_sinusoids, stft

STEP_CENTS = 5.0
LOWEST_HZ, HIGHEST_HZ = 25.0, 6000.0
LINE_CENTS = 12.0
"""Width (standard deviation) of the line that a sinusoid is drawn as."""

LEAST_SHIFT_CENTS, MOST_SHIFT_CENTS = 70.0, 2500.0
"""A smaller shift is not told from the wavering of a chorus."""

BAND_CENTS = 400.0
"""Width of the bands of which each has its own gain."""

CANDIDATES = 6

LONGEST_SECONDS = 16.0
"""What is listened to, from where the dry sound is loudest."""

BELIEVED_SHARE = 0.22
"""Of what neither the dry sound nor a filter explains, that a shift must explain to be believed.
Phase vocoders came to 0.29 and more, vibrato, ring modulation and rectifiers to 0.2 at most."""

CERTAIN_SHARE = 0.4

LEAST_BESIDE = 0.02
"""Share of the wet energy beside the dry sound below which there is nothing to be found."""

FARTHEST_LAG_SECONDS = 0.05
"""How late the dry sound may lie in the wet sound."""


@dataclass(frozen=True)
class PitchShift:
    """What was found.

    Attributes:
        is_shifter: whether the effect shifts pitch.
        confidence: of that answer, 0.5 to 1.
        ratio: pitch after over pitch before; the likeliest one even where there is no shift.
        shifted_share: of what neither the dry sound nor a filter explains, which a shift does.
        dry_gain: factor at which the dry sound lies beside the shifted one.
        dry_lag_samples: how late it does.
    """

    is_shifter: bool
    confidence: float
    ratio: float
    shifted_share: float
    dry_gain: float
    dry_lag_samples: int

    @property
    def semitones(self) -> float:
        """The shift in semitones."""
        return 12.0 * math.log2(self.ratio)


def find_pitch_shift(dry: np.ndarray, wet: np.ndarray, sample_rate: int) -> PitchShift:
    """Say whether and how an effect shifts pitch.

    Args:
        dry: ``(channel, time)``.
        wet: ``(channel, time)``, as long as the dry side.
        sample_rate: Hz.
    """
    dry, wet = _loudest_part(dry.mean(0), wet.mean(0), sample_rate)
    lag, dry_gain = _beside(dry, wet, sample_rate)
    energy = float(np.square(wet).sum())
    wet = wet - dry_gain * np.concatenate([np.zeros(lag), dry[: dry.size - lag]])
    before, after = (find_sinusoids(each, sample_rate) for each in (dry, wet))
    heard = before.amplitudes.size and after.amplitudes.size
    if not heard or float(np.square(wet).sum()) < LEAST_BESIDE * energy:
        return PitchShift(False, 1.0, 1.0, 0.0, dry_gain, lag)
    shift, share = _best_shift(_drawn(before), _drawn(after))
    if share > BELIEVED_SHARE:
        share *= 1.0 - coherent_share(dry, wet, sample_rate)
    ratio = _refined(before, after, 2.0 ** (shift * STEP_CENTS / 1200.0))
    is_shifter = share > BELIEVED_SHARE
    certainty = abs(share - BELIEVED_SHARE) / (CERTAIN_SHARE - BELIEVED_SHARE)
    return PitchShift(is_shifter, 0.5 + 0.5 * min(1.0, certainty), ratio, share, dry_gain, lag)


def _best_shift(still: np.ndarray, moved: np.ndarray) -> tuple[int, float]:
    """Return the move that explains most, in places, and its share of what no move explains."""
    unmoved = _explained(moved, [still])
    shares = {
        shift: _explained(moved, [still, _move(still, shift)])
        for shift in _candidate_shifts(still, moved)
    }
    best = max(shares, key=lambda each: shares[each])
    return best, max(0.0, shares[best] - unmoved) / max(1.0 - unmoved, 1e-6)


def coherent_share(dry: np.ndarray, wet: np.ndarray, sample_rate: int) -> float:
    """Return the share of the wet energy that follows from the dry sound and bent forms of it.

    Args:
        dry: ``(time,)``.
        wet: ``(time,)``.
        sample_rate: Hz.
    """
    loudness = math.sqrt(float(np.mean(np.square(dry)))) or 1.0
    bent = [dry, np.abs(dry), dry * np.abs(dry), np.tanh(dry / (0.3 * loudness))]
    sources = np.stack([stft(each, sample_rate) for each in bent], -1)  # (window, bin, source)
    heard = stft(wet, sample_rate)  # (window, bin)
    sources, heard = sources.transpose(1, 0, 2), heard.T
    adjoint = sources.conj().transpose(0, 2, 1)
    gram = adjoint @ sources  # (bin, source, source)
    ridge = 1e-9 * np.trace(gram, axis1=1, axis2=2).real + 1e-30
    crossed = adjoint @ heard[..., None]  # (bin, source, 1)
    taps = np.linalg.solve(gram + ridge[:, None, None] * np.eye(len(bent)), crossed)
    followed = (crossed.conj() * taps).real.sum()
    energy = float(np.square(np.abs(heard)).sum())
    by_chance = len(bent) / max(heard.shape[1], len(bent))  # what noise would seem to explain
    share = followed / energy if energy else 0.0
    return float(np.clip((share - by_chance) / (1.0 - by_chance + 1e-9), 0.0, 1.0))


def _loudest_part(
    dry: np.ndarray, wet: np.ndarray, sample_rate: int
) -> tuple[np.ndarray, np.ndarray]:
    length = round(LONGEST_SECONDS * sample_rate)
    spare = dry.size - length
    if spare <= 0:
        return dry.astype(np.float64), wet.astype(np.float64)
    energy = np.concatenate([[0.0], np.cumsum(np.square(dry, dtype=np.float64))])
    start = int(np.argmax(energy[length:] - energy[: spare + 1]))
    part = slice(start, start + length)
    return dry[part].astype(np.float64), wet[part].astype(np.float64)


def _beside(dry: np.ndarray, wet: np.ndarray, sample_rate: int) -> tuple[int, float]:
    """Return where the dry sound lies in the wet one, and how loud."""
    energy = float(np.square(dry).sum())
    if energy == 0.0:
        return 0, 0.0
    correlation = correlate(wet, dry, method="fft")
    lags = correlation_lags(wet.size, dry.size)
    near = (lags >= 0) & (lags <= FARTHEST_LAG_SECONDS * sample_rate)
    best = int(np.argmax(np.abs(correlation[near])))
    return int(lags[near][best]), float(correlation[near][best] / energy)


def _drawn(sinusoids: Sinusoids) -> np.ndarray:
    """Draw sinusoids as lines: ``(window, place on the axis)``."""
    places = round(1200.0 * math.log2(HIGHEST_HZ / LOWEST_HZ) / STEP_CENTS)
    cents = 1200.0 * np.log2(np.maximum(sinusoids.frequencies_hz, 1e-3) / LOWEST_HZ)
    place = np.round(cents / STEP_CENTS).astype(np.int64)
    inside = (place >= 0) & (place < places)
    drawn = np.zeros((sinusoids.window_count, places))
    where = (sinusoids.windows[inside], place[inside])
    np.add.at(drawn, where, sinusoids.amplitudes[inside])
    return gaussian_filter1d(drawn, LINE_CENTS / STEP_CENTS, axis=1, mode="constant")


def _move(lines: np.ndarray, shift: int) -> np.ndarray:
    """Move lines by so many places upwards."""
    moved = np.zeros_like(lines)
    if shift >= 0:
        moved[:, shift:] = lines[:, : lines.shape[1] - shift]
    else:
        moved[:, :shift] = lines[:, -shift:]
    return moved


def _candidate_shifts(still: np.ndarray, moved: np.ndarray) -> list[int]:
    """Return the moves, in places, at which most lines meet; no move, and near to it, is none."""
    places = still.shape[1]
    size = next_fast_len(2 * places, real=True)
    meeting = irfft((rfft(moved, size) * rfft(still, size).conj()).sum(0), size)
    most = round(MOST_SHIFT_CENTS / STEP_CENTS)
    shifts = np.arange(-most, most + 1)
    met = meeting[shifts]
    is_peak = np.r_[False, (met[1:-1] > met[:-2]) & (met[1:-1] >= met[2:]), False]
    far = np.abs(shifts) * STEP_CENTS >= LEAST_SHIFT_CENTS
    found = shifts[is_peak & far]
    if not found.size:
        found = shifts[far]
    return [int(each) for each in found[np.argsort(-meeting[found])][:CANDIDATES]]


def _explained(target: np.ndarray, sources: list[np.ndarray]) -> float:
    """Return the share of a drawing's energy that sources explain, with a gain in each band."""
    width = round(BAND_CENTS / STEP_CENTS)
    explained = 0.0
    for start in range(0, target.shape[1], width):
        band = slice(start, start + width)
        columns = np.stack([each[:, band].ravel() for each in sources], 1)
        wanted = target[:, band].ravel()
        gram, crossed = columns.T @ columns, columns.T @ wanted
        gram += 1e-9 * np.trace(gram) * np.eye(len(sources)) + 1e-30 * np.eye(len(sources))
        explained += float(crossed @ np.linalg.solve(gram, crossed))
    return explained / max(float(np.square(target).sum()), 1e-30)


def _refined(before: Sinusoids, after: Sinusoids, ratio: float) -> float:
    """Return the ratio at which the strongest sinusoids of both sides meet, to a part of a cent."""
    strayed, weights = [], []
    for window in range(before.window_count):
        first, second = before.of(window), after.of(window)
        if not first.amplitudes.size or not second.amplitudes.size:
            continue
        moved = np.log2(np.maximum(first.frequencies_hz, 1.0) * ratio)
        away = 1200.0 * (np.log2(np.maximum(second.frequencies_hz, 1.0))[:, None] - moved[None])
        strayed.append(away.ravel())
        weights.append((second.amplitudes[:, None] * first.amplitudes[None]).ravel())
    if not strayed:
        return ratio
    cents, weight = np.concatenate(strayed), np.concatenate(weights)
    centre = 0.0
    for reach in (30.0, 15.0, 8.0, 4.0):
        near = np.abs(cents - centre) < reach
        if near.any():
            centre = _weighted_median(cents[near], weight[near])
    return ratio * 2.0 ** (centre / 1200.0)


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    passed = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(passed, 0.5 * passed[-1])])
