"""A first-order high-pass: the coupling capacitor that keeps one stage's bias from the next.

``y[n] = pole y[n - 1] + (1 + pole) / 2 (x[n] - x[n - 1])``, of unit gain at half the sample rate:
an RC high-pass through the bilinear transform (Zölzer 2011, DAFX, section 2.2). A cutoff below
1 Hz remembers seconds, which no FIR filter does cheaply.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import lfilter
from torch import Tensor, nn

from wetprint.blocks.block import BlockStream, RecursiveBlock
from wetprint.blocks.checks import whole_number
from wetprint.engine.recursion import biquad

SETTLING_SAMPLES = 4096
"""What ``valid`` drops. A cutoff below some 20 Hz has not settled by then: what ``valid`` returns
still lacks a slow drift, which training does not need; ``forward`` and playing are exact."""

STEEPEST_POLE = 1.0 - 1e-7


@dataclass(frozen=True)
class HighPassConfig:
    """How many channels; all are filtered alike."""

    channels: int = 1

    def __post_init__(self) -> None:
        whole_number("channels", self.channels, 1, 2)


class HighPass(RecursiveBlock):
    """Filter every channel. The pole is a parameter, held inside the unit circle."""

    learning_rate_factor = 0.01

    def __init__(self, config: HighPassConfig):
        super().__init__()
        self.config = config
        self.channels_in = self.channels_out = config.channels
        self.context_samples = SETTLING_SAMPLES
        self.pole = nn.Parameter(torch.tensor(0.999))

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        pole = self.pole.clamp(-STEEPEST_POLE, STEEPEST_POLE)
        gain = 0.5 * (1.0 + pole)
        return biquad(audio, torch.stack([gain, -gain]), -pole[None])

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return HighPassStream(self, batch)


class HighPassStream(BlockStream):
    """Block-wise playing: the recursion's one number of state for each channel."""

    def __init__(self, block: HighPass, batch: int):
        pole = float(block.pole.detach().clamp(-STEEPEST_POLE, STEEPEST_POLE))
        self.coefficients = high_pass_coefficients(pole)
        self.state = np.zeros((batch, block.channels_in, 1))

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        if audio.shape[-1] == 0:
            return audio
        heard = audio.detach().cpu().numpy().astype(np.float64)
        played, self.state = lfilter(*self.coefficients, heard, zi=self.state)
        return torch.from_numpy(played).to(audio)


def pole_at(cutoff_hz: float, sample_rate: float) -> float:
    """Return the pole that puts the filter's -3 dB point at a cutoff below half the sample rate.

    >>> round(pole_at(10.0, 48000), 6)
    0.998692
    """
    turn = math.tan(math.pi * cutoff_hz / sample_rate)
    return (1.0 - turn) / (1.0 + turn)


def high_pass_coefficients(pole: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the filter's numerator and denominator, as scipy.signal.lfilter takes them."""
    gain = 0.5 * (1.0 + pole)
    return np.array([gain, -gain]), np.array([1.0, -pole])
