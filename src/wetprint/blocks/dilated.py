"""Dilated causal convolutions: the feed-forward WaveNet, also known as TCN.

A stack of layers, each a causal convolution whose taps lie ``dilation`` samples apart, a
nonlinearity, and a residual step; the last layer alone, or the sum of all layers, is mixed into
the output. After van den Oord et al. 2016 (arXiv:1609.03499), in the feed-forward form of Rethage
et al. 2018 (arXiv:1706.07162) and of Wright et al. 2020 (doi:10.3390/app10030766). Left out: the
mu-law softmax output and conditioning on knobs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from wetprint.blocks.block import Block, BlockStream
from wetprint.blocks.checks import LONGEST_MEMORY_SAMPLES, one_of, whole_number
from wetprint.blocks.dry import latest, with_dry
from wetprint.engine.dilated import StackConfig, dilated_stack

ACTIVATIONS = ("tanh", "gated", "leaky_relu")
HEADS = ("last", "accumulate")


@dataclass(frozen=True)
class DilatedConfig:
    """The shape of the network.

    Attributes:
        channels_in: channels of audio in.
        channels_out: channels of audio out.
        width: hidden channels of every layer.
        kernel_size: taps of every convolution.
        dilations: distance between taps in samples, one entry a layer.
        activation: "tanh", "gated" (tanh times sigmoid), or "leaky_relu".
        head: "last" mixes the last layer's output, "accumulate" the sum of every layer's.
        input_mixin: whether each layer hears the dry signal again, beside the layer before it.
        skip: whether the dry signal is added to the output, which makes the untrained network
            pass audio through.
    """

    channels_in: int = 1
    channels_out: int = 1
    width: int = 16
    kernel_size: int = 3
    dilations: tuple[int, ...] = (1, 3, 9, 27, 81, 243, 1, 3, 9, 27, 81, 243)
    activation: str = "tanh"
    head: str = "last"
    input_mixin: bool = False
    skip: bool = True

    def __post_init__(self) -> None:
        whole_number("channels_in", self.channels_in, 1, 2)
        whole_number("channels_out", self.channels_out, 1, 2)
        whole_number("width", self.width, 1, 1024)
        whole_number("kernel_size", self.kernel_size, 1, 1024)
        whole_number("number of dilations", len(self.dilations), 1, 256)
        for dilation in self.dilations:
            whole_number("dilation", dilation, 1, LONGEST_MEMORY_SAMPLES)
        whole_number("receptive field", self.context_samples, 0, LONGEST_MEMORY_SAMPLES)
        one_of("activation", self.activation, ACTIVATIONS)
        one_of("head", self.head, HEADS)

    @property
    def context_samples(self) -> int:
        """How far the stack reaches back."""
        return (self.kernel_size - 1) * sum(self.dilations)


class DilatedLayer(nn.Module):
    """One dilated convolution, its nonlinearity, and the residual step."""

    def __init__(self, config: DilatedConfig, dilation: int):
        super().__init__()
        width = config.width
        self.activation = config.activation
        self.context_samples = (config.kernel_size - 1) * dilation
        filters = 2 * width if config.activation == "gated" else width
        self.conv = nn.Conv1d(width, filters, config.kernel_size, dilation=dilation)
        self.mixin = (
            nn.Conv1d(config.channels_in, filters, 1, bias=False) if config.input_mixin else None
        )
        self.residual = nn.Conv1d(width, width, 1)

    def weights(self) -> list[Tensor]:
        """List the weights as wetprint.engine.dilated takes them."""
        mixin = [] if self.mixin is None else [self.mixin.weight[..., 0]]
        assert self.conv.bias is not None
        assert self.residual.bias is not None
        residual = [self.residual.weight[..., 0], self.residual.bias]
        return [self.conv.weight, *mixin, self.conv.bias, *residual]

    def forward(self, hidden: Tensor, dry: Tensor) -> tuple[Tensor, Tensor]:
        """Return the layer's activation and the residual sum that the next layer hears.

        Args:
            hidden: ``(batch, width, time)``.
            dry: ``(batch, channels_in, >= time - context_samples)``, ending with ``hidden``.

        Returns:
            Two of ``(batch, width, time - context_samples)``.
        """
        active = self.activated(hidden, dry)
        return active, latest(hidden, active.shape[-1]) + self.residual(active)

    def activated(self, hidden: Tensor, dry: Tensor) -> Tensor:
        """Return the layer's activation alone; see ``forward``."""
        filtered = self.conv(hidden)  # (batch, filters, time - context)
        if self.mixin is not None:
            filtered = filtered + self.mixin(latest(dry, filtered.shape[-1]))
        if self.activation == "gated":
            signal, gate = filtered.chunk(2, dim=1)
            return torch.tanh(signal) * torch.sigmoid(gate)
        if self.activation == "tanh":
            return torch.tanh(filtered)
        return nn.functional.leaky_relu(filtered, 0.1)


class Dilated(Block):
    """The whole network: lift to ``width`` channels, the layers, mix down."""

    keeps_silence = False

    def __init__(self, config: DilatedConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = config.channels_in, config.channels_out
        self.context_samples = config.context_samples
        self.lift = nn.Conv1d(config.channels_in, config.width, 1)
        self.layers = nn.ModuleList(DilatedLayer(config, each) for each in config.dilations)
        self.mix_down = nn.Conv1d(config.width, config.channels_out, 1)
        self.dry_gain = nn.Parameter(torch.ones(())) if config.skip else None
        self.stack_config = StackConfig(
            inputs=config.channels_in,
            width=config.width,
            outputs=config.channels_out,
            kernel_size=config.kernel_size,
            dilations=config.dilations,
            activation=config.activation,
            accumulate=config.head == "accumulate",
            conditions=config.channels_in if config.input_mixin else 0,
        )
        if config.skip:  # the untrained network passes audio through
            for parameter in self.mix_down.parameters():
                nn.init.zeros_(parameter)

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        condition = audio if self.config.input_mixin else None
        wet = dilated_stack(self.stack_config, self._weights(), audio, condition).wet
        return with_dry(wet, audio, self.dry_gain)

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return DilatedStream(self, batch)

    def _weights(self) -> list[Tensor]:
        """List the weights as wetprint.engine.dilated takes them."""
        within = [each for layer in self.layers for each in cast(DilatedLayer, layer).weights()]
        outside = [(each.weight[..., 0], each.bias) for each in (self.lift, self.mix_down)]
        (lift, lift_bias), (mix_down, mix_down_bias) = outside
        assert lift_bias is not None
        assert mix_down_bias is not None
        return [lift, lift_bias, *within, mix_down, mix_down_bias]


class LayerMemory:
    """What each layer of a network still needs of its past; at first nothing is remembered."""

    def __init__(self) -> None:
        self.past: dict[nn.Module, Tensor] = {}

    def recall(self, layer: DilatedLayer, hidden: Tensor) -> Tensor:
        """Put what a layer remembers in front of what it hears now, and remember the end of both.

        Args:
            layer: which layer.
            hidden: ``(batch, width, time)``.

        Returns:
            ``(batch, width, past + time)``.
        """
        heard = torch.cat([self.past[layer], hidden], -1) if layer in self.past else hidden
        self.past[layer] = latest(heard, layer.context_samples)
        return heard


class DilatedStream(BlockStream):
    """Block-wise playing: each layer remembers only its own reach, nothing is computed twice."""

    def __init__(self, network: Dilated, batch: int):
        self.network, self.memory = network, LayerMemory()
        silence = torch.zeros(batch, network.channels_in, network.context_samples + 1)
        self._play(silence.to(network.lift.weight), 1)

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        if audio.shape[-1] == 0:
            return audio.new_zeros((audio.shape[0], self.network.channels_out, 0))
        return self._play(audio, audio.shape[-1])

    def _play(self, audio: Tensor, wanted: int) -> Tensor:
        """Play the last ``wanted`` samples of ``(batch, channels_in, time)``."""
        hidden = self.network.lift(audio)
        summed = hidden.new_zeros(())
        for layer in cast(Iterable[DilatedLayer], self.network.layers):
            active, hidden = layer(self.memory.recall(layer, hidden), audio)
            summed = summed + latest(active, wanted)
        # "last" mixes the residual sum, which carries every layer's activation
        mixed = summed if self.network.config.head == "accumulate" else hidden
        return with_dry(self.network.mix_down(mixed), audio, self.network.dry_gain)
