"""An impulse response that moves in a cycle: reverbs and echoes whose tail is modulated.

What a sound becomes depends on the moment it enters: ``y(t) = sum over u of h(u, t - u) x(u)``
with ``h`` periodic in ``u``, a linear periodically time-varying system (Zadeh 1950,
doi:10.1109/JRPROC.1950.231083). ``h`` is kept as responses at evenly spread moments of the cycle,
between which cubic B-splines interpolate (Unser 1999, doi:10.1109/79.799930). Since the weights
belong to the input, each stretch of it is convolved with a handful of responses, however long they
are and however many there are.

Tails are dull: a block may run at a fraction of the sample rate, behind a linear-phase low-pass and
in front of another. Nothing can then come out sooner than the two delay it. Left out: more than one
channel in, and motions of several rates that have no common period.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.fft import next_fast_len
from scipy.signal import firwin
from torch import Tensor, nn
from torch.nn import functional

from wetprint.blocks.block import Block
from wetprint.blocks.checks import LONGEST_MEMORY_SAMPLES, number, whole_number

SPLINE_SUPPORT = 4
"""How many responses a sample is sent through: the width of a cubic B-spline."""

LOBES = 12
"""Of the low-pass, to each side of its middle."""

CUTOFF = 0.9
"""Of the low-pass, as a share of half the low rate: 6 dB down, and 60 dB down at 1.05."""

KAISER_BETA = 6.0

MOST_WEIGHTS = 1 << 27
"""Half a gigabyte; a file from a stranger may not ask for more."""

FRAME_FLOATS = 1 << 22
"""Spectra that are worked on at once; it bounds the memory of a long file."""


@dataclass(frozen=True)
class MovingFirConfig:
    """How the cycle and its responses are kept.

    Attributes:
        period_samples: length of the cycle; a fraction of a sample counts over a long piece.
        phases: evenly spread moments of the cycle that have a response of their own.
        taps: length of each response, in samples of the low rate.
        decimation: how many samples make one of the low rate; 1 leaves the low-passes out.
        channels_out: every one has its responses.
    """

    period_samples: float
    phases: int
    taps: int
    decimation: int = 1
    channels_out: int = 1

    def __post_init__(self) -> None:
        whole_number("phases", self.phases, 1, 1 << 16)
        whole_number("decimation", self.decimation, 1, 64)
        whole_number("taps", self.taps, 1, LONGEST_MEMORY_SAMPLES // self.decimation)
        whole_number("channels_out", self.channels_out, 1, 2)
        least = self.phases * self.decimation
        number("period_samples", self.period_samples, 1, LONGEST_MEMORY_SAMPLES)
        if self.period_samples < least:
            raise ValueError(
                f"period_samples must be at least phases x decimation = {least}, "
                f"got {self.period_samples}"
            )
        if self.channels_out * self.phases * self.taps > MOST_WEIGHTS:
            raise ValueError(f"phases x taps x channels_out must be at most {MOST_WEIGHTS}")

    @property
    def filter_delay_samples(self) -> int:
        """How long each of the two low-passes takes."""
        return LOBES * self.decimation if self.decimation > 1 else 0


class MovingFir(Block):
    """Convolve each moment's sound with that moment's response."""

    learning_rate_factor = 0.1

    low_pass: Tensor  # (2 x LOBES x decimation + 1,)

    def __init__(self, config: MovingFirConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = 1, config.channels_out
        self.context_samples = (
            config.decimation * (config.taps - 1) + 4 * config.filter_delay_samples
        )
        responses = torch.zeros(config.channels_out, config.phases, config.taps)
        responses[..., 0] = 1.0  # a wire, late by the low-passes, until it is learned
        self.responses = nn.Parameter(responses)
        low_pass = torch.from_numpy(low_pass_response(config.decimation)).float()
        self.register_buffer("low_pass", low_pass, persistent=False)

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        step, reach = self.config.decimation, len(self.low_pass) - 1
        first = -(-(start_sample + reach) // step)  # of the low rate, whose past is all there
        heard = audio[..., first * step - reach - start_sample :]
        low = functional.conv1d(heard, self.low_pass.flip(0)[None, None], stride=step)
        wet = self._convolve(low[:, 0], first)  # (batch, out, low time)
        rows = wet.flatten(0, 1)[:, None]
        high = functional.conv_transpose1d(rows, step * self.low_pass[None, None], stride=step)
        skipped = start_sample + self.context_samples - first * step
        wanted = audio.shape[-1] - self.context_samples
        return high[:, 0, skipped : skipped + wanted].unflatten(0, wet.shape[:2])

    def _convolve(self, low: Tensor, first: int) -> Tensor:
        """Convolve ``(batch, low time)`` from low sample ``first`` on: (batch, out, low time)."""
        config, length = self.config, low.shape[-1]
        spacing = config.period_samples / config.phases / config.decimation  # low samples
        entry = first - config.filter_delay_samples // config.decimation
        stretches = _Stretches(spacing, entry, length)
        fft_samples = next_fast_len(stretches.width + config.taps - 1, real=True)
        at_once = FRAME_FLOATS // (fft_samples * self.channels_out * low.shape[0])
        margin = stretches.width + fft_samples  # the first begins, and the last ends, beyond
        played = low.new_zeros(low.shape[0], self.channels_out, length + 2 * margin)
        padded = functional.pad(low, (margin, margin))
        for knots, begins in stretches.groups(max(1, at_once)):
            index = torch.from_numpy(begins[:, None] + np.arange(stretches.width)).to(low.device)
            away = (begins[:, None] + np.arange(stretches.width) + entry) / spacing - knots[:, None]
            weights = cubic_spline(torch.from_numpy(away)).to(low)  # (knot, width)
            heard = padded[:, index + margin] * weights  # (batch, knot, width)
            kept = torch.from_numpy(knots % config.phases).to(low.device)
            spectrum = torch.fft.rfft(self.responses[:, kept], fft_samples)  # (out, knot, bins)
            bins = torch.fft.rfft(heard, fft_samples)[:, None]  # (batch, 1, knot, bins)
            wet = torch.fft.irfft(spectrum * bins, fft_samples)  # (batch, out, knot, time)
            place = torch.from_numpy(begins[:, None] + np.arange(margin, margin + fft_samples))
            played = played.index_add(-1, place.flatten().to(low.device), wet.flatten(2))
        return played[..., margin : margin + length]


@dataclass(frozen=True)
class _Stretches:
    """Which stretch of the low rate belongs to which knot of the splines.

    Attributes:
        spacing: low samples from knot to knot.
        entry: when the first sample entered, in low samples.
        length: low samples in all.
    """

    spacing: float
    entry: int
    length: int

    @property
    def width(self) -> int:
        """Samples that one knot's spline may reach."""
        return math.ceil(SPLINE_SUPPORT * self.spacing) + 1

    def groups(self, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Give so many knots at a time, and the sample at which each one's stretch begins."""
        first = math.floor(self.entry / self.spacing) - 1
        last = math.ceil((self.entry + self.length) / self.spacing) + 1
        for start in range(first, last + 1, size):
            knots = np.arange(start, min(start + size, last + 1))
            begins = np.ceil((knots - SPLINE_SUPPORT / 2) * self.spacing).astype(int) - self.entry
            yield knots, begins


def low_pass_response(decimation: int) -> np.ndarray:
    """Return the low-pass in front of and behind a low rate: (2 x LOBES x decimation + 1,)."""
    if decimation == 1:
        return np.ones(1)
    return firwin(2 * LOBES * decimation + 1, CUTOFF / decimation, window=("kaiser", KAISER_BETA))


def cubic_spline(position: Tensor) -> Tensor:
    """Return the cubic B-spline of unit knots around zero, where it is 2/3.

    >>> cubic_spline(torch.tensor([0.0, -1.0, 2.0])).tolist()
    [0.6666666865348816, 0.1666666716337204, 0.0]
    """
    away = position.abs()
    near = 2 / 3 - away.square() + away**3 / 2
    far = (2 - away).clamp(min=0.0) ** 3 / 6
    return torch.where(away < 1.0, near, far)
