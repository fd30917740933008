"""What arrives when: the response from dry to wet, coarse in time but over seconds.

Both recordings are thinned to about 12 kHz and deconvolved over their whole length (a division of
spectra, regularised where the dry has little to say), so that sounds that repeat in the music do
not look like echoes. The dry is cut into alternate blocks, and the response is estimated from
the even and from the odd ones separately: what the two have in common is the effect, what they
have not is noise. Their product therefore measures energy without a bias, and how much of it
there is tells whether the wet comes from this dry at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.ndimage
import soxr

THINNED_RATE_HZ = 12_000
LONGEST_SECONDS = 300.0
BLOCK_SECONDS = 1.0
FADE_SECONDS = 0.02
SMOOTHING_BINS = 513
LOWEST_HZ = 30.0
HIGHEST_SHARE = 0.92
"""Of the thinned band: above it the thinning filter has taken the sound away."""
REGULARISATION = 0.05
CERTAIN_SIGNIFICANCE = 40.0
"""Unrelated playing reaches 27; nearly all effects reach 50, and clean ones several thousand."""


@dataclass(frozen=True)
class Response:
    """The response from dry to wet over a range of lags, estimated twice.

    Attributes:
        even: ``(lag,)`` from the even blocks of the dry.
        odd: ``(lag,)`` from the odd ones.
        rate: lags per second.
        step: samples of the recording per lag.
        zero: index of lag 0.
    """

    even: np.ndarray
    odd: np.ndarray
    rate: float
    step: int
    zero: int

    @property
    def both(self) -> np.ndarray:
        """The response from all of the dry, ``(lag,)``."""
        return (self.even + self.odd) / 2

    @property
    def common(self) -> np.ndarray:
        """Energy that both estimates agree on, ``(lag,)``; noise averages to zero."""
        return self.even * self.odd

    @property
    def chance(self) -> float:
        """Standard deviation that ``common`` would have if the two shared nothing."""
        return float(np.sqrt(np.mean(self.even**2) * np.mean(self.odd**2))) + 1e-30

    def significance(self, window_seconds: float = 0.005) -> float:
        """How many standard deviations of chance the best window's common energy stands out."""
        width = max(1, min(round(window_seconds * self.rate), len(self.even)))
        sums = np.convolve(self.common, np.ones(width), "valid")
        return float(sums.max() / (self.chance * np.sqrt(width)))


def thin(audio: np.ndarray, sample_rate: int) -> tuple[np.ndarray, int]:
    """Bring ``(time,)`` down to about 12 kHz by a whole number.

    Returns:
        The thinned audio, and how many samples went into each.
    """
    step = max(1, round(sample_rate / THINNED_RATE_HZ))
    if step == 1:
        return np.asarray(audio, np.float32), 1
    return soxr.resample(np.asarray(audio, np.float32), step, 1, quality="LQ"), step


def estimate_response(
    dry: np.ndarray, wet: np.ndarray, rate: float, step: int, max_lag_seconds: float
) -> Response:
    """Deconvolve thinned recordings.

    Args:
        dry: ``(time,)``, thinned.
        wet: ``(time,)``, thinned.
        rate: of the thinned recordings, Hz.
        step: as `thin` returned it.
        max_lag_seconds: how far to look to both sides.
    """
    longest = int(LONGEST_SECONDS * rate)
    dry, wet = (_fade(each[:longest], rate) for each in (dry, wet))
    lags = max(1, min(int(max_lag_seconds * rate), max(len(dry), len(wet)) - 1))
    size = scipy.fft.next_fast_len(max(len(dry), len(wet)) + 2 * lags, real=True)
    wet_spectrum = scipy.fft.rfft(wet, size)
    wet_power = _smooth(_power(wet_spectrum))
    bins_hz = np.arange(len(wet_power), dtype=np.float32) * (rate / size)
    usable = (bins_hz > LOWEST_HZ) & (bins_hz < HIGHEST_SHARE * rate / 2)
    usable &= wet_power > 1e-10 * wet_power.max()
    halves = [
        _deconvolve(dry * mask, wet_spectrum, wet_power, usable, size, lags)
        for mask in _alternate(len(dry), rate)
    ]
    return Response(halves[0], halves[1], rate, step, lags)


def _fade(audio: np.ndarray, rate: float) -> np.ndarray:
    """Soften both ends: two files cut at the same moment click alike, which is no arrival."""
    length = min(int(FADE_SECONDS * rate), len(audio) // 4)
    if length == 0:
        return audio
    ramp = np.sin(np.linspace(0, np.pi / 2, length, dtype=np.float32)) ** 2
    faded = audio.copy()
    faded[:length] *= ramp
    faded[-length:] *= ramp[::-1]
    return faded


def _alternate(length: int, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Two masks of alternate blocks that sum to one, with soft edges."""
    block = max(1, int(min(BLOCK_SECONDS * rate, length / 8)))
    even = (np.arange(length) // block % 2).astype(np.float32)
    even = scipy.ndimage.uniform_filter1d(even, max(3, int(0.05 * rate)))
    return even, 1 - even


def _deconvolve(
    dry: np.ndarray,
    wet_spectrum: np.ndarray,
    wet_power: np.ndarray,
    usable: np.ndarray,
    size: int,
    lags: int,
) -> np.ndarray:
    """Divide the spectra, with the average colour of the response taken out; lags around 0."""
    spectrum = scipy.fft.rfft(dry, size)
    power = _power(spectrum)
    average = _smooth(power)
    usable = usable & (average > 1e-8 * average.max())
    white = np.sqrt(average / (wet_power + 1e-30)) / (power + REGULARISATION * average + 1e-30)
    response = scipy.fft.irfft(np.conj(spectrum) * wet_spectrum * np.where(usable, white, 0), size)
    return np.concatenate([response[-lags:], response[: lags + 1]])


def _power(spectrum: np.ndarray) -> np.ndarray:
    return np.real(spectrum) ** 2 + np.imag(spectrum) ** 2


def _smooth(power: np.ndarray) -> np.ndarray:
    smooth = scipy.ndimage.uniform_filter1d(power, SMOOTHING_BINS, mode="nearest")
    return np.maximum(smooth, 0)  # a running sum may end a hair below zero
