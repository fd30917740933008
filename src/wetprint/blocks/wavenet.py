"""The WaveNet of Neural Amp Modeler: arrays of dilated layers, each with a head of its own.

Every layer hears the dry signal beside the layer before it. The activations of all layers of an
array are summed, mixed by the array's head, and start the sum of the next array; what the last head
returns is the output. The standard shape is two arrays of ten layers, 16 and 8 channels wide
(Atkinson, https://github.com/sdatkinson/neural-amp-modeler, whose ``.nam`` files carry the same
weights). It is here to be compared with, and to play models of that shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from wetprint.blocks.block import Block, BlockStream
from wetprint.blocks.checks import LONGEST_MEMORY_SAMPLES, one_of, switch, whole_number
from wetprint.blocks.dilated import ACTIVATIONS, DilatedConfig, DilatedLayer, LayerMemory
from wetprint.blocks.dry import latest
from wetprint.engine.dilated import StackConfig, StackResult, dilated_stack

STANDARD_DILATIONS = tuple(2**octave for octave in range(10))


@dataclass(frozen=True)
class WaveNetArray:
    """One array of layers.

    Attributes:
        width: channels of its layers.
        head_width: channels that its head returns: the next array's width, or the channels out.
        dilations: distance between taps in samples, one entry a layer.
        kernel_size: taps of every convolution.
        activation: as of ``DilatedConfig``.
        head_bias: whether the head adds a constant.
    """

    width: int
    head_width: int
    dilations: tuple[int, ...] = STANDARD_DILATIONS
    kernel_size: int = 3
    activation: str = "tanh"
    head_bias: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "dilations", tuple(self.dilations))
        whole_number("width", self.width, 1, 1024)
        whole_number("head_width", self.head_width, 1, 1024)
        whole_number("kernel_size", self.kernel_size, 1, 1024)
        whole_number("number of dilations", len(self.dilations), 1, 256)
        for dilation in self.dilations:
            whole_number("dilation", dilation, 1, LONGEST_MEMORY_SAMPLES)
        one_of("activation", self.activation, ACTIVATIONS)
        switch("head_bias", self.head_bias)

    @property
    def context_samples(self) -> int:
        """How far the array reaches back."""
        return (self.kernel_size - 1) * sum(self.dilations)


@dataclass(frozen=True)
class WaveNetConfig:
    """The arrays, in order, and the channels in; a model file's plain objects will do as arrays."""

    arrays: tuple[WaveNetArray, ...] = (WaveNetArray(16, 8), WaveNetArray(8, 1, head_bias=True))
    channels_in: int = 1

    def __post_init__(self) -> None:
        made = tuple(
            WaveNetArray(**each) if isinstance(each, Mapping) else each for each in self.arrays
        )
        object.__setattr__(self, "arrays", made)
        for each in made:
            if not isinstance(each, WaveNetArray):
                raise ValueError(f"each of arrays must be an array of layers, got {each!r:.100}")
        whole_number("channels_in", self.channels_in, 1, 2)
        whole_number("number of arrays", len(self.arrays), 1, 16)
        for first, second in zip(self.arrays, self.arrays[1:], strict=False):
            if first.head_width != second.width:
                raise ValueError(
                    f"an array's head must be as wide as the next array, {second.width}, "
                    f"got {first.head_width}"
                )
        whole_number("the last array's head_width", self.arrays[-1].head_width, 1, 2)
        whole_number("receptive field", self.context_samples, 0, LONGEST_MEMORY_SAMPLES)

    @property
    def context_samples(self) -> int:
        """How far all arrays together reach back."""
        return sum(each.context_samples for each in self.arrays)


class LayerArray(nn.Module):
    """One array: lift to its width, the layers, and the head."""

    def __init__(self, array: WaveNetArray, rows_in: int, dry_channels: int):
        super().__init__()
        shape = DilatedConfig(
            channels_in=dry_channels,
            width=array.width,
            kernel_size=array.kernel_size,
            dilations=array.dilations,
            activation=array.activation,
            input_mixin=True,
        )
        self.lift = nn.Conv1d(rows_in, array.width, 1, bias=False)
        self.layers = nn.ModuleList(DilatedLayer(shape, each) for each in array.dilations)
        self.head = nn.Conv1d(array.width, array.head_width, 1, bias=array.head_bias)
        self.stack_config = StackConfig(
            inputs=rows_in,
            width=array.width,
            outputs=array.head_width,
            kernel_size=array.kernel_size,
            dilations=array.dilations,
            activation=array.activation,
            accumulate=True,
            conditions=dry_channels,
            last_hidden=True,
        )

    def forward(self, hidden: Tensor, dry: Tensor, heads: Tensor | None) -> StackResult:
        """Run the array without padding.

        Args:
            hidden: ``(batch, rows_in, time + context)``, the last array's, or the dry signal.
            dry: ``(batch, dry_channels, >= time + context)``, ending with ``hidden``.
            heads: ``(batch, width, >= time)``, what the last array's head returned, or None.

        Returns:
            What the head returns, and the last hidden signal for the next array.
        """
        within = [each for layer in self.layers for each in cast(DilatedLayer, layer).weights()]
        lift, head = self.lift.weight[..., 0], self.head.weight[..., 0]
        bias = head.new_zeros(len(head)) if self.head.bias is None else self.head.bias
        weights = [lift, lift.new_zeros(len(lift)), *within, head, bias]
        return dilated_stack(self.stack_config, weights, hidden, dry, heads)


class WaveNet(Block):
    """All arrays, one after the other."""

    keeps_silence = False

    def __init__(self, config: WaveNetConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = config.channels_in, config.arrays[-1].head_width
        self.context_samples = config.context_samples
        rows_in = (config.channels_in, *(each.width for each in config.arrays))
        self.arrays = nn.ModuleList(
            LayerArray(array, rows, config.channels_in)
            for array, rows in zip(config.arrays, rows_in, strict=False)
        )
        self.head_scale = nn.Parameter(torch.tensor(0.02))  # as the trainer's standard shape

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        first, *others = self.arrays
        result = first(audio, audio, None)
        for array in others:
            result = array(result.last_hidden, audio, result.wet)
        return self.head_scale * result.wet

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return WaveNetStream(self, batch)


class WaveNetStream(BlockStream):
    """Block-wise playing: each layer remembers only its own reach, nothing is computed twice."""

    def __init__(self, network: WaveNet, batch: int):
        self.network, self.memory = network, LayerMemory()
        silence = torch.zeros(batch, network.channels_in, network.context_samples + 1)
        self._play(silence.to(network.head_scale), 1)

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        if audio.shape[-1] == 0:
            return audio.new_zeros((audio.shape[0], self.network.channels_out, 0))
        return self._play(audio, audio.shape[-1])

    def _play(self, audio: Tensor, wanted: int) -> Tensor:
        """Play the last ``wanted`` samples of ``(batch, channels_in, time)``."""
        hidden, heads = audio, audio.new_zeros(())
        for array in cast(Iterable[LayerArray], self.network.arrays):
            hidden, summed = array.lift(hidden), heads
            for layer in cast(Iterable[DilatedLayer], array.layers):
                active, hidden = layer(self.memory.recall(layer, hidden), audio)
                summed = summed + latest(active, wanted)
            heads = array.head(summed)
        return self.network.head_scale * heads
