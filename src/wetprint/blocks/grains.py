"""Reading windowed grains at another speed.

A grain's samples are those of a window, interpolated by a windowed sinc (Kaiser; Smith and Gossett
1984, doi:10.1109/ICASSP.1984.1172555) at places that are the same for every grain, so that the
interpolation is one table. Grains are weighed by the window once more and added; what they add up
to where all are one is known, and divided out.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

TAPS = 16
KAISER_BETA = 8.0


class GrainReader:
    """What turns windows into grains, for one ratio.

    Args:
        window_samples: length of a window.
        hop_samples: from grain to grain.
        ratio: speed at which a window is read.
        half_grain_samples: how far a grain reaches to either side.
        kept_bins: bins of a window's spectrum that are kept.

    Attributes:
        window: the Hann window that audio is weighed by, ``(window_samples,)``.
        kept: 1 for the bins that are kept, else 0.
        first: where in the padded window the taps of each sample of a grain begin.
        taps: ``(grain, TAPS)``, the window over the grain included.
        loudness: what to multiply sums of grains by, for every time within a hop.
    """

    def __init__(
        self,
        window_samples: int,
        hop_samples: int,
        ratio: float,
        half_grain_samples: int,
        kept_bins: int,
    ):
        times = np.arange(-half_grain_samples, half_grain_samples + 1)
        places = window_samples / 2 + ratio * times  # in samples of the window
        first = np.floor(places).astype(np.int64) - TAPS // 2 + 1
        away = places[:, None] - (first[:, None] + np.arange(TAPS))  # (grain, tap)
        inside = np.sqrt(np.clip(1.0 - (away / (TAPS / 2)) ** 2, 0.0, 1.0))
        taps = np.sinc(away) * np.i0(KAISER_BETA * inside) / np.i0(KAISER_BETA)
        taps *= hann(places, window_samples)[:, None]
        window = hann(np.arange(window_samples), window_samples)
        bins = np.arange(window_samples // 2 + 1)
        self.window = torch.from_numpy(window)
        self.kept = torch.from_numpy((bins < kept_bins).astype(np.float64))
        self.first = torch.from_numpy(first + TAPS)
        self.taps = torch.from_numpy(taps)
        constant = self.read(self.window).numpy()  # the grain that a constant leaves
        sums = np.zeros(hop_samples)
        np.add.at(sums, times % hop_samples, constant)
        self.loudness = torch.from_numpy(1.0 / sums)

    def read(self, windows: Tensor) -> Tensor:
        """Turn ``(..., window_samples)`` into ``(..., grain)``."""
        padded = torch.nn.functional.pad(windows, (TAPS, TAPS))
        first, taps = self.first.to(windows.device), self.taps.to(windows.device)
        grain = padded[..., first] * taps[:, 0]
        for tap in range(1, TAPS):
            grain = grain + padded[..., first + tap] * taps[:, tap]
        return grain


def hann(places: np.ndarray, length: int) -> np.ndarray:
    """Return the periodic Hann window of a length at any places within it."""
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * places / length)
