"""A model: a chain of blocks, and what must be known to play it and to trust it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wetprint.models.chain import Chain

if TYPE_CHECKING:
    from wetprint.models.stream import ModelStream


@dataclass
class Model:
    """A learned effect.

    Attributes:
        chain: the blocks that play it.
        sample_rate: the rate in Hz that it was learned at and plays at.
        learned_from: what it was learned from (effect spec or file names, seconds of audio, ...).
        verdict: how close it came, by which measure, on what.
        settings: the configuration and seed of learning, verbatim.
    """

    chain: Chain
    sample_rate: int
    learned_from: dict[str, Any] = field(default_factory=dict)
    verdict: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    def stream(self, channels: int = 1, start_sample: int = 0) -> ModelStream:
        """Start block-wise playing, by the engine where it can; ``played_by`` says who does.

        Args:
            channels: of the audio, 1 or 2.
            start_sample: absolute time of the first sample.

        >>> import numpy as np
        >>> from wetprint.blocks.gain import Gain, GainConfig
        >>> stream = Model(Chain([Gain(GainConfig())]), sample_rate=48000).stream()
        >>> stream.process(np.ones((1, 3), np.float32)).tolist(), stream.played_by != ""
        ([[1.0, 1.0, 1.0]], True)
        """
        from wetprint.models.stream import ModelStream  # which plays models

        return ModelStream(self, channels, start_sample)

    @property
    def channels_in(self) -> int:
        """Channels expected."""
        return self.chain.channels_in

    @property
    def channels_out(self) -> int:
        """Channels returned."""
        return self.chain.channels_out

    @property
    def latency_samples(self) -> int:
        """Delay of the box itself, which the model plays too."""
        return self.chain.latency_samples

    @property
    def lookahead_samples(self) -> int:
        """How late the model plays block by block; whole files come out in time."""
        return self.chain.lookahead_samples

    @property
    def parameter_count(self) -> int:
        """How many numbers were learned or solved."""
        return sum(parameter.numel() for parameter in self.chain.parameters())
