"""A chain: blocks one after the other, itself a block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import torch
from torch import Tensor, nn

from wetprint.blocks.block import Block, BlockStream


class Chain(Block):
    """Blocks in series; each hears what the one before it returns.

    Raises:
        ValueError: no block, or two neighbours whose channels do not fit.
    """

    def __init__(self, blocks: Iterable[Block]):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        if not self.blocks:
            raise ValueError("a chain needs at least one block, got none")
        for position, (first, second) in enumerate(zip(self, list(self)[1:], strict=False)):
            if first.channels_out != second.channels_in:
                raise ValueError(
                    f"block {position} returns {first.channels_out} channels, but block "
                    f"{position + 1} takes {second.channels_in}"
                )
        self.config = tuple(block.config for block in self)
        self.channels_in = self[0].channels_in
        self.channels_out = self[-1].channels_out
        self.context_samples = sum(block.context_samples for block in self)
        self.latency_samples = sum(block.latency_samples for block in self)
        self.lookahead_samples = sum(block.lookahead_samples for block in self)

    def __iter__(self) -> Iterator[Block]:
        return (cast(Block, block) for block in self.blocks)

    def __len__(self) -> int:
        return len(self.blocks)

    def __getitem__(self, position: int) -> Block:
        return cast(Block, self.blocks[position])

    @property
    def receptive_field_samples(self) -> float:
        """How many input samples can reach one output sample."""
        return 1 + sum(block.receptive_field_samples - 1 for block in self)

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        for block in self:
            audio = block.valid(audio, start_sample)
            start_sample += block.context_samples
        return audio

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return ChainStream(self, batch, start_sample)


class ChainStream(BlockStream):
    """Block-wise playing of every block in turn."""

    def __init__(self, chain: Chain, batch: int, start_sample: int):
        # so that each block knows what silence became; a block alone has heard silence as it is
        silent_samples = chain.context_samples if len(chain) > 1 else 0
        self.streams = [block.stream(batch, start_sample - silent_samples) for block in chain]
        reference = next(chain.parameters(), torch.zeros(()))
        silence = torch.zeros((batch, chain.channels_in, silent_samples)).to(reference)
        if silent_samples:
            self.process(silence)

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        for stream in self.streams:
            audio = stream.process(audio)
        return audio
