"""All-pole recursions and biquads, with gradients to coefficients, input and past.

A recursion runs sample by sample, which PyTorch does thousands of times slower than a compiled
loop. Its adjoint is the same recursion run backwards: Yu et al. 2024, "Differentiable All-pole
Filters for Time-varying Audio Systems" (arXiv:2404.07970), here for coefficients that stay.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from wetprint.engine.presence import runs


def all_pole(audio: Tensor, feedback: Tensor, past: Tensor | None = None) -> Tensor:
    """Return y with ``y[t] = audio[t] - sum over k of feedback[k] y[t - 1 - k]``.

    The engine runs float32 on the CPU, with sums in double precision; its gradients cannot be
    differentiated again. Everything else is the twin's.

    Args:
        audio: ``(batch, channels, time)``.
        feedback: ``(..., order)``, which broadcasts to ``(batch, channels, order)``.
        past: ``y[-1], y[-2], ...``, likewise; silence if None.

    Returns:
        ``(batch, channels, time)``.
    """
    shape = (*audio.shape[:2], feedback.shape[-1])
    feedback = feedback.expand(shape)
    past = audio.new_zeros(shape) if past is None else past.expand(shape)
    if not runs(audio, feedback, past):
        return all_pole_twin(audio, feedback, past)
    rows = audio.shape[0] * audio.shape[1]
    flat = [each.reshape(rows, each.shape[-1]) for each in (audio, feedback, past)]
    return _AllPole.apply(*flat).view(audio.shape)


def all_pole_twin(audio: Tensor, feedback: Tensor, past: Tensor) -> Tensor:
    """Do what all_pole does, one sample after the other."""
    heard = []
    for sample in audio.unbind(-1):
        heard.append(sample - (feedback * past).sum(-1))
        past = torch.cat([heard[-1][..., None], past[..., :-1]], dim=-1)
    return torch.stack(heard, dim=-1)


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
    @staticmethod
    def forward(ctx: Any, audio: Tensor, feedback: Tensor, past: Tensor) -> Tensor:
        from wetprint import _engine

        audio, feedback, past = (each.detach().contiguous() for each in (audio, feedback, past))
        heard = torch.empty_like(audio)
        _engine.all_pole(audio, feedback, past, heard, torch.get_num_threads())
        ctx.save_for_backward(feedback, past, heard)
        return heard

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        from wetprint import _engine

        feedback, past, heard = (each.detach() for each in ctx.saved_tensors)
        slopes = torch.empty_like(heard), torch.empty_like(feedback), torch.empty_like(past)
        _engine.all_pole_backward(
            heard, feedback, past, gradients[0].contiguous(), *slopes, torch.get_num_threads()
        )
        return slopes
