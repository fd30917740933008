"""A convolutional network that predicts one sample from the window that ends with it.

Convolutions with ReLU, each halving its time by max-pooling, then fully connected layers: the
classic image classifier (LeCun et al. 1998, doi:10.1109/5.726791) turned to one dimension, as early
studies of neural effects adapted it from the introductory examples of their libraries. They slide a
window along the audio and compute it afresh for every sample. Here all samples are computed at
once: pooling every second value for a window at every place is pooling neighbours and spreading
whatever follows twice as far apart (Sermanet et al. 2014, arXiv:1312.6229, section 3.3). What comes
out is the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from wetprint.blocks.block import Block
from wetprint.blocks.checks import LONGEST_MEMORY_SAMPLES, whole_number


@dataclass(frozen=True)
class WindowCnnConfig:
    """The shape of the network.

    Attributes:
        filters: of each convolution, in order.
        kernel_size: taps of every convolution.
        pool_every: after how many convolutions there is a max-pooling by two.
        places: how many places in time are left when the fully connected layers begin.
        hidden: units of each fully connected layer but the last, which has one a channel out.
        channels_in: channels of audio in.
        channels_out: channels of audio out.
    """

    filters: tuple[int, ...] = (16, 32)
    kernel_size: int = 5
    pool_every: int = 1
    places: int = 29
    hidden: tuple[int, ...] = (64,)
    channels_in: int = 1
    channels_out: int = 1

    def __post_init__(self) -> None:
        whole_number("number of filters", len(self.filters), 1, 16)
        whole_number("number of hidden", len(self.hidden), 1, 16)
        for units in (*self.filters, *self.hidden):
            whole_number("units of a layer", units, 1, 1024)
        whole_number("kernel_size", self.kernel_size, 1, 1024)
        whole_number("pool_every", self.pool_every, 1, 16)
        whole_number("places", self.places, 1, 4096)
        whole_number("channels_in", self.channels_in, 1, 2)
        whole_number("channels_out", self.channels_out, 1, 2)
        whole_number("window", self.window_samples, 1, LONGEST_MEMORY_SAMPLES)

    def is_pooled(self, position: int) -> bool:
        """Say whether the convolution at a position is followed by pooling."""
        return (position + 1) % self.pool_every == 0

    @property
    def spacings(self) -> tuple[int, ...]:
        """How many samples lie between the values that each convolution hears, and at the end."""
        pooled = (self.is_pooled(position) for position in range(len(self.filters)))
        return tuple(itertools.accumulate((1 + each for each in pooled), int.__mul__, initial=1))

    @property
    def window_samples(self) -> int:
        """The length of the window."""
        window = self.places
        for position in reversed(range(len(self.filters))):
            window = window * (1 + self.is_pooled(position)) + self.kernel_size - 1
        return window


class WindowCnn(Block):
    """The whole network, played at every sample."""

    keeps_silence = False

    def __init__(self, config: WindowCnnConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = config.channels_in, config.channels_out
        self.context_samples = config.window_samples - 1
        rows = (config.channels_in, *config.filters)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(heard, made, config.kernel_size, dilation=spacing)
            for heard, made, spacing in zip(rows, rows[1:], config.spacings, strict=False)
        )
        first = nn.Conv1d(rows[-1], config.hidden[0], config.places, dilation=config.spacings[-1])
        units = (*config.hidden, config.channels_out)
        others = [nn.Conv1d(heard, made, 1) for heard, made in itertools.pairwise(units)]
        self.connected = nn.ModuleList([first, *others])
        for name, weights in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(weights)
            else:
                nn.init.kaiming_normal_(weights, nonlinearity="relu")

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        hidden = audio
        for convolution, spacing in self._convolved():
            hidden = functional.relu(convolution(hidden))
            if spacing:
                hidden = torch.maximum(hidden[..., :-spacing], hidden[..., spacing:])
        *layers, last = self.connected
        for layer in layers:
            hidden = functional.relu(layer(hidden))
        return last(hidden)

    def _convolved(self) -> Iterator[tuple[nn.Module, int]]:
        """Give every convolution with how far apart the values pooled after it lie, or 0."""
        spacings = self.config.spacings
        for position, convolution in enumerate(self.convolutions):
            yield convolution, spacings[position] if self.config.is_pooled(position) else 0
