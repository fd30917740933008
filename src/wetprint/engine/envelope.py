"""The envelope follower of a compressor: one pole that rises at one rate and falls at another.

The branching level detector of Giannoulis, Massberg and Reiss 2012 (Digital Dynamic Range
Compressor Design, JAES 60(6), equation 16), made differentiable as by Yu et al. 2024
(arXiv:2404.07970): which branch a sample takes is a constant, everything else has a gradient.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from wetprint.engine.presence import runs


def follow_envelope(
    level: Tensor, attack: Tensor, release: Tensor, past: Tensor | None = None
) -> Tensor:
    """Return y with ``y[t] = y[t - 1] + c (level[t] - y[t - 1])``.

    c is ``attack`` while the level lies above y, otherwise ``release``; a time constant of s
    seconds is ``1 - exp(-1 / (s * sample_rate))``. By the engine for float32 on the CPU; its
    gradients cannot be differentiated again.

    Args:
        level: ``(batch, channels, time)``, in whatever unit is followed.
        attack: 0 to 1, broadcasting to ``(batch, channels)``.
        release: likewise.
        past: ``y[-1]``, likewise; 0 if None.

    Returns:
        ``(batch, channels, time)``.
    """
    shape = level.shape[:2]
    past = level.new_zeros(shape) if past is None else past
    attack, release, past = (each.expand(shape) for each in (attack, release, past))
    if not runs(level, attack, release, past):
        return follow_envelope_twin(level, attack, release, past)
    flat = [each.reshape(-1) for each in (attack, release, past)]
    return _Follow.apply(level.reshape(-1, level.shape[-1]), *flat).view(level.shape)


def follow_envelope_twin(level: Tensor, attack: Tensor, release: Tensor, past: Tensor) -> Tensor:
    """Do what follow_envelope does, one sample after the other."""
    followed = []
    for sample in level.unbind(-1):
        rise = sample - past
        past = past + torch.where(rise > 0, attack, release) * rise
        followed.append(past)
    return torch.stack(followed, dim=-1)


class _Follow(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, level: Tensor, attack: Tensor, release: Tensor, past: Tensor) -> Tensor:
        from wetprint import _engine

        given = (level, attack, release, past)
        level, attack, release, past = (each.detach().contiguous() for each in given)
        followed = torch.empty_like(level)
        threads = torch.get_num_threads()
        _engine.follow_envelope(level, attack, release, past, followed, threads)
        ctx.save_for_backward(level, attack, release, past, followed)
        return followed

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        from wetprint import _engine

        saved = [each.detach() for each in ctx.saved_tensors]
        slopes = [torch.empty_like(each) for each in saved[:4]]
        threads = torch.get_num_threads()
        _engine.follow_envelope_backward(*saved, gradients[0].contiguous(), *slopes, threads)
        return tuple(slopes)
