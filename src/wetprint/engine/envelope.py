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
    seconds is ``1 - exp(-1 / (s * sample_rate))``. By the engine for float32 on the CPU; gradients
    cannot be differentiated again.

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
    follow = _Follow if runs(level, attack, release, past) else _FollowTwin
    flat = [each.reshape(-1) for each in (attack, release, past)]
    return follow.apply(level.reshape(-1, level.shape[-1]), *flat).view(level.shape)


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


class _FollowTwin(torch.autograd.Function):
    """The same in plain Python: a loop over numbers takes a hundredth of one over tensors."""

    @staticmethod
    def forward(ctx: Any, level: Tensor, attack: Tensor, release: Tensor, past: Tensor) -> Tensor:
        rows = zip(*(each.tolist() for each in (level, attack, release, past)), strict=True)
        followed = level.new_tensor([_follow_row(*row) for row in rows]).view(level.shape)
        ctx.save_for_backward(level, attack, release, past, followed)
        return followed

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        level, attack, release, past, followed = ctx.saved_tensors
        rise = level - torch.cat([past[:, None], followed[:, :-1]], dim=1)
        rises = rise > 0
        rate = torch.where(rises, attack[:, None], release[:, None])
        rows = zip(gradients[0].tolist(), rate.tolist(), strict=True)
        slope = level.new_tensor([_adjoint_row(*row) for row in rows]).view(level.shape)
        by_rate = slope * rise
        to_attack, to_release = (by_rate * rises).sum(1), (by_rate * ~rises).sum(1)
        return rate * slope, to_attack, to_release, (1.0 - rate[:, 0]) * slope[:, 0]


def _follow_row(level: list[float], attack: float, release: float, past: float) -> list[float]:
    followed = []
    for sample in level:
        rise = sample - past
        past += (attack if rise > 0.0 else release) * rise
        followed.append(past)
    return followed


def _adjoint_row(gradient: list[float], rate: list[float]) -> list[float]:
    """Return what each followed sample does to everything that comes after it."""
    slope, slopes, kept = 0.0, [], 0.0
    for arrived, along in zip(reversed(gradient), reversed(rate), strict=True):
        slope = kept * slope + arrived
        kept = 1.0 - along
        slopes.append(slope)
    return slopes[::-1]
