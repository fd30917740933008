"""A gain for every channel."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wetprint.blocks.block import Block
from wetprint.blocks.checks import whole_number


@dataclass(frozen=True)
class GainConfig:
    """How many channels; the gains themselves are parameters."""

    channels: int = 1

    def __post_init__(self) -> None:
        whole_number("channels", self.channels, 1, 2)


class Gain(Block):
    """Multiply each channel by its own learned factor (linear, may be negative)."""

    def __init__(self, config: GainConfig):
        super().__init__()
        self.config = config
        self.channels_in = self.channels_out = config.channels
        self.gain = nn.Parameter(torch.ones(config.channels))

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        return audio * self.gain[:, None]
