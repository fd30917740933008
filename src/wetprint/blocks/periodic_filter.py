"""A filter whose response comes again with every turn of an LFO: anything linear and periodic.

Rotary speakers, wahs that an LFO moves, vibrato of a few samples and phasers are this (linear
periodically time-varying systems: Vaidyanathan 1993, Multirate Systems and Filter Banks, section
10.1). Responses stand at equal phases and are blended by a closed cubic B-spline (``periodic.py``)
at the moment of the output: ``y(t) = sum over k of B_k(phase(t)) (h_k * x)(t)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from wetprint.blocks.block import Block
from wetprint.blocks.checks import whole_number
from wetprint.blocks.convolution import convolve_valid
from wetprint.blocks.periodic import check_period, periodic_curve, phases

MOST_KNOTS, MOST_TAPS = 256, 8192

MOST_WEIGHTS = 1 << 22
"""Of one block."""

PIECE_SAMPLES = 1 << 14
"""All responses are heard at once for so many samples; it bounds the memory of a long file."""


@dataclass(frozen=True)
class PeriodicFilterConfig:
    """How the filter is built.

    Attributes:
        period_samples: of the LFO, whose turn begins at absolute time zero.
        knots: responses over a turn.
        taps: length of each.
        channels_in: every pair of channels has responses of its own.
        channels_out: likewise.
    """

    period_samples: float = 48_000.0
    knots: int = 32
    taps: int = 256
    channels_in: int = 1
    channels_out: int = 1

    def __post_init__(self) -> None:
        check_period(self.period_samples)
        whole_number("knots", self.knots, 4, MOST_KNOTS)
        whole_number("taps", self.taps, 1, MOST_TAPS)
        whole_number("channels_in", self.channels_in, 1, 2)
        whole_number("channels_out", self.channels_out, 1, 2)
        weights = self.knots * self.taps * self.channels_in * self.channels_out
        if weights > MOST_WEIGHTS:
            raise ValueError(
                f"knots times taps times channels must be at most {MOST_WEIGHTS}, got {weights}"
            )


class PeriodicFilter(Block):
    """Filter with what the phase blends; untrained it passes audio through."""

    learning_rate_factor = 0.1

    def __init__(self, config: PeriodicFilterConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = config.channels_in, config.channels_out
        self.context_samples = config.taps - 1
        shape = (config.knots, config.channels_out, config.channels_in, config.taps)
        response = torch.zeros(shape)
        response[..., 0] = 1.0 / config.channels_in
        self.response = nn.Parameter(response)

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        context = self.context_samples
        pieces = []
        for first in range(0, audio.shape[-1] - context, PIECE_SAMPLES):
            heard = audio[..., first : first + context + PIECE_SAMPLES]
            pieces.append(self._piece(heard, start_sample + first + context))
        return torch.cat(pieces, dim=-1)

    def _piece(self, audio: Tensor, first_sample: int) -> Tensor:
        knots, out = self.config.knots, self.channels_out
        filtered = convolve_valid(audio, self.response.flatten(0, 1))  # (batch, knots * out, time)
        samples = filtered.shape[-1]
        weights = knot_weights(phases(first_sample, samples, self.config.period_samples), knots)
        weights = weights.to(filtered)  # (knots, time)
        return (filtered.view(-1, knots, out, samples) * weights[:, None]).sum(1)


def knot_weights(phase: np.ndarray, knots: int) -> Tensor:
    """Return what every knot weighs at some phases: ``(knots, time)`` float64."""
    return periodic_curve(torch.eye(knots, dtype=torch.float64), phase)
