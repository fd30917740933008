"""Dilated convolutions whose layers are modulated by what was heard before: temporal FiLM.

The stack of ``dilated.py``; the activations of each layer are scaled and shifted, block after
block, as ``temporal_film.py`` describes, before they are mixed into the residual step. After the
GCN-TF and TCN-TF models of Comunità et al. 2023 (arXiv:2211.00497), which NablAFx has too; there
what goes into the nonlinearity is modulated, here what comes out of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from wetprint.blocks.block import BlockStream, RecursiveBlock
from wetprint.blocks.checks import LONGEST_MEMORY_SAMPLES, whole_number
from wetprint.blocks.dilated import DilatedConfig, DilatedLayer
from wetprint.blocks.dry import latest, with_dry
from wetprint.blocks.temporal_film import FilmState, TemporalFilm

WARM_UP_BLOCKS = 16
"""What ``valid`` drops beside the reach of the convolutions: in training, the modulation finds its
way to the sound in so many blocks."""


@dataclass(frozen=True)
class FilmDilatedConfig:
    """The shape of the network; see DilatedConfig.

    Attributes:
        width: hidden channels of every layer.
        kernel_size: taps of every convolution.
        dilations: distance between taps in samples, one entry a layer.
        activation: "tanh", "gated" (tanh times sigmoid), or "leaky_relu".
        film_samples: samples of a block, in which the modulation stands still.
        channels_in: channels of audio in.
        channels_out: channels of audio out.
        skip: whether the dry signal is added to the output.
    """

    width: int = 16
    kernel_size: int = 3
    dilations: tuple[int, ...] = (1, 3, 9, 27, 81, 243)
    activation: str = "gated"
    film_samples: int = 128
    channels_in: int = 1
    channels_out: int = 1
    skip: bool = True

    def __post_init__(self) -> None:
        whole_number("film_samples", self.film_samples, 1, LONGEST_MEMORY_SAMPLES)
        assert self.stack is not None  # which checks the rest

    @property
    def stack(self) -> DilatedConfig:
        """The layers."""
        return DilatedConfig(
            channels_in=self.channels_in,
            channels_out=self.channels_out,
            width=self.width,
            kernel_size=self.kernel_size,
            dilations=self.dilations,
            activation=self.activation,
            skip=self.skip,
        )


class FilmDilatedLayer(DilatedLayer):
    """A layer of the stack, and what modulates it."""

    def __init__(self, config: FilmDilatedConfig, dilation: int):
        super().__init__(config.stack, dilation)
        self.film = TemporalFilm(config.width, config.film_samples)

    def play(self, heard: Tensor, state: FilmState) -> tuple[Tensor, FilmState]:
        """Return the residual sum that the next layer hears, and the modulation's next state.

        Args:
            heard: ``(batch, width, context_samples + time)``.
            state: of the modulation, before the first of ``time`` samples.
        """
        active, state = self.film(self.activated(heard, heard), state)
        return latest(heard, active.shape[-1]) + self.residual(active), state


@dataclass
class LayerPast:
    """What a layer needs of its past: the end of what it heard, and the modulation's state."""

    heard: Tensor
    film: FilmState


class FilmDilated(RecursiveBlock):
    """The whole network: lift to ``width`` channels, the layers, mix down."""

    keeps_silence = False

    def __init__(self, config: FilmDilatedConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = config.channels_in, config.channels_out
        reach = config.stack.context_samples
        self.context_samples = reach + WARM_UP_BLOCKS * config.film_samples
        self.lift = nn.Conv1d(config.channels_in, config.width, 1)
        self.layers = nn.ModuleList(FilmDilatedLayer(config, each) for each in config.dilations)
        self.mix_down = nn.Conv1d(config.width, config.channels_out, 1)
        self.dry_gain = nn.Parameter(torch.ones(())) if config.skip else None
        if config.skip:  # the untrained network passes audio through
            for parameter in self.mix_down.parameters():
                nn.init.zeros_(parameter)

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        return self.play(audio, self.settled(start_sample))

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return FilmDilatedStream(self, start_sample)

    def settled(self, start_sample: int) -> list[LayerPast]:
        """Return what silence leaves in each layer when a sound begins at an absolute time."""
        rest = self.lift(self.lift.weight.new_zeros((1, self.channels_in, 1)))
        pasts = []
        for layer in self._layers():
            heard = rest.expand(-1, -1, layer.context_samples)
            active = layer.activated(rest.expand(-1, -1, layer.context_samples + 1), rest)
            film = layer.film.rest(active, start_sample)
            pasts.append(LayerPast(heard, film))
            still = FilmState(active[..., :0], film.hidden, film.cell)
            rest, _ = layer.play(rest.expand(-1, -1, layer.context_samples + 1), still)
        return pasts

    def play(self, audio: Tensor, pasts: list[LayerPast]) -> Tensor:
        """Play ``(batch, channels_in, time)``; what is past moves on."""
        hidden = self.lift(audio)
        for layer, past in zip(self._layers(), pasts, strict=True):
            heard = torch.cat([past.heard.expand(len(hidden), -1, -1), hidden], -1)
            past.heard = latest(heard, layer.context_samples)
            hidden, past.film = layer.play(heard, past.film)
        return with_dry(self.mix_down(hidden), audio, self.dry_gain)

    def _layers(self) -> Iterable[FilmDilatedLayer]:
        return cast(Iterable[FilmDilatedLayer], self.layers)


class FilmDilatedStream(BlockStream):
    """Block-wise playing: the layers' pasts are carried on."""

    def __init__(self, network: FilmDilated, start_sample: int):
        self.network, self.pasts = network, network.settled(start_sample)

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        if audio.shape[-1] == 0:
            return audio.new_zeros((audio.shape[0], self.network.channels_out, 0))
        return self.network.play(audio, self.pasts)
