"""A network of diagonal state spaces: S4D layers between linear mixes and nonlinearities.

After the S4 models of NablAFx (Comunità et al. 2025, arXiv:2502.11668; the layers are those of
Gu et al. 2022, arXiv:2206.11893, in the form of ``diagonal_states.py``): lift to ``width``
channels; in each layer a linear mix, tanh, a state space for each channel, tanh, and what the layer
heard added with a gain for each channel; mix down. Like a recurrent network it remembers for as
long as it needs to, unlike one it is trained by convolution. Left out: the tanh after the mix-down,
which would clip what is learned at unit loudness.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from wetprint.blocks.block import BlockStream, RecursiveBlock
from wetprint.blocks.checks import whole_number
from wetprint.blocks.diagonal_states import DiagonalStates
from wetprint.blocks.dry import with_dry

WARM_UP_SAMPLES = 4096
"""What ``valid`` drops: in training, the states find their way to the sound in so many samples."""


@dataclass(frozen=True)
class StateSpaceConfig:
    """The shape of the network.

    Attributes:
        width: hidden channels of every layer.
        states: pairs of conjugate modes that each channel of a layer drives.
        layers: how many layers.
        channels_in: channels of audio in.
        channels_out: channels of audio out.
        skip: whether the dry signal is added to the output, which makes the untrained network
            pass audio through.
    """

    width: int = 16
    states: int = 32
    layers: int = 8
    channels_in: int = 1
    channels_out: int = 1
    skip: bool = True

    def __post_init__(self) -> None:
        whole_number("width", self.width, 1, 1024)
        whole_number("states", self.states, 1, 1024)
        whole_number("layers", self.layers, 1, 64)
        whole_number("channels_in", self.channels_in, 1, 2)
        whole_number("channels_out", self.channels_out, 1, 2)


class StateSpaceLayer(nn.Module):
    """One layer: linear, tanh, state spaces, tanh, and the residual step."""

    def __init__(self, width: int, states: int):
        super().__init__()
        self.linear = nn.Conv1d(width, width, 1)
        self.spaces = DiagonalStates(width, states)
        self.residual = nn.Parameter(torch.ones(width))

    def heard(self, hidden: Tensor) -> Tensor:
        """Return what the state spaces hear of ``(batch, width, time)``."""
        return torch.tanh(self.linear(hidden))

    def result(self, hidden: Tensor, resonant: Tensor) -> Tensor:
        """Return the layer's output from what it and its state spaces gave."""
        return torch.tanh(resonant) + self.residual[:, None] * hidden

    def forward(self, hidden: Tensor, rest: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the layer makes of ``hidden``, and of what stood before it for ever.

        Args:
            hidden: ``(batch, width, time)``.
            rest: ``(1, width, 1)``, what ``hidden`` was before its first sample.
        """
        heard, heard_before = self.heard(hidden), self.heard(rest)
        before = self.spaces.constant_gain()[:, None] * heard_before
        resonant = self.spaces.convolve(heard - heard_before) + before
        return self.result(hidden, resonant), self.result(rest, before)


class StateSpace(RecursiveBlock):
    """The whole network."""

    keeps_silence = False

    def __init__(self, config: StateSpaceConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = config.channels_in, config.channels_out
        self.context_samples = WARM_UP_SAMPLES
        self.lift = nn.Conv1d(config.channels_in, config.width, 1)
        self.layers = nn.ModuleList(
            StateSpaceLayer(config.width, config.states) for _ in range(config.layers)
        )
        self.mix_down = nn.Conv1d(config.width, config.channels_out, 1)
        self.dry_gain = nn.Parameter(torch.ones(())) if config.skip else None
        if config.skip:  # the untrained network passes audio through
            for parameter in self.mix_down.parameters():
                nn.init.zeros_(parameter)

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        hidden = self.lift(audio)
        rest = self.lift(audio.new_zeros((1, self.channels_in, 1)))
        for layer in self.layers:
            hidden, rest = layer(hidden, rest)
        return with_dry(self.mix_down(hidden), audio, self.dry_gain)

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return StateSpaceStream(self, batch)


class StateSpaceStream(BlockStream):
    """Block-wise playing: every mode's state is carried on."""

    def __init__(self, network: StateSpace, batch: int):
        self.network = network
        self.layers = list(cast(Iterable[StateSpaceLayer], network.layers))
        self.before = []  # what each layer's state spaces heard in silence, and made of it
        rest = network.lift(network.lift.weight.new_zeros((1, network.channels_in, 1)))
        for layer in self.layers:
            heard = layer.heard(rest)
            resonant = layer.spaces.constant_gain()[:, None] * heard
            self.before.append((heard, resonant))
            rest = layer.result(rest, resonant)
        self.states = [layer.spaces.rest(batch) for layer in self.layers]

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        network = self.network
        if audio.shape[-1] == 0:
            return audio.new_zeros((audio.shape[0], network.channels_out, 0))
        hidden = network.lift(audio)
        for at, layer in enumerate(self.layers):
            before, resonant_before = self.before[at]
            heard = layer.heard(hidden) - before
            resonant, self.states[at] = layer.spaces.advance(heard, self.states[at])
            hidden = layer.result(hidden, resonant + resonant_before)
        return with_dry(network.mix_down(hidden), audio, network.dry_gain)
