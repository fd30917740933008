"""A gain that follows an LFO: tremolo, and with two sides apart, panning.

``y[t] = g(t) x[t]`` with ``g`` a closed curve over the LFO's phase, of any shape: a sine, a
chopper's square, the lopsided swell of a lamp before a light-dependent resistor (Zölzer 2011, DAFX,
on amplitude modulation). What else an effect does to the sound stands in other blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wetprint.blocks.block import Block
from wetprint.blocks.checks import whole_number
from wetprint.blocks.periodic import MOST_KNOTS, check_period, periodic_curve, phases


@dataclass(frozen=True)
class AmplitudeModulationConfig:
    """The LFO.

    Attributes:
        period_samples: one turn of the LFO, which stands at phase 0 at absolute time 0.
        knots: of the curve over a turn.
        channels_in: 1 or 2; one is heard by both sides.
        channels_out: 1 or 2; each has a curve of its own.
    """

    period_samples: float
    knots: int = 64
    channels_in: int = 1
    channels_out: int = 1

    def __post_init__(self) -> None:
        check_period(self.period_samples)
        whole_number("knots", self.knots, 4, MOST_KNOTS)
        whole_number("channels_in", self.channels_in, 1, 2)
        whole_number("channels_out", self.channels_out, self.channels_in, 2)


class AmplitudeModulation(Block):
    """Multiply every channel by a gain that moves; untrained, it changes nothing.

    Attributes:
        gain: ``(channels_out, knots)``, see wetprint.blocks.periodic; linear, may be negative.
    """

    learning_rate_factor = 0.1

    def __init__(self, config: AmplitudeModulationConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = config.channels_in, config.channels_out
        self.gain = nn.Parameter(torch.ones(config.channels_out, config.knots))

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        phase = phases(start_sample, audio.shape[-1], self.config.period_samples)
        return audio * periodic_curve(self.gain, phase)
