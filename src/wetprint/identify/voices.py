"""Voices that are known to move: delays and gains over LFOs of their own, between stages to solve.

A vibrato that crosses from one delay to another, a tape that wavers, a chorus behind a tube: where
the voices go is found by tracking, and what distorts before or behind them is solved with them
held fixed, as stages of a branch (``moving_branches.py``). Between samples a straight line is read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_array

from wetprint.blocks.periodic import periodic_curve, phases


@dataclass(frozen=True)
class MovingTap:
    """One voice.

    Attributes:
        delay_period_samples: one turn of its delay, from absolute time 0.
        delays: ``(knots,)`` in samples, see wetprint.blocks.periodic.
        gain_period_samples: one turn of its gain, from absolute time 0.
        gains: ``(knots,)``, linear.
    """

    delay_period_samples: float
    delays: np.ndarray
    gain_period_samples: float
    gains: np.ndarray

    def at(self, start_sample: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
        """Return its delay and its gain at each sample, ``(samples,)`` float64."""
        curves = (
            (self.delays, self.delay_period_samples),
            (self.gains, self.gain_period_samples),
        )
        delay, gain = (
            periodic_curve(torch.from_numpy(knots), phases(start_sample, samples, period)).numpy()
            for knots, period in curves
        )
        return delay, gain


@dataclass(frozen=True)
class Voices:
    """Voices side by side; nothing of them is solved for."""

    taps: tuple[MovingTap, ...]

    @property
    def parameters(self) -> np.ndarray:
        """None: ``(0,)``."""
        return np.zeros(0)

    def moved(self, step: np.ndarray) -> Voices:
        """Return the same voices."""
        return self

    def play(self, signal: np.ndarray, start_sample: int) -> np.ndarray:
        """Play ``(time,)`` after silence: ``(time,)`` float64."""
        return _matrix(self, start_sample, len(signal), circular=False) @ signal

    def matrix(self, starts: np.ndarray, samples: int) -> csr_array:
        """Return what plays windows ``(windows * samples,)``, each circular, as a matrix."""
        pieces = [_matrix(self, int(start), samples, circular=True) for start in starts]
        values = np.concatenate([each.data for each in pieces])
        columns = [each.indices + number * samples for number, each in enumerate(pieces)]
        width = 2 * len(self.taps)
        size = len(starts) * samples
        rows = np.arange(0, width * size + 1, width)
        return csr_array((values, np.concatenate(columns), rows), shape=(size, size))


def _matrix(voices: Voices, start_sample: int, samples: int, circular: bool) -> csr_array:
    values, columns = [], []
    time = np.arange(samples)
    for tap in voices.taps:
        delay, gain = tap.at(start_sample, samples)
        whole = np.floor(delay).astype(np.int64)
        share = delay - whole
        for late, weight in ((0, 1.0 - share), (1, share)):
            read = time - whole - late
            weight = gain * weight
            columns.append(read % samples)
            values.append(weight if circular else np.where(read >= 0, weight, 0.0))
    rows = np.arange(0, len(values) * samples + 1, len(values))
    table = np.stack(values, 1).ravel(), np.stack(columns, 1).ravel(), rows
    return csr_array(table, shape=(samples, samples))
