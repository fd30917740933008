"""Spectra that the metrics and the pictures share: frames, mel bands and thirds of an octave.

Long recordings are cut into chunks of frames, so that three minutes of stereo never lie in memory
as a spectrogram; the chunks are worked on by a few threads and joined in their order, so that the
result does not depend on how many there are.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

# Frames of one chunk hold about this many samples: enough to keep a thread busy, little enough to
# stay in the processor's cache.
CHUNK_SAMPLES = 2**17
MOST_THREADS = 4

MEL_BANDS = 128
MEL_FRAME_S = 2048 / 48000
MEL_RANGE_DB = 80.0
# What a target of pure silence is taken to peak at, so that figures stay finite.
SILENT_POWER = 1e-12
THIRD_OCTAVE_FRAME_S = 16384 / 48000


@dataclass(frozen=True)
class Frames:
    """A signal ready to be cut into windowed frames, as a centred short-time Fourier transform is.

    Attributes:
        padded: the signal with half a frame added at both ends, shape (channel, time).
        window: the window, shape (sample,); shorter than ``fft_size`` or equal.
        fft_size: length of the transform in samples.
        hop_samples: distance between frames.
        count: how many frames there are.
    """

    padded: np.ndarray
    window: np.ndarray
    fft_size: int
    hop_samples: int
    count: int

    def power(self, first: int, last: int) -> np.ndarray:
        """Return the power spectrum of frames ``first`` to ``last``, shape (channel, frame, bin).

        The window is not centred in the transform but begins it: that turns the phase only, which
        is not kept, and spares multiplying by zeros.
        """
        import scipy.fft

        begin = first * self.hop_samples + (self.fft_size - self.window.size) // 2
        end = begin + (last - 1 - first) * self.hop_samples + self.window.size
        frames = np.lib.stride_tricks.sliding_window_view(
            self.padded[:, begin:end], self.window.size, axis=1
        )[:, :: self.hop_samples]  # (channel, frame, sample)
        spectrum = np.asarray(scipy.fft.rfft(frames * self.window, n=self.fft_size, axis=2))
        parts = spectrum.view(self.window.dtype).reshape(*spectrum.shape, 2)  # real, imaginary
        return np.square(parts[..., 0]) + np.square(parts[..., 1])  # (channel, frame, bin)


def framed(
    audio: np.ndarray,
    fft_size: int,
    hop_samples: int,
    window_samples: int,
    padding: Literal["reflect", "constant"],
) -> Frames:
    """Prepare the frames of a short-time Fourier transform with a periodic Hann window.

    Args:
        audio: sound, shape (channel, time); filled with zeros up to one transform if shorter.
        fft_size: length of the transform in samples.
        hop_samples: distance between frames in samples.
        window_samples: length of the window in samples.
        padding: what lies beyond both ends: the signal mirrored, or zeros.
    """
    missing = max(0, fft_size - audio.shape[1])
    filled = np.pad(audio, ((0, 0), (0, missing))) if missing else audio
    padded = np.pad(filled, ((0, 0), (fft_size // 2, fft_size // 2)), mode=padding)
    phase = 2.0 * np.pi * np.arange(window_samples) / window_samples
    window = (0.5 - 0.5 * np.cos(phase)).astype(audio.dtype)
    count = 1 + filled.shape[1] // hop_samples
    return Frames(padded, window, fft_size, hop_samples, count)


def over_chunks(work: Callable[[int, int], Any], frames: Frames) -> list[Any]:
    """Call ``work(first, last)`` for every chunk of frames and return the answers in order."""
    step = max(1, CHUNK_SAMPLES // frames.fft_size)
    bounds = [(first, min(first + step, frames.count)) for first in range(0, frames.count, step)]
    if len(bounds) == 1:
        return [work(*bounds[0])]
    with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as pool:
        return list(pool.map(lambda bound: work(*bound), bounds))


def mel_power(audio: np.ndarray, sample_rate: int, bands: int = MEL_BANDS) -> np.ndarray:
    """Measure power in mel bands over time, as librosa does by default (Slaney's scale and norm).

    Frames last 43 ms (2048 samples at 48 kHz, and the nearest power of two at other rates) with a
    Hann window and move on by a quarter; the bands reach from 0 Hz to half the sample rate.

    Args:
        audio: sound, shape (channel, time).
        sample_rate: in Hz.
        bands: how many mel bands.

    Returns:
        Power, shape (channel, band, frame).
    """
    from librosa.filters import mel
    from scipy.sparse import csr_array

    size = mel_frame_samples(sample_rate)
    # Each bin lies in two bands at most. A sparse product also keeps BLAS out of our threads, where
    # its own threads would fight them.
    bank = csr_array(mel(sr=sample_rate, n_fft=size, n_mels=bands).astype(audio.dtype))
    frames = framed(audio, size, size // 4, size, "constant")

    def in_bands(first: int, last: int) -> np.ndarray:
        power = frames.power(first, last)  # (channel, frame, bin)
        return np.stack([bank @ each.T for each in power])  # (channel, band, frame)

    return np.concatenate(over_chunks(in_bands, frames), axis=2)


def log_mel(
    prediction: np.ndarray, target: np.ndarray, sample_rate: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the log-mel spectrograms of both in dB; their mean absolute difference is a distance.

    Both (``mel_power``: 128 bands, 43 ms) are held at 80 dB below the loudest cell of the target
    over all channels, so that what nobody hears does not decide.

    Args:
        prediction: sound, shape (channel, time).
        target: what it should be, same shape.
        sample_rate: in Hz.

    Returns:
        Both, shape (channel, band, frame).
    """
    wanted = mel_power(target, sample_rate)
    floor = max(float(wanted.max()), SILENT_POWER) * 10.0 ** (-MEL_RANGE_DB / 10.0)
    ours = np.maximum(mel_power(prediction, sample_rate), floor)
    return 10.0 * np.log10(ours), 10.0 * np.log10(np.maximum(wanted, floor))


def mel_frame_samples(sample_rate: int) -> int:
    """Return the frame length of ``mel_power`` in samples: the power of two nearest 43 ms."""
    return 2 ** max(5, round(np.log2(MEL_FRAME_S * sample_rate)))


def third_octave_power(audio: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Measure mean power in thirds of an octave (IEC 61260-1 base-ten bands, by Welch's method).

    Frames last a third of a second with a Hann window and half overlap. A bin that straddles two
    bands is shared between them. Channels are averaged.

    Args:
        audio: sound, shape (channel, time).
        sample_rate: in Hz.

    Returns:
        Centre frequencies in Hz, shape (band,), from 25 Hz to 20 kHz as far as the sample rate
        carries, and power, shape (band,): a full-scale sine in a band reads 0.5.
    """
    size = 2 ** round(np.log2(THIRD_OCTAVE_FRAME_S * sample_rate))
    frames = framed(audio, size, size // 2, size, "constant")
    sums = over_chunks(lambda first, last: frames.power(first, last).sum(axis=(0, 1)), frames)
    density = np.sum(np.asarray(sums, dtype=np.float64), axis=0)  # (bin,)
    hops = audio.shape[0] * audio.shape[1] / (size // 2)  # the frames that the sound itself fills
    gain = hops * size * np.sum(np.square(frames.window)) / 2.0
    centres = 10.0 ** (np.arange(14, 44) / 10.0)  # 25 Hz to 20 kHz
    centres = centres[centres * 10.0**0.05 < sample_rate / 2]
    return centres, _band_shares(centres, size, sample_rate) @ density / gain


def _band_shares(centres_hz: np.ndarray, fft_size: int, sample_rate: int) -> np.ndarray:
    """Say how much of every bin falls into every band, shape (band, bin)."""
    width = sample_rate / fft_size
    middle = np.arange(fft_size // 2 + 1) * width  # (bin,)
    upper = np.minimum(middle + width / 2, (centres_hz * 10.0**0.05)[:, None])
    lower = np.maximum(middle - width / 2, (centres_hz * 10.0**-0.05)[:, None])
    return np.maximum(upper - lower, 0.0) / width  # (band, bin)
