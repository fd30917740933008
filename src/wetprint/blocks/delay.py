"""A fixed delay of whole samples: the latency of a box, kept apart from what it does."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from wetprint.blocks.block import Block
from wetprint.blocks.checks import LONGEST_MEMORY_SAMPLES, whole_number


@dataclass(frozen=True)
class DelayConfig:
    """The delay, in samples, and the number of channels."""

    samples: int
    channels: int = 1

    def __post_init__(self) -> None:
        whole_number("samples", self.samples, 0, LONGEST_MEMORY_SAMPLES)
        whole_number("channels", self.channels, 1, 2)


class Delay(Block):
    """Play the input ``samples`` later; nothing to learn."""

    def __init__(self, config: DelayConfig):
        super().__init__()
        self.config = config
        self.channels_in = self.channels_out = config.channels
        self.context_samples = self.latency_samples = config.samples

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        return audio[..., : audio.shape[-1] - self.context_samples]
