"""How loud a signal is from moment to moment: what the metrics and the pictures both measure.

Levels are mean squares (power) in a short window that moves on by a short hop; in decibels, 0 dB
is a constant of 1.0, so a full-scale sine reads -3.01 dB.
"""

from __future__ import annotations

import numpy as np

WINDOW_S = 0.020
HOP_S = 0.005


def short_time_power(
    audio: np.ndarray, sample_rate: int, window_s: float = WINDOW_S, hop_s: float = HOP_S
) -> np.ndarray:
    """Measure the mean square in a rectangular window that moves on by one hop at a time.

    Args:
        audio: sound, shape (channel, time).
        sample_rate: in Hz.
        window_s: length of the window in seconds, rounded to a whole number of hops.
        hop_s: distance between windows in seconds, rounded to whole samples.

    Returns:
        Power, shape (channel, frame), float64. Frame k covers ``window_s`` from ``k * hop_s`` on;
        what does not fill a hop at the end is left out. Audio shorter than the window gives one
        frame over all of it.
    """
    hop = max(1, round(hop_s * sample_rate))
    hops_per_window = max(1, round(window_s / hop_s))
    count = audio.shape[1] // hop
    if count < hops_per_window:
        return np.mean(np.square(audio, dtype=np.float64), axis=1, keepdims=True)
    blocks = audio[:, : count * hop].reshape(audio.shape[0], count, hop)  # (channel, hop, sample)
    energy = np.einsum("cht,cht->ch", blocks, blocks, dtype=np.float64)  # (channel, hop)
    windows = np.lib.stride_tricks.sliding_window_view(energy, hops_per_window, axis=1)
    return windows.sum(axis=2) / (hops_per_window * hop)  # (channel, frame)


def frame_centres_s(
    frames: int, sample_rate: int, window_s: float = WINDOW_S, hop_s: float = HOP_S
) -> np.ndarray:
    """Say at which second the middle of each frame of ``short_time_power`` lies; shape (frame,)."""
    hop = max(1, round(hop_s * sample_rate))
    window = max(1, round(window_s / hop_s)) * hop
    return (np.arange(frames) * hop + window / 2) / sample_rate


def power_db(power: np.ndarray | float, floor_db: float = -200.0) -> np.ndarray:
    """Turn power into decibels, held at a floor so that silence stays finite.

    >>> power_db(np.array([1.0, 0.01, 0.0]), floor_db=-120.0).tolist()
    [0.0, -20.0, -120.0]
    """
    return 10.0 * np.log10(np.maximum(power, 10.0 ** (floor_db / 10.0)))
