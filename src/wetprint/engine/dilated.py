"""Stacks of dilated convolutions: the compiled training kernel and its PyTorch twin.

The layers of WaveNet (van den Oord et al. 2016, arXiv:1609.03499) in the feed-forward form of
Rethage et al. 2018 (arXiv:1706.07162): lift to ``width`` channels; in each layer a dilated causal
convolution, optionally a mix-in of a second signal, a nonlinearity, and a residual step; mix down
the last layer, or the sum of what all layers returned. Every convolution is without padding, so all
signals end at the same moment and the later ones begin later. Two such stacks make the networks of
Neural Amp Modeler.

Weights come in one list: lift weight (width, inputs) and bias; for each layer the convolution
(filters, width, kernel_size), the mix-in (filters, conditions) if there is one, the filters' bias,
the residual step (width, width) and its bias; mix_down (outputs, width) and bias. ``filters`` is
``width``, or twice that when gated: first the signals, then the gates.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from wetprint.engine.presence import runs

ACTIVATIONS = ("tanh", "gated", "leaky_relu", "relu")
"""In the order of the engine's enumeration."""

LEAK = 0.1
"""Slope of "leaky_relu" below zero."""

WIDEST = 128
"""Beyond this many channels a library's matrix product is as fast."""

MOST_ROWS = 4096
"""Taps times channels of one layer; beyond them a block of samples no longer fits the cache."""


@dataclass(frozen=True)
class StackConfig:
    """The shape of a stack.

    Attributes:
        inputs: channels of audio.
        width: channels of every hidden signal.
        outputs: channels returned.
        kernel_size: taps of every convolution.
        dilations: samples between taps, one entry a layer.
        activation: one of ACTIVATIONS.
        accumulate: whether the sum of all layers' results is mixed down, and not the last hidden.
        conditions: channels of the signal that every layer hears beside the layer before it.
        last_hidden: whether the last hidden signal is returned too.
    """

    inputs: int
    width: int
    outputs: int
    kernel_size: int
    dilations: tuple[int, ...]
    activation: str = "tanh"
    accumulate: bool = False
    conditions: int = 0
    last_hidden: bool = False

    @property
    def filters(self) -> int:
        """Channels that one layer's convolution returns."""
        return 2 * self.width if self.activation == "gated" else self.width

    @property
    def context_samples(self) -> int:
        """How many samples fewer than audio the outputs have."""
        return (self.kernel_size - 1) * sum(self.dilations)


@dataclass(frozen=True)
class StackResult:
    """``wet`` (batch, outputs, time), and ``last_hidden`` (batch, width, time) if asked for."""

    wet: Tensor
    last_hidden: Tensor | None


def dilated_stack(
    config: StackConfig,
    weights: Sequence[Tensor],
    audio: Tensor,
    condition: Tensor | None = None,
    head_input: Tensor | None = None,
) -> StackResult:
    """Run a stack, by the engine where it can be, otherwise by PyTorch.

    Both agree in value and in every gradient to 1e-4 of the norm, in float32.

    Args:
        config: its shape.
        weights: as the module's docstring lists them.
        audio: ``(batch, inputs, time + context_samples)``.
        condition: ``(batch, conditions, >= time + context_samples - the first layer's)``.
        head_input: ``(batch, width, >= time)``, what the sum of the layers' results starts from.

    Returns:
        Signals of ``time`` samples.
    """
    if not _serves(config, [*weights, audio, condition, head_input]):
        return dilated_stack_twin(config, weights, audio, condition, head_input)
    flat = torch.cat([each.reshape(-1) for each in weights])
    keep = torch.is_grad_enabled()
    results = _Stack.apply(config, keep, "", flat, audio, condition, head_input)
    return StackResult(*results) if config.last_hidden else StackResult(results[0], None)


def _serves(config: StackConfig, tensors: Sequence[Tensor | None]) -> bool:
    """Say whether the engine runs this, and whether it is not too wide to gain by it."""
    fits = config.width <= WIDEST and config.kernel_size * config.width <= MOST_ROWS
    return fits and runs(*tensors)


def dilated_stack_twin(
    config: StackConfig,
    weights: Sequence[Tensor],
    audio: Tensor,
    condition: Tensor | None = None,
    head_input: Tensor | None = None,
) -> StackResult:
    """Do what dilated_stack does, in PyTorch's own operations; any precision, any device."""
    given = iter(weights)
    wanted = audio.shape[-1] - config.context_samples
    hidden = functional.conv1d(audio, next(given)[..., None], next(given))
    summed = None if head_input is None else _latest(head_input, wanted)
    for dilation in config.dilations:
        conv = next(given)
        mixin = next(given) if config.conditions else None
        heard = functional.conv1d(hidden, conv, next(given), dilation=dilation)
        if mixin is not None and condition is not None:
            mixed = _latest(condition, heard.shape[-1])
            heard = heard + functional.conv1d(mixed, mixin[..., None])
        active = _activate(config, heard)
        residual = functional.conv1d(active, next(given)[..., None], next(given))
        hidden = _latest(hidden, active.shape[-1]) + residual
        scored = _latest(active, wanted)
        summed = scored if summed is None else summed + scored
    mixed_down = summed if config.accumulate and summed is not None else hidden
    wet = functional.conv1d(mixed_down, next(given)[..., None], next(given))
    return StackResult(wet, hidden if config.last_hidden else None)


def _activate(config: StackConfig, heard: Tensor) -> Tensor:
    if config.activation == "gated":
        signal, gate = heard.chunk(2, dim=1)
        return torch.tanh(signal) * torch.sigmoid(gate)
    if config.activation == "tanh":
        return torch.tanh(heard)
    return functional.leaky_relu(heard, LEAK if config.activation == "leaky_relu" else 0.0)


def _latest(signal: Tensor, count: int) -> Tensor:
    return signal[..., signal.shape[-1] - count :]


@functools.lru_cache(maxsize=64)
def _compiled(config: StackConfig) -> Any:
    from wetprint import _engine

    return _engine.make_stack(
        config.inputs,
        config.conditions,
        config.width,
        config.outputs,
        config.kernel_size,
        list(config.dilations),
        ACTIVATIONS.index(config.activation),
        config.accumulate,
        config.last_hidden,
    )


class _Stack(torch.autograd.Function):
    """The engine's stack as one operation.

    Arguments: the config; whether a gradient may be asked for; the level of processor, "" for the
    best; the flat weights; audio; condition; head input.
    """

    @staticmethod
    def forward(ctx: Any, config, keep, level, weights, audio, condition, head_input):
        inputs = [_plain(each) for each in (weights, audio, condition, head_input)]
        batch, wanted = audio.shape[0], audio.shape[-1] - config.context_samples
        wet = audio.new_empty(batch, config.outputs, wanted)
        last = audio.new_empty(batch, config.width, wanted) if config.last_hidden else None
        keep = keep and any(ctx.needs_input_grad)
        kept = _compiled(config).forward(
            *inputs, wet, last, keep, torch.get_num_threads(), level=level
        )
        if keep:
            # autograd lets go of saved tensors after the last backward, and with this one of the
            # activations, long before the graph itself is forgotten
            token = torch.empty(0)
            token.kept = kept  # pyright: ignore[reportAttributeAccessIssue]
            ctx.save_for_backward(weights, audio, condition, head_input, token)
            ctx.config, ctx.level = config, level
        ctx.set_materialize_grads(False)
        return (wet,) if last is None else (wet, last)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None):
        weights, audio, condition, head_input, token = ctx.saved_tensors
        if torch.is_grad_enabled():  # create_graph: the gradient must itself have a gradient
            return (None, None, None, *_twin_gradients(ctx, gradients))
        wet, last = [*map(_plain, gradients), None][:2]
        slopes = [torch.zeros_like(weights)] + [
            torch.zeros_like(each, memory_format=torch.contiguous_format) if needed else None
            for each, needed in zip(
                (audio, condition, head_input), ctx.needs_input_grad[4:], strict=True
            )
        ]
        if wet is not None or last is not None:
            _compiled(ctx.config).backward(
                token.kept,
                _plain(weights),
                wet,
                last,
                *slopes,
                torch.get_num_threads(),
                level=ctx.level,
            )
        return (None, None, None, *slopes)


def _plain(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.detach().contiguous()


def _twin_gradients(ctx: Any, gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Return the gradients to the flat weights and the three signals, differentiable again."""
    config, inputs = ctx.config, ctx.saved_tensors[:4]
    result = dilated_stack_twin(config, unflatten(config, inputs[0]), *inputs[1:])
    pairs = zip((result.wet, result.last_hidden), gradients, strict=False)
    outputs, slopes = zip(*((o, g) for o, g in pairs if g is not None), strict=True)
    wanted = [
        each if needed else None
        for each, needed in zip(inputs, ctx.needs_input_grad[3:], strict=True)
    ]
    found = iter(
        torch.autograd.grad(
            outputs,
            [each for each in wanted if each is not None],
            slopes,
            create_graph=True,
            materialize_grads=True,
        )
    )
    return [None if each is None else next(found) for each in wanted]


def weight_shapes(config: StackConfig) -> list[tuple[int, ...]]:
    """Return the shape of every weight, in their order."""
    width, filters = config.width, config.filters
    mixin = [(filters, config.conditions)] if config.conditions else []
    layer = [(filters, width, config.kernel_size), *mixin, (filters,), (width, width), (width,)]
    return [
        (width, config.inputs),
        (width,),
        *(layer * len(config.dilations)),
        (config.outputs, width),
        (config.outputs,),
    ]


def unflatten(config: StackConfig, flat: Tensor) -> list[Tensor]:
    """Cut the flat weights into the list that the module's docstring describes."""
    shapes = weight_shapes(config)
    sizes = [torch.Size(shape).numel() for shape in shapes]
    return [each.view(shape) for each, shape in zip(flat.split(sizes), shapes, strict=True)]
