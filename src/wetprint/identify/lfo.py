"""The low-frequency oscillator (LFO) that moves an effect: whether there is one, and how fast.

If an effect is periodic, its snapshots are a sum of harmonics of one rate. The rate is that whose
first harmonics explain most of what moves, over two trains whose spacings have nothing in common:
what one train mistakes for another rate, because it looks too seldom, the other does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wetprint.identify.snapshots import HOP_SECONDS, Snapshots

LOWEST_HZ, HIGHEST_HZ, STEP_HZ = 0.07, 20.0, 0.005
BAND_HZ = (60.0, 800.0)
"""Where a delay of some milliseconds turns the phase by a few radians only: few harmonics."""

HARMONICS = 4
COMPONENTS = 8
"""Principal components of the snapshots that are looked at."""

LEAST_SNAPSHOTS = 300
"""Of playing, some six seconds: with fewer, harmonics explain much by chance."""

LEAST_TURNS = 4
"""Of an LFO in playing: what changes once or twice in a recording is the music."""

SLOW_TURNS = 1.25
"""Fewer turns than this say nothing of a rate, however well it is tried."""

LEAST_SLOW_SNAPSHOTS = 150
"""Slow rates are candidates only, so that less will do."""

SLOW_RATES = 60
MOST_SLOW = 2
"""How many rates are looked at, and how many candidates are returned."""

SLOW_HARMONICS = 2
"""With more, a few turns are followed at any rate."""

SLOW_STANDS_OUT = 4.0
"""Times what the median of the faster rates explains; of flangers 5 to 19, of music up to 10."""

SLOWER_EXPLAINS = 1.5
"""Times what the best of the other rates explains: then it is a harmonic of a slow one."""

TRUSTED = 0.25
"""An LFO must explain this share of what moves; noise explains a few per cent."""

LEAST_MOVING = 1e-5
"""An effect of which less than this share (-50 dB) moves stands still."""

SETTLED_FROM = 0.4
"""Share of a train by which echoes and rooms have filled: until then the responses change, but
nothing moves."""

BLIND_HZ = 0.004
"""At multiples of half a train's own rate its snapshots see nothing turn."""

NEARLY_BEST = 0.95
"""Rates that explain so much of what the best one does: multiples and fractions among them."""


@dataclass(frozen=True)
class Lfo:
    """One LFO.

    Attributes:
        period_samples: one turn.
        explained: share of the moving part that its first harmonics explain, 0 to 1.
        moving_share: share of the responses' energy that moves.
    """

    period_samples: float
    explained: float
    moving_share: float


WANDER_STRETCHES = 5

RATES_AT_ONCE = 256

FIT_RIDGE = 1e-9

STANDS_OUT = 13.0
"""In playing, where notes hide most of what moves, the LFO's rate must explain so many times what
the median of all rates does. Of distorting effects that stand still, the beat of the music reaches
ten times that; of a phaser, 17 to 86."""


@dataclass(frozen=True)
class _Scores:
    """What moves, as a few numbers a snapshot: times in seconds and ``(count, components)``."""

    seconds: np.ndarray
    values: np.ndarray


def find_lfo(trains: Sequence[Snapshots]) -> Lfo | None:
    """Find the LFO behind an effect's snapshots.

    Args:
        trains: one or more trains of the same effect in one recording.

    Returns:
        The LFO; None where the effect stands still, or moves without a period.
    """
    moving_share = max(_settled(each).moving_share for each in trains)
    if moving_share < LEAST_MOVING:
        return None
    scores = [_scores(each) for each in trains]
    rate_hz = _sharpened(_coarse_rate(scores, _seen_rates(trains)), scores)
    explained = float(_explained(scores, np.array([rate_hz]), HARMONICS)[0])
    if explained < TRUSTED:
        return None
    return Lfo(trains[0].sample_rate / rate_hz, explained, moving_share)


def find_lfo_in_playing(train: Snapshots) -> Lfo | None:
    """Find the LFO behind snapshots of ordinary playing, which are noisy.

    Args:
        train: see wetprint.identify.snapshots.snapshots_of_playing.

    Returns:
        The LFO; None where no rate stands out, or where one that is too slow to be told from the
        music explains much more.
    """
    if train.moving_share < LEAST_MOVING or len(train.times) < LEAST_SNAPSHOTS:
        return None
    scores = [_beyond_music(_scores(train), train)]
    span_s = float(np.ptp(train.times)) / train.sample_rate
    rates = _turning_rates(span_s)
    rate_hz = _sharpened(_coarse_rate(scores, rates), scores)
    explained = float(_explained(scores, np.array([rate_hz]), HARMONICS)[0])
    if explained < STANDS_OUT * _usual(scores, rates, HARMONICS):
        return None
    if any(each.explained > SLOWER_EXPLAINS * explained for each in find_slow_lfos(train)):
        return None
    return Lfo(train.sample_rate / rate_hz, explained, train.moving_share)


def find_slow_lfos(train: Snapshots) -> list[Lfo]:
    """Find LFOs that turn a few times only in ordinary playing.

    What changes once or twice may as well be the music, so that these are candidates: whoever asks
    must solve what they move, and see whether it explains more.

    Args:
        train: see wetprint.identify.snapshots.snapshots_of_playing, of one recording.

    Returns:
        Those that stand out, the one that explains most first; often none.
    """
    if train.moving_share < LEAST_MOVING or len(train.times) < LEAST_SLOW_SNAPSHOTS:
        return []
    scores = [_scores(train)]
    span_s = float(np.ptp(train.times)) / train.sample_rate
    rates = np.geomspace(SLOW_TURNS, LEAST_TURNS, SLOW_RATES) / span_s
    explained = _explained(scores, rates, SLOW_HARMONICS)
    usual = _usual(scores, _turning_rates(span_s), SLOW_HARMONICS)
    good = np.flatnonzero(_are_peaks(explained) & (explained > SLOW_STANDS_OUT * usual))
    best = sorted(good, key=lambda each: -explained[each])[:MOST_SLOW]
    rate = train.sample_rate
    return [Lfo(rate / rates[each], float(explained[each]), train.moving_share) for each in best]


def _turning_rates(span_s: float) -> np.ndarray:
    """Return the rates, in Hz, that turn often enough in a time, and do not seem slower."""
    slowest = LEAST_TURNS / span_s
    rates = np.arange(max(LOWEST_HZ, slowest), HIGHEST_HZ, STEP_HZ)
    return rates[~_looks_slow(rates, 1.0 / HOP_SECONDS, slowest)]


def _usual(scores: Sequence[_Scores], rates: np.ndarray, harmonics: int) -> float:
    """Return what rates explain by the way: the median, of a part of them."""
    return float(np.median(_explained(scores, rates[::8], harmonics)))


def _are_peaks(explained: np.ndarray) -> np.ndarray:
    """Say which values none of their neighbours exceeds."""
    padded = np.pad(explained, 1)
    return (explained >= padded[:-2]) & (explained >= padded[2:])


def wander_turns(train: Snapshots, period_samples: float) -> float:
    """Return how far an LFO strays from a constant rate: the farthest of several stretches' phases.

    Args:
        train: snapshots of playing.
        period_samples: the rate that is held to be constant.
    """
    scores = _beyond_music(_scores(train), train)
    turning = np.exp(-2j * np.pi * train.times / period_samples)[:, None] * scores.values
    stretches = [each.sum(0) for each in np.array_split(turning, WANDER_STRETCHES)]
    whole = np.sum(stretches, axis=0)
    phases = [np.angle(np.vdot(whole, each)) / (2.0 * np.pi) for each in stretches]
    return float(np.abs(phases).max())


def _looks_slow(rates: np.ndarray, looked_hz: float, slowest_hz: float) -> np.ndarray:
    """Say of which rates a harmonic, looked at so often, seems to turn more slowly than it may.

    Such a rate explains what changes once or twice in a recording, and is not looked for.
    """
    harmonics = rates * np.arange(1, HARMONICS + 1)[:, None]
    seems = np.abs(harmonics - np.round(harmonics / looked_hz) * looked_hz)
    return np.any(seems < slowest_hz, axis=0)


def _beyond_music(scores: _Scores, train: Snapshots) -> _Scores:
    """Take out what follows from what was played: a beat returns too, but an LFO hears no music.

    An effect that distorts answers loud notes in another way than soft ones, low in another than
    high: levels, and their squares and cubes, explain much of that.
    """
    assert train.played is not None
    level = train.played - train.played.mean(0)
    level = level / np.maximum(level.std(0), 1e-9)
    known = np.concatenate([np.ones((len(level), 1)), level, level**2, level**3], axis=1)
    basis, _ = np.linalg.qr(known)
    left = scores.values - basis @ (basis.T @ scores.values)
    return _Scores(scores.seconds, left / max(float(np.linalg.norm(left)), 1e-30))


def _settled(train: Snapshots) -> Snapshots:
    first = int(SETTLED_FROM * len(train.times))
    return Snapshots(train.times[first:], train.responses[first:], train.sample_rate)


def _seen_rates(trains: Sequence[Snapshots]) -> np.ndarray:
    """Return the rates, in Hz, of which every train sees something."""
    rates = np.arange(LOWEST_HZ, HIGHEST_HZ, STEP_HZ)
    seen = np.ones(len(rates), bool)
    for each in trains:
        half = each.sample_rate / (2.0 * (each.times[1] - each.times[0]))
        nearest = np.maximum(1.0, np.round(rates / half)) * half
        seen &= np.abs(rates - nearest) > BLIND_HZ
    return rates[seen]


def _scores(train: Snapshots) -> _Scores:
    count, _, taps = train.responses.shape
    spectrum = np.fft.rfft(train.moving)  # (count, channels, bins)
    frequency = np.fft.rfftfreq(taps, 1.0 / train.sample_rate)
    band = (frequency >= BAND_HZ[0]) & (frequency <= BAND_HZ[1])
    within = spectrum[:, :, band].reshape(count, -1)
    left, size, _ = np.linalg.svd(np.concatenate([within.real, within.imag], 1), False)
    values = left[:, :COMPONENTS] * size[:COMPONENTS]
    total = np.linalg.norm(size) or 1.0
    return _Scores(train.times / train.sample_rate, values / total)


def _coarse_rate(scores: Sequence[_Scores], rates: np.ndarray) -> float:
    """Choose among the rates that explain nearly the most: the one that needs fewest harmonics."""
    explained = _explained(scores, rates, HARMONICS)
    good = rates[_are_peaks(explained) & (explained > NEARLY_BEST * explained.max())]
    if not len(good):
        return float(rates[np.argmax(explained)])
    simplicity = sum(_explained(scores, good, count) for count in range(1, HARMONICS + 1))
    return float(good[np.argmax(simplicity)])


def _sharpened(rate_hz: float, scores: Sequence[_Scores]) -> float:
    step = STEP_HZ / 5.0
    while step > 1e-7:
        near = rate_hz + step * np.arange(-5, 6)
        rate_hz = float(near[np.argmax(_explained(scores, near, HARMONICS))])
        step /= 5.0
    return rate_hz


def _explained(scores: Sequence[_Scores], rates_hz: np.ndarray, harmonics: int) -> np.ndarray:
    """Return the share of what moves that harmonics of each rate explain: ``(rates,)``."""
    parts = np.array_split(rates_hz, -(-len(rates_hz) // RATES_AT_ONCE))
    shares = [
        sum(_shares(each, part, harmonics) for each in scores) / len(scores) for part in parts
    ]
    return np.concatenate(shares)


def _shares(scores: _Scores, rates_hz: np.ndarray, harmonics: int) -> np.ndarray:
    """Fit a Fourier series of each rate by its normal equations, whose entries are sums of waves.

    With ``S_k`` the sum of ``exp(i k w t)`` over the times of the snapshots, the products of the
    waves ``exp(i h w t)``, ``|h| <= harmonics``, sum up to ``S_(h - g)``.
    """
    wave = np.exp(2j * np.pi * np.outer(rates_hz, scores.seconds))  # (rates, count)
    power, sums, seen = np.ones_like(wave), [], []
    for order in range(2 * harmonics + 1):
        sums.append(power.sum(1))
        if order <= harmonics:
            seen.append(power @ scores.values)  # (rates, components)
        power = power * wave
    orders = np.arange(-harmonics, harmonics + 1)
    apart = orders[None] - orders[:, None]
    known = np.stack(sums, 1)[:, np.abs(apart)]  # (rates, waves, waves)
    gram = np.where(apart < 0, known.conj(), known)
    told = np.stack(seen, 1)[:, np.abs(orders)]
    right = np.where(orders[None, :, None] > 0, told.conj(), told)
    gram = gram + FIT_RIDGE * len(scores.seconds) * np.eye(len(orders))
    return np.real(np.sum(right.conj() * np.linalg.solve(gram, right), axis=(1, 2)))
