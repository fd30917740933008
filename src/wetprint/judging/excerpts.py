"""Where to look and listen: the loudest stretch, and much sound drawn in few columns."""

from __future__ import annotations

import numpy as np

from wetprint.judging import levels


def loudest_start(audio: np.ndarray, sample_rate: int, seconds: float) -> int:
    """Find where the stretch of the most energy begins.

    Args:
        audio: sound, shape (channel, time).
        sample_rate: in Hz.
        seconds: how long the stretch is.

    Returns:
        The first sample, on a grid of at most 5 ms; 0 when the audio is no longer than that.

    >>> clicks = np.zeros((1, 1000), dtype=np.float32)
    >>> clicks[0, 700] = 1.0
    >>> loudest_start(clicks, sample_rate=1000, seconds=0.1) in range(600, 701)
    True
    """
    if seconds * sample_rate >= audio.shape[1]:
        return 0
    hop_s = min(levels.HOP_S, seconds)
    power = levels.short_time_power(audio, sample_rate, window_s=seconds, hop_s=hop_s)
    start = int(np.argmax(power.sum(axis=0))) * max(1, round(hop_s * sample_rate))
    return min(start, audio.shape[1] - round(seconds * sample_rate))


def extremes(samples: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Reduce a waveform to the lowest and highest sample of each of so many columns.

    Args:
        samples: one channel, shape (time,).
        columns: how many; no more than there are samples come back.

    Returns:
        Two arrays of shape (column,).

    >>> low, high = extremes(np.array([0.0, 1.0, -2.0, 0.5]), 2)
    >>> low.tolist(), high.tolist()
    ([0.0, -2.0], [1.0, 0.5])
    """
    edges = np.linspace(0, samples.size, min(columns, samples.size) + 1).astype(int)[:-1]
    return np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)


def pooled(values: np.ndarray, columns: int) -> np.ndarray:
    """Average the last axis down to at most so many columns of nearly equal width.

    >>> pooled(np.array([[1.0, 3.0, 5.0, 7.0]]), 2).tolist()
    [[2.0, 6.0]]
    """
    count = values.shape[-1]
    edges = np.linspace(0, count, min(columns, count) + 1).astype(int)
    return np.add.reduceat(values, edges[:-1], axis=-1) / np.diff(edges)
