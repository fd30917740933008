"""A delay line whose length follows an LFO: one voice of a chorus, flanger, vibrato or tape.

``y[t] = v(t - d(t))`` with ``v = x + feedback * y``; the delay ``d`` is a closed curve over the
LFO's phase, of any shape (Dattorro 1997, Effect Design part 2, JAES 45(10)). Which interpolation
reads between the samples can be heard, and is part of the model. Several voices, and the dry signal
beside them, are parallel chains; a filter behind a voice gives it its colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from wetprint.blocks.block import BlockStream, RecursiveBlock
from wetprint.blocks.checks import LONGEST_MEMORY_SAMPLES, one_of, whole_number
from wetprint.blocks.periodic import MOST_KNOTS, check_period, periodic_curve, phases
from wetprint.engine.delay_line import INTERPOLATIONS, NEWER_SAMPLES, TAPS, read_delay_line
from wetprint.engine.recirculation import recirculate

STRONGEST_FEEDBACK = 0.9999

SETTLING_ROUNDS = 16
"""What ``valid`` drops, in longest delays; ``forward`` and playing are exact."""


@dataclass(frozen=True)
class ModulatedDelayConfig:
    """The LFO and the delay line.

    Attributes:
        period_samples: one turn of the LFO, which stands at phase 0 at absolute time 0.
        knots: of the curve over a turn.
        most_delay_samples: the delay is held below it.
        interpolation: "linear", "lagrange" or "sinc".
        channels_in: 1 or 2; one is heard by both sides.
        channels_out: 1 or 2; each has a curve of its own.
    """

    period_samples: float
    knots: int = 64
    most_delay_samples: int = 4096
    interpolation: str = "linear"
    channels_in: int = 1
    channels_out: int = 1

    def __post_init__(self) -> None:
        check_period(self.period_samples)
        whole_number("knots", self.knots, 4, MOST_KNOTS)
        whole_number("most_delay_samples", self.most_delay_samples, 16, LONGEST_MEMORY_SAMPLES)
        one_of("interpolation", self.interpolation, INTERPOLATIONS)
        whole_number("channels_in", self.channels_in, 1, 2)
        whole_number("channels_out", self.channels_out, self.channels_in, 2)

    @property
    def least_delay_samples(self) -> int:
        """The shortest delay that never reads what is still to come."""
        return NEWER_SAMPLES[self.interpolation] + 1


class ModulatedDelay(RecursiveBlock):
    """Read every channel at a moving delay.

    Attributes:
        trajectory: ``(channels_out, knots)``, see wetprint.blocks.periodic, in samples.
        feedback: ``(channels_out,)``, held below 1 in size.
    """

    learning_rate_factor = 0.1

    def __init__(self, config: ModulatedDelayConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = config.channels_in, config.channels_out
        self.context_samples = SETTLING_ROUNDS * config.most_delay_samples
        middle = 0.5 * (config.least_delay_samples + config.most_delay_samples)
        self.trajectory = nn.Parameter(torch.full((config.channels_out, config.knots), middle))
        self.feedback = nn.Parameter(torch.zeros(config.channels_out))

    def delays(self, start_sample: int, samples: int) -> Tensor:
        """Return the delay at each sample: ``(channels_out, samples)``."""
        config = self.config
        curve = periodic_curve(
            self.trajectory, phases(start_sample, samples, config.period_samples)
        )
        return curve.clamp(config.least_delay_samples, config.most_delay_samples)

    def held_feedback(self) -> Tensor:
        """Return the feedback as it acts: ``(channels_out,)``."""
        return self.feedback.clamp(-STRONGEST_FEEDBACK, STRONGEST_FEEDBACK)

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        audio = audio.expand(-1, self.channels_out, -1)
        delay = self.delays(start_sample, audio.shape[-1])
        method = self.config.interpolation
        return recirculate(
            read_delay_line(audio, delay, method), delay, self.held_feedback(), method
        )

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return ModulatedDelayStream(self, batch, start_sample)


class ModulatedDelayStream(BlockStream):
    """Block-wise playing: remembers what was heard and what was played, for the longest delay."""

    def __init__(self, block: ModulatedDelay, batch: int, start_sample: int):
        self.block, self.next_sample = block, start_sample
        config = block.config
        self.memory = config.most_delay_samples + TAPS[config.interpolation]
        self.heard = block.trajectory.new_zeros((batch, block.channels_out, self.memory))
        self.played = self.heard

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        samples = audio.shape[-1]
        if samples == 0:
            return audio.new_zeros((audio.shape[0], self.block.channels_out, 0))
        with torch.no_grad():
            delay = self.block.delays(self.next_sample, samples)
            method, feedback = self.block.config.interpolation, self.block.held_feedback()
            heard = torch.cat([self.heard, audio.expand(-1, self.block.channels_out, -1)], dim=-1)
            read = read_delay_line(heard, delay, method, self.memory)
            wet = recirculate(read, delay, feedback, method, self.played)
        self.heard = heard[..., -self.memory :]
        self.played = torch.cat([self.played, wet], dim=-1)[..., -self.memory :]
        self.next_sample += samples
        return wet


def sampled_trajectory(harmonics: np.ndarray, knots: int) -> np.ndarray:
    """Return a Fourier series at the knots of a curve: ``(knots,)``.

    Args:
        harmonics: the mean, then a cosine's and a sine's amplitude for each harmonic in turn.
        knots: how many.
    """
    turn = 2.0 * np.pi * np.arange(knots) / knots
    orders = np.arange(1, len(harmonics) // 2 + 1)[:, None]
    waves = harmonics[1::2, None] * np.cos(orders * turn)
    waves = waves + harmonics[2::2, None] * np.sin(orders * turn)
    return harmonics[0] + waves.sum(0)
