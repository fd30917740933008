"""A WaveNet that chooses among the steps of a mu-law scale, as the original does.

Gated dilated convolutions whose activations are summed, two mixes with ReLU, and a softmax over the
steps of the scale (van den Oord et al. 2016, arXiv:1609.03499, sections 2.2 to 2.4; mu-law: ITU-T
G.711). Unlike the original it generates nothing: it hears the dry signal, not what it said before,
and what it plays is not drawn from what it holds likely but its mean, which is the least squares
estimate. It is here to be compared with.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from wetprint.blocks.block import Block, BlockStream
from wetprint.blocks.checks import LONGEST_MEMORY_SAMPLES, number, whole_number
from wetprint.blocks.dilated import DilatedLayer, LayerMemory
from wetprint.blocks.dry import latest
from wetprint.blocks.wavenet import LayerArray, WaveNetArray

MU = 255.0


@dataclass(frozen=True)
class MuLawWaveNetConfig:
    """The shape of the network.

    Attributes:
        width: channels of every layer.
        head_width: channels between the two mixes behind the layers.
        kernel_size: taps of every convolution.
        dilations: distance between taps in samples, one entry a layer.
        steps: of the scale, for each channel out.
        reach: the amplitude where the scale ends, on both sides.
        channels_in: channels of audio in.
        channels_out: channels of audio out.
    """

    width: int = 16
    head_width: int = 32
    kernel_size: int = 2
    dilations: tuple[int, ...] = tuple(2**octave for octave in range(10)) * 2
    steps: int = 256
    reach: float = 1.0
    channels_in: int = 1
    channels_out: int = 1

    def __post_init__(self) -> None:
        whole_number("head_width", self.head_width, 1, 1024)
        whole_number("steps", self.steps, 2, 1024)
        number("reach", self.reach, 1e-9, 1e9)
        whole_number("channels_in", self.channels_in, 1, 2)
        whole_number("channels_out", self.channels_out, 1, 2)
        whole_number("receptive field", self.array.context_samples, 0, LONGEST_MEMORY_SAMPLES)

    @property
    def array(self) -> WaveNetArray:
        """The layers, and the first of the two mixes behind them."""
        shape = self.width, self.head_width, self.dilations, self.kernel_size
        return WaveNetArray(*shape, activation="gated", head_bias=True)


class MuLawWaveNet(Block):
    """The whole network."""

    keeps_silence = False

    def __init__(self, config: MuLawWaveNetConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = config.channels_in, config.channels_out
        self.context_samples = config.array.context_samples
        self.array = LayerArray(config.array, config.channels_in, config.channels_in)
        self.choice = nn.Conv1d(config.head_width, config.channels_out * config.steps, 1)

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        return self.expected(self.likelihoods(audio))

    def likelihoods(self, audio: Tensor) -> Tensor:
        """Return the softmax's arguments, ``(batch, channels_out, steps, time)``; see ``valid``."""
        heard = compressed(audio)
        wet = self.array(heard, heard, None).wet  # (batch, head_width, time)
        return self.chosen(wet)

    def chosen(self, mixed: Tensor) -> Tensor:
        """Return the softmax's arguments from what the first mix returns."""
        choice = self.choice(functional.relu(mixed))
        return choice.unflatten(1, (self.channels_out, self.config.steps))

    def expected(self, likelihoods: Tensor) -> Tensor:
        """Return the mean amplitude: ``(batch, channels_out, time)``."""
        return (torch.softmax(likelihoods, 2) * self.amplitudes()[:, None]).sum(2)

    def amplitudes(self) -> Tensor:
        """Return the amplitude of every step of the scale, ``(steps,)``."""
        places = torch.linspace(-1.0, 1.0, self.config.steps).to(self.choice.weight)
        return self.config.reach * expanded(places)

    def cross_entropy(self, audio: Tensor, wet: Tensor) -> Tensor:
        """Return how unlikely the network holds the steps that the wet signal takes, in nepers.

        Args:
            audio: ``(batch, channels_in, time + context_samples)``.
            wet: ``(batch, channels_out, time)``; beyond the scale's end it counts as the last step.
        """
        place = compressed((wet / self.config.reach).clamp(-1.0, 1.0))
        steps = (0.5 * (place + 1.0) * (self.config.steps - 1)).round().long()
        return functional.cross_entropy(self.likelihoods(audio).transpose(1, 2), steps)

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return MuLawWaveNetStream(self, batch)


class MuLawWaveNetStream(BlockStream):
    """Block-wise playing: each layer remembers only its own reach, nothing is computed twice."""

    def __init__(self, network: MuLawWaveNet, batch: int):
        self.network, self.memory = network, LayerMemory()
        silence = torch.zeros(batch, network.channels_in, network.context_samples + 1)
        self._play(silence.to(network.choice.weight), 1)

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        if audio.shape[-1] == 0:
            return audio.new_zeros((audio.shape[0], self.network.channels_out, 0))
        return self._play(audio, audio.shape[-1])

    def _play(self, audio: Tensor, wanted: int) -> Tensor:
        """Play the last ``wanted`` samples of ``(batch, channels_in, time)``."""
        array, heard = self.network.array, compressed(audio)
        hidden, summed = array.lift(heard), heard.new_zeros(())
        for layer in cast(Iterable[DilatedLayer], array.layers):
            active, hidden = layer(self.memory.recall(layer, hidden), heard)
            summed = summed + latest(active, wanted)
        return self.network.expected(self.network.chosen(array.head(summed)))


def compressed(audio: Tensor) -> Tensor:
    """Return where amplitudes lie on the scale: 1 at 1, and beyond it further on.

    >>> round(float(compressed(torch.tensor(-0.01))), 4)
    -0.2285
    """
    return torch.sign(audio) * torch.log1p(MU * audio.abs()) / math.log1p(MU)


def expanded(places: Tensor) -> Tensor:
    """Return the amplitudes at places on the scale; the reverse of ``compressed``."""
    return torch.sign(places) * torch.expm1(places.abs() * math.log1p(MU)) / MU
