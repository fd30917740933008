"""All-pole recursions and biquads, with gradients to coefficients, input and past.

A recursion runs sample by sample: in the engine for float32 on the CPU, otherwise in SciPy's
compiled loop, for any precision and, by way of the CPU, any device. Its adjoint is the same
recursion run backwards: Yu et al. 2024, "Differentiable All-pole Filters for Time-varying Audio
Systems" (arXiv:2404.07970), here for coefficients that stay.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.signal import lfilter, lfiltic
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from wetprint.engine.presence import runs


def all_pole(audio: Tensor, feedback: Tensor, past: Tensor | None = None) -> Tensor:
    """Return y with ``y[t] = audio[t] - sum over k of feedback[k] y[t - 1 - k]``.

    Sums are in double precision; gradients cannot be differentiated again.

    Args:
        audio: ``(batch, channels, time)``.
        feedback: ``(..., order)``, which broadcasts to ``(batch, channels, order)``.
        past: ``y[-1], y[-2], ...``, likewise; silence if None.

    Returns:
        ``(batch, channels, time)``.
    """
    shape = (*audio.shape[:2], feedback.shape[-1])
    past = audio.new_zeros(shape) if past is None else past
    rows = audio.shape[0] * audio.shape[1]
    flat = [audio, feedback.expand(shape), past.expand(shape)]
    return _AllPole.apply(*(each.reshape(rows, each.shape[-1]) for each in flat)).view(audio.shape)


def biquad(
    audio: Tensor,
    feedforward: Tensor,
    feedback: Tensor,
    past_audio: Tensor | None = None,
    past: Tensor | None = None,
) -> Tensor:
    """Return a second-order section's output; any other order works the same way.

    Args:
        audio: ``(batch, channels, time)``.
        feedforward: ``(..., 3)``: b0, b1, b2.
        feedback: ``(..., 2)``: a1, a2, where a0 is 1.
        past_audio: ``(..., 2)``: ``audio[-1], audio[-2]``; silence if None.
        past: ``(..., 2)``: ``y[-1], y[-2]``; silence if None.

    Returns:
        ``(batch, channels, time)``.
    """
    reach = feedforward.shape[-1] - 1
    if past_audio is None:
        heard = functional.pad(audio, (reach, 0))
    else:
        heard = torch.cat([past_audio.flip(-1).expand(*audio.shape[:2], reach), audio], dim=-1)
    ends = [heard.shape[-1] - tap for tap in range(reach + 1)]
    shaped = sum(
        feedforward[..., tap, None] * heard[..., end - audio.shape[-1] : end]
        for tap, end in enumerate(ends)
    )
    return all_pole(torch.as_tensor(shaped), feedback, past)


class _AllPole(torch.autograd.Function):
    """The recursion over rows: audio ``(rows, time)``, feedback and past ``(rows, order)``."""

    @staticmethod
    def forward(ctx: Any, audio: Tensor, feedback: Tensor, past: Tensor) -> Tensor:
        audio, feedback, past = (each.detach().contiguous() for each in (audio, feedback, past))
        if runs(audio, feedback, past):
            from wetprint import _engine

            heard = torch.empty_like(audio)
            _engine.all_pole(audio, feedback, past, heard, torch.get_num_threads())
        else:
            heard = _recursion(audio, feedback, past)
        ctx.save_for_backward(feedback, past, heard)
        return heard

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        feedback, past, heard = (each.detach() for each in ctx.saved_tensors)
        gradient = gradients[0].contiguous()
        if not runs(feedback, past, heard):
            return _adjoint(feedback, past, heard, gradient)
        from wetprint import _engine

        slopes = torch.empty_like(heard), torch.empty_like(feedback), torch.empty_like(past)
        _engine.all_pole_backward(heard, feedback, past, gradient, *slopes, torch.get_num_threads())
        return slopes


def _recursion(audio: Tensor, feedback: Tensor, past: Tensor) -> Tensor:
    """Run the recursion row by row in SciPy; comes back as ``audio`` is."""
    heard = []
    for row, poles, before in zip(*map(_doubles, (audio, feedback, past)), strict=True):
        denominator = np.concatenate([[1.0], poles])
        state = lfiltic([1.0], denominator, before)
        heard.append(lfilter([1.0], denominator, row, zi=state)[0])
    return torch.from_numpy(np.stack(heard)).to(audio)


def _adjoint(
    feedback: Tensor, past: Tensor, heard: Tensor, gradient: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients to audio, feedback and past."""
    silence = torch.zeros_like(past)
    to_audio = _recursion(gradient.flip(-1), feedback, silence).flip(-1)
    order, time = past.shape[-1], heard.shape[-1]
    whole = torch.cat([past.flip(-1), heard], dim=-1)  # y[-order] ... y[time - 1]
    to_feedback = torch.stack(
        [-(to_audio * whole[:, order - 1 - k :][:, :time]).sum(-1) for k in range(order)], dim=-1
    )
    early = functional.pad(to_audio, (0, order))[:, :order]
    to_past = torch.stack(
        [-(feedback[:, j:] * early[:, : order - j]).sum(-1) for j in range(order)], dim=-1
    )
    return to_audio, to_feedback, to_past


def _doubles(tensor: Tensor) -> np.ndarray:
    return tensor.cpu().numpy().astype(np.float64)
