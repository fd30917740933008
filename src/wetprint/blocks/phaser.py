"""A phaser: allpass stages whose break frequency an LFO moves, in a loop (engine/allpass.py).

Mixed with the dry signal, the stages' phase shift becomes notches that wander. The mix and its
colours are not part of this block: a chain puts them around it. The logarithm of the break
frequency is a closed curve over the LFO's turn (see ``periodic.py``), one for each side. Effects
that reckon it once in 32 samples, as calf's does, come out no nearer when that is copied.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wetprint.blocks.block import BlockStream, RecursiveBlock
from wetprint.blocks.checks import whole_number
from wetprint.blocks.periodic import MOST_KNOTS, check_period, periodic_curve, phases
from wetprint.engine.allpass import MOST_STAGES, allpass_cascade

SETTLING_SAMPLES = 2048
"""What ``valid`` drops. A loop with much feedback and a deep break frequency has not quite settled
by then; ``forward`` and playing are exact."""

MOST_FEEDBACK = 0.995

DEEPEST_LOG_BREAK = 9.0
"""Held between these: 1.9 Hz and as much below half the sample rate, at 48 kHz."""

WIDEST_SPREAD = 4.0


@dataclass(frozen=True)
class PhaserConfig:
    """How the phaser is built.

    Attributes:
        period_samples: of the LFO, whose turn begins at absolute time zero.
        knots: coefficients of each curve.
        stages: first-order allpass stages.
        channels_in: mono goes to both sides, stereo is averaged for one.
        channels_out: every side has its own curve and its own loop.
    """

    period_samples: float = 48_000.0
    knots: int = 32
    stages: int = 4
    channels_in: int = 1
    channels_out: int = 1

    def __post_init__(self) -> None:
        check_period(self.period_samples)
        whole_number("knots", self.knots, 4, MOST_KNOTS)
        whole_number("stages", self.stages, 1, MOST_STAGES)
        whole_number("channels_in", self.channels_in, 1, 2)
        whole_number("channels_out", self.channels_out, 1, 2)


class Phaser(RecursiveBlock):
    """Turn the phase of every side. Untrained, the stages stand at a quarter of the sample rate."""

    learning_rate_factor = 0.1

    def __init__(self, config: PhaserConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = config.channels_in, config.channels_out
        self.context_samples = SETTLING_SAMPLES
        self.curve = nn.Parameter(torch.zeros(config.channels_out, config.knots))
        self.spread = nn.Parameter(torch.zeros(config.channels_out, config.stages))
        self.feedback = nn.Parameter(torch.zeros(config.channels_out))

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        return self.play(audio, start_sample, None)[0]

    def play(
        self, audio: Tensor, start_sample: int, memory: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Play on from a memory; see allpass_cascade."""
        if self.channels_in > self.channels_out:
            audio = audio.mean(1, keepdim=True)
        audio = audio.expand(-1, self.channels_out, -1)
        spread = self.spread.clamp(-WIDEST_SPREAD, WIDEST_SPREAD)
        feedback = self.feedback.clamp(-MOST_FEEDBACK, MOST_FEEDBACK)
        log_break = self.log_break(start_sample, audio.shape[-1])
        return allpass_cascade(audio, log_break, spread, feedback, memory)

    def log_break(self, start_sample: int, samples: int) -> Tensor:
        """Return the logarithm of the break frequency: ``(channels_out, samples)``."""
        phase = phases(start_sample, samples, self.config.period_samples)
        return periodic_curve(self.curve, phase).clamp(-DEEPEST_LOG_BREAK, DEEPEST_LOG_BREAK)

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return PhaserStream(self, start_sample)


class PhaserStream(BlockStream):
    """Block-wise playing: every stage's last sample."""

    def __init__(self, block: Phaser, start_sample: int):
        self.block = block
        self.next_sample = start_sample
        self.memory: Tensor | None = None

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        if audio.shape[-1] == 0:
            return audio.new_zeros((audio.shape[0], self.block.channels_out, 0))
        played, memory = self.block.play(audio, self.next_sample, self.memory)
        self.memory = memory.detach()
        self.next_sample += audio.shape[-1]
        return played
