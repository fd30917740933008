"""Parametric filters: second-order sections in a row, each with a frequency, a damping and gains.

A section is what a state-variable filter makes of its three outputs,
``H(s) = (high s^2 + band d s + low) / (s^2 + d s + 1)`` with d its damping, 1 / Q, and s its
frequency prewarped by the bilinear transform (Zölzer 2011, DAFX, section 2.2; Zavalishin 2012, The
Art of VA Filter Design, chapter 4). low is the gain at 0 Hz, high that
at half the sample rate, and band that of the band-pass between them, at its frequency the gain of
all where low and high are equal; three equal gains are a wire. Every stable filter of second order
is one such section, and no section can become unstable. Numbers keep their precision at low
frequencies, where the usual coefficients lose theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import sosfilt
from torch import Tensor, nn

from wetprint.blocks.block import BlockStream, RecursiveBlock
from wetprint.blocks.checks import whole_number
from wetprint.engine.recursion import biquad

MOST_SECTIONS = 64

LOWEST_LOG, HIGHEST_LOG = -14.0, 9.0
"""Logarithms of tan(pi f / sample rate): a hundredth of a hertz, and next to half the rate."""

LEAST_DAMPING_LOG, MOST_DAMPING_LOG = -9.0, 14.0

SETTLING_SAMPLES = 4096
"""What ``valid`` drops. A section that rings for longer has not settled by then; ``forward`` and
playing are exact."""


@dataclass(frozen=True)
class BiquadsConfig:
    """How many sections in a row, and how many channels; all are filtered alike."""

    sections: int = 1
    channels: int = 1

    def __post_init__(self) -> None:
        whole_number("sections", self.sections, 1, MOST_SECTIONS)
        whole_number("channels", self.channels, 1, 2)


class Biquads(RecursiveBlock):
    """Filter every channel; untrained, a wire.

    Attributes:
        frequency_log: logarithm of tan(pi f / sample rate) of each section, ``(sections,)``.
        damping_log: logarithm of 1 / Q, ``(sections,)``.
        low, band, high: gains, ``(sections,)``.
    """

    learning_rate_factor = 0.3

    def __init__(self, config: BiquadsConfig):
        super().__init__()
        self.config = config
        self.channels_in = self.channels_out = config.channels
        self.context_samples = SETTLING_SAMPLES
        spread = torch.linspace(-4.0, 0.0, config.sections + 2)[1:-1]
        self.frequency_log = nn.Parameter(spread)
        self.damping_log = nn.Parameter(torch.zeros(config.sections))
        self.low = nn.Parameter(torch.ones(config.sections))
        self.band = nn.Parameter(torch.ones(config.sections))
        self.high = nn.Parameter(torch.ones(config.sections))

    def coefficients(self) -> tuple[Tensor, Tensor]:
        """Return b0, b1, b2 and a1, a2 of each section: ``(sections, 3)`` and ``(sections, 2)``.

        In double precision, and therefore on the CPU: not every device has it.
        """
        given = (self.frequency_log, self.damping_log, self.low, self.band, self.high)
        frequency_log, damping_log, low, band, high = (each.cpu().double() for each in given)
        frequency = frequency_log.clamp(LOWEST_LOG, HIGHEST_LOG).exp()
        damping = damping_log.clamp(LEAST_DAMPING_LOG, MOST_DAMPING_LOG).exp()
        square, slope = frequency.square(), frequency * damping
        whole = 1.0 + slope + square
        low, band = low * square, band * slope
        forward = torch.stack([high + band + low, 2.0 * (low - high), high - band + low], -1)
        back = torch.stack([2.0 * (square - 1.0), 1.0 - slope + square], -1)
        return forward / whole[:, None], back / whole[:, None]

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block. In double precision: poles near the unit circle multiply every rounding."""
        heard = audio.cpu().double()
        for forward, back in zip(*self.coefficients(), strict=True):
            heard = biquad(heard, forward, back)
        return heard.to(audio)

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return BiquadsStream(self, batch)


class BiquadsStream(BlockStream):
    """Block-wise playing: two numbers of state for each section and channel."""

    def __init__(self, block: Biquads, batch: int):
        forward, back = (each.detach().numpy() for each in block.coefficients())
        self.sections = np.concatenate([forward, np.ones((len(back), 1)), back], axis=1)
        self.state = np.zeros((len(back), batch, block.channels_in, 2))

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        if audio.shape[-1] == 0:
            return audio
        heard = audio.detach().cpu().numpy().astype(np.float64)
        played, self.state = sosfilt(self.sections, heard, zi=self.state)
        return torch.from_numpy(played).to(audio)


def biquads_of(sections: np.ndarray) -> Biquads:
    """Return the block that plays sections, in mono.

    Args:
        sections: as scipy.signal has them, ``(sections, 6)``: b0, b1, b2, a0, a1, a2.

    Raises:
        ValueError: one of them is not stable, or its a0 not above 0.
    """
    b0, b1, b2, a0, a1, a2 = np.asarray(sections, np.float64).T
    low, band, high = a0 + a1 + a2, a0 - a2, a0 - a1 + a2  # by the bilinear transform, all but twos
    if not all((each > 0.0).all() for each in (low, band, high)):
        raise ValueError("sections must be stable, with a0 above 0")
    values = {
        "frequency_log": 0.5 * np.log(low / high),
        "damping_log": np.log(2.0 * band / np.sqrt(low * high)),
        "low": (b0 + b1 + b2) / low,
        "band": (b0 - b2) / band,
        "high": (b0 - b1 + b2) / high,
    }
    block = Biquads(BiquadsConfig(len(b0)))
    state = {name: torch.from_numpy(value).float() for name, value in values.items()}
    block.load_state_dict(state)
    return block
