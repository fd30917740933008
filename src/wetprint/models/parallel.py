"""Chains side by side: all hear the same, what they return is added up.

A branch that looks ahead less than another hears everything as much later, so that all are late
alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from wetprint.blocks.block import Block, BlockStream
from wetprint.blocks.delay import Delay, DelayConfig
from wetprint.models.chain import Chain


class Parallel(Block):
    """The sum of several chains.

    Raises:
        ValueError: no branch, or branches that differ in their channels.
    """

    def __init__(self, branches: Iterable[Chain]):
        super().__init__()
        self.branches = nn.ModuleList(branches)
        if not self.branches:
            raise ValueError("parallel chains need at least one branch, got none")
        for name in ("channels_in", "channels_out"):
            counts = sorted({getattr(each, name) for each in self})
            if len(counts) > 1:
                raise ValueError(f"parallel chains must have equal {name}, got {counts}")
        self.config = tuple(each.config for each in self)
        first = next(iter(self))
        self.channels_in, self.channels_out = first.channels_in, first.channels_out
        self.lookahead_samples = max(each.lookahead_samples for each in self)
        self.context_samples = max(each.context_samples + self.waiting(each) for each in self)
        self.latency_samples = min(each.latency_samples for each in self)

    def __iter__(self) -> Iterator[Chain]:
        return (cast(Chain, each) for each in self.branches)

    def waiting(self, branch: Chain) -> int:
        """Return how much later a branch hears, to be as late as the one that is latest."""
        return self.lookahead_samples - branch.lookahead_samples

    @property
    def receptive_field_samples(self) -> float:
        """See Block."""
        return max(each.receptive_field_samples + self.waiting(each) for each in self)

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        wet = []
        for branch in self:
            unneeded = self.context_samples - branch.context_samples - self.waiting(branch)
            heard = audio[..., unneeded : audio.shape[-1] - self.waiting(branch)]
            wet.append(branch.valid(heard, start_sample + unneeded))
        return torch.stack(wet).sum(0)

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        wet = []
        for branch in self:
            late = functional.pad(audio, (self.waiting(branch), 0))[..., : audio.shape[-1]]
            wet.append(branch(late, start_sample - self.waiting(branch)))
        return torch.stack(wet).sum(0)

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return ParallelStream(self, batch, start_sample)


class ParallelStream(BlockStream):
    """Block-wise playing of every branch."""

    def __init__(self, block: Parallel, batch: int, start_sample: int):
        self.streams = []
        for branch in block:
            wait = Delay(DelayConfig(block.waiting(branch), block.channels_in))
            late = start_sample - block.waiting(branch)
            self.streams.append((wait.stream(batch), branch.stream(batch, late)))

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        wet = [branch.process(wait.process(audio)) for wait, branch in self.streams]
        return torch.stack(wet).sum(0)
