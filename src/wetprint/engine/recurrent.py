"""LSTM and GRU over long sequences, with gradients through all of time.

LSTM: Hochreiter and Schmidhuber 1997 (doi:10.1162/neco.1997.9.8.1735), with forget gate; GRU: Cho
et al. 2014 (arXiv:1406.1078), the reset gate acting after the matrix product. As models of
effects: Wright et al. 2019 (DAFx, "Real-time black-box modelling with recurrent neural networks").
The twins are PyTorch's own. Weights are shaped and ordered as in torch.nn.LSTM and torch.nn.GRU.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from wetprint.engine.presence import runs

WIDEST = 128
"""Beyond this width a library's matrix product is as fast."""

LSTM, GRU = 0, 1
"""In the order of the engine's enumeration."""


@dataclass(frozen=True)
class CellWeights:
    """The weights of one layer, with ``gates`` = 4 x width for an LSTM and 3 x width for a GRU.

    Attributes:
        from_input: ``(gates, inputs)``.
        from_hidden: ``(gates, width)``.
        bias_input: ``(gates,)``.
        bias_hidden: ``(gates,)``.
    """

    from_input: Tensor
    from_hidden: Tensor
    bias_input: Tensor
    bias_hidden: Tensor

    @property
    def width(self) -> int:
        """Hidden units."""
        return self.from_hidden.shape[1]

    def as_list(self) -> list[Tensor]:
        """List them as PyTorch does."""
        return [self.from_input, self.from_hidden, self.bias_input, self.bias_hidden]


def lstm(
    audio: Tensor, weights: CellWeights, hidden: Tensor, cell: Tensor
) -> tuple[Tensor, Tensor]:
    """Run one layer of LSTM.

    By the engine for float32 on the CPU; its gradients cannot be differentiated again. Both agree
    in value and gradient to 1e-4 of the norm.

    Args:
        audio: ``(batch, inputs, time)``.
        weights: the layer's weights.
        hidden: the hidden state before the first sample, broadcasting to ``(batch, width)``; it
            may be learned.
        cell: the cell state, likewise.

    Returns:
        The hidden state at every sample, ``(batch, width, time)``, and the last cell state.
    """
    shape = (audio.shape[0], weights.width)
    hidden, cell = hidden.expand(shape), cell.expand(shape)
    if not _serves(audio, weights, hidden, cell):
        return lstm_twin(audio, weights, hidden, cell)
    matrix = torch.cat([weights.from_hidden, weights.from_input], dim=1)
    bias = weights.bias_input + weights.bias_hidden
    keep = torch.is_grad_enabled()
    return _Cells.apply(LSTM, keep, "", matrix, bias, audio, hidden, cell)


def lstm_twin(
    audio: Tensor, weights: CellWeights, hidden: Tensor, cell: Tensor
) -> tuple[Tensor, Tensor]:
    """Do what lstm does, by PyTorch's own."""
    states = [each[None].contiguous() for each in (hidden, cell)]
    settings = (
        True,
        1,
        0.0,
        False,
        False,
        True,
    )  # biases, layers, dropout, train, both ways, batch
    heard, _, last = torch.lstm(audio.transpose(1, 2), states, weights.as_list(), *settings)
    return heard.transpose(1, 2), last[0]


def gru(audio: Tensor, weights: CellWeights, hidden: Tensor) -> Tensor:
    """Run one layer of GRU; see lstm.

    Args:
        audio: ``(batch, inputs, time)``.
        weights: the layer's weights.
        hidden: the state before the first sample, broadcasting to ``(batch, width)``.

    Returns:
        The hidden state at every sample, ``(batch, width, time)``.
    """
    hidden = hidden.expand(audio.shape[0], weights.width)
    if not _serves(audio, weights, hidden):
        return gru_twin(audio, weights, hidden)
    matrix, bias = _gru_matrix(weights)
    keep = torch.is_grad_enabled()
    return _Cells.apply(GRU, keep, "", matrix, bias, audio, hidden, None)[0]


def gru_twin(audio: Tensor, weights: CellWeights, hidden: Tensor) -> Tensor:
    """Do what gru does, by PyTorch's own."""
    settings = (True, 1, 0.0, False, False, True)
    state = hidden[None].contiguous()
    heard, _ = torch.gru(audio.transpose(1, 2), state, weights.as_list(), *settings)
    return heard.transpose(1, 2)


def _serves(audio: Tensor, weights: CellWeights, *states: Tensor) -> bool:
    return (
        weights.width <= WIDEST and audio.shape[-1] > 0 and runs(audio, *weights.as_list(), *states)
    )


def _gru_matrix(weights: CellWeights) -> tuple[Tensor, Tensor]:
    """Return four gates as the engine takes them: reset, update, and the new state's two sources.

    What the past and what the input ask of the new state are kept apart, for the reset gate acts
    on one of them.
    """
    width = weights.width
    no_past, no_input = (
        torch.zeros_like(each[:width]) for each in (weights.from_hidden, weights.from_input)
    )
    from_hidden, from_input = (each.split([2 * width, width]) for each in weights.as_list()[1::-1])
    bias_input, bias_hidden = (each.split([2 * width, width]) for each in weights.as_list()[2:])
    past = torch.cat([from_hidden[0], no_past, from_hidden[1]])
    present = torch.cat([from_input[0], from_input[1], no_input])
    bias = torch.cat([bias_input[0] + bias_hidden[0], bias_input[1], bias_hidden[1]])
    return torch.cat([past, present], dim=1), bias


class _Cells(torch.autograd.Function):
    """Arguments: the kind; whether a gradient may be asked for; the level of processor; tensors."""

    @staticmethod
    def forward(ctx: Any, kind, keep, level, matrix, bias, audio, hidden, cell):
        from wetprint import _engine

        matrix, bias, audio, hidden = (
            each.detach().contiguous() for each in (matrix, bias, audio, hidden)
        )
        cell = None if cell is None else cell.detach().contiguous()
        heard = audio.new_empty(audio.shape[0], hidden.shape[1], audio.shape[2])
        last = torch.empty_like(hidden, memory_format=torch.contiguous_format)
        last_cell = last if kind == LSTM else None
        keep = keep and any(ctx.needs_input_grad)
        threads = torch.get_num_threads()
        kept = _engine.run_cells(
            kind, matrix, bias, audio, hidden, cell, heard, last_cell, keep, threads, level
        )
        if keep:
            token = torch.empty(0)  # what it carries is let go of with the saved tensors
            token.kept = kept  # pyright: ignore[reportAttributeAccessIssue]
            ctx.save_for_backward(matrix, audio, hidden, token)
            ctx.kind, ctx.level = kind, level
        ctx.set_materialize_grads(False)
        if kind == GRU:
            ctx.mark_non_differentiable(last.zero_())
        return heard, last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None):  # pyright: ignore[reportIncompatibleMethodOverride]
        from wetprint import _engine

        matrix, audio, hidden, token = ctx.saved_tensors
        matrix = matrix.detach().contiguous()
        to_matrix, to_bias = torch.zeros_like(matrix), matrix.new_zeros(matrix.shape[0])
        to_audio = audio.new_zeros(audio.shape) if ctx.needs_input_grad[5] else None
        to_hidden, to_cell = hidden.new_zeros(hidden.shape), hidden.new_zeros(hidden.shape)
        heard, last = (None if each is None else each.contiguous() for each in gradients)
        _engine.run_cells_backward(
            token.kept,
            matrix,
            heard,
            last if ctx.kind == LSTM else None,
            to_matrix,
            to_bias,
            to_audio,
            to_hidden,
            to_cell if ctx.kind == LSTM else None,
            torch.get_num_threads(),
            ctx.level,
        )
        to_cell = to_cell if ctx.kind == LSTM else None
        return None, None, None, to_matrix, to_bias, to_audio, to_hidden, to_cell
