"""A network of diagonal state spaces: S4D layers between linear mixes and nonlinearities.

After the S4 models of NablAFx (Comunità et al. 2025, arXiv:2502.11668; the layers are those of
Gu et al. 2022, arXiv:2206.11893, in the form of ``diagonal_states.py``): lift to ``width``
channels; in each layer a linear mix, tanh, a state space for each channel, temporal FiLM where it
is asked for (``temporal_film.py``), tanh, and what the layer heard added with a gain for each
channel; mix down. Like a recurrent network it remembers for as long as it needs to, unlike one it
is trained by convolution. Left out: the tanh after the mix-down, which would clip what is learned
at unit loudness.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from wetprint.blocks.block import BlockStream, RecursiveBlock
from wetprint.blocks.checks import LONGEST_MEMORY_SAMPLES, whole_number
from wetprint.blocks.diagonal_states import DiagonalStates
from wetprint.blocks.dry import with_dry
from wetprint.blocks.temporal_film import FilmState, TemporalFilm

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
        film_samples: samples of a block in which temporal FiLM stands still; 0 leaves it out.
    """

    width: int = 16
    states: int = 32
    layers: int = 8
    channels_in: int = 1
    channels_out: int = 1
    skip: bool = True
    film_samples: int = 0

    def __post_init__(self) -> None:
        whole_number("film_samples", self.film_samples, 0, LONGEST_MEMORY_SAMPLES)
        whole_number("width", self.width, 1, 1024)
        whole_number("states", self.states, 1, 1024)
        whole_number("layers", self.layers, 1, 64)
        whole_number("channels_in", self.channels_in, 1, 2)
        whole_number("channels_out", self.channels_out, 1, 2)


@dataclass
class LayerPast:
    """What a layer needs of its past.

    Attributes:
        heard: ``(1, width, 1)``, what its state spaces heard in silence.
        resonant: ``(1, width, 1)``, what they made of it.
        modes: ``(batch, width, states)``, complex, their state apart from that.
        film: the modulation's state, where there is one.
    """

    heard: Tensor
    resonant: Tensor
    modes: Tensor
    film: FilmState | None


class StateSpaceLayer(nn.Module):
    """One layer: linear, tanh, state spaces, modulation, tanh, and the residual step."""

    def __init__(self, config: StateSpaceConfig):
        super().__init__()
        self.linear = nn.Conv1d(config.width, config.width, 1)
        self.spaces = DiagonalStates(config.width, config.states)
        film = config.film_samples
        self.film = TemporalFilm(config.width, film) if film else None
        self.residual = nn.Parameter(torch.ones(config.width))

    def settled(self, rest: Tensor, batch: int, start_sample: int) -> tuple[LayerPast, Tensor]:
        """Return what a constant leaves, and what the layer makes of it.

        Args:
            rest: ``(1, width, 1)``.
            batch: of what will be heard.
            start_sample: absolute time at which it begins.
        """
        heard = torch.tanh(self.linear(rest))
        resonant = self.spaces.constant_gain()[:, None] * heard
        film, moved = None, resonant
        if self.film is not None:
            film = self.film.rest(resonant, start_sample)
            moved, _ = self.film(resonant, FilmState(resonant[..., :0], film.hidden, film.cell))
        past = LayerPast(heard, resonant, self.spaces.rest(batch), film)
        return past, torch.tanh(moved) + self.residual[:, None] * rest

    def forward(self, hidden: Tensor, past: LayerPast, goes_on: bool) -> Tensor:
        """Return what the layer makes of ``(batch, width, time)``; what is past moves on.

        Args:
            hidden: what it hears.
            past: what was before; as ``settled`` returns it unless ``goes_on``.
            goes_on: whether more will come, and the state spaces' state is wanted.
        """
        heard = torch.tanh(self.linear(hidden)) - past.heard
        if goes_on:
            resonant, past.modes = self.spaces.advance(heard, past.modes)
        else:
            resonant = self.spaces.convolve(heard)
        resonant = resonant + past.resonant
        if self.film is not None and past.film is not None:
            resonant, past.film = self.film(resonant, past.film)
        return torch.tanh(resonant) + self.residual[:, None] * hidden


class StateSpace(RecursiveBlock):
    """The whole network."""

    keeps_silence = False

    def __init__(self, config: StateSpaceConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = config.channels_in, config.channels_out
        self.context_samples = WARM_UP_SAMPLES
        self.lift = nn.Conv1d(config.channels_in, config.width, 1)
        self.layers = nn.ModuleList(StateSpaceLayer(config) for _ in range(config.layers))
        self.mix_down = nn.Conv1d(config.width, config.channels_out, 1)
        self.dry_gain = nn.Parameter(torch.ones(())) if config.skip else None
        if config.skip:  # the untrained network passes audio through
            for parameter in self.mix_down.parameters():
                nn.init.zeros_(parameter)

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        return self.play(audio, self.settled(len(audio), start_sample), goes_on=False)

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return StateSpaceStream(self, batch, start_sample)

    def settled(self, batch: int, start_sample: int) -> list[LayerPast]:
        """Return what silence leaves in each layer when a sound begins at an absolute time."""
        rest = self.lift(self.lift.weight.new_zeros((1, self.channels_in, 1)))
        pasts = []
        for layer in cast(Iterable[StateSpaceLayer], self.layers):
            past, rest = layer.settled(rest, batch, start_sample)
            pasts.append(past)
        return pasts

    def play(self, audio: Tensor, pasts: list[LayerPast], goes_on: bool) -> Tensor:
        """Play ``(batch, channels_in, time)``; see ``StateSpaceLayer.forward``."""
        hidden = self.lift(audio)
        for layer, past in zip(self.layers, pasts, strict=True):
            hidden = layer(hidden, past, goes_on)
        return with_dry(self.mix_down(hidden), audio, self.dry_gain)


class StateSpaceStream(BlockStream):
    """Block-wise playing: every mode's state is carried on."""

    def __init__(self, network: StateSpace, batch: int, start_sample: int):
        self.network, self.pasts = network, network.settled(batch, start_sample)

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        if audio.shape[-1] == 0:
            return audio.new_zeros((audio.shape[0], self.network.channels_out, 0))
        return self.network.play(audio, self.pasts, goes_on=True)
