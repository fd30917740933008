"""The contract that every block of a chain keeps.

A block is a differentiable piece with a name in the literature. It is built from a frozen config
dataclass, holds its parameters, and turns audio ``(batch, channels_in, time)`` into audio
``(batch, channels_out, time)``. Before the first sample every block has heard silence, as every
effect has, so that its whole-file result and its block-wise result are the same.
"""

from __future__ import annotations

import abc
import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class BlockStream(abc.ABC):
    """Block-wise playing of one block, its state carried from call to call."""

    @abc.abstractmethod
    def process(self, audio: Tensor) -> Tensor:
        """Play the next samples.

        Args:
            audio: ``(batch, channels_in, time)``, any time >= 0, the same batch in every call.

        Returns:
            ``(batch, channels_out, time)``.
        """


class Block(nn.Module, abc.ABC):
    """One piece of a chain; see the module's docstring.

    Attributes:
        config: the frozen dataclass the block was built from; saved with the model.
        channels_in: channels expected.
        channels_out: channels returned.
        context_samples: how many samples of its past one output sample needs; ``valid`` drops as
            many. One less than ``receptive_field_samples`` where that is finite.
        latency_samples: the pure delay that the block adds.
        lookahead_samples: how late the block plays, because it must hear what comes before it can
            play what is now. No part of the effect: ``forward``, ``valid`` and ``stream`` are late
            by it, and whoever plays a whole file takes it out again.
        learning_rate_factor: how fast its parameters are trained, beside those of other blocks.
        keeps_silence: whether silence stays silence, whatever the parameters.
    """

    config: Any
    channels_in: int
    channels_out: int
    context_samples: int = 0
    latency_samples: int = 0
    lookahead_samples: int = 0
    learning_rate_factor: float = 1.0
    keeps_silence: bool = True

    @property
    def receptive_field_samples(self) -> float:
        """How many input samples can reach one output sample; ``inf`` for a recursion."""
        return self.context_samples + 1

    @abc.abstractmethod
    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """Return only those outputs whose whole past lies within ``audio``.

        Args:
            audio: ``(batch, channels_in, time)`` with time > context_samples.
            start_sample: where in absolute time the first sample of ``audio`` lies; blocks whose
                behaviour moves with time need it.

        Returns:
            ``(batch, channels_out, time - context_samples)``.
        """

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """Play audio that silence precedes.

        Args:
            audio: ``(batch, channels_in, time)``.
            start_sample: absolute time of the first sample.

        Returns:
            ``(batch, channels_out, time)``.
        """
        padded = functional.pad(audio, (self.context_samples, 0))
        return self.valid(padded, start_sample - self.context_samples)

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """Start block-wise playing after silence."""
        return HistoryStream(self, batch, start_sample)


class RecursiveBlock(Block):
    """A block that hears all of its past; ``forward`` is exact, from what silence leaves.

    ``valid`` takes what came before ``audio`` to be silence, and drops ``context_samples`` in which
    the state finds its way to the sound.
    """

    @property
    def receptive_field_samples(self) -> float:
        """See Block."""
        return math.inf

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        return self.forward(audio, start_sample)[..., self.context_samples :]

    @abc.abstractmethod
    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""


class HistoryStream(BlockStream):
    """Block-wise playing for any block of finite memory: remember the input it still needs."""

    def __init__(self, block: Block, batch: int, start_sample: int):
        self.block = block
        self.next_sample = start_sample
        reference = next(block.parameters(), torch.zeros(()))
        self.history = torch.zeros(
            (batch, block.channels_in, block.context_samples),
            dtype=reference.dtype,
            device=reference.device,
        )

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        context = self.block.context_samples
        if audio.shape[-1] == 0:
            return audio.new_zeros((audio.shape[0], self.block.channels_out, 0))
        heard = torch.cat([self.history.to(audio), audio], dim=-1)
        wet = self.block.valid(heard, self.next_sample - context)
        self.history = heard[..., heard.shape[-1] - context :]
        self.next_sample += audio.shape[-1]
        return wet
